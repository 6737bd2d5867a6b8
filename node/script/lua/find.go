package lua

import "strings"

func strFind(c *Call)  { findOrMatch(c, true) }
func strMatch(c *Call) { findOrMatch(c, false) }

func findOrMatch(c *Call, find bool) {
	s, p := c.CheckStr(1), c.CheckStr(2)
	init := min(max(relative(c.OptInt(3, 1), len(s))-1, 0), len(s))
	if find && (c.Arg(4).Truth() || !strings.ContainsAny(cString(p), "^$*+?.([%-")) {
		c.Work((len(s) - init) / 16)
		if i := strings.Index(s[init:], p); i >= 0 {
			c.PushNum(float64(init + i + 1))
			c.PushNum(float64(init + i + len(p)))
			return
		}
		c.Push(Value{})
		return
	}
	m := &matcher{c: c, s: s, p: cString(p)}
	anchored := strings.HasPrefix(m.p, "^")
	start := 0
	if anchored {
		start = 1
	}
	for at := init; at <= len(s); at++ {
		m.level = 0
		if e := m.match(at, start); e >= 0 {
			if find {
				c.PushNum(float64(at + 1))
				c.PushNum(float64(e))
			}
			m.pushCaptures(at, e, !find)
			return
		}
		if anchored {
			break
		}
	}
	c.Push(Value{})
}

func strGmatch(c *Call) {
	s, p := c.CheckStr(1), cString(c.CheckStr(2))
	at := 0
	f := c.th.st.Native("gmatch_aux", func(c *Call) {
		m := &matcher{c: c, s: s, p: p}
		for ; at <= len(s); at++ {
			m.level = 0
			e := m.match(at, 0)
			if e < 0 {
				continue
			}
			from := at
			if at = e; e == from {
				at++
			}
			m.pushCaptures(from, e, true)
			return
		}
	})
	c.Push(f.Value())
}

func strGsub(c *Call) {
	s, p := c.CheckStr(1), cString(c.CheckStr(2))
	repl := c.Arg(3)
	switch repl.Kind() {
	case Number, String, FunctionKind, TableKind:
	default:
		c.ArgError(3, "string/function/table expected")
	}
	limit := c.optInt32(4, len(s)+1)
	m := &matcher{c: c, s: s, p: p}
	start := 0
	if strings.HasPrefix(p, "^") {
		start = 1
	}
	b := newText(c)
	n, at := 0, 0
	for n < limit {
		m.level = 0
		e := m.match(at, start)
		if e >= 0 {
			n++
			m.replace(b, repl, at, e)
		}
		if e > at {
			at = e
		} else if at < len(s) {
			b.add(s[at : at+1])
			at++
		} else {
			break
		}
		if start == 1 {
			break
		}
	}
	b.add(s[at:])
	b.push()
	c.PushNum(float64(n))
}

// replace adds what takes the place of the match from s to e.
func (m *matcher) replace(b *text, repl Value, s, e int) {
	var v Value
	switch repl.Kind() {
	case FunctionKind:
		at := m.c.th.top
		m.c.Push(repl)
		m.pushCaptures(s, e, true)
		m.c.th.call(at, m.c.th.top-at-1, 1)
		v = m.c.th.stack[at]
		m.c.th.top = at
	case TableKind:
		v = m.c.th.index(repl, m.capture(0, s, e), name{})
	default:
		m.expand(b, repl, s, e)
		return
	}
	if !v.Truth() {
		b.add(m.s[s:e])
		return
	}
	text, ok := v.toString()
	if !ok {
		m.c.Errorf("invalid replacement value (a %s)", v.Kind())
	}
	b.add(text)
}

// expand adds a replacement text with %0 to %9 filled in.
func (m *matcher) expand(b *text, repl Value, s, e int) {
	r, _ := repl.toString()
	for i := 0; i < len(r); i++ {
		if r[i] != '%' {
			plain := strings.IndexByte(r[i:], '%')
			if plain < 0 {
				plain = len(r) - i
			}
			b.add(r[i : i+plain])
			i += plain - 1
			continue
		}
		i++
		switch {
		case i == len(r):
			b.add("\x00") // the byte that ends a string in C
		case !isDigit(r[i]):
			b.add(r[i : i+1])
		case r[i] == '0':
			b.add(m.s[s:e])
		default:
			text, _ := m.capture(int(r[i]-'1'), s, e).toString()
			b.add(text)
		}
	}
}
