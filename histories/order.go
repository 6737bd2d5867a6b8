package histories

import (
	"cmp"
	"slices"
	"time"
)

// step is one line of a history between header and footer: the index-th operation's invocation, and so on.
type step struct {
	at    time.Duration
	kind  stepKind
	index int
}

type stepKind uint8

// At one and the same time a fault starts before anything else happens, and it stops after.
const (
	stepReturn stepKind = iota // before an invocation: the process may go on at once
	stepFaultStart
	stepInvoke
	stepPlace
	stepNote
	stepLog
	stepFaultStop
)

// order lists the lines of h in order of time, such that reading them gives h again.
func order(h *History) []step {
	steps := make([]step, 0, 2*len(h.Ops)+2*len(h.Faults)+len(h.Notes)+len(h.Logs)+len(h.Places))
	var instant []step // returns at the very time of their invocation
	for i, op := range h.Ops {
		steps = append(steps, step{op.Invoked, stepInvoke, i})
		switch {
		case op.Returned == Forever:
		case op.Returned == op.Invoked:
			instant = append(instant, step{op.Returned, stepReturn, i})
		default:
			steps = append(steps, step{op.Returned, stepReturn, i})
		}
	}
	for i, f := range h.Faults {
		steps = append(steps, step{f.Start, stepFaultStart, i})
		if f.Stop != Forever {
			steps = append(steps, step{f.Stop, stepFaultStop, i})
		}
	}
	for i, n := range h.Notes {
		steps = append(steps, step{n.Time, stepNote, i})
	}
	for i, p := range h.Places {
		steps = append(steps, step{p.Time, stepPlace, i})
	}
	for i, l := range h.Logs {
		steps = append(steps, step{l.Time, stepLog, i})
	}
	slices.SortStableFunc(steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind), cmp.Compare(a.index, b.index))
	})
	if len(instant) == 0 {
		return steps
	}
	return afterTheirInvocation(steps, instant, len(h.Ops))
}

// afterTheirInvocation puts each of the returns behind the invocation of the same operation.
func afterTheirInvocation(steps, returns []step, ops int) []step {
	immediate := make([]bool, ops)
	for _, r := range returns {
		immediate[r.index] = true
	}
	all := make([]step, 0, len(steps)+len(returns))
	for _, s := range steps {
		all = append(all, s)
		if s.kind == stepInvoke && immediate[s.index] {
			all = append(all, step{s.at, stepReturn, s.index})
		}
	}
	return all
}

func (s step) write(w *Writer, h *History) {
	switch s.kind {
	case stepReturn:
		op := &h.Ops[s.index]
		switch {
		case op.Outcome == Fail:
			w.Fail(s.at, op.Process, op.Error)
		case op.Outcome == Info:
			w.Info(s.at, op.Process, op.Error)
		default:
			w.OK(s.at, op.Process, op.Result)
		}
	case stepFaultStart:
		w.FaultStart(h.Faults[s.index])
	case stepInvoke:
		w.Invoke(&h.Ops[s.index])
	case stepNote:
		w.Note(&h.Notes[s.index])
	case stepPlace:
		n := h.Places[s.index].note()
		w.Note(&n)
	case stepLog:
		l := &h.Logs[s.index]
		w.Log(s.at, l.Machine, l.Text)
	case stepFaultStop:
		w.FaultStop(s.at, h.Faults[s.index].ID)
	}
}
