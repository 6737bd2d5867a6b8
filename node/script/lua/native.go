package lua

import (
	"fmt"
	"strconv"
)

// Call is one call of a native: its arguments, and its results as they are pushed.
type Call struct {
	th    *Thread
	base  int
	n     int
	first int // of the results on the stack
}

// State is the state that calls.
func (c *Call) State() *State { return c.th.st }

// Len is the number of arguments.
func (c *Call) Len() int { return c.n }

// Arg is argument i, from 1; nil where there is none.
func (c *Call) Arg(i int) Value {
	if i > c.n {
		return Value{}
	}
	return c.th.stack[c.base+i-1]
}

// Push adds a result.
func (c *Call) Push(v Value) { c.th.push(v) }

// PushStr adds a string and accounts for it.
func (c *Call) PushStr(s string) { c.th.push(c.th.st.NewString(s)) }

// PushNum adds a number.
func (c *Call) PushNum(n float64) { c.th.push(Num(n)) }

// Pop takes back the last result.
func (c *Call) Pop() { c.th.top-- }

// Grow accounts for n bytes that a native is about to build a string of; it holds them until it returns.
func (c *Call) Grow(n int) {
	c.th.st.charge(n)
	c.th.st.held += n
	c.th.st.work(n/64 + 1)
}

// Work counts n instructions' worth of labour.
func (c *Call) Work(n int) { c.th.st.work(n) }

// Throw raises v.
func (c *Call) Throw(v Value) { panic(&Error{Value: v}) }

// Errorf raises a text, with the position of the function of Lua that called.
func (c *Call) Errorf(format string, args ...any) {
	c.Throw(c.th.st.NewString(c.Where(1) + fmt.Sprintf(format, args...)))
}

// Where is the position "chunk:line: " of a level: 0 is this native, 1 who called it. Empty if that is no function
// of Lua.
func (c *Call) Where(level int) string { return c.th.where(level) }

// Caller is the source and line of the function that called, as debug.getinfo names them; ok is false if there is
// none. Line -1 is a native's.
func (c *Call) Caller() (source string, line int, ok bool) {
	f, ok := c.th.at(1)
	switch {
	case !ok:
		return "", 0, false
	case f == nil:
		return "=(tail call)", -1, true
	case f.fn.p == nil:
		return "=[C]", -1, true
	}
	return f.fn.p.source, f.line(), true
}

// What is debug.getinfo's word for the function of a level: main, Lua, C or tail; "" for no function.
func (c *Call) What(level int) string {
	f, ok := c.th.at(level)
	switch {
	case !ok:
		return ""
	case f == nil:
		return "tail"
	case f.fn.p == nil:
		return "C"
	case f.fn.p.line == 0:
		return "main"
	}
	return "Lua"
}

// calledAs is what the code that called names this native: "?" where it has no name.
func (c *Call) calledAs() name {
	frames := c.th.frames
	f := &frames[len(frames)-1]
	if len(frames) < 2 || f.tail > 0 {
		return name{text: "?"}
	}
	caller := &frames[len(frames)-2]
	if caller.fn.p == nil {
		return name{text: "?"}
	}
	pc := caller.pc - 1
	if op := caller.fn.p.code[pc].op; op == opCall || op == opTailCall {
		if n := caller.fn.p.names[pc].b; n.kind != "" {
			return n
		}
	}
	return name{text: "?"}
}

// ArgError raises that argument i is bad.
func (c *Call) ArgError(i int, msg string) {
	n := c.calledAs()
	if n.kind == "method" {
		if i--; i == 0 {
			c.Errorf("calling '%s' on bad self (%s)", n.text, msg)
		}
	}
	c.Errorf("bad argument #%d to '%s' (%s)", i, n.text, msg)
}

// ArgCheck raises that argument i is bad unless ok.
func (c *Call) ArgCheck(ok bool, i int, msg string) {
	if !ok {
		c.ArgError(i, msg)
	}
}

func (c *Call) typeName(i int) string {
	if i > c.n {
		return "no value"
	}
	return c.Arg(i).Kind().String()
}

func (c *Call) typeError(i int, want string) { c.ArgError(i, want+" expected, got "+c.typeName(i)) }

// CheckAny raises unless there is an argument i.
func (c *Call) CheckAny(i int) Value {
	if i > c.n {
		c.ArgError(i, "value expected")
	}
	return c.Arg(i)
}

// CheckTable is argument i, which must be a table.
func (c *Call) CheckTable(i int) *Table {
	t := c.Arg(i).Table()
	if t == nil {
		c.typeError(i, "table")
	}
	return t
}

// CheckFunction is argument i, which must be a function.
func (c *Call) CheckFunction(i int) *Function {
	f := c.Arg(i).Function()
	if f == nil {
		c.typeError(i, "function")
	}
	return f
}

// CheckStr is argument i, which must be a string or number.
func (c *Call) CheckStr(i int) string {
	s, ok := c.Arg(i).toString()
	if !ok {
		c.typeError(i, "string")
	}
	return s
}

// CheckNum is argument i, which must be a number or read as one.
func (c *Call) CheckNum(i int) float64 {
	n, ok := c.Arg(i).toNumber()
	if !ok {
		c.typeError(i, "number")
	}
	return n
}

// CheckInt is argument i as C's conversion to a 64-bit integer has it.
func (c *Call) CheckInt(i int) int { return int(ToInt64(c.CheckNum(i))) }

// checkInt32 is argument i as C's conversion over ptrdiff_t to int has it.
func (c *Call) checkInt32(i int) int { return int(int32(c.CheckInt(i))) }

// OptInt is argument i, or otherwise where there is none.
func (c *Call) OptInt(i, otherwise int) int {
	if c.Arg(i).IsNil() {
		return otherwise
	}
	return c.CheckInt(i)
}

func (c *Call) optInt32(i, otherwise int) int {
	if c.Arg(i).IsNil() {
		return otherwise
	}
	return c.checkInt32(i)
}

// OptStr is argument i, or otherwise where there is none.
func (c *Call) OptStr(i int, otherwise string) string {
	if c.Arg(i).IsNil() {
		return otherwise
	}
	return c.CheckStr(i)
}

// ToStr is argument i as a string if it is one or a number.
func (v Value) ToStr() (string, bool) { return v.toString() }

// ToNum is the number v is or reads as.
func (v Value) ToNum() (float64, bool) { return v.toNumber() }

// Room raises unless n more results fit.
func (c *Call) Room(n int, msg string) {
	if n > maxStackValues-(c.th.top-c.base) {
		c.Errorf("stack overflow (%s)", msg)
	}
}

// call calls f; its results follow the results pushed so far. It is their number.
func (c *Call) call(f Value, nres int, args ...Value) int {
	at := c.th.top
	c.th.push(f)
	for _, a := range args {
		c.th.push(a)
	}
	c.th.call(at, len(args), nres)
	if nres >= 0 {
		c.th.top = at + nres
	}
	return c.th.top - at
}

// call1 calls f and takes its first result.
func (c *Call) call1(f Value, args ...Value) Value {
	c.call(f, 1, args...)
	c.th.top--
	return c.th.stack[c.th.top]
}

// ToString is what tostring gives.
func (c *Call) ToString(v Value) Value {
	if h := c.th.st.metamethod(v, "__tostring"); !h.IsNil() {
		return c.call1(h, v)
	}
	switch v.Kind() {
	case Nil:
		return Str("nil")
	case Boolean:
		return Str(strconv.FormatBool(v.n != 0))
	case Number:
		return c.th.st.NewString(FormatNumber(v.n))
	case String:
		return v
	case LightUserdata:
		return Str("userdata: " + v.o.s)
	}
	return c.th.st.NewString(v.address())
}
