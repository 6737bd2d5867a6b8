package value

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/table"
)

// ZSet is a sorted set: members in ascending order of their scores, those of one score in ascending order of their
// bytes. While they are few and short they lie in a compact run; otherwise in a tree that counts, for order and rank,
// beside a hash table for the score of a member.
//
// A range of scores or of members is a range of ranks here: [ZSet.ScoreRange] and [ZSet.LexRange] find it, and what
// walks or deletes takes ranks. Members that a ZSet returns are for reading only and valid until it is changed.
type ZSet struct {
	header
	packed []byte // member, 8 bytes of its score, member, …
	body   *zbody
}

type zbody struct {
	scores table.Table[float64]
	tree   tree
	memory int
	sum    *sum
}

const zmemberOverhead = 24 + 18 + 38 // in the table and in the tree

// NewZSet returns an empty sorted set that nobody holds.
func NewZSet(l *Ledger) *ZSet { return &ZSet{header: header{ledger: l}} }

// Value returns the sorted set as a value.
func (z *ZSet) Value() Value { return rooted(KindZSet, z) }

func (z *ZSet) fork() root {
	f := *z
	f.header.epoch = 0
	if b := z.body; b != nil {
		f.body = &zbody{scores: b.scores.Fork(), tree: b.tree, memory: b.memory, sum: b.sum.copy()}
		f.body.tree.gen++
		return &f
	}
	f.packed = append(make([]byte, 0, sized(len(z.packed))), z.packed...)
	return &f
}

func (z *ZSet) bytes() int64 {
	if z.body == nil {
		return int64(48 + sized(cap(z.packed)))
	}
	return int64(48 + 160 + z.body.memory)
}

// pairAt returns the member that begins at at in the compact form, its score, and where the next one begins.
func (z *ZSet) pairAt(at int) (member []byte, score float64, next int) {
	member, at = packedAt(z.packed, at)
	return member, math.Float64frombits(binary.LittleEndian.Uint64(z.packed[at:])), at + 8
}

// find returns where member lies in the compact form, its rank and its score; at is -1 if it is not there.
func (z *ZSet) find(member []byte) (at, next, rank int, score float64) {
	for at = 0; at < len(z.packed); at = next {
		var m []byte
		if m, score, next = z.pairAt(at); bytes.Equal(m, member) {
			return at, next, rank, score
		}
		rank++
	}
	return -1, 0, 0, 0
}

// Score returns the score of member; ok is false if it is not there.
func (z *ZSet) Score(member []byte) (score float64, ok bool) {
	if z.body != nil {
		if e := z.body.scores.Get(member); e != nil {
			return e.Value, true
		}
		return 0, false
	}
	at, _, _, score := z.find(member)
	if at < 0 {
		return 0, false
	}
	return score, true
}

// Set gives member a score, which must be a number. added says that the member is new, changed that it is not and
// had another score. Between 0 and -0, which are equal, there is no change.
func (z *ZSet) Set(member []byte, score float64) (added, changed bool) {
	node.Assert(!math.IsNaN(score), "a score that is no number")
	old, there := z.Score(member)
	if there && old == score {
		return false, false
	}
	if z.body == nil {
		if there {
			at, next, _, _ := z.find(member)
			z.cutPacked(at, next)
		}
		z.insertPacked(member, score)
		limits := z.ledger.limits
		if int(z.n) > limits.ZSetEntries || len(member) > limits.ZSetValue {
			z.spread()
		}
		return !there, there
	}
	z.set(member, score)
	return !there, there
}

func (z *ZSet) insertPacked(member []byte, score float64) {
	at := 0
	for at < len(z.packed) {
		m, s, next := z.pairAt(at)
		if score < s || (score == s && bytes.Compare(member, m) < 0) {
			break
		}
		at = next
	}
	before, size := cap(z.packed), packedSize(len(member))
	z.packed = splice(z.packed, at, at, size+8)
	putPacked(z.packed, at, member)
	binary.LittleEndian.PutUint64(z.packed[at+size:], math.Float64bits(score))
	z.n++
	z.change(sized(cap(z.packed)) - sized(before))
}

func (z *ZSet) cutPacked(at, next int) {
	z.packed = append(z.packed[:at], z.packed[next:]...)
	z.n--
	z.change(0)
}

func (z *ZSet) set(member []byte, score float64) {
	b := z.body
	p, added := b.scores.FindOrAdd(member, "")
	e := b.scores.Own(p)
	if added {
		z.n++
		cost := zmemberOverhead + sized(len(member))
		b.memory += cost
		z.change(cost)
	} else {
		z.change(0)
		b.tree.remove(item{e.Value, e.Key})
		b.toggle(e.Key, e.Value)
	}
	e.Value = score
	b.tree.insert(item{score, e.Key})
	b.toggle(e.Key, score)
}

func (b *zbody) toggle(member string, score float64) {
	if b.sum != nil {
		var text [32]byte
		b.sum.togglePair(textOf(member), AppendScore(text[:0], score))
	}
}

// spread turns the compact form into tree and table.
func (z *ZSet) spread() {
	before := z.bytes()
	b := &zbody{scores: table.New[float64](z.ledger.tableSeed(), false)}
	for member, score := range z.Range(0, int(z.n)) {
		p, _ := b.scores.FindOrAdd(member, "")
		e := b.scores.Own(p)
		e.Value = score
		b.tree.insert(item{score, e.Key})
		b.memory += zmemberOverhead + sized(len(member))
	}
	z.body, z.packed = b, nil
	z.change(int(z.bytes() - before))
}

// Remove takes member away and says whether it was there.
func (z *ZSet) Remove(member []byte) bool {
	if z.body == nil {
		at, next, _, _ := z.find(member)
		if at >= 0 {
			z.cutPacked(at, next)
		}
		return at >= 0
	}
	e, ok := z.body.scores.Remove(member)
	if ok {
		z.removed(e.Value, e.Key)
	}
	return ok
}

func (z *ZSet) removed(score float64, member string) {
	b := z.body
	b.tree.remove(item{score, member})
	b.toggle(member, score)
	z.n--
	cost := zmemberOverhead + sized(len(member))
	b.memory -= cost
	z.change(-cost)
}

// RemoveRange takes the members of the ranks from ≤ rank < to away; 0 ≤ from ≤ to ≤ Len.
func (z *ZSet) RemoveRange(from, to int) {
	if from >= to {
		return
	}
	if z.body == nil {
		at := z.offset(from)
		next := at
		for range to - from {
			_, _, next = z.pairAt(next)
		}
		z.packed = append(z.packed[:at], z.packed[next:]...)
		z.n -= uint32(to - from)
		z.change(0)
		return
	}
	for _, it := range z.body.tree.items(from, to) {
		z.body.scores.Remove(textOf(it.member))
		z.removed(it.score, it.member)
	}
}

// offset returns where the member of a rank begins in the compact form.
func (z *ZSet) offset(rank int) (at int) {
	for ; rank > 0; rank-- {
		_, _, at = z.pairAt(at)
	}
	return at
}

// Rank returns how many members come before member; ok is false if it is not there.
func (z *ZSet) Rank(member []byte) (rank int, ok bool) {
	if z.body == nil {
		at, _, rank, _ := z.find(member)
		return rank, at >= 0
	}
	e := z.body.scores.Get(member)
	if e == nil {
		return 0, false
	}
	it := item{e.Value, e.Key}
	return z.body.tree.rank(func(other *item) bool { return other.less(&it) }), true
}

// Range walks the members of the ranks from ≤ rank < to in ascending order; 0 ≤ from, to ≤ Len.
func (z *ZSet) Range(from, to int) iter.Seq2[[]byte, float64] {
	return func(yield func([]byte, float64) bool) {
		if from >= to {
			return
		}
		if z.body != nil {
			z.body.tree.walk(from, to, func(it *item) bool { return yield(textOf(it.member), it.score) })
			return
		}
		at := z.offset(from)
		for range to - from {
			var m []byte
			var score float64
			if m, score, at = z.pairAt(at); !yield(m, score) {
				return
			}
		}
	}
}

// Backward walks what Range does in descending order.
func (z *ZSet) Backward(from, to int) iter.Seq2[[]byte, float64] {
	return func(yield func([]byte, float64) bool) {
		if from >= to {
			return
		}
		if z.body != nil {
			z.body.tree.walkBack(from, to, func(it *item) bool { return yield(textOf(it.member), it.score) })
			return
		}
		starts := make([]int, 0, to-from)
		at := z.offset(from)
		for range to - from {
			starts = append(starts, at)
			_, _, at = z.pairAt(at)
		}
		for i := len(starts) - 1; i >= 0; i-- {
			if m, score, _ := z.pairAt(starts[i]); !yield(m, score) {
				return
			}
		}
	}
}

// rankWhere returns the number of members for which before is true; they must come before all others.
func (z *ZSet) rankWhere(before func(*item) bool) (rank int) {
	if z.body != nil {
		return z.body.tree.rank(before)
	}
	for at := 0; at < len(z.packed); rank++ {
		m, score, next := z.pairAt(at)
		if !before(&item{score, stringOf(m)}) {
			break
		}
		at = next
	}
	return rank
}

// Scan calls visit with count members or a few more; see [Set.Scan].
func (z *ZSet) Scan(cursor uint64, count int, visit func(member []byte, score float64)) (next uint64) {
	if z.body == nil {
		shown := ZSet{header: header{n: z.n}, packed: bytes.Clone(z.packed)} // visit may change the sorted set
		for member, score := range shown.Range(0, int(z.n)) {
			visit(member, score)
		}
		return 0
	}
	page, next := z.body.scores.Scan(cursor, max(count, 1), nil)
	for i := range page {
		visit(textOf(page[i].Key), page[i].Value)
	}
	return next
}
