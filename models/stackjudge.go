package models

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// judgeStack judges a stack onto which each value is put once.
//
// A value whose push and pop overlap can come and go in one moment, and says nothing of the others. Any other is there at
// least from its push's return to its pop's invocation: its core. Where no core is, the stack can be empty, and what lies
// on both sides is independent. In a stretch that cores cover without a gap some value must lie at the bottom all the
// while: one that can be pushed when the first core of the stretch begins and popped when its last one ends. Any such
// value will do, since the others can all happen within the stretch, above it. So take them away until nothing is left, or
// until there is a stretch without one: then there is no order. It was found empty in vain if a stretch covers that.
// (Decreasing a history so, one value at a time, is how Lee and Mathur, Efficient Decrease-and-Conquer Linearizability
// Monitoring, 2025, judge several types in n log n.)
func judgeStack(ops []*histories.Operation) (a Answer, ok bool) {
	q := containerJudge{ops: ops}
	if !q.sort() {
		return a, false
	}
	if len(q.causes.list) > 0 {
		return Answer{Causes: q.causes.list}, true
	}
	q.guess(q.uncovers)
	q.crossing(q.values)
	q.emptiness(q.values)
	if len(q.causes.list) == 0 || len(q.open) == 0 {
		return Answer{Causes: q.causes.list}, true
	}
	q.causes = causes{}
	known := slices.DeleteFunc(slices.Clone(q.values), func(v *contained) bool { return v.out < 0 })
	q.crossing(known)
	q.emptiness(known)
	return Answer{Causes: q.causes.list}, len(q.causes.list) > 0
}

// uncovers says by when each of lost must have been gone: by when what certainly lay under it was popped, or the stack was
// found empty.
func (q *containerJudge) uncovers(lost []*contained) []time.Duration {
	by := earliest(lost, q.foundEmpty())
	under := slices.DeleteFunc(slices.Clone(q.values), func(v *contained) bool { return v.out < 0 })
	slices.SortStableFunc(under, func(a, b *contained) int { return cmp.Compare(a.taken, b.taken) })
	rank := make(map[*contained]int, len(under))
	for i, v := range under {
		rank[v] = i
	}
	byPut := slices.Clone(under)
	slices.SortStableFunc(byPut, func(a, b *contained) int { return cmp.Compare(a.put, b.put) })
	order := make([]int, len(lost))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lost[a].from, lost[b].from) })
	tree := newReach(len(under)) // of those pushed before, minus the return of their pops
	tree.clear(outOfReach)
	next := 0
	for _, i := range order {
		x := lost[i]
		for ; next < len(byPut) && byPut[next].put < x.from; next++ {
			tree.set(rank[byPut[next]], -byPut[next].gone)
		}
		from, _ := slices.BinarySearchFunc(under, x.put, func(v *contained, put time.Duration) int {
			if v.taken > put {
				return 1
			}
			return -1
		})
		if soonest := -tree.top(from, len(under)); soonest < by[i] {
			by[i] = soonest
		}
	}
	return by
}

// crossingsMax is how many causes are looked for: each takes several times as long as judging.
const crossingsMax = 5

// crossing finds values that no order of a stack explains, the fewest of them for each cause.
func (q *containerJudge) crossing(values []*contained) {
	values = slices.Clone(values)
	slices.SortStableFunc(values, func(a, b *contained) int { return cmp.Compare(a.gone, b.gone) })
	for range crossingsMax {
		if stacks(values) {
			return
		}
		fewest := fewestCrossing(values)
		var shown []int
		text := ""
		for n, v := range fewest {
			shown = append(shown, v.in)
			if v.out >= 0 {
				shown = append(shown, v.out)
			}
			text += []string{"", ", "}[min(n, 1)] + short(q.ops[v.in].Arg)
		}
		q.add(fewest[0], shown, "no order of the pushes and pops of %s is last in, first out", text)
		values = slices.DeleteFunc(values, func(v *contained) bool { return v == fewest[len(fewest)-1] })
	}
}

// fewestCrossing are values that have no order, of which any fewer have one; the last is the one popped last. What has no
// order keeps having none with more values.
func fewestCrossing(values []*contained) []*contained {
	var needed []*contained // found so far: with the values before some place they have no order
	rest := values
	for {
		n := sort.Search(len(rest), func(n int) bool { return !stacks(slices.Concat(rest[:n], needed)) })
		if n == 0 {
			return needed
		}
		needed = append([]*contained{rest[n-1]}, needed...)
		rest = rest[:n-1]
	}
}

// stacks says whether values have an order.
func stacks(values []*contained) bool {
	p := newPeeling(values)
	if len(p.values) == 0 {
		return true
	}
	p.uncovered(0, p.cover.size)
	left := len(p.values)
	for ; len(p.bottom) > 0; left-- {
		v := p.bottom[len(p.bottom)-1]
		p.bottom = p.bottom[:len(p.bottom)-1]
		from, to := p.cells(p.values[v])
		p.cover.change(1, 0, p.cover.size, from, to, -1)
		p.uncovered(from, to)
	}
	return left == 0
}

// peeling is a stack's values while those that can lie at the bottom of their stretch are taken away.
type peeling struct {
	values []*contained    // that have a core, in order of its begin
	at     []time.Duration // the moments at which cores begin and end; cell 2i is at[i], 2i+1 is from there to at[i+1]
	first  []int           // of a cell, the first value whose core begins there or later
	cover  *coverage       // how many cores cover each cell
	gaps   *reach          // cells that none covers: 1, others -2
	before *reach          // of a value that could not be pushed at its stretch's begin, minus its push's invocation
	after  *reach          // of a value that cannot be popped at its stretch's end, its pop's return
	fits   []uint8         // of a value, how many of these two it can
	bottom []int           // values that can both, and are to be taken away
}

func newPeeling(values []*contained) *peeling {
	p := &peeling{}
	for _, v := range values {
		if v.put < v.taken {
			p.values = append(p.values, v)
			p.at = append(p.at, v.put, v.taken)
		}
	}
	slices.SortStableFunc(p.values, func(a, b *contained) int { return cmp.Compare(a.put, b.put) })
	slices.Sort(p.at)
	p.at = slices.Compact(p.at)
	if len(p.values) == 0 {
		return p
	}
	cells := 2*len(p.at) - 1
	counts := make([]int32, cells+1)
	p.before, p.after, p.gaps = newReach(len(p.values)), newReach(len(p.values)), newReach(cells)
	p.before.clear(outOfReach)
	p.after.clear(outOfReach)
	p.first = make([]int, cells+1)
	for i, v := range p.values {
		from, to := p.cells(v)
		counts[from]++
		counts[to]--
		p.first[from]++
		p.before.set(i, -v.from)
		p.after.set(i, v.gone)
	}
	sum, seen := int32(0), 0
	for cell := range cells {
		sum += counts[cell]
		counts[cell] = sum
		seen, p.first[cell] = seen+p.first[cell], seen
	}
	p.first[cells] = len(p.values)
	p.cover = newCoverage(counts[:cells])
	p.fits = make([]uint8, len(p.values))
	return p
}

// cells are the cells of v's core, which its ends are not part of: where one ends and the next begins, all may be gone.
func (p *peeling) cells(v *contained) (from, to int) {
	from, _ = slices.BinarySearch(p.at, v.put)
	to, _ = slices.BinarySearch(p.at, v.taken)
	return 2*from + 1, 2 * to
}

// uncovered makes gaps of the cells between from and to that no core covers any more.
func (p *peeling) uncovered(from, to int) {
	var gaps []int
	for {
		cell := p.cover.zero(1, 0, p.cover.size, from, to)
		if cell < 0 {
			break
		}
		p.cover.change(1, 0, p.cover.size, cell, cell+1, 1<<30) // it is not found again
		p.gaps.set(cell, 1)
		gaps = append(gaps, cell)
	}
	for _, cell := range gaps {
		if cell > 0 && !p.gap(cell-1) {
			p.ends(cell)
		}
		if cell < 2*len(p.at)-2 && !p.gap(cell+1) {
			p.begins(cell)
		}
	}
}

func (p *peeling) gap(cell int) bool { return p.gaps.tree[p.gaps.size+cell] == 1 }

// ends looks for values that can be popped at the end of the stretch that the gap at cell follows.
func (p *peeling) ends(cell int) {
	begin := p.gaps.lastAbove(0, cell, 0) + 1
	p.fit(p.after, p.first[begin], p.first[cell], p.at[cell/2])
}

// begins looks for values that can be pushed at the begin of the stretch that follows the gap at cell.
func (p *peeling) begins(cell int) {
	end := p.gaps.above(cell+1, 2*len(p.at)-1, 0)
	p.fit(p.before, p.first[cell], p.first[end], -p.at[(cell+1)/2])
}

// fit takes the values between from and to that reach bound out of tree.
func (p *peeling) fit(tree *reach, from, to int, bound time.Duration) {
	for {
		v := tree.above(from, to, bound-1)
		if v < 0 {
			return
		}
		tree.set(v, outOfReach)
		if p.fits[v]++; p.fits[v] == 2 {
			p.bottom = append(p.bottom, v)
		}
	}
}

// coverage is a tree over cells that counts what covers each.
type coverage struct {
	size  int
	least []int32 // of a node, the least below it, without what was added to nodes above
	added []int32
}

func newCoverage(counts []int32) *coverage {
	size := 1
	for size < len(counts) {
		size *= 2
	}
	t := &coverage{size: size, least: make([]int32, 2*size), added: make([]int32, 2*size)}
	for i := range size {
		t.least[size+i] = 1 << 30
	}
	copy(t.least[size:], counts)
	for i := size - 1; i > 0; i-- {
		t.least[i] = min(t.least[2*i], t.least[2*i+1])
	}
	return t
}

// change adds n to the cells between from and to.
func (t *coverage) change(node, low, high, from, to int, n int32) {
	if high <= from || to <= low {
		return
	}
	if from <= low && high <= to {
		t.least[node] += n
		t.added[node] += n
		return
	}
	middle := (low + high) / 2
	t.change(2*node, low, middle, from, to, n)
	t.change(2*node+1, middle, high, from, to, n)
	t.least[node] = min(t.least[2*node], t.least[2*node+1]) + t.added[node]
}

// zero is a cell between from and to that nothing covers, -1 if there is none.
func (t *coverage) zero(node, low, high, from, to int) int {
	return t.find(node, low, high, from, to, 0)
}

func (t *coverage) find(node, low, high, from, to int, above int32) int {
	if high <= from || to <= low || t.least[node]+above > 0 {
		return -1
	}
	if high-low == 1 {
		return low
	}
	middle := (low + high) / 2
	above += t.added[node]
	if cell := t.find(2*node, low, middle, from, to, above); cell >= 0 {
		return cell
	}
	return t.find(2*node+1, middle, high, from, to, above)
}
