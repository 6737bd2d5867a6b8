package models

import (
	"math"

	"github.com/anishathalye/porcupine"

	"github.com/ordeal-go/ordeal/histories"
)

// cut is a place in a history where nothing was under way but operations without an answer, and what may have happened
// until then: what comes after is a history of its own.
type cut struct {
	at     int // events before it
	judged int
	ways   []way
	open   []openClass
	causes bool // something before it cannot be explained
}

// cutWaysMax is from how many ways on a search begins again.
const cutWaysMax = 16

func (s *search) cutAt(at int) {
	if s.cut == nil {
		s.cut = &cut{}
	}
	c := s.cut
	c.at, c.judged, c.causes = at, s.answer.Judged, len(s.answer.Causes) > 0
	c.ways = append(c.ways[:0], s.ways.list...)
	c.open = append(c.open[:0], s.open...)
}

// quick lets porcupine, which follows one way at a time, look for an order for a while: most histories have one, and
// where much was under way at a time one way is found sooner than all.
func (s *search) quick() bool {
	n := len(s.ops)
	steps := 10_000 + 20*n
	if steps > s.limits.Memory/(n/8+200) || steps > s.limits.Steps/4 {
		return false
	}
	all := make([]event, n)
	for i := range all {
		all[i] = event{i, true}
	}
	s.cut = &cut{}
	defer func() { s.cut = nil }()
	return s.porcupine(all, way{state: s.m.Init()}, steps) == porcupine.Ok
}

// giveUp ends a search that reached a limit: with what is known without it, or what porcupine finds out.
func (s *search) giveUp(events []event) {
	if len(s.answer.Causes) == 0 && s.doom != nil {
		s.answer.Causes = append(s.answer.Causes, *s.doom)
	}
	s.answer.Limit = s.full
	if len(s.answer.Causes) == 0 {
		s.deeper(events)
	}
}

// deeper lets porcupine, which follows one way at a time, look for an order of what came after the last cut, now that all
// ways together were too many. If it reaches its limit too, what was judged is a prefix.
func (s *search) deeper(events []event) {
	if s.cut == nil {
		s.cut = &cut{ways: []way{{state: s.m.Init()}}}
	}
	impossible := true
	for _, w := range s.cut.ways {
		switch s.porcupine(events[s.cut.at:], w, s.limits.Steps) {
		case porcupine.Ok:
			s.answer.Limit, s.answer.Judged = "", len(s.ops)
			return
		case porcupine.Unknown:
			impossible = false
		}
	}
	if impossible {
		s.answer.Limit = ""
		s.impossible(events[s.cut.at:])
	}
}

// porcupine searches an order of the operations of events, beginning with w. It is Unknown if it reached a limit.
func (s *search) porcupine(events []event, w way, steps int) porcupine.CheckResult {
	var ops []*histories.Operation
	for c, class := range s.cut.open {
		for range class.count - times(w.used, c) {
			ops = append(ops, class.op)
		}
	}
	for _, e := range events {
		if e.invoked {
			ops = append(ops, s.ops[e.op])
		}
	}
	var history []porcupine.Operation
	for i, op := range ops {
		p := porcupine.Operation{ClientId: i, Call: int64(op.Invoked), Return: int64(op.Returned), Input: op}
		if op.Outcome == histories.Info {
			p.Return = math.MaxInt64
		}
		history = append(history, p)
	}
	// Porcupine remembers each state it has been to with a bit for each operation.
	taken, most := 0, min(steps, s.limits.Memory/(len(ops)/8+200))
	full := false
	model := porcupine.Model{
		Init: func() any { return w.state },
		Hash: hash,
		Step: func(state, input, _ any) (bool, any) {
			taken++
			full = full || taken > most || taken&0xfff == 0 && s.limits.Stop != nil && s.limits.Stop()
			if full {
				return false, state // nothing goes on: the search ends soon
			}
			return s.m.Step(state, input.(*histories.Operation))
		},
	}
	ok := porcupine.CheckOperations(model, history)
	s.steps += taken
	switch {
	case ok:
		return porcupine.Ok
	case full:
		return porcupine.Unknown
	}
	return porcupine.Illegal
}

// impossible reports that the operations of events have no order, when it is not known which of them is to blame.
func (s *search) impossible(events []event) {
	last := -1
	for _, e := range events {
		if !e.invoked {
			last = e.op
		}
	}
	s.answer.Judged = s.cut.judged
	s.answer.Causes = append(s.answer.Causes, Cause{Ops: []int{last},
		Text: "no order of the operations since " + s.ops[events[0].op].Invoked.String() + " respects time"})
}
