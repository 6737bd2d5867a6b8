package models

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// places judges a counter to which each add adds 1: it gives each its place, the first, the second, and so on.
//
// The sums that were found bound the moment of the n-th add: it came after whatever found less than n was invoked, and
// before whatever found n or more returned. Both bounds rise with n, so the places that an add may have follow one another.
// They are filled in order, by the add that may have it and returned first; adds without an answer, which need not come at
// all, only where there is no other. An add that was told its sum has its place. If that fails, no other way succeeds: to
// exchange two adds of which the one that returned first stands behind breaks nothing.
func (c *counterJudge) places() {
	list := make([]staged, len(c.told))
	for n, i := range c.told {
		list[n] = staged{i, c.stageOf(i)}
	}
	c.stages(c.ops, list)
	if len(c.causes.list) > 0 || !c.single() {
		return
	}
	p := placement{counterJudge: c}
	p.bound()
	for place := int64(1); place <= p.last; place++ {
		if !p.fill(place) {
			return
		}
	}
	p.rest()
}

// single says whether no two adds were told the same sum, and none a sum below 1.
func (c *counterJudge) single() bool {
	who := map[int64]int{}
	for _, i := range c.told {
		if c.ops[i].Func != FuncAdd {
			continue
		}
		sum, _ := found(c.ops[i])
		if other, twice := who[sum]; twice {
			c.add("overlap", inOrderOfReturn(c.ops, other, i), "%s and %s cannot both be", by(c.ops[other]),
				by(c.ops[i]))
			return false
		}
		who[sum] = i
	}
	return true
}

// placement is the places of a counter's adds while they are filled.
type placement struct {
	*counterJudge
	last     int64         // the largest sum that was found
	earliest []staged      // those that found a sum, in order of sums: records of invocation; stage is the sum
	latest   []staged      // and of return, from the largest sum down
	told     map[int64]int // a place → who was told it
	waiting  []int         // other adds, in order of invocation, that have not been looked at
	ready    byReturn      // other adds that were invoked when the place must have been taken
	now      time.Duration // when the place is taken, at the earliest
	nowOp    int           // who found so little that it is not earlier
}

// bound finds what the sums say of places.
func (p *placement) bound() {
	p.told, p.now, p.nowOp = map[int64]int{}, -1, nobody
	p.ready.ops = p.ops
	isTold := make([]bool, len(p.ops))
	var all []staged
	for _, i := range p.counterJudge.told {
		sum, _ := found(p.ops[i])
		p.last = max(p.last, sum)
		isTold[i] = true
		if p.ops[i].Func == FuncAdd {
			p.told[sum] = i
		}
		all = append(all, staged{i, sum})
	}
	slices.SortStableFunc(all, func(a, b staged) int { return cmp.Compare(a.stage, b.stage) })
	for _, s := range all {
		if n := len(p.earliest); n == 0 || p.ops[p.earliest[n-1].i].Invoked < p.ops[s.i].Invoked {
			p.earliest = append(p.earliest, s)
		}
	}
	for _, s := range slices.Backward(all) {
		if n := len(p.latest); n == 0 || p.ops[p.latest[n-1].i].Returned > p.ops[s.i].Returned {
			p.latest = append(p.latest, s)
		}
	}
	slices.Reverse(p.latest)
	for i, op := range p.ops {
		if op.Func == FuncAdd && !isTold[i] {
			p.waiting = append(p.waiting, i)
		}
	}
}

// fill gives a place to an add; false if none can have it.
func (p *placement) fill(place int64) bool {
	p.after(place)
	for p.latest[0].stage < place {
		p.latest = p.latest[1:]
	}
	by := p.latest[0].i // when it returned, the place had been taken
	if _, told := p.told[place]; told {
		return true
	}
	for len(p.waiting) > 0 && p.ops[p.waiting[0]].Invoked <= p.ops[by].Returned {
		heap.Push(&p.ready, p.waiting[0])
		p.waiting = p.waiting[1:]
	}
	if len(p.ready.list) == 0 {
		return p.tooFew(by, place)
	}
	i := heap.Pop(&p.ready).(int)
	return returned(p.ops[i]) >= p.now || p.tooMany(i)
}

// after lets it be as late as it was when what found less than place was invoked.
func (p *placement) after(place int64) {
	for len(p.earliest) > 0 && p.earliest[0].stage < place {
		p.now, p.nowOp = p.ops[p.earliest[0].i].Invoked, p.earliest[0].i
		p.earliest = p.earliest[1:]
	}
}

// rest gives the adds that are left the places after the largest sum that was found.
func (p *placement) rest() {
	p.after(p.last + 1)
	for _, i := range append(p.ready.list, p.waiting...) {
		if returned(p.ops[i]) < p.now {
			p.tooMany(i)
		}
	}
}

func (p *placement) tooFew(i int, place int64) bool {
	p.add("few", []int{i}, "%s cannot be: of the adds, no more than %d can have happened by then", by(p.ops[i]),
		place-1)
	return false
}

func (p *placement) tooMany(i int) bool {
	if p.nowOp < 0 || p.nowOp == i {
		p.add("many", []int{i}, "%s was not counted", by(p.ops[i]))
	} else {
		p.add("many", []int{i, p.nowOp}, "%s does not count %s, or one of those before it", by(p.ops[p.nowOp]),
			by(p.ops[i]))
	}
	return false
}

// byReturn is a heap of operations by their return.
type byReturn struct {
	ops  []*histories.Operation
	list []int
}

func (h *byReturn) Len() int { return len(h.list) }
func (h *byReturn) Less(i, j int) bool {
	return returned(h.ops[h.list[i]]) < returned(h.ops[h.list[j]])
}
func (h *byReturn) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }

// Push implements heap.Interface.
func (h *byReturn) Push(i any) { h.list = append(h.list, i.(int)) }

// Pop implements heap.Interface.
func (h *byReturn) Pop() any {
	n := len(h.list) - 1
	i := h.list[n]
	h.list = h.list[:n]
	return i
}
