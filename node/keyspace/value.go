package keyspace

import (
	"fmt"
	"strconv"

	"github.com/ordeal-go/ordeal/node/resp"
)

// Kind is the type of a value, numbered as DEBUG DIGEST does. Redis 4.0: server.h, OBJ_STRING and following.
type Kind uint8

// The types of values.
const (
	String Kind = iota
	List
	Set
	ZSet
	Hash

	kinds
)

var kindNames = [kinds]string{String: "string", List: "list", Set: "set", ZSet: "zset", Hash: "hash"}

// String returns the name that TYPE replies.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Value is what a key holds. It is small, never changes, and may be kept and copied freely.
//
// Only strings exist so far. A string that is the canonical text of an int64 is held as that number, unless it was
// built by [DB.Append]; which way it is held shows only in [Value.Encoding].
type Value struct {
	kind  Kind
	form  form
	keeps bool // in a DB: the key has an expiry time
	n     int64
	b     []byte
}

type form uint8

const (
	formBytes form = iota
	formInt
	formRaw // bytes that OBJECT ENCODING calls raw even if they are few
)

// maxEmbedded is the longest string in bytes that OBJECT ENCODING calls embstr.
// Redis 4.0: object.c, OBJ_ENCODING_EMBSTR_SIZE_LIMIT.
const maxEmbedded = 44

// StringValue returns a string of the bytes of b, which it copies.
func StringValue(b []byte) Value {
	if n, ok := resp.ParseInt(b); ok {
		return Value{form: formInt, n: n}
	}
	return Value{b: append([]byte(nil), b...)}
}

// IntValue returns the string that is the decimal text of n.
func IntValue(n int64) Value { return Value{form: formInt, n: n} }

// RawValue returns the string b without a copy and without a look at whether it is a number: what SETRANGE and its
// like leave. The caller must not change b any more.
func RawValue(b []byte) Value { return Value{form: formRaw, b: b[:len(b):len(b)]} }

// Kind returns the type of v.
func (v Value) Kind() Kind { return v.kind }

// Int returns the number that the string v is the canonical text of. It sees through the form it is held in.
func (v Value) Int() (n int64, ok bool) {
	if v.form == formInt {
		return v.n, true
	}
	return resp.ParseInt(v.b)
}

// Len returns the length of the string v in bytes.
func (v Value) Len() int {
	if v.form != formInt {
		return len(v.b)
	}
	digits, n := 1, v.n
	if n < 0 {
		digits++
	}
	for n /= 10; n != 0; n /= 10 {
		digits++
	}
	return digits
}

// AppendTo appends the string v to b.
func (v Value) AppendTo(b []byte) []byte {
	if v.form == formInt {
		return strconv.AppendInt(b, v.n, 10)
	}
	return append(b, v.b...)
}

// Bytes returns the string v, for reading only. For a number it makes a new slice; see [Value.AppendTo].
func (v Value) Bytes() []byte {
	if v.form == formInt {
		return v.AppendTo(nil)
	}
	return v.b[:len(v.b):len(v.b)]
}

// Encoding returns what OBJECT ENCODING says of v: int, embstr or raw.
func (v Value) Encoding() string {
	switch {
	case v.form == formInt:
		return "int"
	case v.form == formBytes && len(v.b) <= maxEmbedded:
		return "embstr"
	}
	return "raw"
}
