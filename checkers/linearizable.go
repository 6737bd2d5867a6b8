package checkers

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// Linearizable holds each key to being one register: everything read and written at the master looks as if it had
// happened one at a time, in an order that respects real time. Redis promises it of one master without failover, because
// it executes one command at a time; with failover, or of reads at replicas, it promises nothing of the kind.
//
// Reads at nodes that are known not to have been master all the while are left out; a write counts wherever it was
// acknowledged. While every value of a key was written once, the answer takes no search (zones.go); otherwise porcupine
// searches, and is given up after Timeout. Herlihy and Wing, Linearizability, 1990; Redis 4.0: one thread, ae.c.
type Linearizable struct {
	Timeout time.Duration // of the search; 0 is TimeoutDefault
}

// TimeoutDefault is how long a search for an order may take.
const TimeoutDefault = 10 * time.Second

// Name implements Checker.
func (Linearizable) Name() string { return "linearizable" }

func (c Linearizable) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return TimeoutDefault
}

// Check implements Checker.
func (c Linearizable) Check(h *histories.History) Verdict {
	var q inquiry
	q.saw("reads", 0)
	q.saw("writes", 0)
	keys := registers(h)
	q.saw("keys", len(keys))
	deadline := time.Now().Add(c.timeout())
	unknown := ""
	for _, k := range keys {
		reads := 0
		for _, i := range k.ops {
			if h.Ops[i].Func == histories.FuncRead {
				reads++
			}
		}
		q.saw("reads", reads)
		q.saw("writes", len(k.ops)-reads)
		if k.unique(h) {
			q.zones(h, k)
			continue
		}
		q.saw("keys searched by porcupine", 1)
		switch result, info := k.search(h, max(time.Until(deadline), time.Millisecond)); result {
		case porcupine.Unknown:
			unknown = fmt.Sprintf("the search for an order of the operations on %s took longer than %v", k.key, c.timeout())
		case porcupine.Illegal:
			q.stuck(h, k, info)
		}
	}
	if q.count("reads") == 0 && unknown == "" {
		unknown = "nobody read at a master"
	}
	return q.verdict(unknown, "every key has an order of its operations that respects time")
}

// register is one key's operations that say something: indexes into Ops, in order of invocation.
type register struct {
	key string
	ops []int
}

// registers parts the operations that count by key, keys in order of their first operation.
func registers(h *histories.History) []register {
	r := index(h)
	read := map[keyValue]bool{} // a value whose write had no answer → somebody read it
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Func == histories.FuncWrite && op.Outcome == histories.Info {
			read[keyValue{op.Key, op.Word()}] = false
		}
	}
	counts := func(op *histories.Operation) bool {
		if op.Func != histories.FuncRead || op.Outcome != histories.OK {
			return false
		}
		t := r.machines[op.Node]
		return t == nil || len(t.own)+len(t.seen) == 0 || r.always(t, op.Invoked, op.Returned, isMaster)
	}
	reads := make([]bool, len(h.Ops))
	for i := range h.Ops {
		if op := &h.Ops[i]; counts(op) {
			reads[i] = true
			at := keyValue{op.Key, op.Word()}
			if _, unanswered := read[at]; unanswered && op.Found() {
				read[at] = true
			}
		}
	}
	known := map[string]int{}
	var all []register
	for i := range h.Ops {
		op := &h.Ops[i]
		// A write without an answer that nobody read can have happened after everything else.
		written := op.Func == histories.FuncWrite && (op.Outcome == histories.OK || op.Outcome == histories.Info && read[keyValue{op.Key, op.Word()}])
		if !reads[i] && !written {
			continue
		}
		at, is := known[op.Key]
		if !is {
			at = len(all)
			known[op.Key] = at
			all = append(all, register{key: op.Key})
		}
		all[at].ops = append(all[at].ops, i)
	}
	return all
}

// unique says whether each value was written once.
func (k register) unique(h *histories.History) bool {
	seen := map[string]bool{}
	for _, i := range k.ops {
		if op := &h.Ops[i]; op.Func == histories.FuncWrite {
			if seen[op.Word()] {
				return false
			}
			seen[op.Word()] = true
		}
	}
	return true
}

func (k register) search(h *histories.History, timeout time.Duration) (porcupine.CheckResult, porcupine.LinearizationInfo) {
	model := models.Register()
	return porcupine.CheckOperationsVerbose(model.Porcupine(), model.Operations(k.operations(h)), timeout)
}

func (k register) operations(h *histories.History) []histories.Operation {
	ops := make([]histories.Operation, len(k.ops))
	for i, j := range k.ops {
		ops[i] = h.Ops[j]
	}
	return ops
}

// stuck reports how far an order of the operations gets.
func (q *inquiry) stuck(h *histories.History, k register, info porcupine.LinearizationInfo) {
	longest := 0
	var in map[int]bool
	for _, partition := range info.PartialLinearizations() {
		for _, partial := range partition {
			if len(partial) > longest {
				longest, in = len(partial), map[int]bool{}
				for _, id := range partial {
					in[id] = true
				}
			}
		}
	}
	for n, i := range k.ops {
		if !in[n] {
			op := &h.Ops[i]
			q.breach(op.Returned, op.Node, []int{i}, "no order of the operations on %s respects time: the longest has %d of %d and lacks the %s of %s by %s",
				k.key, longest, len(k.ops), op.Func, op.Word(), op.Process)
			return
		}
	}
	q.breach(0, "", k.ops[:1], "no order of the operations on %s respects time", k.key)
}

// ErrNothingToShow is WritePage's error for a history without an operation that was answered.
var ErrNothingToShow = errors.New("the history has no operation that was answered: there is nothing to show")

// WritePage writes porcupine's page of h, HTML that shows the order found for each key, or how far it gets, with the
// faults beside it. Keys that have an order are left out if one has none, because the page is for finding out why.
func (c Linearizable) WritePage(w io.Writer, h *histories.History) error {
	keys := registers(h)
	var q inquiry
	var bad []histories.Operation
	for _, k := range keys {
		before := len(q.findings)
		if k.unique(h) {
			q.zones(h, k)
		} else if result, info := k.search(h, c.timeout()); result == porcupine.Illegal {
			q.stuck(h, k, info)
		}
		if len(q.findings) > before {
			bad = append(bad, k.operations(h)...)
		}
	}
	if bad == nil {
		for _, k := range keys {
			bad = append(bad, k.operations(h)...)
		}
	}
	if len(bad) == 0 {
		return ErrNothingToShow
	}
	model := models.Register()
	_, info := porcupine.CheckOperationsVerbose(model.Porcupine(), model.Operations(bad), c.timeout())
	info.AddAnnotations(annotations(h))
	return porcupine.Visualize(model.Porcupine(), info, w)
}

func annotations(h *histories.History) []porcupine.Annotation {
	end := h.End
	for i := range h.Ops {
		op := &h.Ops[i]
		end = max(end, op.Invoked)
	}
	var all []porcupine.Annotation
	for _, f := range h.Faults {
		all = append(all, porcupine.Annotation{Tag: "nemesis", Start: int64(f.Start), End: int64(min(f.Stop, max(end, f.Start))),
			Description: f.Text, Details: f.Asked, BackgroundColor: "#ffd6d6"})
	}
	return all
}
