// Package assert lets a system under test say what its author believes of it: always, sometimes, reachable, unreachable, as
// Antithesis' SDKs have them.
//
// An assertion is a note in the run's history, so it is as deterministic as what it is about, costs nothing where it has
// nothing new to say, and is judged with everything else: the checker "assertions" calls a run invalid in which what should
// always hold did not. What should hold sometimes need not in every run: a sweep, or a test of several seeds, says which
// of those no run has seen.
//
//	func (c *core) Step(now node.Instant, ev *node.Event, out *node.Effects) {
//		…
//		c.assert.Always(out, len(c.queue) <= c.limit, "the queue keeps its limit", assert.Details{"length": len(c.queue)})
//		c.assert.Sometimes(out, len(c.queue) == c.limit, "the queue is full", nil)
//	}
//
// A system in a process of its own, in any language, uses Antithesis' SDK instead and writes JSON lines
// (ANTITHESIS_SDK_LOCAL_OUTPUT): histories.ReadAssertions makes the same notes of them, and ordeal check -assertions judges
// them with the history of the run.
package assert

import (
	"encoding/json"
	"fmt"

	"github.com/ordeal-go/ordeal/node"
)

// Note is the kind of note that an assertion is: Key (its message), Event (its [Kind]), Result ("true", "false", or "" for
// one that is only declared), Text (its details, as JSON).
const Note node.NoteKind = "assertion"

// Kind is what is asserted.
type Kind string

// The kinds. Those that must be met somewhere are Always, Sometimes and Reachable.
const (
	KindAlways              Kind = "always"                // whenever it is evaluated, and it is evaluated
	KindAlwaysOrUnreachable Kind = "always-or-unreachable" // whenever it is evaluated, if it is
	KindSometimes           Kind = "sometimes"             // at least once, in some run
	KindReachable           Kind = "reachable"             // some run comes here
	KindUnreachable         Kind = "unreachable"           // none does
)

// Sink is where assertions go: the effects of a core ([node.Effects]), or whatever takes notes for a history.
type Sink interface{ Note(node.Note) }

// Details say more about the moment of an assertion. They must become the same JSON whenever the moment is the same.
type Details map[string]any

// Assertions are those of one core in one life; the zero value is ready. An assertion is told apart by its message, and
// noted when it holds for the first time and when it does not for the first time. It is for one goroutine at a time.
type Assertions struct {
	told map[string]told // by message; to look up only
}

// told is which outcomes of an assertion have been noted.
type told struct{ held, broken bool }

// Always asserts that condition holds whenever this is called, and that it is called in some run.
func (a *Assertions) Always(to Sink, condition bool, message string, details Details) {
	a.tell(to, KindAlways, condition, message, details)
}

// AlwaysOrUnreachable asserts that condition holds whenever this is called, if it ever is.
func (a *Assertions) AlwaysOrUnreachable(to Sink, condition bool, message string, details Details) {
	a.tell(to, KindAlwaysOrUnreachable, condition, message, details)
}

// Sometimes asserts that condition holds at least once, in some run.
func (a *Assertions) Sometimes(to Sink, condition bool, message string, details Details) {
	a.tell(to, KindSometimes, condition, message, details)
}

// Reachable asserts that this is called, in some run.
func (a *Assertions) Reachable(to Sink, message string, details Details) {
	a.tell(to, KindReachable, true, message, details)
}

// Unreachable asserts that this is never called.
func (a *Assertions) Unreachable(to Sink, message string, details Details) {
	a.tell(to, KindUnreachable, false, message, details)
}

// Declare makes an assertion known that no run may come to: without it, nobody could say that none did.
func Declare(to Sink, kind Kind, message string) {
	to.Note(node.Note{Kind: Note, Event: string(kind), Key: message})
}

func (a *Assertions) tell(to Sink, kind Kind, condition bool, message string, details Details) {
	t := a.told[message]
	if condition && t.held || !condition && t.broken {
		return
	}
	if condition {
		t.held = true
	} else {
		t.broken = true
	}
	if a.told == nil {
		a.told = map[string]told{}
	}
	a.told[message] = t
	n := node.Note{Kind: Note, Event: string(kind), Key: message, Result: fmt.Sprint(condition)}
	if len(details) > 0 {
		text, err := json.Marshal(details)
		if err != nil {
			text, _ = json.Marshal(err.Error())
		}
		n.Text = string(text)
	}
	to.Note(n)
}
