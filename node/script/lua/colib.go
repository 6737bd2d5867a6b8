package lua

var coroutineLib = []entry{
	{"create", coCreate}, {"resume", coResume}, {"running", coRunning}, {"status", coStatus}, {"wrap", coWrap},
	{"yield", coYield},
}

func (c *Call) newCoroutine() *Thread {
	f := c.Arg(1).Function()
	c.ArgCheck(f != nil && f.p != nil, 1, "Lua function expected")
	co := c.th.st.newThread()
	c.th.st.charge(0)
	co.body = f.Value()
	return co
}

func coCreate(c *Call) { c.Push(c.newCoroutine().value()) }

func coRunning(c *Call) {
	if c.th == c.th.st.main {
		c.Push(Value{})
		return
	}
	c.Push(c.th.value())
}

func (c *Call) checkThread() *Thread {
	co := c.Arg(1).thread()
	c.ArgCheck(co != nil, 1, "coroutine expected")
	return co
}

// state is the word for what a coroutine does.
func (c *Call) coState(co *Thread) string {
	if co == c.th {
		return "running"
	}
	return [...]string{"suspended", "running", "normal", "dead"}[co.status]
}

func coStatus(c *Call) { c.Push(Str(c.coState(c.checkThread()))) }

func coYield(c *Call) {
	th := c.th
	if th == th.st.main || th.st.nested > th.base {
		th.fail("attempt to yield across metamethod/C-call boundary")
	}
	th.yielding = true
	c.first = c.base
}

func coResume(c *Call) {
	co := c.checkThread()
	args := make([]Value, 0, c.n)
	for i := 2; i <= c.n; i++ {
		args = append(args, c.Arg(i))
	}
	results, err := c.resume(co, args)
	c.Push(Bool(err == nil))
	if err != nil {
		c.Push(err.Value)
		return
	}
	for _, v := range results {
		c.Push(v)
	}
}

func coWrap(c *Call) {
	co := c.newCoroutine()
	f := c.th.st.Native("wrap", func(c *Call) {
		args := make([]Value, 0, c.n)
		for i := 1; i <= c.n; i++ {
			args = append(args, c.Arg(i))
		}
		results, err := c.resume(co, args)
		if err != nil {
			if s, ok := err.Value.toString(); ok {
				c.Throw(c.th.st.NewString(c.Where(1) + s))
			}
			panic(err)
		}
		for _, v := range results {
			c.Push(v)
		}
	})
	f.held = co
	c.Push(f.Value())
}

// resume runs co until it yields, returns or fails.
func (c *Call) resume(co *Thread, args []Value) (results []Value, err *Error) {
	th, st := c.th, c.th.st
	if s := c.coState(co); s != "suspended" {
		return nil, &Error{Value: Str("cannot resume " + s + " coroutine")}
	}
	if st.nested >= maxNested {
		return nil, &Error{Value: Str("C stack overflow")}
	}
	th.status, co.status, co.resumer, st.running = normal, running, th, co
	nested, calls, held := st.nested, len(st.calls), st.held
	defer func() {
		st.nested, st.running, th.status, co.resumer = nested, th, running, nil
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok || e.Final {
				panic(r)
			}
			st.calls, st.held = st.calls[:calls], held
			co.status, co.frames, co.stack, co.top = dead, nil, nil, 0
			results, err = nil, e
		}
	}()
	st.nested++
	co.base = st.nested
	co.run(args)
	if co.yielding {
		co.yielding, co.status = false, suspended
		return append(results, co.stack[co.ret:co.top]...), nil
	}
	results = append(results, co.stack[:co.top]...)
	co.status, co.frames, co.stack, co.top = dead, nil, nil, 0
	return results, nil
}

// run starts co with arguments, or goes on with them as the results of its yield.
func (co *Thread) run(args []Value) {
	if !co.body.IsNil() {
		co.push(co.body)
		co.body = Value{}
		for _, v := range args {
			co.push(v)
		}
		co.prepare(0, len(args), -1, 0)
		co.frames[0].fresh = true
		co.execute()
		return
	}
	from := co.top
	for _, v := range args {
		co.push(v)
	}
	co.deliver(co.ret, co.nres, from, len(args))
	f := &co.frames[len(co.frames)-1]
	co.ensure(f.base + f.fn.p.maxStack + 1)
	if co.nres >= 0 {
		co.top = f.base + f.fn.p.maxStack
	}
	co.execute()
}
