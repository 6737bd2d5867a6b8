package value

import (
	"fmt"
	"strconv"
	"unsafe"

	"github.com/ordeal-go/ordeal/node/resp"
)

// Kind is the type of a value, numbered as DEBUG DIGEST does. Redis 4.0: server.h, OBJ_STRING and following.
type Kind uint8

// The types of values.
const (
	KindString Kind = iota
	KindList
	KindSet
	KindZSet
	KindHash

	kinds
)

var kindNames = [kinds]string{"string", "list", "set", "zset", "hash"}

// String returns the name that TYPE replies.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Value is what a key holds. It is small and may be kept and copied; copies of a list, set, hash, sorted set or long
// string that is changed in place are the same value. The zero value is the empty string.
type Value struct {
	p    unsafe.Pointer // formFlat, formRaw: the bytes; otherwise the root
	n    int64          // formFlat, formRaw: how many; formInt: the number
	kind Kind
	form form
	// Mark is for whoever holds the value.
	Mark bool
}

type form uint8

const (
	formFlat   form = iota // bytes that never change
	formInt                // the decimal text of a number
	formRaw                // formFlat, but OBJECT ENCODING calls it raw even if it is short
	formChunks             // *text
	formRoot               // a collection
)

// Kind returns the type of v.
func (v Value) Kind() Kind { return v.kind }

// List returns the list that v is. It panics if v is none; so do Set, ZSet and Hash.
func (v Value) List() *List { return (*List)(v.as(KindList)) }

// Set returns the set that v is.
func (v Value) Set() *Set { return (*Set)(v.as(KindSet)) }

// ZSet returns the sorted set that v is.
func (v Value) ZSet() *ZSet { return (*ZSet)(v.as(KindZSet)) }

// Hash returns the hash that v is.
func (v Value) Hash() *Hash { return (*Hash)(v.as(KindHash)) }

func (v Value) as(k Kind) unsafe.Pointer {
	if v.kind != k {
		badKind(v.kind, k)
	}
	return v.p
}

// New returns an empty value of a type: a string, or a collection that nobody holds. A key never holds an empty
// collection: fill it before you store it.
func New(l *Ledger, k Kind) Value {
	switch k {
	case KindList:
		return NewList(l).Value()
	case KindSet:
		return NewSet(l).Value()
	case KindZSet:
		return NewZSet(l).Value()
	case KindHash:
		return NewHash(l).Value()
	}
	return Value{}
}

func rooted[T any](k Kind, root *T) Value {
	return Value{p: unsafe.Pointer(root), kind: k, form: formRoot}
}

func chunked(t *text, mark bool) Value {
	return Value{p: unsafe.Pointer(t), form: formChunks, Mark: mark}
}

func (v Value) root() root {
	switch v.form {
	case formChunks:
		return (*text)(v.p)
	case formRoot:
		switch v.kind {
		case KindList:
			return (*List)(v.p)
		case KindSet:
			return (*Set)(v.p)
		case KindZSet:
			return (*ZSet)(v.p)
		case KindHash:
			return (*Hash)(v.p)
		}
	}
	return nil
}

// fork returns v on a copy of its root r.
func (v Value) fork(r root) Value {
	switch r := r.fork().(type) {
	case *text:
		v.p = unsafe.Pointer(r)
	case *List:
		v.p = unsafe.Pointer(r)
	case *Set:
		v.p = unsafe.Pointer(r)
	case *ZSet:
		v.p = unsafe.Pointer(r)
	case *Hash:
		v.p = unsafe.Pointer(r)
	}
	return v
}

// Same says whether v and w are one value: what changes the one changes the other.
func (v Value) Same(w Value) bool { return v.form >= formChunks && v.p == w.p }

// Elements returns how many elements a collection has, and 1 for a string.
func (v Value) Elements() int {
	if v.form == formRoot {
		return v.root().head().Len()
	}
	return 1
}

// Memory estimates the memory that v takes besides the Value itself. It costs the same for all sizes.
func (v Value) Memory() int64 {
	switch v.form {
	case formInt:
		return 0
	case formFlat, formRaw:
		return int64(sized(int(v.n)))
	}
	return v.root().bytes()
}

// Encoding returns what OBJECT ENCODING says of v. Redis 4.0: object.c, strEncoding.
func (v Value) Encoding() string {
	switch v.kind {
	case KindList:
		return "quicklist"
	case KindSet:
		if v.Set().members == nil {
			return "intset"
		}
		return "hashtable"
	case KindZSet:
		if v.ZSet().body == nil {
			return "ziplist"
		}
		return "skiplist"
	case KindHash:
		if v.Hash().fields == nil {
			return "ziplist"
		}
		return "hashtable"
	}
	switch {
	case v.form == formInt:
		return "int"
	case v.form == formFlat && v.n <= maxEmbedded:
		return "embstr"
	}
	return "raw"
}

// maxEmbedded is the longest string in bytes that OBJECT ENCODING calls embstr.
// Redis 4.0: object.c, OBJ_ENCODING_EMBSTR_SIZE_LIMIT.
const maxEmbedded = 44

// NewString returns a string of the bytes of b, which it copies. If they are the canonical text of an int64, it is
// held as that number.
func NewString(b []byte) Value {
	if n, ok := resp.ParseInt(b); ok {
		return NewInt(n)
	}
	return flat(append([]byte(nil), b...), formFlat)
}

// NewInt returns the string that is the decimal text of n.
func NewInt(n int64) Value { return Value{form: formInt, n: n} }

// NewRaw returns the string b without a copy and without a look at whether it is a number: what SETRANGE and its like
// leave. The caller must not change b any more.
func NewRaw(b []byte) Value { return flat(b, formRaw) }

func flat(b []byte, f form) Value {
	return Value{p: unsafe.Pointer(unsafe.SliceData(b)), n: int64(len(b)), form: f}
}

func (v Value) flat() []byte { return unsafe.Slice((*byte)(v.p), int(v.n)) }

// Int returns the number that the string v is the canonical text of. It sees through the form it is held in.
func (v Value) Int() (n int64, ok bool) {
	switch v.form {
	case formInt:
		return v.n, true
	case formChunks:
		if v.Len() > len("-9223372036854775808") {
			return 0, false
		}
	}
	return resp.ParseInt(v.Bytes())
}

// Len returns the length of the string v in bytes.
func (v Value) Len() int {
	switch v.form {
	case formChunks:
		return (*text)(v.p).size
	case formInt:
		digits, n := 1, v.n
		if n < 0 {
			digits++
		}
		for n /= 10; n != 0; n /= 10 {
			digits++
		}
		return digits
	}
	return int(v.n)
}

// AppendTo appends the string v to b.
func (v Value) AppendTo(b []byte) []byte {
	switch v.form {
	case formInt:
		return strconv.AppendInt(b, v.n, 10)
	case formChunks:
		for _, c := range (*text)(v.p).chunks {
			b = append(b, c...)
		}
		return b
	}
	return append(b, v.flat()...)
}

// Bytes returns the string v, for reading only and until it is changed. For a number, and for a long string that has
// been changed in place, it makes a new slice; see [Value.AppendTo].
func (v Value) Bytes() []byte {
	switch v.form {
	case formInt:
		return v.AppendTo(nil)
	case formChunks:
		if t := (*text)(v.p); len(t.chunks) == 1 {
			return t.chunks[0][:t.size:t.size]
		}
		return v.AppendTo(make([]byte, 0, v.Len()))
	}
	b := v.flat()
	return b[:len(b):len(b)]
}

// textOf returns the bytes of s, for reading only.
func textOf(s string) []byte {
	if s == "" {
		return []byte{} // not nil, which might be taken for nothing at all
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// stringOf returns b as a string, until b changes.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
