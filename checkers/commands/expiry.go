package commands

import (
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// Expiry holds the master to the times that values are to live: none dies early, none lives on, and TTL says what is
// left.
//
// A value is judged where one server put it and is asked for it, was master all the while without a restart, and no
// other change of the key can have come in between. Its life began between the invocation of the put and its return. A
// value that is found after its server started again, and went on as a master, must have the same death: whatever file
// brought it back, its time went on. A server whose clock a fault moved is not judged. Redis 4.0: db.c, expireIfNeeded; expire.c.
type Expiry struct{}

// expirySlack is how much the clocks of client and server may differ over a run, and how late a key may be found dead.
const expirySlack = 20 * time.Millisecond

// Name implements Checker.
func (Expiry) Name() string { return "expiry" }

// Check implements Checker.
func (Expiry) Check(r *checkers.Record) checkers.Verdict {
	e := lives{r: r}
	e.q.Saw("values put with a time to live", 0)
	e.q.Saw("looks at values that must live", 0)
	e.q.Saw("looks at values that must be dead", 0)
	e.q.Saw("times left compared", 0)
	byKey := map[string]int{}
	var keys [][]int // the operations of each key, in order of invocation
	for i := range r.Ops {
		op := &r.Ops[i]
		if r.Model(op) != "expiry" || op.Outcome == histories.Fail {
			continue
		}
		if op.Func == funcPut && op.Outcome == histories.OK {
			e.q.Saw("values put with a time to live", 1)
		}
		n, known := byKey[op.Key]
		if !known {
			n = len(keys)
			byKey[op.Key] = n
			keys = append(keys, nil)
		}
		keys[n] = append(keys[n], i)
	}
	for _, ops := range keys {
		for n, i := range ops {
			if op := &r.Ops[i]; op.Func == funcLook && op.Outcome == histories.OK && !op.Final {
				e.look(i, ops[:n], ops[n+1:])
			}
		}
	}
	missing := ""
	if e.q.Count("looks at values that must live")+e.q.Count("looks at values that must be dead") == 0 && len(e.q.Findings) == 0 {
		missing = "nobody looked at a value whose time to live is certain"
	}
	return e.q.Verdict(missing, "nothing died early, and nothing lived on")
}

// The functions of model expiry.
const (
	funcPut     = "put"
	funcPersist = "persist"
	funcLook    = "look"
)

type lives struct {
	r *checkers.Record
	q checkers.Inquiry
}

// look judges what operation i found, by the changes of its key that were invoked before and after it.
func (e *lives) look(i int, before, after []int) {
	op := &e.r.Ops[i]
	p, sure := e.lastPut(op, before, after)
	if !sure {
		return
	}
	put := &e.r.Ops[p]
	restarted := e.r.Timelines[op.Node].Turned(put.Invoked, op.Returned)
	if restarted && (op.Result.IsNothing() || op.Result.Elem(0).Str() != put.Arg.Elem(0).Str()) {
		return // what a start has lost is another judge's
	}
	ms, _ := put.Arg.Elem(1).Int64()
	ttl := time.Duration(ms) * time.Millisecond
	slack := expirySlack + e.r.Slack
	earliest, latest := put.Invoked+ttl-slack, put.Returned+ttl+slack // its death
	persisted := e.persisted(p, op, before)
	switch found := !op.Result.IsNothing(); {
	case found && op.Result.Elem(0).Str() != put.Arg.Elem(0).Str():
		e.q.Breach(op.Returned, op.Node, []int{p, i}, "found %s in %s, where %s was put last", op.Result, op.Key, put.Arg.Elem(0))
	case persisted == mayBe, restarted && persisted == yes:
	case persisted == yes:
		e.q.Saw("looks at values that must live", 1)
		if !found {
			e.q.Breach(op.Returned, op.Node, []int{p, i}, "%s is missing, although its life was made endless", op.Key)
		} else if left, _ := op.Result.Elem(1).Int64(); left != -1 {
			e.q.Breach(op.Returned, op.Node, []int{p, i}, "%s is to live %d ms more, although its life was made endless", op.Key, left)
		}
	case !found && op.Returned < earliest:
		e.q.Saw("looks at values that must live", 1)
		e.q.Breach(op.Returned, op.Node, []int{p, i}, "%s is missing, %v before the value's %v are over", op.Key, earliest-op.Returned, ttl)
	case found && op.Invoked > latest:
		e.q.Saw("looks at values that must be dead", 1)
		e.q.Breach(op.Returned, op.Node, []int{p, i}, "found %s in %s, whose %v were over %v ago", op.Result, op.Key, ttl, op.Invoked-latest)
	case found:
		e.q.Saw("looks at values that must live", 1)
		e.left(i, p, earliest, latest)
	default:
		e.q.Saw("looks at values that must be dead", 1)
	}
}

// left holds the time that a server says a value has left against its death, which is between earliest and latest.
func (e *lives) left(i, p int, earliest, latest time.Duration) {
	op := &e.r.Ops[i]
	ms, _ := op.Result.Elem(1).Int64()
	left := time.Duration(ms) * time.Millisecond
	if ms == -2 {
		return // it died between the two questions of one look
	}
	e.q.Saw("times left compared", 1)
	switch {
	case ms == -1:
		e.q.Breach(op.Returned, op.Node, []int{p, i}, "%s is to live for ever, although nobody made its life endless", op.Key)
	case op.Returned+left < earliest || op.Invoked+left > latest:
		e.q.Breach(op.Returned, op.Node, []int{p, i}, "%s is to live %v more, and should live until between %v and %v", op.Key, left, earliest, latest)
	}
}

// lastPut finds the put whose value the look op must find, or find dead; sure is false if that is not certain.
func (e *lives) lastPut(op *histories.Operation, before, after []int) (p int, sure bool) {
	p = checkers.Never
	for _, j := range before {
		if other := &e.r.Ops[j]; other.Func == funcPut && (p == checkers.Never || other.Invoked > e.r.Ops[p].Invoked) {
			p = j
		}
	}
	if p == checkers.Never {
		return 0, false
	}
	put := &e.r.Ops[p]
	if put.Outcome != histories.OK || put.Returned >= op.Invoked || put.Node != op.Node || e.moved(op.Node) {
		return 0, false
	}
	for _, j := range before {
		// Another put that may have come later than this one, or may yet come.
		if other := &e.r.Ops[j]; j != p && other.Func == funcPut && (other.Returned >= put.Invoked || other.Outcome == histories.Info) {
			return 0, false
		}
	}
	for _, j := range after {
		if other := &e.r.Ops[j]; other.Func != funcLook && other.Invoked <= op.Returned {
			return 0, false
		}
	}
	t := e.r.Timelines[op.Node]
	return p, t != nil && (e.r.Always(t, put.Invoked, op.Returned, checkers.IsMaster) || e.stayedMaster(t, put.Invoked, op.Returned)) &&
		!checkers.AnyIn(t.Resyncs, put.Invoked, op.Returned) && !e.flushed(put.Invoked, op.Returned)
}

// stayedMaster says whether a server started again in (from, to], and was a master whenever it said what it was.
func (e *lives) stayedMaster(t *checkers.Timeline, from, to time.Duration) bool {
	known := false
	for _, notes := range [][]*histories.Note{t.Own, t.Seen} {
		for i := max(checkers.LastAt(notes, from), 0); i < len(notes) && notes[i].Time <= to+e.r.Slack; i++ {
			if !checkers.IsMaster(notes[i]) {
				return false
			}
			known = true
		}
	}
	return known && t.Turned(from, to)
}

type answer uint8

const (
	no answer = iota
	yes
	mayBe
)

// persisted says whether the put's value had its life made endless before the look op.
func (e *lives) persisted(p int, op *histories.Operation, before []int) answer {
	put := &e.r.Ops[p]
	said := no
	for _, j := range before {
		other := &e.r.Ops[j]
		switch {
		case other.Func != funcPersist || other.Returned < put.Invoked && other.Outcome == histories.OK:
		case other.Outcome == histories.OK && !other.Result.True():
			// It found nothing to make endless, whenever that was.
		case other.Outcome == histories.OK && other.Node == put.Node && other.Invoked > put.Returned && other.Returned < op.Invoked:
			said = yes
		default:
			return mayBe
		}
	}
	return said
}

// moved says whether a fault moved the machine's clock at any time.
func (e *lives) moved(machine string) bool {
	for _, f := range e.r.Faults {
		if strings.HasPrefix(f.Text, "clock-") && slices.Contains(f.Targets, machine) {
			return true
		}
	}
	return false
}

// orderTakes is how long an operator tries to get an order to a server.
const orderTakes = 6 * time.Second

// flushed says whether an operator may have thrown data away in (from, to].
func (e *lives) flushed(from, to time.Duration) bool {
	for _, f := range e.r.Faults {
		if strings.HasPrefix(f.Text, "flushall") && f.Start <= to && min(f.Stop, e.r.End)+orderTakes >= from {
			return true
		}
	}
	return false
}

func (Expiry) Promise(r *checkers.Record) checkers.Promise {
	if !r.Works("expiry") {
		return checkers.Nobody("nobody sets a time to live")
	}
	return checkers.Unbroken()
}
