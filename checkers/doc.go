// Package checkers judges histories. PROPERTIES.md says of each property what is promised, by whom, and shows a history
// that breaks it.
//
// A [Checker] reads nothing but a [Record]: a history, with what was observed of each machine at hand. It collects evidence
// and findings in an [Inquiry] and comes to a [Verdict]; a checker that saw nothing it could judge says unknown. What
// [Promise] is made of a history is the checker's to say, and a [Set] judges each as far as its own goes. What any system
// shows from outside is enough for a verdict; what our own servers note about themselves makes it sharper, and is never
// taken as proof of their innocence where something else can be held against it.
//
// Here is what knows no system: the words above, what they need to look things up, and the checkers that read operations,
// processes and assertions only. Those of a Redis are below, by subject, one property a file: losses, replication, sentinel
// and commands, on what they have in common, evidence. Package redis joins them.
package checkers
