package models

import (
	"cmp"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// judgeRegister judges a register each of whose values was written once, without a search, and says of every other at
// least what needs none (registerrules.go).
//
// In any order the operations of one value stand together: its zone. Value a must come before value b if some operation
// of a returned before some operation of b was invoked: if first(a) < last(b), where first is the earliest return and
// last the latest invocation. There is an order of the values unless that makes a circle, and if it does, two of them
// already make one: in a circle without a shorter one through it, each first would be less than the one before it.
// So the history is linearizable unless some read returned before its value was written, or two values have
// first(a) < last(b) and first(b) < last(a). Gibbons and Korach, Testing Shared Memories, 1997.
//
// The operations are taken in order of their return, so that the one that closes a circle is the one that cannot be
// explained; it is left out then, and what else is wrong has another cause.
func judgeRegister(ops []*histories.Operation) (a Answer, ok bool) {
	r := registerJudge{ops: ops}
	unique := r.values()
	var c causes
	if !unique || r.cas {
		r.rules(&c)
		return Answer{Causes: c.list}, len(c.list) > 0
	}
	r.zones(&c)
	return Answer{Causes: c.list}, true
}

// registerJudge is what is known of a register's operations.
type registerJudge struct {
	ops   []*histories.Operation
	cas   bool
	value []int32 // of each operation, the value it wrote or found; 0: missing
	write []int32 // of each value, who wrote it; nobody; or several
}

const (
	nobody  = -1
	several = -2
)

// values numbers the values, and says whether each was written once.
func (r *registerJudge) values() (unique bool) {
	unique = true
	r.value = make([]int32, len(r.ops))
	r.write = append(make([]int32, 0, len(r.ops)/2+1), nobody)
	known := make(map[string]int32, len(r.ops)/2)
	number := func(v histories.Value) int32 {
		if v.IsNothing() {
			return 0
		}
		at, is := known[v.Str()]
		if !is {
			at = int32(len(r.write))
			known[v.Str()] = at
			r.write = append(r.write, nobody)
		}
		return at
	}
	for i, op := range r.ops {
		v := op.Result
		switch op.Func {
		case FuncCAS:
			r.cas = true
			v = op.Arg.Elem(1)
		case histories.FuncWrite:
			v = op.Arg
		}
		at := number(v)
		r.value[i] = at
		switch {
		case op.Func == histories.FuncRead:
		case r.write[at] == nobody && at > 0:
			r.write[at] = int32(i)
		default:
			r.write[at] = several
			unique = false
		}
	}
	return unique
}

// zone is one value: the earliest return and the latest invocation of its operations.
type zone struct {
	first, last     time.Duration
	firstOp, lastOp int32
}

func (r *registerJudge) zones(c *causes) {
	// Zones are numbered in the order in which their first operation returned: first never falls from one to the next.
	zones := []zone{{first: -1, last: -1, firstOp: nobody, lastOp: nobody}} // missing was so before the run
	of := make([]int32, len(r.write))                                       // of a value, its zone; 0: none yet
	reach := newReach(len(r.write))
	reach.set(0, -1)
	for _, i := range r.byReturn() {
		op, v := r.ops[i], r.value[i]
		w := r.write[v]
		if op.Func == histories.FuncRead && v > 0 {
			if w == nobody {
				c.add([2]int32{v, nobody}, []int{int(i)}, "%s, which nobody wrote", by(op))
				continue
			}
			if op.Returned < r.ops[w].Invoked {
				c.add([2]int32{v, w}, []int{int(w), int(i)}, "%s, which was written only at %v", by(op),
					r.ops[w].Invoked)
				continue
			}
		}
		at := of[v]
		z := zone{first: returned(op), last: op.Invoked, firstOp: i, lastOp: i}
		isNew := at == 0 && v > 0
		if !isNew {
			z = zones[at]
			if op.Invoked > z.last || z.lastOp < 0 {
				z.last, z.lastOp = op.Invoked, i
			}
		} else {
			at = int32(len(zones))
			if wrote := r.ops[w].Invoked; wrote > z.last {
				z.last, z.lastOp = wrote, w
			}
		}
		if other := reach.circle(zones, at, z); other >= 0 {
			r.circle(c, i, v, zones[other])
			continue
		}
		if isNew {
			zones = append(zones, z)
			of[v] = at
		}
		zones[at] = z
		reach.set(int(at), z.last)
	}
}

// byReturn lists the operations in order of their return, those that never returned left out: what is known of a write
// without an answer is known from its reads.
func (r *registerJudge) byReturn() []int32 {
	list := make([]int32, 0, len(r.ops))
	for i, op := range r.ops {
		if op.Outcome != histories.Info {
			list = append(list, int32(i))
		}
	}
	slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(r.ops[a].Returned, r.ops[b].Returned) })
	return list
}

// circle reports that operation i, which wrote or found value v, cannot be explained: v would be both before and after
// the value of other.
func (r *registerJudge) circle(c *causes, i, v int32, other zone) {
	var shown []int
	show := func(j int32) {
		if j >= 0 && !slices.Contains(shown, int(j)) && j != i {
			shown = append(shown, int(j))
		}
	}
	show(r.write[v])
	u := int32(0)
	if other.firstOp >= 0 {
		u = r.value[other.firstOp]
	} else if other.lastOp >= 0 {
		u = r.value[other.lastOp]
	}
	show(r.write[u])
	show(other.firstOp)
	show(other.lastOp)
	op := r.ops[i]
	c.add([2]int32{v, u}, append(shown, int(i)), "%s must be both before and after %s: %s of %s",
		r.name(op.Key, v), r.name(op.Key, u), op.Func, op.Process)
}

// name is value v of the register called key.
func (r *registerJudge) name(key string, v int32) string {
	if v == 0 {
		return key + " missing"
	}
	if w := r.write[v]; w >= 0 {
		return key + "=" + r.ops[w].Arg.Str()
	}
	return key + "=?"
}

// circle is a zone that would be both before and after z, the zone at now; -1 if there is none.
func (t *reach) circle(zones []zone, at int32, z zone) int {
	// Those with first < z.last are the ones before end.
	end, _ := slices.BinarySearchFunc(zones, z.last, func(o zone,
		last time.Duration) int {
		return cmp.Compare(o.first, last)
	})
	if i := t.above(0, min(end, int(at)), z.first); i >= 0 {
		return i
	}
	return t.above(int(at)+1, end, z.first)
}
