package histories

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Value is an argument or a result of an operation: nothing, a text, an integer, a truth, or a list of values. The zero
// value is nothing, which is what a read of a missing key finds.
//
// Values are immutable, print as JSON and are read back from it. A text may hold any bytes (FORMAT.md says how those
// that JSON cannot carry are written).
type Value struct {
	kind   valueKind
	quoted bool     // the text stands in quotes, and is its own JSON
	n      int64    // of an integer; 1 for the truth
	text   string   // of a text
	list   *[]Value // of a list; nobody changes it any more. A pointer, as operations have two values each, and few of them lists
}

type valueKind uint8

const (
	nothing valueKind = iota
	text
	integer
	truth
	list
)

// Text is the value of a text.
func Text(s string) Value { return Value{kind: text, text: s} }

// Word is the value of the text b, of which it keeps a copy, and of which String costs no other.
func Word(b []byte) Value {
	if !plain(b) {
		return Text(string(b))
	}
	quoted := make([]byte, 0, wordMost)
	return Value{kind: text, quoted: true, text: string(append(append(append(quoted, '"'), b...), '"'))}
}

// wordMost is how long a word with its quotes may be to be made in one piece of memory, in bytes.
const wordMost = 64

// str is a text without quotes.
func (v *Value) str() string {
	if v.quoted {
		return v.text[1 : len(v.text)-1]
	}
	return v.text
}

// Int is the value of an integer.
func Int(n int64) Value { return Value{kind: integer, n: n} }

// Bool is the value of a truth.
func Bool(is bool) Value {
	v := Value{kind: truth}
	if is {
		v.n = 1
	}
	return v
}

// List is the value of a list, which the caller gives away.
func List(values ...Value) Value { return Value{kind: list, list: &values} }

// Texts is a list of texts.
func Texts(texts ...string) Value {
	values := make([]Value, len(texts))
	for i, s := range texts {
		values[i] = Text(s)
	}
	return List(values...)
}

// IsNothing says whether v is nothing.
func (v Value) IsNothing() bool { return v.kind == nothing }

// IsList says whether v is a list; an empty one is a list too.
func (v Value) IsList() bool { return v.kind == list }

// IsInt says whether v is an integer.
func (v Value) IsInt() bool { return v.kind == integer }

// IsText says whether v is a text.
func (v Value) IsText() bool { return v.kind == text }

// Str is v as a word: a text as it is, an integer in digits, a truth as true or false, and "" for nothing and lists.
// As words, Redis's values are all alike: what INCR left is what GET finds.
func (v Value) Str() string {
	switch v.kind {
	case text:
		return v.str()
	case integer:
		return strconv.FormatInt(v.n, 10)
	case truth:
		return strconv.FormatBool(v.n != 0)
	}
	return ""
}

// Int64 is the integer that v is, or that a text spells in decimal digits.
func (v Value) Int64() (n int64, ok bool) {
	switch v.kind {
	case integer:
		return v.n, true
	case text:
		n, err := strconv.ParseInt(v.str(), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// True says whether v is the truth.
func (v Value) True() bool { return v.kind == truth && v.n != 0 }

// Elems are the values of a list, nil of anything else. They are not the caller's to change.
func (v Value) Elems() []Value {
	if v.list == nil {
		return nil
	}
	return *v.list
}

// Elem is value number i of a list, from 0, or nothing if there is none.
func (v Value) Elem(i int) Value {
	if all := v.Elems(); i >= 0 && i < len(all) {
		return all[i]
	}
	return Value{}
}

// Equal says whether a and b are the same value of the same type.
func (v Value) Equal(w Value) bool { return v.Compare(w) == 0 }

// Compare orders values: first by type, then texts by their bytes, integers by size, lists element by element.
func (v Value) Compare(w Value) int {
	return cmp.Or(cmp.Compare(v.kind, w.kind), cmp.Compare(v.n, w.n), cmp.Compare(v.str(), w.str()),
		slices.CompareFunc(v.Elems(), w.Elems(), Value.Compare))
}

// String is v as JSON.
func (v Value) String() string {
	if v.quoted {
		return v.text
	}
	if v.kind == text && plain(v.text) {
		return `"` + v.text + `"` // what clients mostly write and find
	}
	return string(v.AppendJSON(nil))
}

// AppendJSON appends v as JSON to b.
func (v Value) AppendJSON(b []byte) []byte {
	switch v.kind {
	case text:
		return appendText(b, v.str())
	case integer:
		return strconv.AppendInt(b, v.n, 10)
	case truth:
		return strconv.AppendBool(b, v.n != 0)
	case list:
		b = append(b, '[')
		for i, e := range v.Elems() {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.AppendJSON(b)
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

// MarshalJSON implements json.Marshaler.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (v *Value) UnmarshalJSON(b []byte) (err error) {
	*v, err = ParseValue(string(b))
	return err
}

// ListDepthMax is how deep lists of lists may go in what [ParseValue] reads.
const ListDepthMax = 16

// ParseValue reads a value from JSON. A number that is no 64-bit integer is kept as the text that spells it, and an
// object is refused.
func ParseValue(s string) (Value, error) {
	// What clients mostly write needs no parser.
	if n := len(s); n >= 2 && s[0] == '"' && s[n-1] == '"' && plain(s[1:n-1]) {
		return Text(s[1 : n-1]), nil
	}
	if plainInteger([]byte(s)) {
		n, err := strconv.ParseInt(s, 10, 64)
		return Int(n), err
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	v, err := decodeValue(d, 0)
	if err != nil {
		return Value{}, err
	}
	if d.More() {
		return Value{}, fmt.Errorf("found more after the value %s", v)
	}
	return v, nil
}

// plain says whether s, between quotes, is a JSON string that stands for its own bytes.
func plain[T string | []byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func decodeValue(d *json.Decoder, depth int) (Value, error) {
	token, err := d.Token()
	if err != nil {
		return Value{}, fmt.Errorf("expected a value: %w", err)
	}
	switch t := token.(type) {
	case nil:
		return Value{}, nil
	case bool:
		return Bool(t), nil
	case string:
		s, err := plainText(t)
		if err != nil {
			return Value{}, fmt.Errorf("a text begins with a zero byte, and what follows is not base64: %w", err)
		}
		return Text(s), nil
	case json.Number:
		if n, err := t.Int64(); err == nil {
			return Int(n), nil
		}
		return Text(t.String()), nil
	case json.Delim:
		if t != '[' {
			break
		}
		return decodeList(d, depth)
	}
	return Value{}, fmt.Errorf("found %v: expected a text, a number, a truth, null or a list of these", token)
}

func decodeList(d *json.Decoder, depth int) (Value, error) {
	if depth >= ListDepthMax {
		return Value{}, fmt.Errorf("lists of lists go deeper than %d", ListDepthMax)
	}
	values := []Value{}
	for d.More() {
		v, err := decodeValue(d, depth+1)
		if err != nil {
			return Value{}, err
		}
		values = append(values, v)
	}
	_, err := d.Token()
	return List(values...), err
}

// appendValue appends ,"name":value unless value is nothing.
func appendValue(b []byte, name string, v Value) []byte {
	if v.IsNothing() {
		return b
	}
	return v.AppendJSON(appendName(b, name))
}

var _ json.Unmarshaler = (*Value)(nil)
