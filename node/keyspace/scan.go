package keyspace

import (
	"cmp"
	"math/bits"
	"slices"
)

// positionBits is how much of a hash a cursor of [DB.Scan] holds. Cursors stay exact in clients that read numbers
// into doubles, and so few keys share a position that a page is hardly ever longer than asked for.
const positionBits = 48

// position is where a scan meets a key: the low bits of its hash, lowest first. Then the keys of one shard are one
// range of positions, and growing or shrinking the table only ever cuts ranges in two or joins neighbours. A cursor,
// the first position that has not been visited, means the same whatever became of the table in between.
func position(hash uint64) uint64 { return bits.Reverse64(hash) >> (64 - positionBits) }

// shardAt returns the shard whose range position p is in, and the first position after that range.
func (t *table[V]) shardAt(p uint64) (s *shard[V], end uint64) {
	hash := bits.Reverse64(p << (64 - positionBits))
	i := t.shardOf(hash)
	width := t.level // how many bits of a hash decide for this shard
	if i >= 1<<t.level || i+1<<t.level < len(t.shards) {
		width++
	}
	size := uint64(1) << (positionBits - width)
	return t.shards[i], p&^(size-1) + size
}

// scan collects the keys from position cursor on, count or a few more, in the order of their positions, and returns
// the cursor to go on from, 0 at the end.
func (t *table[V]) scan(cursor uint64, count int, page []entry[V]) ([]entry[V], uint64) {
	if cursor >= 1<<positionBits || t.count == 0 {
		return page, 0
	}
	for cursor < 1<<positionBits && len(page) < count {
		s, end := t.shardAt(cursor)
		from := len(page)
		for _, e := range s.entries {
			if position(e.hash) >= cursor {
				page = append(page, e)
			}
		}
		slices.SortFunc(page[from:], func(a, b entry[V]) int {
			return cmp.Or(cmp.Compare(position(a.hash), position(b.hash)), cmp.Compare(a.key, b.key))
		})
		cursor = end
		if len(page) > count {
			keep := max(count, from+1)
			for keep < len(page) && position(page[keep].hash) == position(page[keep-1].hash) {
				keep++ // keys of one position cannot be told apart by a cursor
			}
			if keep < len(page) {
				cursor = position(page[keep].hash)
			}
			clear(page[keep:])
			page = page[:keep]
		}
	}
	return page, cursor & (1<<positionBits - 1)
}
