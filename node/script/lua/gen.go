package lua

import (
	"fmt"
	"math"
)

const maxRegisters = 250

// gen makes the code of one function.
type gen struct {
	f      *function
	p      *proto
	free   int // the first register that is not in use
	line   int
	nums   map[float64]int // constants; both zeros are one, as in 5.1
	strs   map[string]int
	others map[Kind]int
	breaks [][]int // by enclosing loop: jumps to its end
}

// generate makes the code of f and of the functions in it.
func generate(f *function, chunk, source string) *proto {
	g := &gen{
		f: f, nums: map[float64]int{}, strs: map[string]int{}, others: map[Kind]int{}, line: f.line,
		p: &proto{names: map[int]names{}, vararg: f.vararg, nparams: len(f.params), argReg: -1, chunk: chunk,
			source: source, line: f.line, maxStack: 2},
	}
	for _, v := range f.params {
		v.reg = g.alloc(1)
	}
	if f.arg != nil {
		f.arg.reg = g.alloc(1)
		if f.needsArg {
			g.p.argReg = f.arg.reg
		} else {
			g.emit(opLoadNil, f.arg.reg, f.arg.reg, 0)
		}
		g.cell(f.arg)
	}
	for _, v := range f.params {
		g.cell(v)
	}
	for _, u := range f.upvals {
		if u.v != nil {
			g.p.upvals = append(g.p.upvals, capture{true, u.v.reg})
		} else {
			g.p.upvals = append(g.p.upvals, capture{false, u.outer})
		}
	}
	g.block(f.body)
	g.line = f.lastLine
	g.emit(opReturn, 0, 0, 0)
	return g.p
}

func (g *gen) emit(op opcode, a, b, c int) int {
	g.p.code = append(g.p.code, instr{op, uint8(a), int32(b), int32(c)})
	g.p.lines = append(g.p.lines, int32(g.line))
	return len(g.p.code) - 1
}

// named emits an instruction with the names of its operands.
func (g *gen) named(op opcode, a, b, c int, nb, nc name) {
	pc := g.emit(op, a, b, c)
	if nb != (name{}) || nc != (name{}) {
		g.p.names[pc] = names{nb, nc}
	}
}

// alloc takes the next n registers.
func (g *gen) alloc(n int) int {
	r := g.free
	g.free += n
	if g.free > maxRegisters {
		panic(&SyntaxError{fmt.Sprintf("%s:%d: function or expression too complex", g.p.chunk, g.line)})
	}
	g.p.maxStack = max(g.p.maxStack, g.free+1)
	return r
}

func (g *gen) cell(v *local) {
	if v.captured {
		g.emit(opNewCell, v.reg, 0, 0)
	}
}

func (g *gen) here(jumps []int) { g.patch(jumps, len(g.p.code)) }

func (g *gen) patch(jumps []int, to int) {
	for _, pc := range jumps {
		g.p.code[pc].b = int32(to)
	}
}

func (g *gen) addK(v Value) int {
	g.p.k = append(g.p.k, v)
	return len(g.p.k) - 1
}

func (g *gen) constNum(n float64) int {
	if i, ok := g.nums[n]; ok {
		return i
	}
	i := g.addK(Num(n))
	if !math.IsNaN(n) {
		g.nums[n] = i
	}
	return i
}

func (g *gen) constStr(s string) int {
	if i, ok := g.strs[s]; ok {
		return i
	}
	g.strs[s] = g.addK(Str(s))
	return g.strs[s]
}

// constant is the index of a constant expression's value.
func (g *gen) constant(e expr) (int, bool) {
	var v Value
	kind := Boolean
	switch e := e.(type) {
	case *numberExpr:
		return g.constNum(e.n), true
	case *stringExpr:
		return g.constStr(e.s), true
	case *nilExpr:
		kind = Nil
	case *trueExpr:
		v, kind = True, Number // any key that is not taken
	case *falseExpr:
		v = False
	default:
		return 0, false
	}
	i, ok := g.others[kind]
	if !ok {
		i = g.addK(v)
		g.others[kind] = i
	}
	return i, true
}

// describe is what 5.1 calls the value of e in an error.
func describe(e expr) name {
	switch e := e.(type) {
	case *localExpr:
		return name{"local", e.v.name}
	case *upvalExpr:
		return name{"upvalue", e.name}
	case *globalExpr:
		return name{"global", e.name}
	case *indexExpr:
		if s, ok := e.key.(*stringExpr); ok {
			return name{"field", s.s}
		}
		return name{"field", "?"}
	case *parenExpr:
		return describe(e.e)
	}
	return name{}
}

// block makes the code of statements; their locals' registers are free after it.
func (g *gen) block(body []stat) {
	free := g.free
	for _, s := range body {
		g.stat(s)
	}
	g.free = free
}

func (g *gen) stat(s stat) {
	switch s := s.(type) {
	case *localStat:
		g.localStat(s)
	case *localFunc:
		s.v.reg = g.alloc(1)
		if s.v.captured { // the function sees its own name
			g.emit(opLoadNil, s.v.reg, s.v.reg, 0)
			g.cell(s.v)
			g.assign(&localExpr{s.v}, &funcExpr{s.f})
		} else {
			g.into(&funcExpr{s.f}, s.v.reg)
		}
	case *assignStat:
		g.line = s.line
		g.assignStat(s)
	case *callStat:
		free := g.free
		g.call(s.call, 0, g.free)
		g.free = free
	case *doStat:
		g.block(s.body)
	case *ifStat:
		g.ifStat(s)
	case *whileStat:
		start := len(g.p.code)
		out := g.cond(s.cond, false)
		g.loop(s.body)
		g.emit(opJmp, 0, start, 0)
		g.here(out)
		g.endLoop()
	case *repeatStat:
		g.repeatStat(s)
	case *numForStat:
		g.numFor(s)
	case *genForStat:
		g.genFor(s)
	case *returnStat:
		g.returnStat(s)
	case *breakStat:
		last := len(g.breaks) - 1
		g.breaks[last] = append(g.breaks[last], g.emit(opJmp, 0, 0, 0))
	}
}

func (g *gen) loop(body []stat) {
	g.breaks = append(g.breaks, nil)
	g.block(body)
}

func (g *gen) endLoop() {
	last := len(g.breaks) - 1
	g.here(g.breaks[last])
	g.breaks = g.breaks[:last]
}

func (g *gen) localStat(s *localStat) {
	g.line = s.line
	base := g.free
	g.exprList(s.vals, len(s.vars))
	g.free = base
	g.alloc(len(s.vars))
	for i, v := range s.vars {
		v.reg = base + i
		g.cell(v)
	}
}

// exprList puts the values of list into the next registers: exactly want of them.
func (g *gen) exprList(list []expr, want int) {
	for i, e := range list {
		left := want - i
		switch {
		case i == len(list)-1 && isMulti(e) && left != 1:
			g.multi(e, max(left, 0))
			g.free += max(left, 0)
			g.alloc(0)
			return
		case left <= 0:
			free := g.free
			g.into(e, g.alloc(1))
			g.free = free
		default:
			g.into(e, g.alloc(1))
		}
	}
	if missing := want - len(list); missing > 0 {
		r := g.alloc(missing)
		g.emit(opLoadNil, r, r+missing-1, 0)
	}
}

func isMulti(e expr) bool {
	switch e.(type) {
	case *callExpr, *dotsExpr:
		return true
	}
	return false
}

// multi puts n values of a call or ... at the free registers, without taking them; n < 0: all, up to top.
func (g *gen) multi(e expr, n int) {
	free := g.free
	switch e := e.(type) {
	case *callExpr:
		g.call(e, n, g.free)
	case *dotsExpr:
		g.alloc(max(n, 1))
		g.emit(opVararg, free, n, 0)
	}
	g.free = free
}

func (g *gen) assignStat(s *assignStat) {
	free := g.free
	defer func() { g.free = free }()
	if len(s.targets) == 1 && len(s.vals) == 1 {
		g.assign(s.targets[0], s.vals[0])
		return
	}
	type place struct{ obj, key int }
	places := make([]place, len(s.targets))
	conflict := false // a local that is assigned may be the table or key of another target
	for _, t := range s.targets {
		if _, ok := t.(*localExpr); ok {
			conflict = true
		}
	}
	for i, t := range s.targets {
		if x, ok := t.(*indexExpr); ok {
			places[i] = place{g.stable(x.obj, conflict), g.stable(x.key, conflict)}
		}
	}
	base := g.free
	g.exprList(s.vals, len(s.targets))
	g.line = s.line
	for i := len(s.targets) - 1; i >= 0; i-- {
		if x, ok := s.targets[i].(*indexExpr); ok {
			g.named(opSetTable, places[i].obj, places[i].key, base+i, describe(x.obj), name{})
		} else {
			g.store(s.targets[i], base+i)
		}
	}
}

// stable evaluates an operand of a target; copied if a local could change before it is used.
func (g *gen) stable(e expr, copied bool) int {
	if _, ok := e.(*localExpr); ok && copied {
		r := g.alloc(1)
		g.into(e, r)
		return r
	}
	if _, ok := g.constant(e); ok {
		return g.rk(e)
	}
	return g.anyReg(e)
}

// assign makes target = val.
func (g *gen) assign(target, val expr) {
	free := g.free
	switch t := target.(type) {
	case *localExpr:
		if !t.v.captured && direct(val) {
			g.into(val, t.v.reg)
			return
		}
		g.store(t, g.rk(val))
	case *indexExpr:
		obj := g.anyReg(t.obj)
		key := g.rk(t.key)
		v := g.rk(val)
		g.named(opSetTable, obj, key, v, describe(t.obj), name{})
	default:
		g.store(target, g.rk(val))
	}
	g.free = free
}

// direct says whether e writes its register only in its last step, so that the register may be a local that e reads.
func direct(e expr) bool {
	switch e := e.(type) {
	case *binExpr:
		return e.op >= opAdd && e.op <= opPow
	case *parenExpr:
		return direct(e.e)
	case *unExpr, *indexExpr, *numberExpr, *stringExpr, *nilExpr, *trueExpr, *falseExpr, *localExpr, *upvalExpr,
		*globalExpr:
		return true
	}
	return false
}

// store puts RK(src) into a variable.
func (g *gen) store(target expr, src int) {
	switch t := target.(type) {
	case *localExpr:
		switch {
		case t.v.captured:
			g.emit(opSetCell, t.v.reg, 0, src)
		case src < 0:
			g.emit(opLoadK, t.v.reg, -1-src, 0)
		case src != t.v.reg:
			g.emit(opMove, t.v.reg, src, 0)
		}
	case *upvalExpr:
		g.emit(opSetUpval, 0, t.index, src)
	case *globalExpr:
		g.emit(opSetGlobal, 0, g.constStr(t.name), src)
	}
}

func (g *gen) ifStat(s *ifStat) {
	var ends []int
	for i, c := range s.conds {
		next := g.cond(c, false)
		g.block(s.blocks[i])
		if i < len(s.conds)-1 || s.other != nil {
			ends = append(ends, g.emit(opJmp, 0, 0, 0))
		}
		g.here(next)
	}
	g.block(s.other)
	g.here(ends)
}

func (g *gen) repeatStat(s *repeatStat) {
	start := len(g.p.code)
	free := g.free
	g.breaks = append(g.breaks, nil)
	for _, b := range s.body {
		g.stat(b)
	}
	g.patch(g.cond(s.cond, false), start)
	g.free = free
	g.endLoop()
}

func (g *gen) numFor(s *numForStat) {
	free := g.free
	base := g.alloc(3)
	g.into(s.start, base)
	g.into(s.limit, base+1)
	if s.inc != nil {
		g.into(s.inc, base+2)
	} else {
		g.emit(opLoadK, base+2, g.constNum(1), 0)
	}
	g.line = s.doLine
	prep := g.emit(opForPrep, base, 0, 0)
	s.v.reg = g.alloc(1)
	start := len(g.p.code)
	g.cell(s.v)
	g.loop(s.body)
	g.here([]int{prep})
	g.line = s.line
	g.emit(opForLoop, base, start, 0)
	g.endLoop()
	g.free = free
}

func (g *gen) genFor(s *genForStat) {
	free := g.free
	base := g.free
	g.line = s.line
	g.exprList(s.vals, 3)
	g.free = base
	g.alloc(3)
	vars := g.alloc(max(len(s.vars), 3)) // a call needs three
	enter := g.emit(opJmp, 0, 0, 0)
	start := len(g.p.code)
	for i, v := range s.vars {
		v.reg = vars + i
		g.cell(v)
	}
	g.loop(s.body)
	g.here([]int{enter})
	g.line = s.line
	pc := g.emit(opTForCall, base, start, len(s.vars))
	g.p.names[pc] = names{}
	g.endLoop()
	g.free = free
}

func (g *gen) returnStat(s *returnStat) {
	free := g.free
	base := g.free
	switch n := len(s.vals); {
	case n == 0:
		g.line = s.line
		g.emit(opReturn, 0, 0, 0)
	case n == 1 && !isMulti(s.vals[0]):
		r := g.anyReg(s.vals[0])
		g.line = s.line
		g.emit(opReturn, r, 1, 0)
	default:
		if c, ok := s.vals[0].(*callExpr); ok && n == 1 {
			g.call(c, -1, base)
			g.p.code[len(g.p.code)-1].op = opTailCall
			g.emit(opReturn, base, -1, 0)
			break
		}
		n = g.openList(s.vals)
		g.line = s.line
		g.emit(opReturn, base, n, 0)
	}
	g.free = free
}

// openList puts values into the next registers; it is their number, or -1 if the last gave all it had, up to top.
func (g *gen) openList(list []expr) int {
	for i, e := range list {
		if i == len(list)-1 && isMulti(e) {
			g.multi(e, -1)
			return -1
		}
		g.into(e, g.alloc(1))
	}
	return len(list)
}
