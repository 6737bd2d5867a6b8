package models

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// Answer is what a judge says of the operations of one part.
type Answer struct {
	Causes []Cause // why there is no order of them that respects time; none: there is one
	Judged int     // how many of the operations that is said of: those that returned first
	Limit  string  // why it is not said of all; "" if it is
	Search bool    // it took a search
	Steps  int     // of the search
}

// Cause is one thing that no order explains.
type Cause struct {
	// Ops are the fewest operations that show it, indexes into those judged. The last is the one that cannot be explained:
	// what returned before it did can.
	Ops  []int
	Text string
	// Follows counts further operations that cannot be explained for the same cause.
	Follows int
}

// Judged is the Answer of m to ops, of which [Model.Judges] is true, of one part and in order of invocation: by its fast
// judge if that applies, else by search.
func (m *Model) Judged(ops []*histories.Operation, limits Limits) Answer {
	matter, index := ops, []int(nil)
	if m.Seen != nil {
		matter, index = m.matter(ops)
	}
	a, done := Answer{}, false
	if m.Judge != nil {
		if a, done = m.Judge(matter); done {
			a.Judged = len(matter)
		}
	}
	if !done {
		if m.Aborted {
			matter, index = kept(matter, index, m.Counts)
		}
		a = m.Search(matter, limits)
	}
	a.Judged += len(ops) - len(matter)
	for _, c := range a.Causes {
		for i, j := range c.Ops {
			if index != nil {
				c.Ops[i] = index[j]
			}
		}
	}
	return a
}

// kept is ops without those that keep says no to. index tells where each was before, and from tells it of ops; nil: where
// it is now.
func kept(ops []*histories.Operation, from []int, keep func(*histories.Operation) bool) (left []*histories.Operation,
	index []int) {
	for i, op := range ops {
		if !keep(op) {
			continue
		}
		if left = append(left, op); from != nil {
			i = from[i]
		}
		index = append(index, i)
	}
	return left, index
}

// matter is ops without those that had no answer and left a value which nobody saw: they need not have happened. index
// tells where in ops each of the others was; nil: all matter.
func (m *Model) matter(ops []*histories.Operation) (matter []*histories.Operation, index []int) {
	unseen := map[string]bool{}
	for _, op := range ops {
		if left, _, ok := m.Seen(op); !ok {
			return ops, nil
		} else if op.Outcome == histories.Info && !left.IsNothing() {
			unseen[word(left)] = true
		}
	}
	if len(unseen) == 0 {
		return ops, nil
	}
	for _, op := range ops {
		if op.Outcome != histories.OK {
			continue
		}
		_, saw, _ := m.Seen(op)
		for _, v := range saw.Elems() {
			delete(unseen, word(v))
		}
		if !saw.IsList() {
			delete(unseen, word(saw))
		}
	}
	return kept(ops, nil, func(op *histories.Operation) bool {
		left, _, _ := m.Seen(op)
		return op.Outcome != histories.Info || left.IsNothing() || !unseen[word(left)]
	})
}

// returned is when op was over: never, if it has no answer.
func returned(op *histories.Operation) time.Duration {
	if op.Outcome == histories.Info {
		return histories.Forever
	}
	return op.Returned
}

// by is op with its process, as findings name it.
func by(op *histories.Operation) string { return Describe(op) + " by " + op.Process }

// causes gathers what a judge finds, a cause for each key under which it is found.
type causes struct {
	list []Cause
	of   map[any]int
}

// add reports the operations shown under key; of what was reported under the same key before, it is one more.
func (c *causes) add(key any, ops []int, format string, args ...any) {
	if c.of == nil {
		c.of = map[any]int{}
	}
	if i, known := c.of[key]; known {
		c.list[i].Follows++
		return
	}
	c.of[key] = len(c.list)
	c.list = append(c.list, Cause{Ops: ops, Text: fmt.Sprintf(format, args...)})
}

// staged is an operation with its place in the only order that the values allow: what has a smaller stage must come
// before, what has the same may come before or after.
type staged struct {
	i     int // index into the operations judged
	stage int64
}

// stages holds an order that the values dictate against time: an operation of a later stage may not have returned before
// one of an earlier stage was invoked. The one that cannot be explained is the one invoked later; causes are named by the
// operation that it comes too late for.
func (c *causes) stages(ops []*histories.Operation, list []staged) {
	byReturn := slices.Clone(list)
	slices.SortStableFunc(byReturn, func(a, b staged) int {
		return cmp.Compare(returned(ops[a.i]),
			returned(ops[b.i]))
	})
	slices.SortStableFunc(list, func(a, b staged) int { return cmp.Compare(ops[a.i].Invoked, ops[b.i].Invoked) })
	var records []staged // of those that have returned, each that has a later stage than all before
	next := 0
	for _, a := range list {
		for ; next < len(byReturn) && returned(ops[byReturn[next].i]) < ops[a.i].Invoked; next++ {
			if n := len(records); n == 0 || records[n-1].stage < byReturn[next].stage {
				records = append(records, byReturn[next])
			}
		}
		if n := len(records); n == 0 || records[n-1].stage <= a.stage {
			continue
		}
		b := records[sort.Search(len(records), func(i int) bool { return records[i].stage > a.stage })]
		c.add(b.i, []int{b.i, a.i}, "%s must come before %s, which had returned when it was invoked", by(ops[a.i]),
			by(ops[b.i]))
	}
}
