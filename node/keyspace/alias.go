package keyspace

import "github.com/ordeal-go/ordeal/node/value"

// Value is what a key holds.
type Value = value.Value

// String is the type of a string.
const String = value.KindString

// StringValue returns the string of the bytes of b, which it copies.
func StringValue(b []byte) Value { return value.NewString(b) }

// IntValue returns the string that is the decimal text of n.
func IntValue(n int64) Value { return value.NewInt(n) }

// RawValue returns the string b without a copy.
func RawValue(b []byte) Value { return value.NewRaw(b) }
