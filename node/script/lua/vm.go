package lua

// execute runs the innermost frame, and those it calls, until that frame returns or its coroutine yields.
func (th *Thread) execute() {
	st := th.st
entered:
	f := &th.frames[len(th.frames)-1]
	p := f.fn.p
	code, k := p.code, p.k
	base := f.base
	regs := th.stack[base : base+p.maxStack]
	for {
		if st.count++; st.count >= st.nextCheck {
			st.check()
		}
		i := &code[f.pc]
		f.pc++
		switch i.op {
		case opMove:
			regs[i.a] = regs[i.b]
		case opLoadK:
			regs[i.a] = k[i.b]
		case opLoadNil:
			for r := int(i.a); r <= int(i.b); r++ {
				regs[r] = Value{}
			}
		case opLoadBool:
			regs[i.a] = Bool(i.b != 0)
		case opGetUpval:
			regs[i.a] = f.fn.upvals[i.b].v
		case opSetUpval:
			f.fn.upvals[i.b].v = *rk(regs, k, i.c)
		case opNewCell:
			regs[i.a] = st.newCell(regs[i.a])
		case opGetCell:
			regs[i.a] = regs[i.b].o.ref.(*cell).v
		case opSetCell:
			regs[i.a].o.ref.(*cell).v = *rk(regs, k, i.c)
		case opGetGlobal:
			if v := f.fn.env.findString(k[i.b].o); v != nil && !v.IsNil() {
				regs[i.a] = *v
				continue
			}
			v := th.index(f.fn.env.Value(), k[i.b], name{})
			regs = th.stack[base : base+p.maxStack]
			f = &th.frames[len(th.frames)-1]
			regs[i.a] = v
		case opGetTable, opSelf:
			obj, key := regs[i.b], rk(regs, k, i.c)
			if t := obj.Table(); t != nil {
				if v := t.find(*key); v != nil && !v.IsNil() {
					if i.op == opSelf {
						regs[i.a+1] = obj
					}
					regs[i.a] = *v
					continue
				}
			}
			v := th.index(obj, *key, name{})
			regs = th.stack[base : base+p.maxStack]
			f = &th.frames[len(th.frames)-1]
			if i.op == opSelf {
				regs[i.a+1] = obj
			}
			regs[i.a] = v
		case opSetGlobal:
			th.setIndex(f.fn.env.Value(), k[i.b], *rk(regs, k, i.c))
			regs = th.stack[base : base+p.maxStack]
			f = &th.frames[len(th.frames)-1]
		case opSetTable:
			key, val := rk(regs, k, i.b), rk(regs, k, i.c)
			if t := regs[i.a].Table(); t != nil {
				if v := t.find(*key); v != nil && (t.meta == nil || !v.IsNil()) {
					*v = *val
					continue
				}
			}
			th.setIndex(regs[i.a], *key, *val)
			regs = th.stack[base : base+p.maxStack]
			f = &th.frames[len(th.frames)-1]
		case opAdd, opSub, opMul, opDiv, opMod, opPow:
			l, r := rk(regs, k, i.b), rk(regs, k, i.c)
			if l.o == numberTag && r.o == numberTag {
				regs[i.a] = Value{numberTag, arith(int(i.op-opAdd), l.n, r.n)}
				continue
			}
			v := th.arithmetic(i.op, *l, *r)
			regs = th.stack[base : base+p.maxStack]
			f = &th.frames[len(th.frames)-1]
			regs[i.a] = v
		case opNot:
			regs[i.a] = Bool(!regs[i.b].Truth())
		case opJmp:
			f.pc = int(i.b)
		case opTest:
			if regs[i.a].Truth() == (i.c != 0) {
				f.pc = int(i.b)
			}
		case opEq, opLt, opLe:
			l, r := rk(regs, k, i.b), rk(regs, k, i.c)
			var yes bool
			if l.o == numberTag && r.o == numberTag {
				switch i.op {
				case opEq:
					yes = l.n == r.n
				case opLt:
					yes = l.n < r.n
				default:
					yes = l.n <= r.n
				}
			} else {
				yes = th.compare(i.op, *l, *r)
				regs = th.stack[base : base+p.maxStack]
				f = &th.frames[len(th.frames)-1]
			}
			if yes == (i.a != 0) {
				f.pc = int(code[f.pc].b)
			} else {
				f.pc++
			}
		case opCall:
			fn := base + int(i.a)
			n := int(i.b)
			if n < 0 {
				n = th.top - fn - 1
			}
			if th.prepare(fn, n, int(i.c), 0) {
				goto entered
			}
			if th.yielding {
				return
			}
			regs = th.stack[base : base+p.maxStack]
			f = &th.frames[len(th.frames)-1]
			if i.c >= 0 {
				th.top = base + p.maxStack
			}
		case opTailCall:
			if th.tailCall(f, i) {
				goto entered
			}
			if th.yielding {
				return
			}
			regs = th.stack[base : base+p.maxStack]
			f = &th.frames[len(th.frames)-1]
		case opReturn:
			if th.finish(f, i) {
				return
			}
			goto entered
		case opForPrep:
			th.forPrep(regs[i.a : i.a+3])
			f.pc = int(i.b)
		case opForLoop:
			r := regs[i.a : i.a+4]
			r[0].n += r[2].n
			if n := r[0].n; r[2].n > 0 && n <= r[1].n || r[2].n <= 0 && r[1].n <= n {
				r[3] = Value{numberTag, n}
				f.pc = int(i.b)
			}
		default:
			th.rare(f, i)
			regs = th.stack[base : base+p.maxStack]
			f = &th.frames[len(th.frames)-1]
		}
	}
}

func rk(regs, k []Value, x int32) *Value {
	if x < 0 {
		return &k[-1-x]
	}
	return &regs[x]
}

// rare does the instructions that are long anyway.
func (th *Thread) rare(f *frame, i *instr) {
	a := f.base + int(i.a)
	switch i.op {
	case opUnm:
		v := th.negate(th.stack[f.base+int(i.b)])
		th.stack[a] = v
	case opLen:
		v := th.length(th.stack[f.base+int(i.b)])
		th.stack[a] = v
	case opConcat:
		from, to := f.base+int(i.b), f.base+int(i.c)
		th.concat(from, to, f)
		th.stack[a] = th.stack[from]
	case opNewTable:
		th.stack[a] = th.st.NewTable(int(i.b), int(i.c)).Value()
	case opSetList:
		th.setList(a, i)
	case opVararg:
		th.varargs(f, a, int(i.b))
	case opTForCall:
		th.iterate(a, i)
	case opClosure:
		th.stack[a] = th.closure(f, f.fn.p.protos[i.b]).Value()
	}
}

// tailCall replaces the frame by the call's if that is one of Lua; a native is called as usual, and the return that
// follows passes on its results.
func (th *Thread) tailCall(f *frame, i *instr) bool {
	fn := f.base + int(i.a)
	n := int(i.b)
	if n < 0 {
		n = th.top - fn - 1
	}
	if t := th.stack[fn].Function(); t == nil || t.native != nil {
		if !th.prepare(fn, n, -1, 0) {
			return false
		}
		// The function of Lua behind a __call: an ordinary call, whose results the return passes on.
		return true
	}
	ret, nres, tail, fresh := f.ret, f.nres, f.tail+1, f.fresh
	copy(th.stack[ret:], th.stack[fn:fn+n+1])
	th.frames = th.frames[:len(th.frames)-1]
	th.prepare(ret, n, nres, tail)
	th.frames[len(th.frames)-1].fresh = fresh
	return true
}

// finish returns from a frame and says whether execute is done.
func (th *Thread) finish(f *frame, i *instr) bool {
	from, n := f.base+int(i.a), int(i.b)
	if n < 0 {
		n = th.top - from
	}
	ret, nres, fresh := f.ret, f.nres, f.fresh
	th.frames = th.frames[:len(th.frames)-1]
	th.deliver(ret, nres, from, n)
	if fresh {
		return true
	}
	caller := &th.frames[len(th.frames)-1]
	th.ensure(caller.base + caller.fn.p.maxStack + 1)
	if nres >= 0 {
		th.top = caller.base + caller.fn.p.maxStack
	}
	return false
}

func (st *State) newCell(v Value) Value {
	c := &cell{v: v}
	c.self = object{kind: cellKind, ref: c}
	st.charge(cellBytes)
	return Value{o: &c.self}
}

func (th *Thread) closure(f *frame, p *proto) *Function {
	c := th.st.newFunction()
	c.p, c.env = p, f.fn.env
	if len(p.upvals) > 0 {
		c.upvals = make([]*cell, len(p.upvals))
		for i, u := range p.upvals {
			if u.register {
				c.upvals[i] = th.stack[f.base+u.index].o.ref.(*cell)
			} else {
				c.upvals[i] = f.fn.upvals[u.index]
			}
		}
	}
	return c
}

func (th *Thread) forPrep(r []Value) {
	for i, what := range []string{"initial value", "limit", "step"} {
		n, ok := r[i].toNumber()
		if !ok {
			th.fail("'for' " + what + " must be a number")
		}
		r[i] = Num(n)
	}
	r[0].n -= r[2].n
}

func (th *Thread) setList(a int, i *instr) {
	t := th.stack[a].Table()
	n := int(i.b)
	if n < 0 {
		n = th.top - a - 1
		f := &th.frames[len(th.frames)-1]
		th.top = f.base + f.fn.p.maxStack
	}
	last := int(i.c) + n
	t.growArray(last)
	for ; n > 0; n-- {
		t.SetInt(last, th.stack[a+n])
		last--
	}
}

func (th *Thread) varargs(f *frame, a, n int) {
	from := f.base - f.extra
	want := n
	if n < 0 {
		want = f.extra
	}
	th.ensure(a + want + 1)
	for j := range want {
		if j < f.extra {
			th.stack[a+j] = th.stack[from+j]
		} else {
			th.stack[a+j] = Value{}
		}
	}
	if n < 0 {
		th.top = a + want
	}
}

// iterate calls the iterator of a for … in.
func (th *Thread) iterate(a int, i *instr) {
	th.ensure(a + 7)
	copy(th.stack[a+3:a+6], th.stack[a:a+3])
	th.call(a+3, 2, int(i.c))
	f := &th.frames[len(th.frames)-1]
	th.ensure(f.base + f.fn.p.maxStack + 1)
	th.top = f.base + f.fn.p.maxStack
	if v := th.stack[a+3]; !v.IsNil() {
		th.stack[a+2] = v
		f.pc = int(i.b)
	}
}
