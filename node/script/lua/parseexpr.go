package lua

import "math"

// priority of binary operators, left and right; .. and ^ bind to the right.
var priority = map[token]struct {
	left, right int
	op          opcode
}{
	'+': {6, 6, opAdd}, '-': {6, 6, opSub}, '*': {7, 7, opMul}, '/': {7, 7, opDiv}, '%': {7, 7, opMod},
	'^': {10, 9, opPow}, tokConcat: {5, 4, opConcat},
	tokNe: {3, 3, opNe}, tokEq: {3, 3, opEq}, '<': {3, 3, opLt}, tokLe: {3, 3, opLe}, '>': {3, 3, opGt},
	tokGe: {3, 3, opGe}, tokAnd: {2, 2, opAnd}, tokOr: {1, 1, opOr},
}

const (
	unaryPriority = 8
	maxChain      = 50000 // operators or suffixes in a row
)

func (p *parser) expr() expr { return p.subexpr(0) }

func (p *parser) subexpr(limit int) expr {
	p.enter()
	var e expr
	switch p.tok {
	case tokNot:
		p.next()
		operand := p.subexpr(unaryPriority)
		switch constantTruth(operand) {
		case alwaysTrue:
			e = &falseExpr{}
		case alwaysFalse:
			e = &trueExpr{}
		default:
			e = &unExpr{opNot, operand, p.lastLine}
		}
	case '-':
		p.next()
		operand := p.subexpr(unaryPriority)
		if n, ok := operand.(*numberExpr); ok && n.n == n.n {
			e = &numberExpr{-n.n}
		} else {
			e = &unExpr{opUnm, operand, p.lastLine}
		}
	case '#':
		p.next()
		e = &unExpr{opLen, p.subexpr(unaryPriority), p.lastLine}
	default:
		e = p.simple()
	}
	for length := 0; ; length++ {
		o, ok := priority[p.tok]
		if !ok || o.left <= limit {
			break
		}
		p.checkChain(length)
		p.next()
		r := p.subexpr(o.right)
		switch o.op {
		case opAnd, opOr:
			e = logic(o.op == opAnd, e, r)
		default:
			e = fold(&binExpr{o.op, e, r, p.lastLine})
		}
	}
	p.levels--
	return e
}

type truth int

const (
	unknownTruth truth = iota
	alwaysTrue
	alwaysFalse
)

func isConstant(e expr) bool { return constantTruth(e) != unknownTruth }

// constantTruth is the truth of a constant.
func constantTruth(e expr) truth {
	switch e.(type) {
	case *trueExpr, *numberExpr, *stringExpr:
		return alwaysTrue
	case *nilExpr, *falseExpr:
		return alwaysFalse
	}
	return unknownTruth
}

// logic makes and, or. If the left is a constant that leaves it to the right, it is the right one alone, as in 5.1:
// errors name it then.
func logic(and bool, l, r expr) expr {
	if t := constantTruth(l); and && t == alwaysTrue || !and && t == alwaysFalse {
		if isMulti(r) {
			return &parenExpr{r}
		}
		return r
	}
	return &logicExpr{and, l, r}
}

// checkChain bounds a.b.c… and a+b+c…, whose trees are as deep as they are long.
func (p *parser) checkChain(length int) {
	if length > maxChain {
		p.fail("function or expression too complex", p.tok)
	}
}

// fold computes arithmetic of constants, as 5.1 does, except where it would be a division by zero or no number.
func fold(b *binExpr) expr {
	l, ok1 := b.l.(*numberExpr)
	r, ok2 := b.r.(*numberExpr)
	if !ok1 || !ok2 || b.op < opAdd || b.op > opPow || (b.op == opDiv || b.op == opMod) && r.n == 0 {
		return b
	}
	n := arith(int(b.op-opAdd), l.n, r.n)
	if math.IsNaN(n) {
		return b
	}
	return &numberExpr{n}
}

func (p *parser) simple() expr {
	var e expr
	switch p.tok {
	case tokNumber:
		e = &numberExpr{p.num}
	case tokString:
		e = &stringExpr{p.text}
	case tokNil:
		e = &nilExpr{}
	case tokTrue:
		e = &trueExpr{}
	case tokFalse:
		e = &falseExpr{}
	case tokDots:
		if !p.fn.vararg {
			p.syntaxError("cannot use '...' outside a vararg function")
		}
		p.fn.needsArg = false
		e = &dotsExpr{}
	case '{':
		return p.constructor()
	case tokFunction:
		line := p.line
		p.next()
		return &funcExpr{p.functionBody(false, line)}
	default:
		return p.suffixed()
	}
	p.next()
	return e
}

// suffixed reads a name or a parenthesis with what follows it: fields, indices, calls.
func (p *parser) suffixed() expr {
	var e expr
	switch p.tok {
	case '(':
		line := p.line
		p.next()
		e = p.expr()
		p.match(')', '(', line)
		if !isConstant(e) {
			e = &parenExpr{e}
		}
	case tokName:
		e = p.resolve(p.nameText())
	default:
		p.syntaxError("unexpected symbol")
	}
	for length := 0; ; length++ {
		p.checkChain(length)
		switch p.tok {
		case '.':
			p.next()
			e = &indexExpr{e, &stringExpr{p.nameText()}, p.lastLine}
		case '[':
			p.next()
			key := p.expr()
			p.expect(']')
			e = &indexExpr{e, key, p.lastLine}
		case ':':
			p.next()
			name := p.nameText()
			e = p.call(e, name)
		case '(', tokString, '{':
			e = p.call(e, "")
		default:
			return e
		}
	}
}

func (p *parser) call(fn expr, method string) expr {
	c := &callExpr{fn: fn, method: method, line: p.line}
	switch p.tok {
	case '(':
		if p.line != p.lastLine {
			p.syntaxError("ambiguous syntax (function call x new statement)")
		}
		p.next()
		if p.tok != ')' {
			c.args = p.exprList()
		}
		p.match(')', '(', c.line)
	case '{':
		c.args = []expr{p.constructor()}
	case tokString:
		c.args = []expr{&stringExpr{p.text}}
		p.next()
	default:
		p.syntaxError("function arguments expected")
	}
	return c
}

func (p *parser) constructor() expr {
	line := p.line
	t := &tableExpr{line: line}
	p.expect('{')
	for p.tok != '}' {
		var item tableItem
		switch {
		case p.tok == '[':
			p.next()
			item.key = p.expr()
			p.expect(']')
			p.expect('=')
			item.val = p.expr()
		case p.tok == tokName && p.peek() == '=':
			item.key = &stringExpr{p.nameText()}
			p.expect('=')
			item.val = p.expr()
		default:
			item.val = p.expr()
		}
		t.items = append(t.items, item)
		if !p.testNext(',') && !p.testNext(';') {
			break
		}
	}
	p.match('}', '{', line)
	return t
}
