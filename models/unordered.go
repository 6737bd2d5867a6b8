package models

// Models without a step: no order of their operations is judged. What is promised of them, checkers of their own judge.

// Expiry is values that live for a time: a put of [value, ms], a persist, and a look that gives [value, ms left].
func Expiry() Model {
	return Model{Name: "expiry", About: "values that live for a time (SET PX, PERSIST, PTTL)",
		Functions: []Function{
			{Name: "put", Takes: "[value, ms]", Gives: "nothing", Writes: true},
			{Name: "persist", Gives: "whether it had been going to die", Writes: true, Reads: true},
			{Name: "look", Gives: "[value, ms left], or nothing", Reads: true}}}
}

// PubSub is messages that are published on channels. They change no data.
func PubSub() Model {
	return Model{Name: "pubsub", About: "messages on channels (PUBLISH)",
		Functions: []Function{{Name: "publish", Takes: "the message", Gives: "how many heard it at that server"}}}
}

// Intruder is wrong passwords that are tried. They change no data.
func Intruder() Model {
	return Model{Name: "intruder", About: "wrong passwords (AUTH)",
		Functions: []Function{{Name: "intrude", Takes: "a password", Gives: "[answer to AUTH, answer to the next command]"}}}
}

// Raw is commands of which nobody knows what they do.
func Raw() Model {
	return Model{Name: "raw", About: "commands of which only the servers know what they do",
		Functions: []Function{{Name: "command", Takes: "its words", Gives: "the reply"}}}
}

// Session is what one client does with keys that nobody else knows: each operation is some commands, sent at once, whose
// replies package reference knows. Redis executes the commands of one client in their order.
func Session() Model {
	return Model{Name: "session", About: "commands of one client on keys of its own, each reply as Redis's rules have it",
		Functions: []Function{{Name: FuncSession, Takes: "a list of commands, each a list of words", Gives: "their replies"}}}
}

// FuncSession sends the commands of its argument. An error among the replies is a list of "!error" and its text.
const FuncSession = "session"

// InDatabase stands before the number of the database in a session's key.
const InDatabase = "@"

// Blocking is lists of which clients wait for elements. Who is served when, a checker of its own judges.
func Blocking() Model {
	return Model{Name: "blocking", About: "lists that clients wait for elements of (BLPOP, BRPOP)",
		Functions: []Function{
			{Name: FuncTake, Takes: "[which end, a second list]", Gives: "[list, element], or nothing when the time was up"},
			{Name: FuncGive, Takes: "[element, how]", Gives: "whether it was put there"}}}
}

// The functions of model blocking.
const (
	FuncTake = "take"
	FuncGive = "give"
)
