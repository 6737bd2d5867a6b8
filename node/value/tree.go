package value

import (
	"cmp"
	"slices"

	"github.com/ordeal-go/ordeal/node"
)

// tree holds items in ascending order and counts them: a B+ tree whose inner nodes know how many items are below
// each child and which one is the first. All leaves are at the same depth. A node of an earlier generation than the
// tree's is shared and copied before it changes, so a write copies one path at most.
type tree struct {
	gen  uint32
	top  *tnode
	size int
}

type item struct {
	score  float64
	member string
}

func (a *item) less(b *item) bool {
	if a.score != b.score {
		return a.score < b.score
	}
	return a.member < b.member
}

const (
	leafMax  = 64 // items
	innerMax = 32 // children
)

// tnode is a leaf, with items, or an inner node, with kids. Only the top of an empty tree has neither.
type tnode struct {
	gen   uint32
	items []item
	kids  []kid
}

type kid struct {
	first item // the first item below
	count int  // items below
	node  *tnode
}

func (n *tnode) leaf() bool { return n.kids == nil }

func (n *tnode) len() int { return len(n.items) + len(n.kids) }

// as is n as a child.
func (n *tnode) as() kid {
	if n.leaf() {
		return kid{first: n.items[0], count: len(n.items), node: n}
	}
	k := kid{first: n.kids[0].first, node: n}
	for i := range n.kids {
		k.count += n.kids[i].count
	}
	return k
}

func (t *tree) own(n *tnode) *tnode {
	if n.gen == t.gen {
		return n
	}
	c := &tnode{gen: t.gen}
	if n.leaf() {
		c.items = append(make([]item, 0, min(len(n.items)+4, leafMax)), n.items...)
	} else {
		c.kids = append(make([]kid, 0, innerMax), n.kids...)
	}
	return c
}

// child returns the child that it belongs to.
func (n *tnode) child(it *item) int {
	low, high := 1, len(n.kids) // the first child also takes what comes before all
	for low < high {
		if mid := (low + high) / 2; it.less(&n.kids[mid].first) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low - 1
}

func (n *tnode) search(it *item) (int, bool) {
	return slices.BinarySearchFunc(n.items, *it, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.member, b.member))
	})
}

// insert adds it, which must not be there.
func (t *tree) insert(it item) {
	if t.top == nil {
		t.top = &tnode{gen: t.gen}
	}
	top, split := t.insertIn(t.top, it)
	if split != nil {
		top = &tnode{gen: t.gen, kids: []kid{top.as(), split.as()}}
	}
	t.top = top
	t.size++
}

// insertIn adds it below n and returns n for writing, and a new node to stand behind it if it had to be split.
func (t *tree) insertIn(n *tnode, it item) (owned, split *tnode) {
	n = t.own(n)
	if n.leaf() {
		at, there := n.search(&it)
		node.Assert(!there, "member %q inserted twice", it.member)
		n.items = slices.Insert(n.items, at, it)
		if len(n.items) > leafMax {
			cut := len(n.items) / 2
			switch at { // ascending and descending inserts leave full nodes behind
			case leafMax:
				cut = leafMax
			case 0:
				cut = 1
			}
			split = &tnode{gen: t.gen, items: slices.Clone(n.items[cut:])}
			clear(n.items[cut:])
			n.items = n.items[:cut]
		}
		return n, split
	}
	i := n.child(&it)
	below, fresh := t.insertIn(n.kids[i].node, it)
	if fresh == nil {
		k := &n.kids[i]
		k.node, k.count = below, k.count+1
		if it.less(&k.first) {
			k.first = it
		}
		return n, nil
	}
	n.kids[i] = below.as()
	n.kids = slices.Insert(n.kids, i+1, fresh.as())
	if len(n.kids) > innerMax {
		cut := len(n.kids) / 2
		switch i {
		case innerMax - 1:
			cut = innerMax
		case 0:
			cut = 1
		}
		split = &tnode{gen: t.gen, kids: slices.Clone(n.kids[cut:])}
		clear(n.kids[cut:])
		n.kids = n.kids[:cut]
	}
	return n, split
}

// remove takes it away, which must be there.
func (t *tree) remove(it item) {
	t.top = t.removeIn(t.top, &it)
	t.size--
	for !t.top.leaf() && len(t.top.kids) == 1 {
		t.top = t.top.kids[0].node
	}
	if t.size == 0 {
		t.top = nil
	}
}

func (t *tree) removeIn(n *tnode, it *item) *tnode {
	n = t.own(n)
	if n.leaf() {
		at, there := n.search(it)
		node.Assert(there, "member %q removed that is not there", it.member)
		n.items = slices.Delete(n.items, at, at+1)
		return n
	}
	i := n.child(it)
	below := t.removeIn(n.kids[i].node, it)
	if below.len() == 0 {
		n.kids = slices.Delete(n.kids, i, i+1)
		return n
	}
	k := &n.kids[i]
	k.node, k.count = below, k.count-1
	if below.leaf() {
		k.first = below.items[0]
	} else {
		k.first = below.kids[0].first
	}
	t.merge(n, i)
	return n
}

// merge joins child i of n with a neighbour if it has become small.
func (t *tree) merge(n *tnode, i int) {
	most := innerMax
	if n.kids[i].node.leaf() {
		most = leafMax
	}
	if n.kids[i].node.len() >= most/3 {
		return
	}
	left := i - 1
	if left < 0 || n.kids[left].node.len()+n.kids[i].node.len() > most*3/4 {
		left = i
	}
	if left+1 >= len(n.kids) || n.kids[left].node.len()+n.kids[left+1].node.len() > most*3/4 {
		return
	}
	into, from := t.own(n.kids[left].node), n.kids[left+1].node
	into.items = append(into.items, from.items...)
	into.kids = append(into.kids, from.kids...)
	n.kids[left].node = into
	n.kids[left].count += n.kids[left+1].count
	n.kids = slices.Delete(n.kids, left+1, left+2)
}

// rank returns the number of items for which before is true; they must come before all others.
func (t *tree) rank(before func(*item) bool) (rank int) {
	n := t.top
	if n == nil {
		return 0
	}
	for !n.leaf() {
		low, high := 1, len(n.kids)
		for low < high {
			if mid := (low + high) / 2; before(&n.kids[mid].first) {
				low = mid + 1
			} else {
				high = mid
			}
		}
		for i := range low - 1 {
			rank += n.kids[i].count
		}
		n = n.kids[low-1].node
	}
	low, high := 0, len(n.items)
	for low < high {
		if mid := (low + high) / 2; before(&n.items[mid]) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return rank + low
}

// walk visits the items of the ranks from ≤ rank < to until visit says false.
func (t *tree) walk(from, to int, visit func(*item) bool) {
	if t.top != nil && from < to {
		t.top.walk(from, to, visit)
	}
}

func (n *tnode) walk(from, to int, visit func(*item) bool) bool {
	if n.leaf() {
		for i := max(from, 0); i < min(to, len(n.items)); i++ {
			if !visit(&n.items[i]) {
				return false
			}
		}
		return true
	}
	for i := range n.kids {
		k := &n.kids[i]
		if to <= 0 {
			break
		}
		if from < k.count && !k.node.walk(from, to, visit) {
			return false
		}
		from, to = from-k.count, to-k.count
	}
	return true
}

// walkBack visits what walk does from the last to the first.
func (t *tree) walkBack(from, to int, visit func(*item) bool) {
	if t.top != nil && from < to {
		t.top.walkBack(from, to, visit)
	}
}

func (n *tnode) walkBack(from, to int, visit func(*item) bool) bool {
	if n.leaf() {
		for i := min(to, len(n.items)) - 1; i >= max(from, 0); i-- {
			if !visit(&n.items[i]) {
				return false
			}
		}
		return true
	}
	before := 0
	for i := range n.kids {
		before += n.kids[i].count
	}
	for i := len(n.kids) - 1; i >= 0; i-- {
		k := &n.kids[i]
		before -= k.count
		if to <= before {
			continue
		}
		if from >= before+k.count {
			break
		}
		if !k.node.walkBack(from-before, to-before, visit) {
			return false
		}
	}
	return true
}

// items returns a copy of the items of the ranks from ≤ rank < to.
func (t *tree) items(from, to int) []item {
	all := make([]item, 0, to-from)
	t.walk(from, to, func(it *item) bool {
		all = append(all, *it)
		return true
	})
	return all
}
