package lua

import "fmt"

// The limits of Lua 5.1 as Redis builds it.
const (
	maxFrames      = 16380 // calls of Lua in Lua: "stack overflow"
	maxNested      = 198   // Lua in C in Lua …: "C stack overflow"
	maxStackValues = 8000  // values a native function may push
)

// State is one Lua: its globals, its stacks, and what it may use up.
type State struct {
	// MemoryLimit is how many bytes of live memory scripts may hold, as counted here; beyond it the error is "not
	// enough memory". 0 means no limit. Constants of compiled scripts are not counted.
	MemoryLimit int
	// OnCount is asked whether to go on after about CountEvery more instructions, with the number counted since
	// ResetCount. An error ends the script: no pcall catches it. Natives that work long count what they do too.
	OnCount    func(instructions int) error
	CountEvery int // > 0 where OnCount is set

	Globals *Table
	Strings *Table // the metatable of strings

	main    *Thread
	running *Thread
	births  uint32
	nested  int // native calls that hold a running Lua function
	calls   []*Call

	count     int // instructions
	nextCheck int

	held      int // bytes that running natives are building strings of: no walk finds them
	live      int // bytes at the last count of live memory
	allocated int // bytes since then
	recountAt int // allocated at which to count again
	epoch     uint32
	roots     []Value
	hidden    map[string]*Function // iterators
	typeNames [cellKind]Value
}

// NewState makes a state whose globals are empty.
func NewState() *State {
	st := &State{recountAt: minRecount, nextCheck: 1 << 62}
	st.main = st.newThread()
	st.running = st.main
	st.Globals = st.NewTable(0, 0)
	return st
}

// Anchor keeps v counted as live for as long as the state lives.
func (st *State) Anchor(v Value) { st.roots = append(st.roots, v) }

// ResetCount starts the count of instructions anew.
func (st *State) ResetCount() {
	st.count = 0
	st.nextCheck = 1 << 62
	if st.OnCount != nil {
		st.nextCheck = st.CountEvery
	}
}

// Count is how many instructions ran since ResetCount.
func (st *State) Count() int { return st.count }

// work counts n instructions' worth of a native's labour.
func (st *State) work(n int) {
	if st.count += n; st.count >= st.nextCheck {
		st.check()
	}
}

func (st *State) check() {
	st.nextCheck = st.count + st.CountEvery
	if err := st.OnCount(st.count); err != nil {
		panic(&Error{Value: Str(err.Error()), Final: true})
	}
}

// Error is an error of Lua on its way to a pcall or out of the state.
type Error struct {
	Value Value
	Final bool // no pcall catches it
}

func (e *Error) Error() string {
	if s, ok := e.Value.toString(); ok {
		return s
	}
	return fmt.Sprintf("(error object is a %s value)", e.Value.Kind())
}

// Function is a closure of Lua, or a native.
type Function struct {
	self   object
	p      *proto
	upvals []*cell
	env    *Table
	native Native
	held   *Thread // the coroutine that coroutine.wrap made it for
	Name   string  // of a native, for whoever looks at it in Go
}

// Native is a function in Go. It panics by c.Errorf and its kin only.
type Native func(c *Call)

type cell struct {
	self object
	v    Value
}

const (
	functionBytes = 64
	cellBytes     = 64
	stringBytes   = 48
)

func (st *State) newFunction() *Function {
	f := &Function{env: st.Globals}
	st.births++
	f.self = object{kind: FunctionKind, hash: st.births, ref: f}
	st.charge(functionBytes)
	return f
}

// Native makes a function of Go's.
func (st *State) Native(name string, fn Native) *Function {
	f := st.newFunction()
	f.native, f.Name = fn, name
	return f
}

// Value is f as a value.
func (f *Function) Value() Value { return Value{o: &f.self} }

// NewString makes a string and accounts for it.
func (st *State) NewString(s string) Value {
	st.charge(stringBytes + len(s))
	return Str(s)
}

// Compile reads a chunk. source is where the text comes from: "@name", "=name" or the text itself. The error is a
// *SyntaxError.
func (st *State) Compile(text, source string) (f *Function, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			f, err = nil, e
		}
	}()
	st.work(len(text))
	st.charge(4 * len(text)) // what the tree takes while it is there
	p := generate(parse(text, chunkName(source, syntaxName)), chunkName(source, runtimeName), source)
	f = st.newFunction()
	f.p = p
	return f, nil
}

// Run calls f from outside and returns what it returned; the slice is valid until the next call. The error is an
// *Error, and raised is where it was raised: the source and line of the innermost function of Lua, as a handler of
// xpcall that asks debug.getinfo sees it.
func (st *State) Run(f *Function, args ...Value) (results []Value, raised string, err error) {
	th := st.main
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			raised = th.raised()
			results, err = nil, e
		}
		th.frames, th.top = th.frames[:0], 0
		st.nested, st.running, st.held, st.calls = 0, th, 0, st.calls[:0]
	}()
	base := th.top
	th.push(f.Value())
	for _, a := range args {
		th.push(a)
	}
	th.call(base, len(args), -1)
	return th.stack[base:th.top], "", nil
}
