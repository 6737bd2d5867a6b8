package keyspace

import (
	"github.com/ordeal-go/ordeal/node/rdb"
	"github.com/ordeal-go/ordeal/node/value"
)

// encoder writes values in the forms of Redis 4.0. Redis 4.0: rdb.c, rdbSaveObject.
type encoder struct {
	w    *rdb.Writer
	zip  rdb.Ziplist
	ints []int64
	text []byte
}

// nodeSize is up to which size elements of a list are put into one ziplist: list-max-ziplist-size -2.
const nodeSize = 8 << 10

func (e *encoder) write(key []byte, v value.Value) {
	switch v.Kind() {
	case value.KindString:
		if n, ok := v.Int(); ok && v.Encoding() == "int" {
			e.w.Int(key, n)
		} else {
			e.w.String(key, v.Bytes())
		}
	case value.KindList:
		e.writeList(key, v.List())
	case value.KindSet:
		e.writeSet(key, v.Set())
	case value.KindHash:
		e.writeHash(key, v)
	case value.KindZSet:
		e.writeZSet(key, v)
	}
}

func (e *encoder) writeList(key []byte, l *value.List) {
	e.w.Begin(rdb.TypeListQuicklist, key)
	nodes, size := 0, 0
	for s := range l.Range(0, l.Len()) {
		if nodes == 0 || size+len(s) > nodeSize {
			nodes, size = nodes+1, 0
		}
		size += len(s) + 2
	}
	e.w.Length(nodes)
	e.zip.Reset()
	size = 0
	for s := range l.Range(0, l.Len()) {
		if e.zip.Len() > 0 && size+len(s) > nodeSize {
			e.w.Text(e.zip.Bytes())
			e.zip.Reset()
			size = 0
		}
		e.zip.Append(s)
		size += len(s) + 2
	}
	e.w.Text(e.zip.Bytes())
}

func (e *encoder) writeSet(key []byte, s *value.Set) {
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
	for m := range s.All() {
		e.w.Text(m)
	}
}

func (e *encoder) writeHash(key []byte, v value.Value) {
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
	for field, val := range h.All() {
		e.w.Text(field)
		e.w.Text(val)
	}
}

func (e *encoder) writeZSet(key []byte, v value.Value) {
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
	for member, score := range z.Backward(0, z.Len()) {
		e.w.Text(member)
		e.w.Double(score)
	}
}
