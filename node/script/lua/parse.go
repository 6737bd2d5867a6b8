package lua

import "fmt"

const (
	maxLocals = 200
	maxUpvals = 60
	maxLevels = 200 // of nested statements and expressions
)

// parser reads statements. It holds one token ahead.
type parser struct {
	lexer
	fn     *function
	loops  int // around the statement, within its function
	levels int
}

// parse reads a chunk, or panics with a *SyntaxError.
func parse(src, chunk string) *function {
	p := &parser{lexer: lexer{src: src, chunk: chunk, line: 1, lastLine: 1}}
	if len(src) > 0 && src[0] == '#' {
		for p.at < len(src) && src[p.at] != '\n' && src[p.at] != '\r' {
			p.at++
		}
	}
	f := &function{vararg: true}
	p.fn = f
	p.next()
	f.body = p.block()
	p.check(tokEOF)
	f.lastLine = p.line
	return f
}

func (p *parser) syntaxError(msg string) { p.fail(msg, p.tok) }

func (p *parser) check(t token) {
	if p.tok != t {
		p.syntaxError("'" + t.String() + "' expected")
	}
}

func (p *parser) testNext(t token) bool {
	if p.tok == t {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(t token) {
	p.check(t)
	p.next()
}

// match passes the token that closes what stood on line.
func (p *parser) match(what, who token, line int) {
	if p.testNext(what) {
		return
	}
	if line == p.line {
		p.check(what)
	}
	p.syntaxError(fmt.Sprintf("'%s' expected (to close '%s' at line %d)", what, who, line))
}

func (p *parser) nameText() string {
	p.check(tokName)
	s := p.text
	p.next()
	return s
}

func (p *parser) enter() {
	if p.levels++; p.levels > maxLevels {
		p.fail("chunk has too many syntax levels", 0)
	}
}

func (p *parser) tooMany(limit int, what string) {
	if p.fn.line == 0 {
		p.fail(fmt.Sprintf("main function has more than %d %s", limit, what), 0)
	}
	p.fail(fmt.Sprintf("function at line %d has more than %d %s", p.fn.line, limit, what), 0)
}

// newLocal makes a variable that is not in sight yet; pending are those before it in the same statement.
func (p *parser) newLocal(name string, pending int) *local {
	if len(p.fn.scope)+pending+1 > maxLocals {
		p.tooMany(maxLocals, "local variables")
	}
	return &local{name: name}
}

func (p *parser) declare(v ...*local) { p.fn.scope = append(p.fn.scope, v...) }

// resolve finds what a name means.
func (p *parser) resolve(name string) expr {
	for i := len(p.fn.scope) - 1; i >= 0; i-- {
		if p.fn.scope[i].name == name {
			return &localExpr{p.fn.scope[i]}
		}
	}
	if i := p.upvalue(p.fn, name); i >= 0 {
		return &upvalExpr{i, name}
	}
	return &globalExpr{name, p.lastLine}
}

// upvalue is the index of the variable of an outer function among f's upvalues, -1 if there is none.
func (p *parser) upvalue(f *function, name string) int {
	if f.outer == nil {
		return -1
	}
	ref := upvalRef{name: name}
	for i := len(f.outer.scope) - 1; i >= 0 && ref.v == nil; i-- {
		if f.outer.scope[i].name == name {
			ref.v = f.outer.scope[i]
			ref.v.captured = true
		}
	}
	if ref.v == nil {
		if ref.outer = p.upvalue(f.outer, name); ref.outer < 0 {
			return -1
		}
	}
	for i, u := range f.upvals {
		if u == ref {
			return i
		}
	}
	if len(f.upvals)+1 > maxUpvals {
		p.tooMany(maxUpvals, "upvalues")
	}
	f.upvals = append(f.upvals, ref)
	return len(f.upvals) - 1
}

func (p *parser) blockEnds() bool {
	switch p.tok {
	case tokElse, tokElseif, tokEnd, tokEOF, tokUntil:
		return true
	}
	return false
}

// block reads statements up to what ends a block; locals declared in it go out of sight.
func (p *parser) block() []stat {
	seen := len(p.fn.scope)
	body := p.statements()
	p.fn.scope = p.fn.scope[:seen]
	return body
}

func (p *parser) statements() (body []stat) {
	p.enter()
	for last := false; !last && !p.blockEnds(); {
		var s stat
		s, last = p.statement()
		body = append(body, s)
		p.testNext(';')
	}
	p.levels--
	return body
}

// statement reads one; last says that none may follow it in its block.
func (p *parser) statement() (s stat, last bool) {
	line := p.line
	switch p.tok {
	case tokIf:
		return p.ifStatement(line), false
	case tokWhile:
		p.next()
		cond := p.expr()
		p.expect(tokDo)
		body := p.loopBlock()
		p.match(tokEnd, tokWhile, line)
		return &whileStat{cond, body}, false
	case tokDo:
		p.next()
		body := p.block()
		p.match(tokEnd, tokDo, line)
		return &doStat{body}, false
	case tokFor:
		return p.forStatement(line), false
	case tokRepeat:
		return p.repeatStatement(line), false
	case tokFunction:
		return p.functionStatement(line), false
	case tokLocal:
		p.next()
		if p.testNext(tokFunction) {
			v := p.newLocal(p.nameText(), 0)
			p.declare(v)
			return &localFunc{v, p.functionBody(false, p.line)}, false
		}
		return p.localStatement(), false
	case tokReturn:
		return p.returnStatement(line), true
	case tokBreak:
		p.next()
		if p.loops == 0 {
			p.syntaxError("no loop to break")
		}
		return &breakStat{}, true
	}
	return p.exprStatement(), false
}

func (p *parser) loopBlock() []stat {
	p.loops++
	body := p.block()
	p.loops--
	return body
}

func (p *parser) ifStatement(line int) stat {
	s := &ifStat{}
	for {
		p.next() // if or elseif
		s.conds = append(s.conds, p.expr())
		p.expect(tokThen)
		s.blocks = append(s.blocks, p.block())
		if p.tok != tokElseif {
			break
		}
	}
	if p.testNext(tokElse) {
		s.other = p.block()
	}
	p.match(tokEnd, tokIf, line)
	return s
}

func (p *parser) repeatStatement(line int) stat {
	p.next()
	seen := len(p.fn.scope)
	p.loops++
	body := p.statements()
	p.loops--
	p.match(tokUntil, tokRepeat, line)
	cond := p.expr() // sees the locals of the body
	p.fn.scope = p.fn.scope[:seen]
	return &repeatStat{body, cond}
}

func (p *parser) forStatement(line int) stat {
	p.next()
	name := p.nameText()
	seen := len(p.fn.scope)
	hidden := []*local{{name: "(for index)"}, {name: "(for limit)"}, {name: "(for step)"}}
	switch p.tok {
	case '=':
		p.next()
		s := &numForStat{line: line}
		s.start = p.expr()
		p.expect(',')
		s.limit = p.expr()
		if p.testNext(',') {
			s.inc = p.expr()
		}
		p.declare(hidden...)
		s.v = p.newLocal(name, 0)
		s.doLine = p.line
		s.body = p.forBody(line, s.v)
		p.fn.scope = p.fn.scope[:seen]
		return s
	case ',', tokIn:
		s := &genForStat{line: line, vars: []*local{p.newLocal(name, 3)}}
		for p.testNext(',') {
			s.vars = append(s.vars, p.newLocal(p.nameText(), 3+len(s.vars)))
		}
		p.expect(tokIn)
		s.line = p.line
		s.vals = p.exprList()
		p.declare(hidden...)
		s.body = p.forBody(line, s.vars...)
		p.fn.scope = p.fn.scope[:seen]
		return s
	}
	p.syntaxError("'=' or 'in' expected")
	return nil
}

func (p *parser) forBody(line int, vars ...*local) []stat {
	p.expect(tokDo)
	p.declare(vars...)
	body := p.loopBlock()
	p.match(tokEnd, tokFor, line)
	return body
}

func (p *parser) functionStatement(line int) stat {
	p.next()
	target := p.resolve(p.nameText())
	method := false
	for p.tok == '.' || p.tok == ':' {
		method = p.tok == ':'
		p.next()
		target = &indexExpr{target, &stringExpr{p.nameText()}, p.lastLine}
		if method {
			break
		}
	}
	f := p.functionBody(method, line)
	return &assignStat{[]expr{target}, []expr{&funcExpr{f}}, line}
}

func (p *parser) localStatement() stat {
	s := &localStat{}
	for {
		s.vars = append(s.vars, p.newLocal(p.nameText(), len(s.vars)))
		if !p.testNext(',') {
			break
		}
	}
	if p.testNext('=') {
		s.vals = p.exprList()
	}
	s.line = p.lastLine
	p.declare(s.vars...)
	return s
}

func (p *parser) returnStatement(line int) stat {
	p.next()
	s := &returnStat{line: line}
	if !p.blockEnds() && p.tok != ';' {
		s.vals = p.exprList()
	}
	s.line = p.lastLine
	return s
}

func (p *parser) exprStatement() stat {
	e := p.suffixed()
	if call, ok := e.(*callExpr); ok {
		return &callStat{call}
	}
	s := &assignStat{targets: []expr{e}}
	for {
		switch e.(type) {
		case *localExpr, *upvalExpr, *globalExpr, *indexExpr:
		default:
			p.syntaxError("syntax error")
		}
		if !p.testNext(',') {
			break
		}
		e = p.suffixed()
		s.targets = append(s.targets, e)
		if len(s.targets) > maxLevels-p.levels {
			p.fail("C levels has more than 200 variables in assignment", 0)
		}
	}
	p.expect('=')
	s.vals = p.exprList()
	s.line = p.lastLine
	return s
}

// functionBody reads parameters and body; line is where the function starts.
func (p *parser) functionBody(method bool, line int) *function {
	f := &function{outer: p.fn, line: line}
	loops := p.loops
	p.fn, p.loops = f, 0
	p.expect('(')
	if method {
		self := p.newLocal("self", 0)
		f.params = append(f.params, self)
	}
	if p.tok != ')' {
		for {
			if p.testNext(tokDots) {
				f.vararg, f.needsArg = true, true
				f.arg = p.newLocal("arg", len(f.params))
				break
			}
			if p.tok != tokName {
				p.syntaxError("<name> or '...' expected")
			}
			f.params = append(f.params, p.newLocal(p.nameText(), len(f.params)))
			if !p.testNext(',') {
				break
			}
		}
	}
	p.declare(f.params...)
	if f.arg != nil {
		p.declare(f.arg)
	}
	p.expect(')')
	f.body = p.block()
	f.lastLine = p.line
	p.match(tokEnd, tokFunction, line)
	f.scope = nil
	p.fn, p.loops = f.outer, loops
	return f
}

func (p *parser) exprList() []expr {
	list := []expr{p.expr()}
	for p.testNext(',') {
		list = append(list, p.expr())
	}
	return list
}
