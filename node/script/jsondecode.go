package script

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ordeal-go/ordeal/node/script/lua"
)

// jsonToken is a kind of token, as lua-cjson's errors name it.
type jsonToken string

const (
	objBegin  jsonToken = "T_OBJ_BEGIN"
	objEnd    jsonToken = "T_OBJ_END"
	arrBegin  jsonToken = "T_ARR_BEGIN"
	arrEnd    jsonToken = "T_ARR_END"
	jsonText  jsonToken = "T_STRING"
	jsonNum   jsonToken = "T_NUMBER"
	jsonBool  jsonToken = "T_BOOLEAN"
	jsonNil   jsonToken = "T_NULL"
	jsonColon jsonToken = "T_COLON"
	jsonComma jsonToken = "T_COMMA"
	jsonEnd   jsonToken = "T_END"
)

var jsonSymbols = map[byte]jsonToken{'{': objBegin, '}': objEnd, '[': arrBegin, ']': arrEnd, ':': jsonColon,
	',': jsonComma}

// decoder reads one value from JSON. A NUL byte ends the text.
type decoder struct {
	*jsonConfig
	c     *lua.Call
	s     string
	at    int
	index int // of the token, for errors
	tok   jsonToken
	text  string
	num   float64
	truth bool
	depth int
}

func (cfg *jsonConfig) decodeCall(c *lua.Call) {
	c.ArgCheck(c.Len() == 1, 1, "expected 1 argument")
	s := c.CheckStr(1)
	if len(s) >= 2 && (s[0] == 0 || s[1] == 0) {
		c.Errorf("JSON parser does not support UTF-16 or UTF-32")
	}
	d := &decoder{jsonConfig: cfg, c: c, s: s}
	d.next()
	v := d.value()
	d.next()
	if d.tok != jsonEnd {
		d.unexpected("the end")
	}
	c.Push(v)
}

func (d *decoder) unexpected(want string) { d.failAt(want, string(d.tok), d.index) }

func (d *decoder) failAt(want, found string, index int) {
	d.c.Errorf("Expected %s but found %s at character %d", want, found, index+1)
}

// bad makes the token an error, which is reported where something is expected.
func (d *decoder) bad(what string) {
	d.tok, d.index = jsonToken(what), d.at
}

func (d *decoder) cur() byte {
	if d.at < len(d.s) {
		return d.s[d.at]
	}
	return 0
}

func (d *decoder) next() {
	d.c.Work(1)
	for d.at < len(d.s) && strings.IndexByte(" \t\n\r", d.s[d.at]) >= 0 {
		d.at++
	}
	d.index = d.at
	c := d.cur()
	rest := d.s[d.at:]
	if t, ok := jsonSymbols[c]; ok {
		d.tok = t
		d.at++
		return
	}
	switch {
	case c == 0:
		d.tok = jsonEnd
	case c == '"':
		d.string()
	case c == '-' || c >= '0' && c <= '9':
		if !d.decodeInvalid && invalidNumber(rest) {
			d.bad("invalid number")
			return
		}
		d.number(rest)
	case strings.HasPrefix(rest, "true"):
		d.tok, d.truth, d.at = jsonBool, true, d.at+4
	case strings.HasPrefix(rest, "false"):
		d.tok, d.truth, d.at = jsonBool, false, d.at+5
	case strings.HasPrefix(rest, "null"):
		d.tok, d.at = jsonNil, d.at+4
	case d.decodeInvalid && strings.IndexByte("+iInN", c) >= 0 && invalidNumber(rest):
		d.number(rest)
	default:
		d.bad("invalid token")
	}
}

// invalidNumber says whether a text starts like a number that C reads and JSON forbids.
func invalidNumber(s string) bool {
	at := func(i int) byte {
		if i < len(s) {
			return s[i]
		}
		return 0
	}
	if at(0) == '+' {
		return true
	}
	if at(0) == '-' {
		s = s[1:]
	}
	if at(0) == '0' {
		return at(1)|0x20 == 'x' || at(1) >= '0' && at(1) <= '9'
	}
	word := strings.ToLower(s[:min(3, len(s))])
	return word == "inf" || word == "nan"
}

func (d *decoder) number(rest string) {
	n, after := lua.ScanFloat(rest)
	if len(after) == len(rest) {
		d.bad("invalid number")
		return
	}
	d.tok, d.num = jsonNum, n
	d.at += len(rest) - len(after)
}

func (d *decoder) string() {
	d.at++
	var b []byte
	for {
		c := d.cur()
		switch c {
		case '"':
			d.at++
			d.tok, d.text = jsonText, string(b)
			return
		case 0:
			d.bad("unexpected end of string")
			return
		case '\\':
			var ok bool
			if b, ok = d.escape(b); !ok {
				return
			}
		default:
			b = append(b, c)
			d.at++
		}
	}
}

func (d *decoder) escape(b []byte) ([]byte, bool) {
	var c byte
	if d.at+1 < len(d.s) {
		c = d.s[d.at+1]
	}
	if c == 'u' {
		r, n := d.unicode()
		if n == 0 {
			d.bad("invalid unicode escape code")
			return b, false
		}
		d.at += n
		if r >= 0xd800 && r < 0xe000 {
			return append(b, byte(0xe0|r>>12), byte(0x80|r>>6&63), byte(0x80|r&63)), true
		}
		return utf8.AppendRune(b, r), true
	}
	i := strings.IndexByte(`"\/bfnrt`, c)
	if i < 0 || c == 0 {
		d.bad("invalid escape code")
		return b, false
	}
	d.at += 2
	return append(b, "\"\\/\b\f\n\r\t"[i]), true
}

// unicode reads \uXXXX, or two of them for a surrogate pair; n is its length, 0 if it is none.
func (d *decoder) unicode() (r rune, n int) {
	hi, ok := hex4(d.s, d.at+2)
	if !ok {
		return 0, 0
	}
	if hi&0xf800 != 0xd800 {
		return hi, 6
	}
	if hi&0x400 != 0 || !strings.HasPrefix(d.s[min(d.at+6, len(d.s)):], `\u`) {
		return 0, 0
	}
	lo, ok := hex4(d.s, d.at+8)
	if !ok || lo&0xfc00 != 0xdc00 {
		return 0, 0
	}
	return 0x10000 + (hi&0x3ff)<<10 + lo&0x3ff, 12
}

func hex4(s string, at int) (rune, bool) {
	if at+4 > len(s) {
		return 0, false
	}
	for i := at; i < at+4; i++ {
		if c := s[i]; !(c >= '0' && c <= '9' || c|32 >= 'a' && c|32 <= 'f') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s[at:at+4], 16, 32)
	return rune(n), err == nil
}

// value makes a value of the current token and those it opens.
func (d *decoder) value() lua.Value {
	switch d.tok {
	case jsonText:
		return d.c.State().NewString(d.text)
	case jsonNum:
		return lua.Num(d.num)
	case jsonBool:
		return lua.Bool(d.truth)
	case jsonNil:
		return jsonNull
	case objBegin:
		return d.object()
	case arrBegin:
		return d.array()
	}
	d.unexpected("value")
	return lua.Value{}
}

func (d *decoder) descend() {
	if d.depth++; d.depth > d.decodeDepth || d.depth > 4000 {
		d.c.Errorf("Found too many nested data structures (%d) at character %d", d.depth, d.at)
	}
}

func (d *decoder) object() lua.Value {
	d.descend()
	t := d.c.State().NewTable(0, 0)
	for d.next(); d.tok != objEnd; d.next() {
		if d.tok != jsonText {
			d.unexpected("object key string")
		}
		key := d.c.State().NewString(d.text)
		if d.next(); d.tok != jsonColon {
			d.unexpected("colon")
		}
		d.next()
		t.Set(key, d.value())
		if d.next(); d.tok == objEnd {
			break
		}
		if d.tok != jsonComma {
			d.unexpected("comma or object end")
		}
		d.afterComma()
	}
	d.depth--
	return t.Value()
}

// afterComma refuses a comma before a closing brace: a key must follow.
func (d *decoder) afterComma() {
	at, index, tok := d.at, d.index, d.tok
	d.next()
	if d.tok != jsonText {
		d.unexpected("object key string")
	}
	d.at, d.index, d.tok = at, index, tok
}

func (d *decoder) array() lua.Value {
	d.descend()
	t := d.c.State().NewTable(0, 0)
	d.next()
	for i := 1; d.tok != arrEnd; i++ {
		t.SetInt(i, d.value())
		if d.next(); d.tok == arrEnd {
			break
		}
		if d.tok != jsonComma {
			d.unexpected("comma or array end")
		}
		if d.next(); d.tok == arrEnd {
			d.unexpected("value")
		}
	}
	d.depth--
	return t.Value()
}
