package lua

import (
	"strconv"
	"strings"
)

const threadBytes = 256

// Thread is a stack of calls: the main one, or a coroutine.
type Thread struct {
	self    object
	st      *State
	stack   []Value
	top     int // end of what is in use above the frame: arguments, results, open lists
	frames  []frame
	status  status
	resumer *Thread
	base    int // st.nested when it was resumed: to yield, it must be the same

	// Of a coroutine that yielded: where its results go once it is resumed.
	yielding bool
	ret      int
	nres     int
	body     Value // of a coroutine that has not started
}

type status uint8

const (
	suspended status = iota
	running
	normal // it resumed another one
	dead
)

// frame is one call that is going on.
type frame struct {
	fn    *Function
	ret   int // where results go; the function lay here
	base  int // register 0, or the first argument of a native
	pc    int
	nres  int // results wanted, < 0 for all
	extra int // arguments beyond the parameters; they lie at ret+1+nparams
	tail  int // calls that this one took the place of
	fresh bool
}

func (st *State) newThread() *Thread {
	th := &Thread{st: st}
	st.births++
	th.self = object{kind: ThreadKind, hash: st.births, ref: th}
	st.allocated += threadBytes
	return th
}

func (th *Thread) value() Value { return Value{o: &th.self} }

// ensure makes the stack hold n values.
func (th *Thread) ensure(n int) {
	if n <= len(th.stack) {
		return
	}
	size := max(64, n+n/2)
	th.st.charge((size - len(th.stack)) * valueBytes)
	fresh := make([]Value, size)
	copy(fresh, th.stack)
	th.stack = fresh
}

func (th *Thread) push(v Value) {
	th.ensure(th.top + 1)
	th.stack[th.top] = v
	th.top++
}

// inUse is how much of the stack may hold values that are needed.
func (th *Thread) inUse() int {
	n := th.top
	if len(th.frames) > 0 {
		if f := &th.frames[len(th.frames)-1]; f.fn.p != nil {
			n = max(n, f.base+f.fn.p.maxStack)
		}
	}
	return min(n, len(th.stack))
}

// line is the line of the instruction a frame is at.
func (f *frame) line() int {
	if f.fn.p == nil {
		return -1
	}
	return int(f.fn.p.lines[max(f.pc-1, 0)])
}

// at finds the frame of a level: 0 is the innermost. A call that tail calls took the place of is a level without a
// frame.
func (th *Thread) at(level int) (f *frame, ok bool) {
	for i := len(th.frames) - 1; i >= 0; i-- {
		f := &th.frames[i]
		if level == 0 {
			return f, true
		}
		level -= 1 + f.tail
		if level < 0 {
			return nil, true
		}
	}
	return nil, false
}

// where is the position "chunk:line: " of the function of that level, "" if it is no function of Lua.
func (th *Thread) where(level int) string {
	f, _ := th.at(level)
	if f == nil || f.fn.p == nil {
		return ""
	}
	return f.fn.p.chunk + ":" + strconv.Itoa(f.line()) + ": "
}

// raised is where an error was raised, as "source:line: ".
func (th *Thread) raised() string {
	f, ok := th.at(0)
	if f != nil && strings.HasPrefix(f.fn.Name, "@") { // it stands for a function of Lua
		return f.fn.Name + ": "
	}
	if f != nil && f.fn.p == nil {
		f, ok = th.at(1)
	}
	switch {
	case !ok:
		return ""
	case f == nil:
		return "=(tail call):-1: "
	case f.fn.p == nil:
		return "=[C]:-1: "
	}
	return f.fn.p.source + ":" + strconv.Itoa(f.line()) + ": "
}

// fail raises an error of the running function.
func (th *Thread) fail(text string) {
	panic(&Error{Value: th.st.NewString(th.where(0) + text)})
}

// typeError is the failure of an operation on v, which the code calls n.
func (th *Thread) typeError(op string, v Value, n name) {
	if n.kind != "" {
		th.fail("attempt to " + op + " " + n.kind + " '" + cString(n.text) + "' (a " + v.Kind().String() + " value)")
	}
	th.fail("attempt to " + op + " a " + v.Kind().String() + " value")
}

// names of the operands of the instruction that is being done.
func (th *Thread) names() names {
	f := &th.frames[len(th.frames)-1]
	if f.fn.p == nil {
		return names{}
	}
	return f.fn.p.names[f.pc-1]
}
