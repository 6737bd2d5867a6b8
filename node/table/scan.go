package table

import (
	"cmp"
	"math/bits"
	"slices"
)

// positionBits is how much of a hash a cursor of [Table.Scan] holds. Cursors stay exact in clients that read numbers
// into doubles, and so few keys share a position that a page is hardly ever longer than asked for.
const positionBits = 48

// position is where a scan meets a key: the low bits of its hash, lowest first. Then the keys of one shard are one
// range of positions, and growing or shrinking the table only ever cuts ranges in two or joins neighbours. A cursor,
// the first position that has not been visited, means the same whatever became of the table in between.
func position(hash uint64) uint64 { return bits.Reverse64(hash) >> (64 - positionBits) }

// shardAt returns the shard whose range position p is in, and the first position after that range.
func (t *Table[V]) shardAt(p uint64) (s *shard[V], end uint64) {
	hash := bits.Reverse64(p << (64 - positionBits))
	i := t.shardOf(hash)
	width := t.level // how many bits of a hash decide for this shard
	if i >= 1<<t.level || i+1<<t.level < len(t.shards) {
		width++
	}
	size := uint64(1) << (positionBits - width)
	return t.shards[i], p&^(size-1) + size
}

type placed[V any] struct {
	position uint64
	entry    Entry[V]
}

// Scan appends to page count entries or a few more, or as many as are left, from cursor on, and returns the cursor
// with which the next call goes on: 0 begins, and 0 is returned at the end. From begin to end each entry that is there
// all the time is returned exactly once, however the table changes meanwhile; one that comes or goes may be returned
// or not. Cursors are below 2^48; one that Scan never returned does no harm.
func (t *Table[V]) Scan(cursor uint64, count int, page []Entry[V]) (_ []Entry[V], next uint64) {
	if cursor >= 1<<positionBits || t.count == 0 {
		return page, 0
	}
	var found []placed[V]
	for got := 0; cursor < 1<<positionBits && got < count; got += len(found) {
		s, end := t.shardAt(cursor)
		found = found[:0]
		for _, e := range s.entries {
			if p := position(hashString(e.Key, t.seed)); p >= cursor {
				found = append(found, placed[V]{p, e})
			}
		}
		slices.SortFunc(found, func(a, b placed[V]) int {
			return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.entry.Key, b.entry.Key))
		})
		cursor = end
		if keep := count - got; keep < len(found) {
			for keep < len(found) && found[keep].position == found[keep-1].position {
				keep++ // keys of one position cannot be told apart by a cursor
			}
			if keep < len(found) {
				cursor = found[keep].position
			}
			found = found[:keep]
		}
		for _, f := range found {
			page = append(page, f.entry)
		}
	}
	return page, cursor & (1<<positionBits - 1)
}
