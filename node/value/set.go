package value

import (
	"encoding/binary"
	"iter"
	"math/rand/v2"
	"strconv"

	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/table"
)

// Set is a set of strings: few integers as a sorted array of the width that the largest of them needs, everything
// else as a hash table.
//
// Strings that a Set returns are for reading only and valid until it is changed.
type Set struct {
	header
	ints    []byte // little endian, of width bytes each
	members *members
	width   uint8
}

type members struct {
	table.Table[struct{}]
	memory int
	sum    *sum
}

const memberOverhead = 16 + 22 // string, tag and room in its shard

// NewSet returns an empty set that nobody holds.
func NewSet(l *Ledger) *Set { return &Set{header: header{ledger: l}, width: 2} }

// Value returns the set as a value.
func (s *Set) Value() Value { return rooted(KindSet, s) }

func (s *Set) fork() root {
	f := *s
	f.header.epoch = 0
	if s.members == nil {
		f.ints = append(make([]byte, 0, sized(len(s.ints))), s.ints...)
		return &f
	}
	f.members = &members{Table: s.members.Fork(), memory: s.members.memory, sum: s.members.sum.copy()}
	return &f
}

func (s *Set) bytes() int64 {
	if s.members == nil {
		return int64(64 + sized(cap(s.ints)))
	}
	return int64(64 + 128 + s.members.memory)
}

func (s *Set) int(i int) int64 {
	switch s.width {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(s.ints[2*i:])))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(s.ints[4*i:])))
	}
	return int64(binary.LittleEndian.Uint64(s.ints[8*i:]))
}

func (s *Set) putInt(i int, n int64) {
	switch s.width {
	case 2:
		binary.LittleEndian.PutUint16(s.ints[2*i:], uint16(n))
	case 4:
		binary.LittleEndian.PutUint32(s.ints[4*i:], uint32(n))
	default:
		binary.LittleEndian.PutUint64(s.ints[8*i:], uint64(n))
	}
}

// search returns the place of n among the integers, or that where it belongs.
func (s *Set) search(n int64) (i int, ok bool) {
	low, high := 0, int(s.n)
	for low < high {
		if mid := (low + high) / 2; s.int(mid) < n {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, low < int(s.n) && s.int(low) == n
}

func widthOf(n int64) uint8 {
	switch {
	case n == int64(int16(n)):
		return 2
	case n == int64(int32(n)):
		return 4
	}
	return 8
}

func (s *Set) widen(width uint8) {
	old := *s
	s.width, s.ints = width, make([]byte, int(s.n)*int(width))
	for i := range int(s.n) {
		s.putInt(i, old.int(i))
	}
}

func (s *Set) addInt(n int64) bool {
	i, ok := s.search(n)
	if ok {
		return false
	}
	before := cap(s.ints)
	if w := widthOf(n); w > s.width {
		s.widen(w)
	}
	s.ints = splice(s.ints, i*int(s.width), i*int(s.width), int(s.width))
	s.putInt(i, n)
	s.n++
	s.change(sized(cap(s.ints)) - sized(before))
	return true
}

// Add adds member and says whether it is new.
func (s *Set) Add(member []byte) bool {
	if s.members == nil {
		n, ok := resp.ParseInt(member)
		if ok && int(s.n) < s.ledger.limits.SetInts {
			return s.addInt(n)
		}
		if _, there := s.search(n); ok && there {
			return false
		}
		s.spread()
	}
	m := s.members
	_, added := m.FindOrAdd(member, "")
	if added {
		s.n++
		cost := memberOverhead + sized(len(member))
		m.memory += cost
		s.change(cost)
		m.sum.toggle(member)
	}
	return added
}

// spread turns the array into a hash table.
func (s *Set) spread() {
	before := s.bytes()
	m := &members{Table: table.New[struct{}](s.ledger.tableSeed(), false)}
	var text []byte
	for i := range int(s.n) {
		text = strconv.AppendInt(text[:0], s.int(i), 10)
		m.FindOrAdd(text, "")
		m.memory += memberOverhead + sized(len(text))
	}
	s.members, s.ints = m, nil
	s.change(int(s.bytes() - before))
}

// Has says whether member is in the set.
func (s *Set) Has(member []byte) bool {
	if s.members != nil {
		return s.members.Get(member) != nil
	}
	n, ok := resp.ParseInt(member)
	if !ok || s.n == 0 {
		return false
	}
	_, ok = s.search(n)
	return ok
}

// Remove takes member away and says whether it was there.
func (s *Set) Remove(member []byte) bool {
	if s.members != nil {
		if _, ok := s.members.Table.Remove(member); !ok {
			return false
		}
		s.n--
		cost := memberOverhead + sized(len(member))
		s.members.memory -= cost
		s.change(-cost)
		s.members.sum.toggle(member)
		return true
	}
	n, ok := resp.ParseInt(member)
	if !ok {
		return false
	}
	i, ok := s.search(n)
	if !ok {
		return false
	}
	w := int(s.width)
	s.ints = append(s.ints[:i*w], s.ints[(i+1)*w:]...)
	s.n--
	s.change(0)
	return true
}

// Random returns a member, each with the same probability; ok is false if there is none.
func (s *Set) Random(rng *rand.Rand) (member []byte, ok bool) {
	switch {
	case s.n == 0:
		return nil, false
	case s.members == nil:
		return strconv.AppendInt(nil, s.int(rng.IntN(int(s.n))), 10), true
	}
	p, _ := s.members.Table.Random(rng)
	return textOf(s.members.At(p).Key), true
}

// All walks the members: integers in ascending order as long as the encoding is intset, otherwise in an order that
// follows from the operations.
func (s *Set) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if s.members != nil {
			s.members.Walk(func(e *table.Entry[struct{}]) bool { return yield(textOf(e.Key)) })
			return
		}
		var text [20]byte
		for i := range int(s.n) {
			if b := strconv.AppendInt(text[:0], s.int(i), 10); !yield(b[:len(b):len(b)]) {
				return
			}
		}
	}
}

// WalkFrom is [table.Table.WalkFrom] over the members of a set whose encoding is hashtable.
func (s *Set) WalkFrom(from table.Place, visit func(member []byte) bool) (next table.Place, more bool) {
	return s.members.WalkFrom(from, func(e *table.Entry[struct{}]) bool { return visit(textOf(e.Key)) })
}

// Ints returns the members as integers, in ascending order; ok is false if the encoding is not intset.
func (s *Set) Ints() (ints iter.Seq[int64], ok bool) {
	return func(yield func(int64) bool) {
		for i := range int(s.n) {
			if !yield(s.int(i)) {
				return
			}
		}
	}, s.members == nil
}

// Scan calls visit with count members or a few more and returns the cursor to go on with: 0 begins, 0 is returned at
// the end. It keeps SCAN's promise: a member that is there from begin to end is visited at least once. An intset is
// visited as a whole. visit may change the set.
func (s *Set) Scan(cursor uint64, count int, visit func(member []byte)) (next uint64) {
	if s.members == nil {
		var all [][]byte
		for m := range s.All() {
			all = append(all, append([]byte(nil), m...))
		}
		for _, m := range all {
			visit(m)
		}
		return 0
	}
	page, next := s.members.Table.Scan(cursor, max(count, 1), nil)
	for i := range page {
		visit(textOf(page[i].Key))
	}
	return next
}
