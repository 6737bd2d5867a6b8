package models

import (
	"cmp"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// judgeQueue judges a queue into which each value is put once. It has an order unless
//
//   - a value was taken that nobody put in, or before it was, or twice;
//   - x was put in before y, and y was taken before x, or x never was;
//   - it was found empty, and all the while some value was certainly in it.
//
// Henzinger, Sezgin, Vafeiadis, Aspect-Oriented Linearizability Proofs, 2013. Which values a dequeue without an answer
// took is guessed; if the guess explains nothing and nothing else is wrong, the judge says nothing.
func judgeQueue(ops []*histories.Operation) (a Answer, ok bool) {
	q := containerJudge{ops: ops}
	if !q.sort() {
		return a, false
	}
	if len(q.causes.list) > 0 {
		return Answer{Causes: q.causes.list}, true
	}
	q.guess(q.gone)
	q.overtaken(q.values)
	q.emptiness(q.values)
	if len(q.causes.list) == 0 || len(q.open) == 0 {
		return Answer{Causes: q.causes.list}, true
	}
	q.causes = causes{}
	known := slices.DeleteFunc(slices.Clone(q.values), func(v *contained) bool { return v.out < 0 })
	q.overtaken(known)
	q.emptiness(known)
	return Answer{Causes: q.causes.list}, len(q.causes.list) > 0
}

// containerJudge is what is known of a queue or a stack.
type containerJudge struct {
	causes
	ops    []*histories.Operation
	values []*contained // in order of the invocation that put them in
	empty  []int        // operations that found it empty
	open   []int        // takes without an answer, in order of invocation
}

// contained is a value: when it was put in and when it was taken, both as intervals.
type contained struct {
	in, out                int           // who did; out is nobody if it is not known that anybody did
	from, put, taken, gone time.Duration // the invocation and the return of each

}

// sort matches what was taken with what was put in; false if a value was put in twice.
func (q *containerJudge) sort() bool {
	put := map[string]*contained{}
	for i, op := range q.ops {
		switch {
		case !takes(op):
			v := &contained{in: i, out: nobody, from: op.Invoked, put: returned(op), taken: histories.Forever,
				gone: histories.Forever}
			if put[word(op.Arg)] != nil {
				return false
			}
			put[word(op.Arg)] = v
			q.values = append(q.values, v)
		case op.Outcome == histories.Info:
			q.open = append(q.open, i)
		case op.Result.IsNothing():
			q.empty = append(q.empty, i)
		}
	}
	for i, op := range q.ops {
		if !takes(op) || op.Outcome != histories.OK || op.Result.IsNothing() {
			continue
		}
		v := put[word(op.Result)]
		switch {
		case v == nil:
			q.add(word(op.Result), []int{i}, "%s, which nobody put in", by(op))
		case v.out >= 0:
			q.add(v.in, append([]int{v.in}, inOrderOfReturn(q.ops, v.out, i)...), "%s was taken twice, also by %s",
				by(op), q.ops[v.out].Process)
		case op.Returned < v.from:
			q.add(v.in, []int{v.in, i}, "%s, which was put in only at %v", by(op), v.from)
		default:
			v.out, v.taken, v.gone = i, op.Invoked, op.Returned
		}
	}
	return true
}

// guess gives the takes without an answer, earliest first, to values that are not known to have been taken: first to
// those that must have been by the earliest time, which by says; it gets them in no order.
func (q *containerJudge) guess(by func(lost []*contained) []time.Duration) {
	if len(q.open) == 0 {
		return
	}
	var lost []*contained
	for _, v := range q.values {
		if v.out < 0 {
			lost = append(lost, v)
		}
	}
	deadlines := by(lost)
	order := make([]int, len(lost))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(deadlines[a], deadlines[b]), cmp.Compare(lost[a].put, lost[b].put))
	})
	for n, i := range q.open[:min(len(q.open), len(lost))] {
		lost[order[n]].taken = q.ops[i].Invoked
	}
}

// sign says that a value which was in it for certain before after, and is not known to have been taken, was gone by by.
type sign struct{ after, by time.Duration }

// gone says by when each of lost must have been gone: by when what was put in after it was taken, or it was found empty.
func (q *containerJudge) gone(lost []*contained) []time.Duration {
	signs := q.foundEmpty()
	for _, v := range q.values {
		if v.out >= 0 {
			signs = append(signs, sign{v.from, v.gone})
		}
	}
	return earliest(lost, signs)
}

func (q *containerJudge) foundEmpty() (signs []sign) {
	for _, i := range q.empty {
		signs = append(signs, sign{q.ops[i].Invoked, q.ops[i].Returned})
	}
	return signs
}

// earliest is what signs say of each of lost; Forever if nothing.
func earliest(lost []*contained, signs []sign) []time.Duration {
	slices.SortFunc(signs, func(a, b sign) int { return cmp.Compare(a.after, b.after) })
	least := make([]time.Duration, len(signs)+1) // of the signs from each on
	least[len(signs)] = histories.Forever
	for i, s := range slices.Backward(signs) {
		least[i] = min(least[i+1], s.by)
	}
	by := make([]time.Duration, len(lost))
	for i, v := range lost {
		from, _ := slices.BinarySearchFunc(signs, v.put, func(s sign, put time.Duration) int {
			if s.after > put {
				return 1
			}
			return -1
		})
		by[i] = least[from]
	}
	return by
}

// overtaken finds values that were put in before another and not taken before it.
func (q *containerJudge) overtaken(values []*contained) {
	byPut := slices.Clone(values)
	slices.SortStableFunc(byPut, func(a, b *contained) int { return cmp.Compare(a.put, b.put) })
	byFrom := slices.Clone(values)
	slices.SortStableFunc(byFrom, func(a, b *contained) int { return cmp.Compare(a.from, b.from) })
	var last *contained // of those put in before, the one taken last
	next := 0
	for _, y := range byFrom {
		for ; next < len(byPut) && byPut[next].put < y.from; next++ {
			if last == nil || byPut[next].taken > last.taken {
				last = byPut[next]
			}
		}
		if last == nil || y.gone >= last.taken {
			continue
		}
		shown := []int{last.in, y.in}
		text := "%s was put in before %s, and was never taken"
		if last.out >= 0 {
			text = "%s was put in before %s, and taken after it"
			shown = append(shown, last.out)
		}
		q.add([2]int{last.in, 0}, append(shown, y.out), text, short(q.ops[last.in].Arg), short(q.ops[y.in].Arg))
	}
}

// emptiness finds operations that found it empty although all the while some value was in it.
func (q *containerJudge) emptiness(values []*contained) {
	spans := spansOf(values)
	for _, i := range q.empty {
		op := q.ops[i]
		at, _ := slices.BinarySearchFunc(spans, op.Invoked, func(s span,
			t time.Duration) int {
			return cmp.Compare(s.from, t)
		})
		if at--; at >= 0 && op.Returned < spans[at].to {
			q.add([2]int{at, 1}, []int{spans[at].in, i},
				"%s found nothing: it was not empty from %v on, when %s was put in",
				by(op), spans[at].from, short(q.ops[spans[at].in].Arg))
		}
	}
}

// span is a time, both ends excluded, at every moment of which some value was certainly there.
type span struct {
	from, to time.Duration
	in       int // who put in the first value
}

// spansOf joins the times at which each value was certainly there.
func spansOf(values []*contained) []span {
	var sure []span
	for _, v := range values {
		if v.put < v.taken {
			sure = append(sure, span{v.put, v.taken, v.in})
		}
	}
	slices.SortStableFunc(sure, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var joined []span
	for _, s := range sure {
		if n := len(joined); n > 0 && s.from < joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}
