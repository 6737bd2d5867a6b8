package lua

import "strings"

const (
	maxCaptures    = 32
	maxPatternDeep = 5000 // nested matches; the depth grows with the pattern only
)

const (
	capUnfinished = -1
	capPosition   = -2
)

// matcher matches one pattern. Positions count from 0.
type matcher struct {
	c     *Call
	s, p  string
	level int
	depth int
	caps  [maxCaptures]struct{ from, len int }
}

// at is the byte of the pattern at i, 0 at its end: as in C, a NUL byte ends a pattern.
func (m *matcher) at(i int) byte {
	if i < len(m.p) {
		return m.p[i]
	}
	return 0
}

// match matches p[p:] at s[s:] and says where the match ends, -1 if there is none.
func (m *matcher) match(s, p int) int {
	if m.depth++; m.depth > maxPatternDeep {
		m.c.Errorf("pattern too complex")
	}
	defer func() { m.depth-- }()
	for {
		m.c.th.st.work(1)
		if p >= len(m.p) {
			return s
		}
		switch m.p[p] {
		case '(':
			if m.at(p+1) == ')' {
				return m.open(s, p+2, capPosition)
			}
			return m.open(s, p+1, capUnfinished)
		case ')':
			return m.close(s, p+1)
		case '$':
			if p+1 == len(m.p) {
				if s == len(m.s) {
					return s
				}
				return -1
			}
		case '%':
			switch d := m.at(p + 1); {
			case d == 'b':
				if s = m.balance(s, p+2); s < 0 {
					return -1
				}
				p += 4
				continue
			case d == 'f':
				end, ok := m.frontier(s, p+2)
				if !ok {
					return -1
				}
				p = end
				continue
			case isDigit(d):
				if s = m.back(s, d); s < 0 {
					return -1
				}
				p += 2
				continue
			}
		}
		end := m.classEnd(p)
		switch m.at(end) {
		case '?':
			if m.single(s, p, end) {
				if e := m.match(s+1, end+1); e >= 0 {
					return e
				}
			}
			p = end + 1
			continue
		case '*':
			return m.most(s, p, end)
		case '+':
			if !m.single(s, p, end) {
				return -1
			}
			return m.most(s+1, p, end)
		case '-':
			return m.least(s, p, end)
		}
		if !m.single(s, p, end) {
			return -1
		}
		s++
		p = end
	}
}

func (m *matcher) most(s, p, end int) int {
	n := 0
	for m.single(s+n, p, end) {
		n++
	}
	m.c.Work(n / 8)
	for ; n >= 0; n-- {
		if e := m.match(s+n, end+1); e >= 0 {
			return e
		}
	}
	return -1
}

func (m *matcher) least(s, p, end int) int {
	for {
		if e := m.match(s, end+1); e >= 0 {
			return e
		}
		if !m.single(s, p, end) {
			return -1
		}
		s++
	}
}

func (m *matcher) open(s, p, kind int) int {
	if m.level >= maxCaptures {
		m.c.Errorf("too many captures")
	}
	m.caps[m.level].from, m.caps[m.level].len = s, kind
	m.level++
	e := m.match(s, p)
	if e < 0 {
		m.level--
	}
	return e
}

func (m *matcher) close(s, p int) int {
	l := m.level - 1
	for l >= 0 && m.caps[l].len != capUnfinished {
		l--
	}
	if l < 0 {
		m.c.Errorf("invalid pattern capture")
	}
	m.caps[l].len = s - m.caps[l].from
	e := m.match(s, p)
	if e < 0 {
		m.caps[l].len = capUnfinished
	}
	return e
}

func (m *matcher) balance(s, p int) int {
	if m.at(p) == 0 || m.at(p+1) == 0 {
		m.c.Errorf("unbalanced pattern")
	}
	if s >= len(m.s) || m.s[s] != m.p[p] {
		return -1
	}
	b, e := m.p[p], m.p[p+1]
	depth := 1
	for i := s + 1; i < len(m.s); i++ {
		switch m.s[i] {
		case e:
			if depth--; depth == 0 {
				return i + 1
			}
		case b:
			depth++
		}
	}
	return -1
}

func (m *matcher) frontier(s, p int) (end int, ok bool) {
	if m.at(p) != '[' {
		m.c.Errorf("missing '[' after '%%f' in pattern")
	}
	end = m.classEnd(p)
	var before, here byte
	if s > 0 {
		before = m.s[s-1]
	}
	if s < len(m.s) {
		here = m.s[s]
	}
	return end, !m.set(before, p, end-1) && m.set(here, p, end-1)
}

func (m *matcher) back(s int, digit byte) int {
	l := int(digit) - '1'
	if l < 0 || l >= m.level || m.caps[l].len == capUnfinished {
		m.c.Errorf("invalid capture index")
	}
	n := m.caps[l].len
	if n == capPosition { // its length is huge in C
		return -1
	}
	text := m.s[m.caps[l].from : m.caps[l].from+n]
	if strings.HasPrefix(m.s[s:], text) {
		return s + n
	}
	return -1
}

// classEnd is where the single-character class at p ends.
func (m *matcher) classEnd(p int) int {
	c := m.p[p]
	p++
	switch c {
	case '%':
		if p >= len(m.p) {
			m.c.Errorf("malformed pattern (ends with '%%')")
		}
		return p + 1
	case '[':
		if m.at(p) == '^' {
			p++
		}
		for first := true; first || m.at(p) != ']'; first = false {
			if p >= len(m.p) {
				m.c.Errorf("malformed pattern (missing ']')")
			}
			p++
			if m.p[p-1] == '%' && p < len(m.p) {
				p++
			}
		}
		return p + 1
	}
	return p
}

// single says whether s[s] is in the class p[p:end].
func (m *matcher) single(s, p, end int) bool {
	if s >= len(m.s) {
		return false
	}
	c := m.s[s]
	switch m.p[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.p[p+1])
	case '[':
		return m.set(c, p, end-1)
	}
	return m.p[p] == c
}

// set says whether c is in the set [...] from p to its closing bracket at end.
func (m *matcher) set(c byte, p, end int) bool {
	in := true
	if m.at(p+1) == '^' {
		in = false
		p++
	}
	for p++; p < end; p++ {
		switch {
		case m.p[p] == '%':
			p++
			if inClass(c, m.at(p)) {
				return in
			}
		case m.at(p+1) == '-' && p+2 < end:
			p += 2
			if m.p[p-2] <= c && c <= m.p[p] {
				return in
			}
		case m.p[p] == c:
			return in
		}
	}
	return !in
}

func inClass(c, class byte) bool {
	var in bool
	switch class | 32 {
	case 'a':
		in = isAlpha(c)
	case 'c':
		in = c < 32 || c == 127
	case 'd':
		in = isDigit(c)
	case 'l':
		in = c >= 'a' && c <= 'z'
	case 'p':
		in = c > 32 && c < 127 && !isAlpha(c) && !isDigit(c)
	case 's':
		in = isSpace(c)
	case 'u':
		in = c >= 'A' && c <= 'Z'
	case 'w':
		in = isAlpha(c) || isDigit(c)
	case 'x':
		in = isHexDigit(c)
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if !isAlpha(class) {
		return class == c
	}
	if class < 'a' {
		return !in
	}
	return in
}

// capture is capture i of a match from s to e; a pattern without any has the whole match as its first.
func (m *matcher) capture(i, s, e int) Value {
	if i >= m.level {
		if i != 0 {
			m.c.Errorf("invalid capture index")
		}
		return m.c.th.st.NewString(m.s[s:e])
	}
	from, n := m.caps[i].from, m.caps[i].len
	switch n {
	case capUnfinished:
		m.c.Errorf("unfinished capture")
	case capPosition:
		return Int(from + 1)
	}
	return m.c.th.st.NewString(m.s[from : from+n])
}

// pushCaptures pushes all captures; none of a find, the whole match of a match.
func (m *matcher) pushCaptures(s, e int, whole bool) {
	n := m.level
	if n == 0 && whole {
		n = 1
	}
	for i := range n {
		m.c.Push(m.capture(i, s, e))
	}
}
