package models

import (
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// rules reports what no order explains whatever the values are, also if they repeat:
//
//   - a read of a value that nobody wrote;
//   - a read that returned before its value was first written;
//   - a read of an old value: after every write of it that can be meant, an operation with another value was invoked, and
//     had returned before the read was invoked.
//
// They are necessary, not sufficient: without a finding the history may still have no order.
func (r *registerJudge) rules(c *causes) {
	writes := r.writes()
	missing := len(writes[0]) > 0 // something may make the register missing again
	byReturn := r.byReturn()
	var done latest
	next := 0
	for i, op := range r.ops {
		for ; next < len(byReturn) && r.ops[byReturn[next]].Returned < op.Invoked; next++ {
			if j := byReturn[next]; r.told(int(j)) {
				done.add(r.ops[j].Invoked, j, r.value[j])
			}
		}
		v := r.value[i]
		if op.Func != histories.FuncRead || v == 0 && missing {
			continue
		}
		if v > 0 && len(writes[v]) == 0 {
			c.add([2]int32{v, nobody}, []int{i}, "%s, which nobody wrote", by(op))
			continue
		}
		// When the last of the writes that can be meant returned; of missing, before the run.
		last, w := time.Duration(-1), -1
		n := sort.Search(len(writes[v]), func(n int) bool { return r.ops[writes[v][n].op].Invoked > op.Returned })
		if n > 0 {
			w = int(writes[v][n-1].last)
			last = returned(r.ops[w])
		}
		if v > 0 && w < 0 {
			j := int(writes[v][0].op)
			c.add([2]int32{v, int32(j)}, []int{j, i}, "%s, which was written only at %v", by(op), r.ops[j].Invoked)
			continue
		}
		if at, j := done.other(v); at > last {
			shown := []int{int(j), i}
			if w >= 0 {
				shown = []int{w, int(j), i}
			}
			c.add([2]int32{v, j}, shown, "%s is old: %s came after every write of it, and had returned", by(op),
				by(r.ops[j]))
		}
	}
}

// told says whether operation i shows that the register held its value at some moment: a cas that failed does not, nor
// does one that was not answered.
func (r *registerJudge) told(i int) bool {
	return r.ops[i].Func != FuncCAS || r.ops[i].Result.True()
}

// wrote is a write of a value, and which of it and those invoked before it returned last.
type wrote struct{ op, last int32 }

// writes lists, for each value, who may have written it, in order of invocation.
func (r *registerJudge) writes() [][]wrote {
	all := make([][]wrote, len(r.write))
	for i, op := range r.ops {
		if op.Func != histories.FuncWrite && (op.Func != FuncCAS || op.Outcome == histories.OK && !op.Result.True()) {
			continue
		}
		list := all[r.value[i]]
		w := wrote{int32(i), int32(i)}
		if n := len(list); n > 0 && returned(r.ops[list[n-1].last]) > returned(op) {
			w.last = list[n-1].last
		}
		all[r.value[i]] = append(list, w)
	}
	return all
}

// latest keeps the operation that was invoked last, and the last with another value.
type latest struct{ best, second invoked }

type invoked struct {
	at    time.Duration
	op    int32
	value int32
	set   bool
}

func (l *latest) add(at time.Duration, op, value int32) {
	this := invoked{at, op, value, true}
	switch {
	case !l.best.set || at > l.best.at:
		if l.best.set && l.best.value != value {
			l.second = l.best
		}
		l.best = this
	case value != l.best.value && (!l.second.set || at > l.second.at):
		l.second = this
	}
}

// other is when the last operation with another value than value was invoked; -2 if there is none.
func (l *latest) other(value int32) (at time.Duration, op int32) {
	switch {
	case l.best.set && l.best.value != value:
		return l.best.at, l.best.op
	case l.second.set:
		return l.second.at, l.second.op
	}
	return -2, nobody
}
