package lua

// into puts the value of e into register dst.
func (g *gen) into(e expr, dst int) {
	free := g.free
	switch e := e.(type) {
	case *nilExpr:
		g.emit(opLoadNil, dst, dst, 0)
	case *trueExpr:
		g.emit(opLoadBool, dst, 1, 0)
	case *falseExpr:
		g.emit(opLoadBool, dst, 0, 0)
	case *numberExpr, *stringExpr:
		k, _ := g.constant(e)
		g.emit(opLoadK, dst, k, 0)
	case *localExpr:
		if e.v.captured {
			g.emit(opGetCell, dst, e.v.reg, 0)
		} else if e.v.reg != dst {
			g.emit(opMove, dst, e.v.reg, 0)
		}
	case *upvalExpr:
		g.emit(opGetUpval, dst, e.index, 0)
	case *globalExpr:
		g.line = e.line
		g.emit(opGetGlobal, dst, g.constStr(e.name), 0)
	case *indexExpr:
		b, c := g.operands(e.obj, e.key)
		if b < 0 {
			k := b
			b = g.alloc(1)
			g.emit(opLoadK, b, -1-k, 0)
		}
		g.line = e.line
		g.named(opGetTable, dst, b, c, describe(e.obj), name{})
	case *callExpr:
		g.callInto(e, dst)
	case *dotsExpr:
		g.emit(opVararg, dst, 1, 0)
	case *parenExpr:
		g.into(e.e, dst)
	case *binExpr:
		g.binary(e, dst)
	case *unExpr:
		if e.op == opNot {
			g.boolean(e, dst)
			break
		}
		r := g.anyReg(e.e)
		g.line = e.line
		g.named(e.op, dst, r, 0, describe(e.e), name{})
	case *logicExpr:
		g.logic(e, dst)
	case *tableExpr:
		g.table(e, dst)
	case *funcExpr:
		g.p.protos = append(g.p.protos, generate(e.f, g.p.chunk, g.p.source))
		g.emit(opClosure, dst, len(g.p.protos)-1, 0)
	}
	g.free = free
}

// anyReg puts the value of e into a register: its own if it is a local that has one.
func (g *gen) anyReg(e expr) int {
	switch x := e.(type) {
	case *localExpr:
		if !x.v.captured {
			return x.v.reg
		}
	case *parenExpr:
		if !isMulti(x.e) {
			return g.anyReg(x.e)
		}
	}
	r := g.alloc(1)
	g.into(e, r)
	return r
}

// rk is the operand of e: a constant or a register.
func (g *gen) rk(e expr) int {
	if k, ok := g.constant(e); ok {
		return -1 - k
	}
	return g.anyReg(e)
}

// operands evaluates two. A local on the left has the value it has when the operation is done, after the right one
// was evaluated: it matters when that one is a call that changes it.
func (g *gen) operands(l, r expr) (b, c int) {
	if x, ok := l.(*localExpr); ok && x.v.captured {
		b = g.alloc(1)
		c = g.rk(r)
		g.emit(opGetCell, b, x.v.reg, 0)
		return b, c
	}
	b = g.rk(l)
	return b, g.rk(r)
}

func (g *gen) binary(e *binExpr, dst int) {
	switch {
	case e.op == opConcat:
		g.concat(e, dst)
	case e.op >= opAdd && e.op <= opPow:
		var b, c int
		if _, ok := e.l.(*numberExpr); ok { // 5.1 notes the constant last; it matters where 0 and -0 are one
			c = g.rk(e.r)
			b = g.rk(e.l)
		} else {
			b, c = g.operands(e.l, e.r)
		}
		g.line = e.line
		g.named(e.op, dst, b, c, describe(e.l), describe(e.r))
	default:
		g.boolean(e, dst)
	}
}

// concat joins a chain of .. in one instruction.
func (g *gen) concat(e *binExpr, dst int) {
	base := g.free
	var last name
	var before name
	var rest expr = e
	for {
		x, ok := rest.(*binExpr)
		if !ok || x.op != opConcat {
			break
		}
		g.into(x.l, g.alloc(1))
		before = describe(x.l)
		rest = x.r
	}
	g.into(rest, g.alloc(1))
	last = describe(rest)
	pc := len(g.p.code)
	g.line = e.line
	g.emit(opConcat, dst, base, g.free-1)
	g.p.names[pc] = names{before, last}
	// The parts further left are named too, when it is their turn to be joined.
	for i, at := 0, expr(e); ; i++ {
		x, ok := at.(*binExpr)
		if !ok || x.op != opConcat {
			break
		}
		g.p.names[-1-pc*maxRegisters-i] = names{b: describe(x.l)}
		at = x.r
	}
}

// boolean puts the truth of a comparison or not into dst.
func (g *gen) boolean(e expr, dst int) {
	if x, ok := e.(*unExpr); ok {
		r := g.anyReg(x.e)
		g.emit(opNot, dst, r, 0)
		return
	}
	yes := g.cond(e, true)
	g.emit(opLoadBool, dst, 0, 0)
	end := g.emit(opJmp, 0, 0, 0)
	g.here(yes)
	g.emit(opLoadBool, dst, 1, 0)
	g.here([]int{end})
}

// logic makes and, or: the value of the left, or else of the right.
func (g *gen) logic(e *logicExpr, dst int) {
	g.into(e.l, dst)
	want := 1
	if e.and {
		want = 0
	}
	end := g.emit(opTest, dst, 0, want)
	g.into(e.r, dst)
	g.here([]int{end})
}

// cond makes code that jumps if the truth of e is want, and goes on otherwise. It is the jumps, to be patched.
func (g *gen) cond(e expr, want bool) []int {
	free := g.free
	defer func() { g.free = free }()
	switch x := e.(type) {
	case *parenExpr:
		if !isMulti(x.e) {
			return g.cond(x.e, want)
		}
	case *trueExpr, *numberExpr, *stringExpr:
		if !want {
			return nil
		}
		return []int{g.emit(opJmp, 0, 0, 0)}
	case *nilExpr, *falseExpr:
		if want {
			return nil
		}
		return []int{g.emit(opJmp, 0, 0, 0)}
	case *unExpr:
		if x.op == opNot {
			return g.cond(x.e, !want)
		}
	case *logicExpr:
		if x.and != want { // and: false at once; or: true at once
			jumps := g.cond(x.l, want)
			return append(jumps, g.cond(x.r, want)...)
		}
		pass := g.cond(x.l, !want)
		jumps := g.cond(x.r, want)
		g.here(pass)
		return jumps
	case *binExpr:
		if x.op == opEq || x.op == opLt || x.op == opLe || x.op >= opNe {
			return g.compare(x, want)
		}
	}
	r := g.anyReg(e)
	c := 0
	if want {
		c = 1
	}
	return []int{g.emit(opTest, r, 0, c)}
}

func (g *gen) compare(e *binExpr, want bool) []int {
	b, c := g.operands(e.l, e.r)
	op := e.op
	switch op {
	case opNe:
		op, want = opEq, !want
	case opGt:
		op, b, c = opLt, c, b
	case opGe:
		op, b, c = opLe, c, b
	}
	a := 0
	if want {
		a = 1
	}
	g.line = e.line
	g.emit(op, a, b, c)
	return []int{g.emit(opJmp, 0, 0, 0)}
}

func (g *gen) callInto(e *callExpr, dst int) {
	if dst == g.free-1 { // the last register: the function may lie there
		g.call(e, 1, dst)
		return
	}
	base := g.free
	g.call(e, 1, base)
	g.emit(opMove, dst, base, 0)
}

// call makes a call with the function at register base, which is free or the last one; n results, < 0 for all.
func (g *gen) call(e *callExpr, n, base int) {
	g.free = base
	g.alloc(1)
	called := describe(e.fn)
	args := 0
	if e.method != "" {
		b := g.anyReg(e.fn)
		g.free = base + 1
		g.alloc(1)
		g.line = e.line
		g.named(opSelf, base, b, -1-g.constStr(e.method), called, name{})
		called = name{"method", e.method}
		args = 1
	} else {
		g.into(e.fn, base)
	}
	if k := g.openList(e.args); k < 0 {
		args = -1
	} else {
		args += k
	}
	g.line = e.line
	g.named(opCall, base, args, n, called, name{})
	g.free = base + 1
	if n > 1 {
		g.alloc(n - 1)
	}
	g.free = base + 1
}

const fieldsPerFlush = 50 // items of a constructor that are stored at once, as in 5.1

func (g *gen) table(e *tableExpr, dst int) {
	t := g.alloc(1)
	made := g.emit(opNewTable, t, 0, 0)
	items, pending, fields := 0, 0, 0
	open := false
	for i, item := range e.items {
		if item.key != nil {
			free := g.free
			key := g.rk(item.key)
			val := g.rk(item.val)
			g.emit(opSetTable, t, key, val)
			g.free = free
			fields++
			continue
		}
		if pending == fieldsPerFlush {
			g.emit(opSetList, t, pending, items-pending)
			pending, g.free = 0, t+1
		}
		if i == len(e.items)-1 && isMulti(item.val) {
			g.multi(item.val, -1)
			g.emit(opSetList, t, -1, items-pending)
			open = true
			break
		}
		g.into(item.val, g.alloc(1))
		items++
		pending++
	}
	if pending > 0 && !open {
		g.emit(opSetList, t, pending, items-pending)
	}
	g.p.code[made].b = int32(roundSize(items))
	g.p.code[made].c = int32(roundSize(fields))
	g.emit(opMove, dst, t, 0)
}

// roundSize rounds up to what 5.1's instruction can say: eight steps for each power of two.
func roundSize(n int) int {
	shift := 0
	for n >= 16 {
		n = (n + 1) >> 1
		shift++
	}
	return n << shift
}
