package keyspace

import (
	"github.com/ordeal-go/ordeal/node/rdb"
	"github.com/ordeal-go/ordeal/node/table"
	"github.com/ordeal-go/ordeal/node/value"
)

// encoder writes values in the forms of Redis 4.0. Redis 4.0: rdb.c, rdbSaveObject.
type encoder struct {
	w    *rdb.Writer
	zip  rdb.Ziplist
	ints []int64
	text []byte
	// rest writes the next elements of a large collection, of which begin has written the head, and says whether there
	// are more; nil if there is none under way.
	rest func() (more bool)
}

const (
	// nodeSize is up to which size elements of a list are put into one ziplist: list-max-ziplist-size -2.
	nodeSize = 8 << 10
	// partLength is how many elements of a large collection are written at a time.
	partLength = 512
)

// write writes all of a key.
func (e *encoder) write(key []byte, v value.Value) {
	for e.begin(key, v); e.rest != nil; {
		e.goOn()
	}
}

// goOn writes the next part of the collection under way.
func (e *encoder) goOn() {
	if !e.rest() {
		e.rest = nil
	}
}

// begin writes a key as far as it can be written in one go.
func (e *encoder) begin(key []byte, v value.Value) {
	switch v.Kind() {
	case value.KindString:
		if n, ok := v.Int(); ok && v.Encoding() == "int" {
			e.w.Int(key, n)
		} else {
			e.w.String(key, v.Bytes())
		}
	case value.KindList:
		e.beginList(key, v.List())
	case value.KindSet:
		e.beginSet(key, v.Set())
	case value.KindHash:
		e.beginHash(key, v)
	case value.KindZSet:
		e.beginZSet(key, v)
	}
}

// beginList counts the ziplists that the list is to be put into. The elements of each are then those that follow the
// ones written before and fit.
func (e *encoder) beginList(key []byte, l *value.List) {
	e.w.Begin(rdb.TypeListQuicklist, key)
	nodes, size := 0, 0
	for s := range l.Range(0, l.Len()) {
		if nodes == 0 || size+len(s) > nodeSize {
			nodes, size = nodes+1, 0
		}
		size += len(s) + 2
	}
	e.w.Length(nodes)
	from := 0
	e.rest = func() bool {
		from += e.writeNode(l, from)
		return from < l.Len()
	}
}

// writeNode writes the ziplist that begins with element from, and returns how many elements are in it.
func (e *encoder) writeNode(l *value.List, from int) (n int) {
	e.zip.Reset()
	size := 0
	for s := range l.Range(from, l.Len()) {
		if n > 0 && size+len(s) > nodeSize {
			break
		}
		e.zip.Append(s)
		size += len(s) + 2
		n++
	}
	e.w.Text(e.zip.Bytes())
	return n
}

func (e *encoder) beginSet(key []byte, s *value.Set) {
	if ints, ok := s.Ints(); ok {
		e.ints = e.ints[:0]
		for n := range ints {
			e.ints = append(e.ints, n)
		}
		e.text = rdb.Intset(e.text[:0], e.ints)
		e.w.Begin(rdb.TypeSetIntset, key)
		e.w.Text(e.text)
		return
	}
	e.w.Begin(rdb.TypeSet, key)
	e.w.Length(s.Len())
	var at table.Place
	e.rest = func() (more bool) {
		n := 0
		at, more = s.WalkFrom(at, func(m []byte) bool {
			e.w.Text(m)
			n++
			return n < partLength
		})
		return more
	}
}

func (e *encoder) beginHash(key []byte, v value.Value) {
	h := v.Hash()
	if v.Encoding() == "ziplist" {
		e.zip.Reset()
		for field, val := range h.All() {
			e.zip.Append(field)
			e.zip.Append(val)
		}
		e.w.Begin(rdb.TypeHashZiplist, key)
		e.w.Text(e.zip.Bytes())
		return
	}
	e.w.Begin(rdb.TypeHash, key)
	e.w.Length(h.Len())
	var at table.Place
	e.rest = func() (more bool) {
		n := 0
		at, more = h.WalkFrom(at, func(field, val []byte) bool {
			e.w.Text(field)
			e.w.Text(val)
			n++
			return n < partLength
		})
		return more
	}
}

func (e *encoder) beginZSet(key []byte, v value.Value) {
	z := v.ZSet()
	if v.Encoding() == "ziplist" {
		e.zip.Reset()
		for member, score := range z.Range(0, z.Len()) {
			e.zip.Append(member)
			e.text = value.AppendScore(e.text[:0], score)
			e.zip.Append(e.text)
		}
		e.w.Begin(rdb.TypeZSetZiplist, key)
		e.w.Text(e.zip.Bytes())
		return
	}
	e.w.Begin(rdb.TypeZSet2, key)
	e.w.Length(z.Len())
	// Redis writes from the highest to the lowest: so each insert of whoever loads it comes first.
	left := z.Len()
	e.rest = func() bool {
		from := max(left-partLength, 0)
		for member, score := range z.Backward(from, left) {
			e.w.Text(member)
			e.w.Double(score)
		}
		left = from
		return left > 0
	}
}
