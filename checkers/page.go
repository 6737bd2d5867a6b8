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
const pageTimeout = 10 * time.Second

// WritePage writes porcupine's page of h, HTML that shows the order found for each key, or how far it gets, with the
// faults beside it. Keys that have an order are left out if one has none, because the page is for finding out why.
func (c Linearizable) WritePage(w io.Writer, h *histories.History) error {
	parts, _, err := c.parts(h)
	if err != nil {
		return err
	}
	var bad []*part
	limits := c.limits()
	for _, p := range parts {
		if len(p.model.Judged(p.ops, limits).Causes) > 0 {
			bad = append(bad, p)
		}
	}
	if bad == nil {
		bad = parts
	}
	if len(bad) == 0 {
		return ErrNothingToShow
	}
	model, ops := together(bad)
	_, info := porcupine.CheckOperationsVerbose(model, ops, pageTimeout)
	info.AddAnnotations(annotations(h))
	return porcupine.Visualize(model, info, w)
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

func annotations(h *histories.History) []porcupine.Annotation {
	end := h.End
	for i := range h.Ops {
		op := &h.Ops[i]
		end = max(end, op.Invoked)
	}
	var all []porcupine.Annotation
	for _, f := range h.Faults {
		all = append(all, porcupine.Annotation{Tag: "nemesis", Start: int64(f.Start), End: int64(min(f.Stop, max(end,
			f.Start))),
			Description: f.Text, Details: f.Asked, BackgroundColor: "#ffd6d6"})
	}
	return all
}
