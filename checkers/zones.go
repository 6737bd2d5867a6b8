package checkers

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// zone is one value of a register: its write and the reads that found it.
//
// If each value is written once, whether a history is linearizable takes sorting and no search. In any order the
// operations of one value stand together. Value a must come before value b if some operation of a returned before some
// operation of b was invoked: if first(a) < last(b), where first is the earliest return and last the latest invocation.
// There is an order of the values unless that makes a circle, and if it does, two of them already make one: in a
// circle without a shorter one through it, each first would be less than the one before it.
//
// So the history is linearizable unless some read returned before its value was written, or two values have
// first(a) < last(b) and first(b) < last(a). Gibbons and Korach, Testing Shared Memories, 1997.
type zone struct {
	first, last     time.Duration
	firstOp, lastOp int // the operations they are of
	write           int // -1 for the key's being missing at first
}

func (z *zone) forward() bool { return z.first < z.last }

func (z *zone) add(h *histories.History, i int) {
	op := &h.Ops[i]
	returned := op.Returned
	if op.Outcome == histories.Info {
		returned = histories.Forever
	}
	if returned < z.first || z.firstOp < 0 {
		z.first, z.firstOp = returned, i
	}
	if op.Invoked > z.last || z.lastOp < 0 {
		z.last, z.lastOp = op.Invoked, i
	}
}

// zones judges one key each of whose values was written once.
func (q *inquiry) zones(h *histories.History, k register) {
	byValue := map[string]*zone{}
	all := make([]*zone, 0, len(k.ops)/2+1)
	for _, i := range k.ops {
		if op := &h.Ops[i]; op.Func == histories.FuncWrite {
			z := &zone{write: i, firstOp: -1, lastOp: -1}
			z.add(h, i)
			byValue[op.Word()] = z
			all = append(all, z)
		}
	}
	missing := &zone{first: -1, last: -1, write: -1, firstOp: -1, lastOp: -1} // it was so before the run
	for _, i := range k.ops {
		op := &h.Ops[i]
		if op.Func != histories.FuncRead {
			continue
		}
		z := byValue[op.Word()]
		switch {
		case !op.Found():
			if op.Invoked > missing.last {
				missing.last, missing.lastOp = op.Invoked, i
			}
		case z == nil:
			q.breach(op.Returned, op.Node, []int{i}, "read %s=%s, which nobody wrote", op.Key, op.Word())
		case op.Returned < h.Ops[z.write].Invoked:
			q.breach(op.Returned, op.Node, []int{i, z.write}, "read %s=%s, which was written only at %v", op.Key, op.Word(), h.Ops[z.write].Invoked)
		default:
			z.add(h, i)
		}
	}
	q.circles(h, k.key, append(all, missing))
}

// circles finds values that must come both before and after another.
func (q *inquiry) circles(h *histories.History, key string, all []*zone) {
	var forward []*zone
	for _, z := range all {
		if z.forward() {
			forward = append(forward, z)
		}
	}
	slices.SortStableFunc(forward, func(a, b *zone) int { return cmp.Compare(a.first, b.first) })
	var reach []*zone // of those up to each forward zone, the one with the latest last
	for i, z := range forward {
		if i > 0 && reach[i-1].last > z.first {
			q.circle(h, key, reach[i-1], z)
		}
		if i > 0 && reach[i-1].last >= z.last {
			z = reach[i-1]
		}
		reach = append(reach, z)
	}
	for _, z := range all {
		if z.forward() {
			continue
		}
		// Only a zone that begins before z and reaches beyond it makes a circle with it.
		if i := sort.Search(len(forward), func(i int) bool { return forward[i].first >= z.last }) - 1; i >= 0 && reach[i].last > z.first {
			q.circle(h, key, reach[i], z)
		}
	}
}

// circle reports that a must come before b, and b before a.
func (q *inquiry) circle(h *histories.History, key string, a, b *zone) {
	if a.write < 0 || b.write >= 0 && h.Ops[b.write].Invoked < h.Ops[a.write].Invoked && b.forward() {
		a, b = b, a
	}
	var ops []int
	for _, i := range []int{a.write, b.firstOp, b.write, a.lastOp} {
		if i >= 0 && !slices.Contains(ops, i) {
			ops = append(ops, i)
		}
	}
	seen := a
	if a.lastOp < 0 || b.write >= 0 && a.write >= 0 && h.Ops[a.lastOp].Func != histories.FuncRead {
		seen = b
	}
	at := &h.Ops[seen.lastOp]
	q.breach(at.Returned, at.Node, ops, "%s must be both before and after %s: %s of %s", a.describe(h, key), b.describe(h, key), at.Func, at.Process)
}

func (z *zone) describe(h *histories.History, key string) string {
	if z.write < 0 {
		return key + " missing"
	}
	return key + "=" + h.Ops[z.write].Word()
}
