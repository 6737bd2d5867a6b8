package models

import (
	"fmt"

	"github.com/ordeal-go/ordeal/histories"
)

// Lock is held by one client at a time, and each holder has a fencing token larger than all before it, so that whoever
// is told of a token can refuse older ones. In Redis: a script that, if the key is missing, sets it to what INCR of a
// counter gives; and one that deletes the key if it has the token.
//
//	acquire         result the token, an integer > 0, or nothing if somebody holds the lock
//	release token   result true or 1 if that token held it, false or 0 if not, or nothing if that was not told
//
// An acquire without an answer may hold the lock for good, under a token that nobody knows, unless its argument is the
// token that it asked for.
func Lock() Model {
	return Model{
		Name: "lock", About: "held by one at a time, under tokens that grow (INCR, SET NX, GET, DEL in a script)",
		Functions: []Function{
			{Name: FuncAcquire, Takes: "nothing, or the token to hold it under",
				Gives: "the token, or nothing if it is held", Writes: true, Reads: true},
			{Name: FuncRelease, Takes: "the token", Gives: "whether it held the lock, or nothing", Writes: true,
				Reads: true}},
		Init: func() any { return holder{} },
		Step: stepLock,
		Pure: func(op *histories.Operation) bool {
			if op.Func == FuncAcquire {
				return op.Result.IsNothing()
			}
			held, told := truth(op.Result)
			return told && !held
		},
		Judge: judgeLock,
		Show:  func(state any) string { return state.(holder).String() },
	}
}

// What the operations of a lock do.
const (
	FuncAcquire = "acquire"
	FuncRelease = "release"
)

// holder is the state of a lock.
type holder struct {
	held    bool
	unknown bool  // it is held, under a token that nobody was told
	token   int64 // the last that is known: the holder's, if held and not unknown
}

func (s holder) String() string {
	switch {
	case s.unknown:
		return fmt.Sprintf("held by an acquire without an answer, after token %d", s.token)
	case s.held:
		return fmt.Sprintf("held under token %d", s.token)
	}
	return fmt.Sprintf("free, last token %d", s.token)
}

func stepLock(state any, op *histories.Operation) (bool, any) {
	now := state.(holder)
	if op.Func == FuncRelease {
		token, known := op.Arg.Int64()
		mine := known && now.held && !now.unknown && now.token == token
		next := now
		if mine {
			next.held = false
		}
		return agrees(op, mine), next
	}
	if now.held {
		return op.Outcome != histories.OK || op.Result.IsNothing(), now
	}
	token, told := op.Result.Int64()
	if op.Outcome != histories.OK {
		if token, told = op.Arg.Int64(); !told {
			return true, holder{held: true, unknown: true, token: now.token}
		}
	}
	return told && token > now.token, holder{held: true, token: token}
}
