package models

import "time"

// outOfReach is what a tree has of those that are not asked for.
const outOfReach = time.Duration(-1<<63 + 1)

// reach is a tree over times, -2 at first, that finds the first and the last of neighbours that are above some bound.
type reach struct {
	size int
	tree []time.Duration
}

func newReach(n int) *reach {
	size := 1
	for size < n+1 {
		size *= 2
	}
	t := &reach{size: size, tree: make([]time.Duration, 2*size)}
	t.clear(-2)
	return t
}

func (t *reach) set(i int, last time.Duration) {
	i += t.size
	t.tree[i] = last
	for i /= 2; i > 0; i /= 2 {
		top := max(t.tree[2*i], t.tree[2*i+1])
		if t.tree[i] == top {
			return
		}
		t.tree[i] = top
	}
}

// above is the first of those from up to, not including, to that are above bound; -1 if there is none.
func (t *reach) above(from, to int, bound time.Duration) int {
	if from >= to {
		return -1
	}
	return t.find(1, 0, t.size, from, to, bound)
}

func (t *reach) find(node, low, high, from, to int, bound time.Duration) int {
	if high <= from || to <= low || t.tree[node] <= bound {
		return -1
	}
	if high-low == 1 {
		return low
	}
	middle := (low + high) / 2
	if i := t.find(2*node, low, middle, from, to, bound); i >= 0 {
		return i
	}
	return t.find(2*node+1, middle, high, from, to, bound)
}

// clear gives all the same time.
func (t *reach) clear(last time.Duration) {
	for i := range t.tree {
		t.tree[i] = last
	}
}

// lastAbove is the last of those from up to, not including, to that are above bound; -1 if there is none.
func (t *reach) lastAbove(from, to int, bound time.Duration) int {
	return t.findLast(1, 0, t.size, from, to, bound)
}

func (t *reach) findLast(node, low, high, from, to int, bound time.Duration) int {
	if high <= from || to <= low || t.tree[node] <= bound {
		return -1
	}
	if high-low == 1 {
		return low
	}
	middle := (low + high) / 2
	if i := t.findLast(2*node+1, middle, high, from, to, bound); i >= 0 {
		return i
	}
	return t.findLast(2*node, low, middle, from, to, bound)
}

// top is the largest of those from up to, not including, to; -Forever if there are none.
func (t *reach) top(from, to int) time.Duration {
	best := outOfReach
	for from, to = from+t.size, to+t.size; from < to; from, to = from/2, to/2 {
		if from%2 == 1 {
			best = max(best, t.tree[from])
			from++
		}
		if to%2 == 1 {
			to--
			best = max(best, t.tree[to])
		}
	}
	return best
}
