package value

import (
	"bytes"
	"iter"
	"slices"

	"github.com/ordeal-go/ordeal/node"
)

// List is a sequence of strings: a row of chunks, each a compact run of some elements. Both ends cost the same for
// all lengths; an element in the middle costs a look at each chunk before it.
//
// Strings that a List returns are for reading only and valid until it is changed.
type List struct {
	header
	gen    uint32
	front  uint32   // unused places at the front of row
	row    []*chunk // row[front:] are the chunks, none of them empty
	memory int      // of the chunks, in bytes
	sums   *listSums
}

// listSums are the digest of the list as far as it is known: the digest was start before it, and is after[i] after
// chunk i.
type listSums struct {
	start Digest
	after []Digest
}

type chunk struct {
	gen  uint32 // of an earlier generation than the list's: shared
	n    uint32 // elements
	from int    // where in b the first one begins
	b    []byte
}

const chunkOverhead = 48 + 8

// NewList returns an empty list that nobody holds.
func NewList(l *Ledger) *List { return &List{header: header{ledger: l}} }

// Value returns the list as a value.
func (l *List) Value() Value { return rooted(KindList, l) }

func (l *List) fork() root {
	f := *l
	f.header.epoch = 0
	f.gen++
	f.row, f.front = slices.Clone(l.chunks()), 0
	if l.sums != nil {
		f.sums = &listSums{start: l.sums.start, after: slices.Clone(l.sums.after)}
	}
	return &f
}

func (l *List) bytes() int64 { return int64(64 + 8*cap(l.row) + l.memory) }

func (l *List) chunks() []*chunk { return l.row[l.front:] }

// resized says that l has changed, and that its chunks take so many bytes more.
func (l *List) resized(elements, memory, row int) {
	l.n = uint32(int(l.n) + elements)
	l.memory += memory
	l.change(memory + 8*row)
}

// changes says that the list changes from chunk i on.
func (l *List) changes(i int) {
	if l.sums != nil {
		l.sums.after = l.sums.after[:min(i, len(l.sums.after))]
	}
}

func (c *chunk) memory() int { return chunkOverhead + sized(cap(c.b)) }

func (c *chunk) size() int { return len(c.b) - c.from }

// own returns chunk i for writing.
func (l *List) own(i int) *chunk {
	l.changes(i)
	c := l.chunks()[i]
	if c.gen != l.gen {
		copied := &chunk{gen: l.gen, n: c.n, b: make([]byte, c.size(), sized(c.size()))}
		copy(copied.b, c.b[c.from:])
		l.resized(0, copied.memory()-c.memory(), 0)
		c = copied
		l.chunks()[i] = c
	}
	return c
}

// sizeLimits are the sizes that list-max-ziplist-size -1 to -5 stand for. Redis 4.0: quicklist.c, optimization_level.
var sizeLimits = [...]int{4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10}

const safeSize = 8 << 10 // of a chunk that is limited by its number of elements

// fits says whether a chunk of n elements and size bytes is within the limits. Redis 4.0: quicklist.c,
// _quicklistNodeAllowInsert.
func (l *List) fits(n, size int) bool {
	limit := l.ledger.limits.ListSize
	if limit >= 0 {
		return n <= max(limit, 1) && (size <= safeSize || n == 1)
	}
	return n == 1 || size <= sizeLimits[min(-limit, len(sizeLimits))-1]
}

// insertChunk puts an empty chunk in place i of the row.
func (l *List) insertChunk(i int) *chunk {
	l.changes(i)
	before := cap(l.row)
	if i == 0 {
		if l.front == 0 {
			gap := len(l.row)/2 + 1
			row := make([]*chunk, gap+len(l.row))
			copy(row[gap:], l.row)
			l.row, l.front = row, uint32(gap)
		}
		l.front--
	} else {
		if len(l.row) == cap(l.row) && int(l.front) > len(l.row)/2 {
			// A queue moves on through its row: go back to the start of it rather than let it grow for ever.
			n := copy(l.row, l.chunks())
			clear(l.row[n:])
			l.row, l.front = l.row[:n], 0
		}
		l.row = slices.Insert(l.row, int(l.front)+i, nil)
	}
	c := &chunk{gen: l.gen}
	l.row[int(l.front)+i] = c
	l.resized(0, c.memory(), cap(l.row)-before)
	return c
}

func (l *List) deleteChunk(i int) {
	l.changes(i)
	l.resized(0, -l.chunks()[i].memory(), 0)
	if i == 0 {
		l.row[l.front] = nil
		l.front++
	} else {
		l.row = slices.Delete(l.row, int(l.front)+i, int(l.front)+i+1)
	}
	if int(l.front) == len(l.row) {
		l.row, l.front = l.row[:0], 0
	}
}

// PushBack puts s at the end.
func (l *List) PushBack(s []byte) {
	i := len(l.chunks()) - 1
	if i < 0 || !l.fits(int(l.chunks()[i].n)+1, l.chunks()[i].size()+packedSize(len(s))) {
		i++
		l.insertChunk(i)
	}
	c := l.own(i)
	before := c.memory()
	if len(c.b)+packedSize(len(s)) > cap(c.b) && c.from > c.size() {
		// A short queue lives in one chunk: go back to its start rather than let it grow for ever.
		c.b, c.from = c.b[:copy(c.b, c.b[c.from:])], 0
	}
	c.b = appendPacked(c.b, s)
	c.n++
	l.resized(1, c.memory()-before, 0)
}

// PushFront puts s at the beginning.
func (l *List) PushFront(s []byte) {
	if len(l.chunks()) == 0 || !l.fits(int(l.chunks()[0].n)+1, l.chunks()[0].size()+packedSize(len(s))) {
		l.insertChunk(0)
	}
	c := l.own(0)
	before, size := c.memory(), packedSize(len(s))
	if c.from < size {
		gap := size + min(c.size(), safeSize/2)
		b := make([]byte, gap+c.size())
		copy(b[gap:], c.b[c.from:])
		c.b, c.from = b, gap
	}
	c.from -= size
	putPacked(c.b, c.from, s)
	c.n++
	l.resized(1, c.memory()-before, 0)
}

// Push puts s at the beginning or at the end.
func (l *List) Push(front bool, s []byte) {
	if front {
		l.PushFront(s)
	} else {
		l.PushBack(s)
	}
}

// Pop takes the first or the last element away and returns it; ok is false if there is none.
func (l *List) Pop(front bool) (s []byte, ok bool) {
	if l.n == 0 {
		return nil, false
	}
	i := 0
	if !front {
		i = len(l.chunks()) - 1
	}
	c := l.own(i)
	if front {
		s, c.from = packedAt(c.b, c.from)
	} else {
		var at int
		s, at = packedBefore(c.b, len(c.b))
		c.b = c.b[:at]
	}
	s = bytes.Clone(s) // the room may be written again
	if c.n--; c.n == 0 {
		l.deleteChunk(i)
	}
	l.resized(-1, 0, 0)
	return s, true
}

// locate returns the chunk that element i is in, and which of its elements it is. 0 ≤ i < Len.
func (l *List) locate(i int) (chunk, within int) {
	row := l.chunks()
	if i < int(l.n)/2 {
		for at, c := range row {
			if i < int(c.n) {
				return at, i
			}
			i -= int(c.n)
		}
	}
	left := int(l.n) - i // counted from the end, 1 is the last
	for at := len(row) - 1; at >= 0; at-- {
		if n := int(row[at].n); left <= n {
			return at, n - left
		} else {
			left -= n
		}
	}
	node.Assert(false, "element %d of a list of %d", i, l.n)
	return 0, 0
}

// offset returns where element i of c begins.
func (c *chunk) offset(i int) int {
	if i > int(c.n)/2 {
		at := len(c.b)
		for n := int(c.n); n > i; n-- {
			_, at = packedBefore(c.b, at)
		}
		return at
	}
	at := c.from
	for ; i > 0; i-- {
		_, at = packedAt(c.b, at)
	}
	return at
}

// At returns element i; ok is false unless 0 ≤ i < Len.
func (l *List) At(i int) (s []byte, ok bool) {
	if i < 0 || i >= int(l.n) {
		return nil, false
	}
	at, within := l.locate(i)
	c := l.chunks()[at]
	s, _ = packedAt(c.b, c.offset(within))
	return s, true
}

// Set puts s in the place of element i; 0 ≤ i < Len.
func (l *List) Set(i int, s []byte) {
	at, within := l.locate(i)
	c := l.own(at)
	before, from := c.memory(), c.offset(within)
	_, to := packedAt(c.b, from)
	c.b = splice(c.b, from, to, packedSize(len(s)))
	putPacked(c.b, from, s)
	l.resized(0, c.memory()-before, 0)
	l.divide(at)
}

// Insert puts s before element i, or at the end if i is Len. 0 ≤ i ≤ Len.
func (l *List) Insert(i int, s []byte) {
	switch i {
	case 0:
		l.PushFront(s)
		return
	case int(l.n):
		l.PushBack(s)
		return
	}
	at, within := l.locate(i)
	c := l.own(at)
	before, from := c.memory(), c.offset(within)
	c.b = splice(c.b, from, from, packedSize(len(s)))
	putPacked(c.b, from, s)
	c.n++
	l.resized(1, c.memory()-before, 0)
	l.divide(at)
}

// divide cuts chunk i, which has grown in the middle, in two as long as it is too large.
func (l *List) divide(i int) {
	c := l.chunks()[i]
	if l.fits(int(c.n), c.size()) {
		return
	}
	before, half, n, at := c.memory(), c.size()/2, uint32(0), c.from
	for n == 0 || (n+1 < c.n && at-c.from < half) {
		_, at = packedAt(c.b, at)
		n++
	}
	right := l.insertChunk(i + 1)
	empty := right.memory()
	right.b, right.n = bytes.Clone(c.b[at:]), c.n-n
	c.b, c.from, c.n = bytes.Clone(c.b[c.from:at]), 0, n
	l.resized(0, c.memory()-before+right.memory()-empty, 0)
	l.divide(i + 1)
	l.divide(i)
}

// Delete takes the elements from ≤ i < to away; 0 ≤ from ≤ to ≤ Len.
func (l *List) Delete(from, to int) {
	for left := to - from; left > 0; {
		at, within := l.locate(from)
		n := min(int(l.chunks()[at].n)-within, left)
		l.cut(at, within, n)
		left -= n
	}
}

// cut takes n elements from element within on out of chunk at.
func (l *List) cut(at, within, n int) {
	if whole := l.chunks()[at]; n == int(whole.n) {
		l.deleteChunk(at)
		l.resized(-n, 0, 0)
		return
	}
	c := l.own(at)
	from := c.offset(within)
	to := from
	for range n {
		_, to = packedAt(c.b, to)
	}
	if from == c.from {
		c.from = to
	} else {
		c.b = append(c.b[:from], c.b[to:]...)
	}
	c.n -= uint32(n)
	l.resized(-n, 0, 0)
}

// Remove takes elements equal to s away: all of them if count is 0, the first count if it is positive, the last
// -count if it is negative. It returns how many there were. LREM.
func (l *List) Remove(count int, s []byte) (removed int) {
	back := count < 0
	if count < 0 {
		count = -count
	}
	if count == 0 {
		count = int(l.n)
	}
	for k := 0; k < len(l.chunks()) && removed < count; {
		i := k
		if back {
			i = len(l.chunks()) - 1 - k
		}
		had := int(l.chunks()[i].n)
		n := l.removeIn(i, back, count-removed, s)
		if removed += n; n < had { // or the chunk is gone
			k++
		}
	}
	return removed
}

// removeIn is Remove of at most count within chunk i.
func (l *List) removeIn(i int, back bool, count int, s []byte) (removed int) {
	c := l.chunks()[i]
	var found []int
	for at, k := c.from, 0; at < len(c.b); k++ {
		var e []byte
		if e, at = packedAt(c.b, at); bytes.Equal(e, s) {
			found = append(found, k)
		}
	}
	if len(found) > count {
		if back {
			found = found[len(found)-count:]
		} else {
			found = found[:count]
		}
	}
	for _, k := range slices.Backward(found) {
		l.cut(i, k, 1)
	}
	return len(found)
}

// Index returns the place of the first element equal to s; ok is false if there is none.
func (l *List) Index(s []byte) (i int, ok bool) {
	for e := range l.Range(0, int(l.n)) {
		if bytes.Equal(e, s) {
			return i, true
		}
		i++
	}
	return 0, false
}

// Range walks the elements from ≤ i < to; 0 ≤ from, to ≤ Len.
func (l *List) Range(from, to int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if from >= to {
			return
		}
		at, within := l.locate(from)
		row := l.chunks()
		pos := row[at].offset(within)
		for left := to - from; left > 0; left-- {
			c := row[at]
			var s []byte
			if s, pos = packedAt(c.b, pos); !yield(s) {
				return
			}
			if pos == len(c.b) && left > 1 {
				at++
				pos = row[at].from
			}
		}
	}
}

// Backward walks all elements from the last to the first.
func (l *List) Backward() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, c := range slices.Backward(l.chunks()) {
			for end := len(c.b); end > c.from; {
				var s []byte
				if s, end = packedBefore(c.b, end); !yield(s) {
					return
				}
			}
		}
	}
}

// Nodes returns how many chunks the list is in.
func (l *List) Nodes() int { return len(l.chunks()) }
