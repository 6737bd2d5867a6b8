// Package checkers judges histories: one property, one file. PROPERTIES.md says of each what is promised, by whom,
// and shows a history that breaks it.
//
// A checker reads nothing but the history. What any Redis shows from outside is enough for a verdict; what our own
// servers note about themselves makes it sharper, and is never taken as proof of their innocence where something
// else can be held against it. A checker that saw nothing it could judge says unknown.
package checkers
