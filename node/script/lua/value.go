package lua

import "strconv"

// Kind is a type of Lua.
type Kind uint8

// The types. LightUserdata is a bare token, such as cjson.null.
const (
	Nil Kind = iota
	Boolean
	Number
	String
	TableKind
	FunctionKind
	ThreadKind
	LightUserdata
	cellKind // a captured local variable; no value of the language
)

var kindNames = [...]string{"nil", "boolean", "number", "string", "table", "function", "thread", "userdata", "cell"}

func (k Kind) String() string { return kindNames[k] }

// object is what a value refers to; the tags of numbers and booleans are objects too, so that a value is two words.
type object struct {
	kind   Kind
	hashed bool   // of a string: hash is known
	hash   uint32 // of a string; of everything else that is compared by identity, its number of birth
	epoch  uint32 // of the last count of live memory that met it
	s      string
	ref    any // *Table, *Function, *Thread, *cell
}

var (
	numberTag = &object{kind: Number}
	boolTag   = &object{kind: Boolean}
)

// Value is one value of Lua. The zero value is nil.
type Value struct {
	o *object
	n float64
}

// True and False are the booleans.
var (
	True  = Value{boolTag, 1}
	False = Value{boolTag, 0}
)

// Num makes a number.
func Num(n float64) Value { return Value{numberTag, n} }

// Int makes a number.
func Int(n int) Value { return Value{numberTag, float64(n)} }

// Bool makes a boolean.
func Bool(b bool) Value {
	if b {
		return True
	}
	return False
}

// Str makes a string that no state's memory accounts for: for constants and small texts. See [Call.PushStr].
func Str(s string) Value { return Value{o: &object{kind: String, s: s}} }

// Token makes a light userdata that equals only itself.
func Token(name string) Value { return Value{o: &object{kind: LightUserdata, s: name}} }

// Kind is the type of v.
func (v Value) Kind() Kind {
	if v.o == nil {
		return Nil
	}
	return v.o.kind
}

// IsNil says whether v is nil.
func (v Value) IsNil() bool { return v.o == nil }

// Truth is false for nil and false.
func (v Value) Truth() bool { return v.o != nil && (v.o != boolTag || v.n != 0) }

// Number is the number v is, without conversion.
func (v Value) Number() (float64, bool) { return v.n, v.o == numberTag }

// Text is the string v is, without conversion.
func (v Value) Text() (string, bool) {
	if v.o == nil || v.o.kind != String {
		return "", false
	}
	return v.o.s, true
}

// Table is the table v is, or nil.
func (v Value) Table() *Table {
	if v.o == nil || v.o.kind != TableKind {
		return nil
	}
	return v.o.ref.(*Table)
}

// Function is the function v is, or nil.
func (v Value) Function() *Function {
	if v.o == nil || v.o.kind != FunctionKind {
		return nil
	}
	return v.o.ref.(*Function)
}

func (v Value) thread() *Thread {
	if v.o == nil || v.o.kind != ThreadKind {
		return nil
	}
	return v.o.ref.(*Thread)
}

// toNumber converts as arithmetic does: a string that reads as a number is one.
func (v Value) toNumber() (float64, bool) {
	if v.o == numberTag {
		return v.n, true
	}
	if v.o != nil && v.o.kind == String {
		return ParseNumber(v.o.s)
	}
	return 0, false
}

// toString converts as concatenation does: a number has its text.
func (v Value) toString() (string, bool) {
	switch {
	case v.o == nil:
		return "", false
	case v.o == numberTag:
		return FormatNumber(v.n), true
	case v.o.kind == String:
		return v.o.s, true
	}
	return "", false
}

// rawEqual compares without metamethods.
func rawEqual(a, b Value) bool {
	if a.o == b.o {
		return a.o == nil || a.o.kind > Number || a.n == b.n
	}
	return a.o != nil && b.o != nil && a.o.kind == String && b.o.kind == String && a.o.s == b.o.s
}

// stringHash is the hash of a string with Lua 5.1's function: for long strings not every byte counts.
func (o *object) stringHash() uint32 {
	if !o.hashed {
		h := uint32(len(o.s))
		step := len(o.s)>>5 + 1
		for i := len(o.s); i >= step; i -= step {
			h ^= h<<5 + h>>2 + uint32(o.s[i-1])
		}
		o.hash, o.hashed = h, true
	}
	return o.hash
}

// address is how tostring names what has no text. C Lua prints an address; ours is the number of birth.
func (v Value) address() string {
	id := strconv.FormatUint(uint64(v.o.hash), 16)
	return v.Kind().String() + ": 0x" + "000000000000"[:max(0, 12-len(id))] + id
}
