package checkers

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// ErrNothingToShow is WritePage's error for a history without an operation that was answered.
var ErrNothingToShow = errors.New("the history has no operation that was answered: there is nothing to show")

// pageTimeout is how long porcupine may search for the orders that a page shows. No verdict depends on it.
const pageTimeout = 2 * time.Second

// WritePage writes porcupine's page of h, HTML that shows the order found for each key, or how far it gets, with the
// faults beside it. Keys that have an order are left out if one has none, because the page is for finding out why. Of a long
// history it shows the beginning, as far as the first finding if there is one: browsers give up on more.
func (c Linearizable) WritePage(w io.Writer, h *histories.History) error {
	parts, _, err := c.parts(NewRecord(h))
	if err != nil {
		return err
	}
	var bad []*part
	var until time.Duration // the first finding
	limits := c.limits()
	for _, p := range parts {
		if causes := p.model.Judged(p.ops, limits).Causes; len(causes) > 0 {
			if at := shownBy(p, causes[0]); bad == nil || at < until {
				until = at
			}
			bad = append(bad, p)
		}
	}
	if bad == nil {
		bad = parts
	}
	if len(bad) == 0 {
		return ErrNothingToShow
	}
	bad, left := beginning(bad, until)
	model, ops := together(bad)
	_, info := porcupine.CheckOperationsVerbose(model, ops, pageTimeout)
	info.AddAnnotations(annotations(h, left))
	return porcupine.Visualize(model, info, w)
}

// pageOps is how many operations a page shows, if they are enough to show a finding.
const pageOps = 10_000

// shownBy is when the last operation of a cause had returned.
func shownBy(p *part, c models.Cause) (at time.Duration) {
	for _, i := range c.Ops {
		at = max(at, p.ops[i].Invoked)
		if r := p.ops[i].Returned; r != histories.Forever {
			at = max(at, r)
		}
	}
	return at
}

// rest is what a page leaves out.
type rest struct {
	from time.Duration
	ops  int
}

// beginning leaves of the parts what began before the first so many operations had, or before a moment if that is later.
// What only reads, and returned afterwards, is left out too: it may have seen what is.
func beginning(parts []*part, until time.Duration) ([]*part, rest) {
	var began []time.Duration
	for _, p := range parts {
		for _, op := range p.ops {
			began = append(began, op.Invoked)
		}
	}
	if len(began) <= pageOps {
		return parts, rest{}
	}
	slices.Sort(began)
	until = max(until, began[pageOps-1])
	left := rest{from: until}
	shown := make([]*part, len(parts))
	for i, p := range parts {
		shown[i] = &part{name: p.name, model: p.model}
		for _, op := range p.ops {
			if op.Invoked <= until && (op.Returned <= until || p.model.Writes(op)) {
				shown[i].ops = append(shown[i].ops, op)
			} else {
				left.ops++
			}
		}
	}
	return shown, left
}

// shared is an operation as a page of several models has it.
type shared struct {
	op   *histories.Operation
	part int
}

// together is one porcupine model that judges each part by the part's own, and all their operations.
func together(parts []*part) (porcupine.Model, []porcupine.Operation) {
	var all []*histories.Operation
	partOf := map[*histories.Operation]int{}
	for n, p := range parts {
		for _, op := range p.ops {
			if p.model.Counts(op) {
				all = append(all, op)
				partOf[op] = n
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *histories.Operation) int { return cmp.Compare(a.Invoked, b.Invoked) })
	ops := models.Convert(all)
	for i := range ops {
		op := ops[i].Input.(*histories.Operation)
		ops[i].Input = shared{op, partOf[op]}
	}
	type state struct {
		begun bool
		state any
		part  int
	}
	return porcupine.Model{
		Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
			byPart := make([][]porcupine.Operation, len(parts))
			for _, o := range all {
				n := o.Input.(shared).part
				byPart[n] = append(byPart[n], o)
			}
			return byPart
		},
		Init: func() any { return state{} },
		Step: func(s, input, _ any) (bool, any) {
			in, now := input.(shared), s.(state)
			if !now.begun {
				now = state{true, parts[in.part].model.Init(), in.part}
			}
			ok, next := parts[in.part].model.Step(now.state, in.op)
			return ok, state{true, next, in.part}
		},
		DescribeOperation: func(input, _ any) string { return models.Describe(input.(shared).op) },
		DescribeState: func(s any) string {
			if now := s.(state); now.begun {
				return parts[now.part].model.Show(now.state)
			}
			return ""
		},
		DescribeOperationMetadata: func(info any) string { s, _ := info.(string); return s },
	}, ops
}

func annotations(h *histories.History, left rest) []porcupine.Annotation {
	end := h.End
	for i := range h.Ops {
		op := &h.Ops[i]
		end = max(end, op.Invoked)
	}
	var all []porcupine.Annotation
	if left.ops > 0 {
		all = append(all, porcupine.Annotation{Tag: "page", Start: int64(left.from), End: int64(end),
			Description: Thousands(left.ops) + " later operations are not shown", BackgroundColor: "#eeeeee"})
	}
	for _, f := range h.Faults {
		all = append(all, porcupine.Annotation{Tag: "nemesis", Start: int64(f.Start), End: int64(min(f.Stop, max(end,
			f.Start))),
			Description: f.Text, Details: f.Asked, BackgroundColor: "#ffd6d6"})
	}
	return all
}
