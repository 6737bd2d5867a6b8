package lua

// prepare enters the function at stack[fn] with n arguments above it: a function of Lua gets a frame and runs next;
// a native runs at once. It says which: true for a frame.
func (th *Thread) prepare(fn, n, nres, tail int) bool {
	f := th.stack[fn].Function()
	if f == nil {
		f = th.callable(fn, &n)
	}
	if f.native != nil {
		th.callNative(f, fn, n, nres, tail)
		return false
	}
	p := f.p
	if len(th.frames) >= maxFrames {
		th.fail("stack overflow")
	}
	base, extra := fn+1, 0
	if p.vararg {
		extra = max(n-p.nparams, 0)
		base = fn + 1 + n
	}
	th.ensure(base + p.maxStack + 1)
	if p.vararg {
		for i := range p.nparams {
			if i < n {
				th.stack[base+i], th.stack[fn+1+i] = th.stack[fn+1+i], Value{}
			} else {
				th.stack[base+i] = Value{}
			}
		}
	} else {
		for i := n; i < p.nparams; i++ {
			th.stack[base+i] = Value{}
		}
	}
	th.frames = append(th.frames, frame{fn: f, ret: fn, base: base, nres: nres, extra: extra, tail: tail})
	th.top = base + p.maxStack
	if p.argReg >= 0 {
		th.stack[base+p.argReg] = th.argTable(base-extra, extra)
	}
	return true
}

// argTable makes the table "arg" of a function with ... that does not use ....
func (th *Thread) argTable(from, n int) Value {
	t := th.st.NewTable(n, 1)
	for i := range n {
		t.SetInt(i+1, th.stack[from+i])
	}
	t.SetStr("n", Int(n))
	return t.Value()
}

// callable puts the metamethod __call below what is called, or fails.
func (th *Thread) callable(fn int, n *int) *Function {
	v := th.stack[fn]
	h := th.st.metamethod(v, "__call").Function()
	if h == nil {
		th.typeError("call", v, th.names().b)
	}
	th.ensure(fn + *n + 2)
	copy(th.stack[fn+1:fn+2+*n], th.stack[fn:fn+1+*n])
	th.stack[fn] = h.Value()
	*n++
	return h
}

func (th *Thread) callNative(f *Function, fn, n, nres, tail int) {
	st := th.st
	if len(th.frames) >= maxFrames {
		th.fail("stack overflow")
	}
	th.frames = append(th.frames, frame{fn: f, ret: fn, base: fn + 1, nres: nres, tail: tail})
	depth := len(st.calls)
	if depth < cap(st.calls) {
		st.calls = st.calls[:depth+1]
	} else {
		st.calls = append(st.calls, nil)
	}
	c := st.calls[depth]
	if c == nil {
		c = &Call{}
		st.calls[depth] = c
	}
	*c = Call{th: th, base: fn + 1, n: n}
	th.top = fn + 1 + n
	c.first = th.top
	held := st.held
	f.native(c)
	st.held = held
	first := c.first
	st.calls = st.calls[:depth]
	th.frames = th.frames[:len(th.frames)-1]
	if th.yielding {
		th.ret, th.nres = fn, nres
		// What was yielded lies where the results go.
		copy(th.stack[fn:], th.stack[first:th.top])
		th.top = fn + th.top - first
		return
	}
	th.deliver(fn, nres, first, th.top-first)
}

// deliver moves n results from stack[from] to where the caller wants nres of them. For an open list top is its end.
func (th *Thread) deliver(ret, nres, from, n int) {
	if nres < 0 {
		copy(th.stack[ret:], th.stack[from:from+n])
		th.top = ret + n
		return
	}
	th.ensure(ret + nres)
	for i := range nres {
		if i < n {
			th.stack[ret+i] = th.stack[from+i]
		} else {
			th.stack[ret+i] = Value{}
		}
	}
}

// call calls from Go the function at stack[fn] with n arguments, and returns when it has returned. Its results lie
// at fn; with nres < 0 up to top.
func (th *Thread) call(fn, n, nres int) {
	st := th.st
	if st.nested >= maxNested {
		th.fail("C stack overflow")
	}
	st.nested++
	if th.prepare(fn, n, nres, 0) {
		th.frames[len(th.frames)-1].fresh = true
		th.execute()
	}
	st.nested--
}

// call1 calls f with arguments and gives its first result.
func (th *Thread) call1(f Value, args ...Value) Value {
	saved := th.top
	at := th.inUse()
	th.top = at
	th.push(f)
	for _, a := range args {
		th.push(a)
	}
	th.call(at, len(args), 1)
	v := th.stack[at]
	th.top = saved
	return v
}

// protect runs do and says whether it ended without an error; with one, the stacks are as before.
func (th *Thread) protect(do func()) (err *Error) {
	st := th.st
	frames, nested, top, calls, held := len(th.frames), st.nested, th.top, len(st.calls), st.held
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok || e.Final {
				panic(r)
			}
			th.frames, th.top = th.frames[:frames], top
			st.nested, st.calls, st.running, st.held = nested, st.calls[:calls], th, held
			err = e
		}
	}()
	do()
	return nil
}
