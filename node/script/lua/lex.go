package lua

import (
	"fmt"
	"strings"
)

// token is a kind of token: a byte for itself, or one of these.
type token int

const (
	tokAnd token = iota + 257
	tokBreak
	tokDo
	tokElse
	tokElseif
	tokEnd
	tokFalse
	tokFor
	tokFunction
	tokIf
	tokIn
	tokLocal
	tokNil
	tokNot
	tokOr
	tokRepeat
	tokReturn
	tokThen
	tokTrue
	tokUntil
	tokWhile
	tokConcat
	tokDots
	tokEq
	tokGe
	tokLe
	tokNe
	tokNumber
	tokName
	tokString
	tokEOF
)

// tokenTexts are the reserved words and longer tokens, in the order above. goto is a name in 5.1.
var tokenTexts = [...]string{
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil", "not", "or",
	"repeat", "return", "then", "true", "until", "while", "..", "...", "==", ">=", "<=", "~=",
	"<number>", "<name>", "<string>", "<eof>",
}

var reserved = func() map[string]token {
	words := map[string]token{}
	for i := tokAnd; i <= tokWhile; i++ {
		words[tokenTexts[i-tokAnd]] = i
	}
	return words
}()

func (t token) String() string {
	switch {
	case t >= tokAnd:
		return tokenTexts[t-tokAnd]
	case t < 32 || t == 127:
		return fmt.Sprintf("char(%d)", int(t))
	}
	return string([]byte{byte(t)})
}

// SyntaxError is a text that is not Lua, worded as 5.1 words it.
type SyntaxError struct{ Text string }

func (e *SyntaxError) Error() string { return e.Text }

// lexer cuts a source text into tokens.
type lexer struct {
	src   string
	chunk string // how errors name the source
	at    int
	from  int // where the token that is being read starts
	line  int

	tok      token
	text     string // of a name or string
	num      float64
	raw      string // the token as written, for errors
	lastLine int    // of the token before tok
	ahead    *lookahead
}

type lookahead struct {
	tok  token
	text string
	num  float64
	raw  string
	line int
}

func (x *lexer) fail(msg string, t token) {
	text := fmt.Sprintf("%s:%d: %s", x.chunk, x.line, msg)
	if t != 0 {
		near := t.String()
		if t == tokName || t == tokString || t == tokNumber {
			near = x.raw
		}
		text += " near '" + cString(near) + "'"
	}
	panic(&SyntaxError{text})
}

// cString is what C's %s prints of s.
func cString(s string) string {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}

// next reads the next token.
func (x *lexer) next() {
	x.lastLine = x.line
	if a := x.ahead; a != nil {
		x.tok, x.text, x.num, x.raw, x.line, x.ahead = a.tok, a.text, a.num, a.raw, a.line, nil
		return
	}
	x.tok = x.scan()
}

// peek is the token after the current one.
func (x *lexer) peek() token {
	now := lookahead{x.tok, x.text, x.num, x.raw, x.line}
	t := x.scan()
	x.ahead = &lookahead{t, x.text, x.num, x.raw, x.line}
	x.tok, x.text, x.num, x.raw, x.line = now.tok, now.text, now.num, now.raw, now.line
	return t
}

// cur is the byte at the reading position, -1 at the end.
func (x *lexer) cur() int {
	if x.at < len(x.src) {
		return int(x.src[x.at])
	}
	return -1
}

func (x *lexer) accept(c byte) bool {
	if x.cur() == int(c) {
		x.at++
		return true
	}
	return false
}

// newline passes \n, \r, \r\n or \n\r as one line end.
func (x *lexer) newline() {
	c := x.src[x.at]
	x.at++
	if d := x.cur(); (d == '\n' || d == '\r') && d != int(c) {
		x.at++
	}
	x.line++
}

func (x *lexer) scan() token {
	for {
		x.from = x.at
		c := x.cur()
		switch {
		case c < 0:
			return tokEOF
		case c == '\n' || c == '\r':
			x.newline()
		case isSpace(byte(c)):
			x.at++
		case c == '-':
			x.at++
			if !x.accept('-') {
				return '-'
			}
			x.comment()
		case c == '[':
			if level, ok := x.longBracket(); ok {
				x.text = x.longString(level, "string")
				return tokString
			} else if level > 0 {
				x.raw = x.src[x.from:x.at]
				x.fail("invalid long string delimiter", tokString)
			}
			return '['
		case c == '"' || c == '\'':
			x.text = x.quoted(byte(c))
			x.raw = string([]byte{byte(c)}) + x.text + string([]byte{byte(c)})
			return tokString
		case isDigit(byte(c)):
			return x.number()
		case isAlpha(byte(c)) || c == '_':
			return x.name()
		default:
			return x.symbol(c)
		}
	}
}

func (x *lexer) symbol(c int) token {
	x.at++
	switch c {
	case '=':
		return x.withEquals('=', tokEq)
	case '<':
		return x.withEquals('<', tokLe)
	case '>':
		return x.withEquals('>', tokGe)
	case '~':
		return x.withEquals('~', tokNe)
	case '.':
		if x.accept('.') {
			if x.accept('.') {
				return tokDots
			}
			return tokConcat
		}
		if d := x.cur(); d >= 0 && isDigit(byte(d)) {
			return x.number()
		}
	}
	return token(c)
}

func (x *lexer) withEquals(alone, both token) token {
	if x.accept('=') {
		return both
	}
	return alone
}

func (x *lexer) name() token {
	for c := x.cur(); c >= 0 && (isAlpha(byte(c)) || isDigit(byte(c)) || c == '_'); c = x.cur() {
		x.at++
	}
	x.text = x.src[x.from:x.at]
	x.raw = x.text
	if t, ok := reserved[x.text]; ok {
		return t
	}
	return tokName
}

func (x *lexer) number() token {
	for c := x.cur(); c >= 0 && (isDigit(byte(c)) || c == '.'); c = x.cur() {
		x.at++
	}
	// A NUL byte passes for an exponent's letter and sign: strchr finds it at the end of "Ee" and "+-".
	if x.accept('e') || x.accept('E') || x.accept(0) {
		_ = x.accept('+') || x.accept('-') || x.accept(0)
	}
	for c := x.cur(); c >= 0 && (isDigit(byte(c)) || isAlpha(byte(c)) || c == '_'); c = x.cur() {
		x.at++
	}
	x.raw = x.src[x.from:x.at]
	n, ok := ParseNumber(x.raw)
	if !ok {
		x.fail("malformed number", tokNumber)
	}
	x.num = n
	return tokNumber
}

func (x *lexer) comment() {
	if x.cur() == '[' {
		if level, ok := x.longBracket(); ok {
			x.longString(level, "comment")
			return
		}
	}
	for c := x.cur(); c >= 0 && c != '\n' && c != '\r'; c = x.cur() {
		x.at++
	}
}

// longBracket passes "[", "="s and "[" if all are there; otherwise it stops before what is missing.
func (x *lexer) longBracket() (level int, ok bool) {
	x.at++
	for x.accept('=') {
		level++
	}
	return level, x.accept('[')
}

// longString reads up to the closing bracket of that level. A line end right after the opening is dropped, others
// become \n.
func (x *lexer) longString(level int, what string) string {
	var b []byte
	if c := x.cur(); c == '\n' || c == '\r' {
		x.newline()
	}
	closing := "]" + strings.Repeat("=", level) + "]"
	for {
		c := x.cur()
		switch {
		case c < 0:
			x.fail("unfinished long "+what, tokEOF)
		case c == ']' && strings.HasPrefix(x.src[x.at:], closing):
			x.at += len(closing)
			x.raw = strings.Replace(closing, "]", "[", 2) + string(b) + closing
			return string(b)
		case c == '\n' || c == '\r':
			x.newline()
			b = append(b, '\n')
		default:
			b = append(b, byte(c))
			x.at++
		}
	}
}

func (x *lexer) quoted(quote byte) string {
	x.at++
	var b []byte
	for {
		c := x.cur()
		switch {
		case c < 0:
			x.fail("unfinished string", tokEOF)
		case c == '\n' || c == '\r':
			x.raw = string([]byte{quote}) + string(b)
			x.fail("unfinished string", tokString)
		case c == int(quote):
			x.at++
			return string(b)
		case c == '\\':
			x.at++
			b = x.escape(b, quote)
		default:
			b = append(b, byte(c))
			x.at++
		}
	}
}

func (x *lexer) escape(b []byte, quote byte) []byte {
	c := x.cur()
	switch {
	case c < 0:
		return b // the caller meets the end
	case c == '\n' || c == '\r':
		x.newline()
		return append(b, '\n')
	case isDigit(byte(c)):
		n := 0
		for i := 0; i < 3 && x.cur() >= 0 && isDigit(byte(x.cur())); i++ {
			n = n*10 + x.cur() - '0'
			x.at++
		}
		if n > 255 {
			x.raw = string([]byte{quote}) + string(b)
			x.fail("escape sequence too large", tokString)
		}
		return append(b, byte(n))
	}
	x.at++
	if i := strings.IndexByte("abfnrtv", byte(c)); i >= 0 {
		c = int("\a\b\f\n\r\t\v"[i])
	}
	return append(b, byte(c))
}
