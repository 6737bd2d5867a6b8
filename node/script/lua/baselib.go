package lua

import "strings"

// library makes the functions of a table of names. Names are set in the order given, so that layout is the same in
// each state.
func (st *State) library(t *Table, fns []entry) {
	for _, e := range fns {
		t.SetStr(e.name, st.Native(e.name, e.fn).Value())
	}
}

type entry struct {
	name string
	fn   Native
}

// OpenLibs makes the globals of Lua 5.1 that need nothing outside the state: the basic functions, string, table,
// math and coroutine. There is no io, os, package, debug, dofile, loadfile, print or newproxy.
// math.random draws from random, which gives numbers in [0, 1); seed sets it.
func (st *State) OpenLibs(random func() float64, seed func(int)) {
	g := st.Globals
	g.SetStr("_G", g.Value())
	g.SetStr("_VERSION", Str("Lua 5.1"))
	st.library(g, []entry{
		{"assert", baseAssert}, {"collectgarbage", baseCollect}, {"error", baseError}, {"gcinfo", baseGCInfo},
		{"getfenv", baseGetfenv}, {"getmetatable", baseGetmetatable}, {"ipairs", baseIpairs}, {"load", baseLoad},
		{"loadstring", baseLoadstring}, {"next", baseNext}, {"pairs", basePairs}, {"pcall", basePcall},
		{"rawequal", baseRawequal}, {"rawget", baseRawget}, {"rawset", baseRawset}, {"select", baseSelect},
		{"setfenv", baseSetfenv}, {"setmetatable", baseSetmetatable}, {"tonumber", baseTonumber},
		{"tostring", baseTostring}, {"type", baseType}, {"unpack", baseUnpack}, {"xpcall", baseXpcall},
	})
	open := func(name string, fns []entry) *Table {
		t := st.NewTable(0, len(fns))
		st.library(t, fns)
		g.SetStr(name, t.Value())
		return t
	}
	open("coroutine", coroutineLib)
	open("table", tableLib)
	st.Strings = st.NewTable(0, 1)
	st.Strings.SetStr("__index", open("string", stringLib).Value())
	openMath(open("math", mathLib), st, random, seed)
}

func baseAssert(c *Call) {
	if !c.CheckAny(1).Truth() {
		c.Errorf("%s", cString(c.OptStr(2, "assertion failed!")))
	}
	for i := 1; i <= c.n; i++ {
		c.Push(c.Arg(i))
	}
}

func baseCollect(c *Call) {
	switch opt := c.OptStr(1, "collect"); opt {
	case "collect":
		c.th.st.collect()
		c.PushNum(0)
	case "count":
		c.PushNum(float64(c.th.st.Memory()) / 1024)
	case "step":
		c.Push(True)
	case "stop", "restart", "setpause", "setstepmul":
		c.PushNum(0)
	default:
		c.ArgError(1, "invalid option '"+cString(opt)+"'")
	}
}

func baseGCInfo(c *Call) { c.PushNum(float64(c.th.st.Memory() / 1024)) }

func baseError(c *Call) {
	level := c.optInt32(2, 1)
	v := c.Arg(1)
	if s, ok := v.toString(); ok && level > 0 {
		v = c.th.st.NewString(c.Where(level) + s)
	}
	c.Throw(v)
}

// functionAt is the function an argument names: itself, or the one that runs at a level.
func functionAt(c *Call, optional bool) *Function {
	if f := c.Arg(1).Function(); f != nil {
		return f
	}
	level := 1
	if !optional || !c.Arg(1).IsNil() {
		level = c.checkInt32(1)
	}
	c.ArgCheck(level >= 0, 1, "level must be non-negative")
	f, ok := c.th.at(level)
	if !ok {
		c.ArgError(1, "invalid level")
	}
	if f == nil {
		c.Errorf("no function environment for tail call at level %d", level)
	}
	return f.fn
}

func baseGetfenv(c *Call) {
	if n, ok := c.Arg(1).toNumber(); ok && n == 0 {
		c.Push(c.th.st.Globals.Value())
		return
	}
	f := functionAt(c, true)
	if f.native != nil {
		c.Push(c.th.st.Globals.Value())
		return
	}
	c.Push(f.env.Value())
}

func baseSetfenv(c *Call) {
	env := c.CheckTable(2)
	f := functionAt(c, false)
	if f.native != nil {
		c.Errorf("'setfenv' cannot change environment of given object")
	}
	f.env = env
	c.Push(f.Value())
}

func baseGetmetatable(c *Call) {
	m := c.th.st.metatable(c.CheckAny(1))
	if m == nil {
		c.Push(Value{})
		return
	}
	if p := m.GetStr("__metatable"); !p.IsNil() {
		c.Push(p)
		return
	}
	c.Push(m.Value())
}

func baseSetmetatable(c *Call) {
	t := c.CheckTable(1)
	m := c.Arg(2)
	c.ArgCheck(c.n >= 2 && (m.IsNil() || m.Table() != nil), 2, "nil or table expected")
	if t.meta != nil && !t.meta.GetStr("__metatable").IsNil() {
		c.Errorf("cannot change a protected metatable")
	}
	t.meta = m.Table()
	c.Push(c.Arg(1))
}

func baseIpairs(c *Call) {
	t := c.CheckTable(1)
	c.Push(c.th.st.iterator("ipairs_aux", func(c *Call) {
		t := c.CheckTable(1)
		i := c.checkInt32(2) + 1
		if v := t.GetInt(i); !v.IsNil() {
			c.PushNum(float64(i))
			c.Push(v)
		}
	}).Value())
	c.Push(t.Value())
	c.PushNum(0)
}

// iterator is the one function of that name that a library keeps for itself.
func (st *State) iterator(name string, fn Native) *Function {
	if st.hidden == nil {
		st.hidden = map[string]*Function{}
	}
	f := st.hidden[name]
	if f == nil {
		f = st.Native(name, fn)
		st.hidden[name] = f
		st.Anchor(f.Value())
	}
	return f
}

func basePairs(c *Call) {
	t := c.CheckTable(1)
	c.Push(c.th.st.iterator("next", baseNext).Value())
	c.Push(t.Value())
	c.Push(Value{})
}

func baseNext(c *Call) {
	k, v, ok := c.CheckTable(1).Next(c.Arg(2))
	if !ok {
		c.Throw(Str("invalid key to 'next'"))
	}
	c.Push(k)
	if !k.IsNil() {
		c.Push(v)
	}
}

func baseRawequal(c *Call) { c.Push(Bool(rawEqual(c.CheckAny(1), c.CheckAny(2)))) }

func baseRawget(c *Call) { c.Push(c.CheckTable(1).Get(c.CheckAny(2))) }

func baseRawset(c *Call) {
	t := c.CheckTable(1)
	key := c.CheckAny(2)
	val := c.CheckAny(3)
	c.th.rawSet(t, key, val)
	c.Push(t.Value())
}

func baseSelect(c *Call) {
	if s, ok := c.Arg(1).Text(); ok && strings.HasPrefix(s, "#") {
		c.PushNum(float64(c.n - 1))
		return
	}
	i := c.checkInt32(1)
	if i < 0 {
		i += c.n
	} else if i > c.n {
		i = c.n
	}
	c.ArgCheck(i >= 1, 1, "index out of range")
	for i++; i <= c.n; i++ {
		c.Push(c.Arg(i))
	}
}

func baseTonumber(c *Call) {
	base := c.optInt32(2, 10)
	if base == 10 {
		if n, ok := c.CheckAny(1).toNumber(); ok {
			c.PushNum(n)
			return
		}
	} else {
		s := c.CheckStr(1)
		c.ArgCheck(base >= 2 && base <= 36, 2, "base out of range")
		if n, ok := parseInBase(s, base); ok {
			c.PushNum(n)
			return
		}
	}
	c.Push(Value{})
}

func baseTostring(c *Call) { c.Push(c.ToString(c.CheckAny(1))) }

func baseType(c *Call) { c.Push(c.th.st.typeName(c.CheckAny(1).Kind())) }

// typeName is the name of a type as a string that is made once.
func (st *State) typeName(k Kind) Value {
	if st.typeNames[k].IsNil() {
		st.typeNames[k] = Str(k.String())
	}
	return st.typeNames[k]
}

func baseUnpack(c *Call) {
	t := c.CheckTable(1)
	i := c.optInt32(2, 1)
	e := c.optInt32(3, 0)
	if c.Arg(3).IsNil() {
		e = t.Len()
	}
	if i > e {
		return
	}
	n := e - i + 1
	if n > maxStackValues-c.n || n >= 1<<31 {
		c.Errorf("too many results to unpack")
	}
	for ; i <= e; i++ {
		c.Push(t.GetInt(i))
	}
}

func basePcall(c *Call) {
	f := c.CheckAny(1)
	at := c.th.top
	c.Push(True)
	err := c.th.protect(func() {
		args := make([]Value, 0, max(c.n-1, 0))
		for i := 2; i <= c.n; i++ {
			args = append(args, c.Arg(i))
		}
		c.call(f, -1, args...)
	})
	if err != nil {
		c.th.top = at
		c.Push(False)
		c.Push(err.Value)
	}
}

// maxHandlers is how often a handler of errors may fail in a row.
const maxHandlers = 20

func baseXpcall(c *Call) {
	c.CheckAny(2)
	f, h := c.Arg(1), c.Arg(2)
	at := c.th.top
	c.Push(True)
	err := c.th.protect(func() { c.call(f, -1) })
	if err == nil {
		return
	}
	for i := 0; err != nil && h.Function() != nil && i < maxHandlers; i++ {
		c.th.top = at
		c.Push(False)
		arg := err.Value
		err = c.th.protect(func() { c.call(h, 1, arg) })
	}
	if err != nil {
		c.th.top = at
		c.Push(False)
		c.Push(Str("error in error handling"))
	}
}

func baseLoadstring(c *Call) {
	s := c.CheckStr(1)
	c.compile(s, c.OptStr(2, s))
}

func baseLoad(c *Call) {
	f := c.CheckFunction(1)
	name := c.OptStr(2, "=(load)")
	var b strings.Builder
	var text string
	err := c.th.protect(func() {
		for {
			v := c.call1(f.Value())
			if v.IsNil() {
				break
			}
			s, ok := v.toString()
			if !ok {
				c.Throw(Str("reader function must return a string"))
			}
			if s == "" {
				break
			}
			c.Grow(len(s))
			b.WriteString(s)
		}
		text = b.String()
	})
	if err != nil {
		c.Push(Value{})
		c.Push(err.Value)
		return
	}
	c.compile(text, name)
}

func (c *Call) compile(text, source string) {
	f, err := c.th.st.Compile(text, cString(source))
	if err != nil {
		c.Push(Value{})
		c.PushStr(err.Error())
		return
	}
	c.Push(f.Value())
}

// The sizes of names of sources, with the byte that ends them in C: what runs has shorter ones than what is read.
const (
	runtimeName = 60
	syntaxName  = 80
)

// chunkName is how errors name a source: what follows = or @, else its first line as a string.
func chunkName(source string, size int) string {
	source = cString(source)
	switch {
	case strings.HasPrefix(source, "="):
		return source[1:min(len(source), size)]
	case strings.HasPrefix(source, "@"):
		source = source[1:]
		if room := size - len(" '...' ") - 1; len(source) > room {
			return "..." + source[len(source)-room:]
		}
		return source
	}
	n := strings.IndexAny(source, "\n\r")
	if n < 0 {
		n = len(source)
	}
	n = min(n, size-len(` [string "..."] `)-1)
	if n < len(source) {
		return `[string "` + source[:n] + `..."]`
	}
	return `[string "` + source + `"]`
}
