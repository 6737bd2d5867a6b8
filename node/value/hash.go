package value

import (
	"bytes"
	"iter"

	"github.com/ordeal-go/ordeal/node/table"
)

// Hash maps fields to values: a compact run of both while they are few and short, a hash table otherwise.
//
// Strings that a Hash returns are for reading only and valid until it is changed.
type Hash struct {
	header
	packed []byte // field, value, field, value, …
	fields *fields
}

type fields struct {
	table.Table[string]
	memory int
	sum    *sum
}

const fieldOverhead = 32 + 26 // two strings, tag and room in its shard

// NewHash returns an empty hash that nobody holds.
func NewHash(l *Ledger) *Hash { return &Hash{header: header{ledger: l}} }

// Value returns the hash as a value.
func (h *Hash) Value() Value { return rooted(KindHash, h) }

func (h *Hash) fork() root {
	f := *h
	f.header.epoch = 0
	if h.fields == nil {
		f.packed = append(make([]byte, 0, sized(len(h.packed))), h.packed...)
		return &f
	}
	f.fields = &fields{Table: h.fields.Fork(), memory: h.fields.memory, sum: h.fields.sum.copy()}
	return &f
}

func (h *Hash) bytes() int64 {
	if h.fields == nil {
		return int64(48 + sized(cap(h.packed)))
	}
	return int64(48 + 128 + h.fields.memory)
}

// find returns where field begins, its value begins and the next field begins in the compact form; at is -1 if it is
// not there.
func (h *Hash) find(field []byte) (at, value, next int) {
	for at = 0; at < len(h.packed); at = next {
		var f []byte
		f, value = packedAt(h.packed, at)
		_, next = packedAt(h.packed, value)
		if bytes.Equal(f, field) {
			return at, value, next
		}
	}
	return -1, 0, 0
}

// Get returns the value of field; ok is false if there is none.
func (h *Hash) Get(field []byte) (value []byte, ok bool) {
	if h.fields != nil {
		if e := h.fields.Get(field); e != nil {
			return textOf(e.Value), true
		}
		return nil, false
	}
	at, from, _ := h.find(field)
	if at < 0 {
		return nil, false
	}
	value, _ = packedAt(h.packed, from)
	return value, true
}

// Set makes value the value of field and says whether the field is new. Both are copied.
func (h *Hash) Set(field, value []byte) (added bool) {
	if h.fields == nil {
		limits := h.ledger.limits
		if len(field) <= limits.HashValue && len(value) <= limits.HashValue {
			if at, from, next := h.find(field); at >= 0 {
				h.setPacked(from, next, value)
				return false
			}
			if int(h.n) < limits.HashEntries {
				h.addPacked(field, value)
				return true
			}
		}
		h.spread()
	}
	return h.set(field, value)
}

func (h *Hash) setPacked(from, to int, value []byte) {
	before := cap(h.packed)
	h.packed = splice(h.packed, from, to, packedSize(len(value)))
	putPacked(h.packed, from, value)
	h.change(sized(cap(h.packed)) - sized(before))
}

func (h *Hash) addPacked(field, value []byte) {
	before, at, middle := cap(h.packed), len(h.packed), packedSize(len(field))
	h.packed = splice(h.packed, at, at, middle+packedSize(len(value)))
	putPacked(h.packed, at, field)
	putPacked(h.packed, at+middle, value)
	h.n++
	h.change(sized(cap(h.packed)) - sized(before))
}

func (h *Hash) set(field, value []byte) (added bool) {
	f := h.fields
	p, added := f.FindOrAdd(field, "")
	e := f.Own(p)
	cost := sized(len(value))
	if added {
		h.n++
		cost += fieldOverhead + sized(len(field))
	} else {
		cost -= sized(len(e.Value))
		f.sum.togglePair(textOf(e.Key), textOf(e.Value))
	}
	e.Value = string(value)
	f.sum.togglePair(field, value)
	f.memory += cost
	h.change(cost)
	return added
}

// spread turns the compact form into a hash table.
func (h *Hash) spread() {
	before := h.bytes()
	f := &fields{Table: table.New[string](h.ledger.tableSeed(), false)}
	for field, value := range h.All() {
		p, _ := f.FindOrAdd(field, "")
		f.Own(p).Value = string(value)
		f.memory += fieldOverhead + sized(len(field)) + sized(len(value))
	}
	h.fields, h.packed = f, nil
	h.change(int(h.bytes() - before))
}

// Delete takes field away and says whether it was there.
func (h *Hash) Delete(field []byte) bool {
	if h.fields != nil {
		e, ok := h.fields.Remove(field)
		if !ok {
			return false
		}
		h.n--
		cost := fieldOverhead + sized(len(e.Key)) + sized(len(e.Value))
		h.fields.memory -= cost
		h.change(-cost)
		h.fields.sum.togglePair(textOf(e.Key), textOf(e.Value))
		return true
	}
	at, _, next := h.find(field)
	if at < 0 {
		return false
	}
	h.packed = append(h.packed[:at], h.packed[next:]...)
	h.n--
	h.change(0)
	return true
}

// All walks fields and values: in the order in which the fields came while the encoding is ziplist, otherwise in an
// order that follows from the operations.
func (h *Hash) All() iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		if h.fields != nil {
			h.fields.Walk(func(e *table.Entry[string]) bool { return yield(textOf(e.Key), textOf(e.Value)) })
			return
		}
		for at := 0; at < len(h.packed); {
			var field, value []byte
			field, at = packedAt(h.packed, at)
			value, at = packedAt(h.packed, at)
			if !yield(field, value) {
				return
			}
		}
	}
}

// WalkFrom is [table.Table.WalkFrom] over the fields of a hash whose encoding is hashtable.
func (h *Hash) WalkFrom(from table.Place, visit func(field, value []byte) bool) (next table.Place, more bool) {
	return h.fields.WalkFrom(from, func(e *table.Entry[string]) bool { return visit(textOf(e.Key), textOf(e.Value)) })
}

// Scan calls visit with count fields or a few more; see [Set.Scan].
func (h *Hash) Scan(cursor uint64, count int, visit func(field, value []byte)) (next uint64) {
	if h.fields == nil {
		shown := Hash{packed: bytes.Clone(h.packed)} // visit may change the hash
		for field, value := range shown.All() {
			visit(field, value)
		}
		return 0
	}
	page, next := h.fields.Scan(cursor, max(count, 1), nil)
	for i := range page {
		visit(textOf(page[i].Key), textOf(page[i].Value))
	}
	return next
}
