package lua

import (
	"math"
	"strconv"
	"strings"
)

// directive is one % of a format, as C's printf has it.
type directive struct {
	minus, plus, blank, sharp, zero bool
	width                           int
	prec                            int // -1 if none is given
	verb                            byte
}

func strFormat(c *Call) {
	format := c.CheckStr(1)
	b := newText(c)
	arg := 1
	for i := 0; i < len(format); {
		ch := format[i]
		i++
		if ch != '%' {
			b.add(format[i-1 : i])
			continue
		}
		if i < len(format) && format[i] == '%' {
			b.add("%")
			i++
			continue
		}
		if arg++; arg > c.n {
			c.ArgError(arg, "no value")
		}
		d, next := parseDirective(c, format, i)
		i = next
		b.add(d.format(c, arg))
	}
	b.push()
}

// parseDirective reads what follows a %.
func parseDirective(c *Call, f string, i int) (d directive, next int) {
	start := i
	at := func() byte {
		if i < len(f) {
			return f[i]
		}
		return 0
	}
	for i < len(f) && strings.IndexByte("-+ #0", f[i]) >= 0 {
		switch f[i] {
		case '-':
			d.minus = true
		case '+':
			d.plus = true
		case ' ':
			d.blank = true
		case '#':
			d.sharp = true
		case '0':
			d.zero = true
		}
		i++
	}
	if i-start >= len("-+ #0")+1 {
		c.Errorf("invalid format (repeated flags)")
	}
	number := func() (n int) {
		for k := 0; k < 2 && isDigit(at()); k++ {
			n = n*10 + int(at()-'0')
			i++
		}
		return n
	}
	d.width, d.prec = number(), -1
	if at() == '.' {
		i++
		d.prec = number()
	}
	if isDigit(at()) {
		c.Errorf("invalid format (width or precision too long)")
	}
	d.verb = at()
	return d, i + 1
}

func (d directive) format(c *Call, arg int) string {
	switch d.verb {
	case 'c':
		s := string([]byte{byte(toInt32(c.CheckNum(arg)))})
		if s == "\x00" { // it ends the buffer in C
			if d.minus {
				return ""
			}
			return strings.Repeat(" ", max(d.width-1, 0))
		}
		d.zero = false
		return d.pad("", s)
	case 'd', 'i':
		n := ToInt64(c.CheckNum(arg))
		digits := strconv.FormatInt(n, 10)
		return d.integer(d.sign(n < 0), strings.TrimPrefix(digits, "-"))
	case 'o', 'u', 'x', 'X':
		return d.unsigned(ToUint64(c.CheckNum(arg)))
	case 'e', 'E', 'f', 'g', 'G':
		return d.float(c.CheckNum(arg))
	case 'q':
		return quote(c.CheckStr(arg))
	case 's':
		s := c.CheckStr(arg)
		if d.prec < 0 && len(s) >= 100 {
			return s
		}
		s = cString(s)
		if d.prec >= 0 && d.prec < len(s) {
			s = s[:d.prec]
		}
		d.zero = false
		return d.pad("", s)
	}
	c.Errorf("invalid option '%%%s' to 'format'", cString(string([]byte{d.verb})))
	return ""
}

// toInt32 converts as x86 does: what does not fit is the smallest.
func toInt32(n float64) int32 {
	if n > -1<<31-1 && n < 1<<31 {
		return int32(n)
	}
	return math.MinInt32
}

// ToUint64 converts as gcc's code for x86-64 does.
func ToUint64(n float64) uint64 {
	if n >= 1<<63 {
		return uint64(ToInt64(n-1<<63)) ^ 1<<63
	}
	return uint64(ToInt64(n))
}

func (d directive) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case d.plus:
		return "+"
	case d.blank:
		return " "
	}
	return ""
}

func (d directive) unsigned(n uint64) string {
	base := map[byte]int{'o': 8, 'u': 10, 'x': 16, 'X': 16}[d.verb]
	digits := strconv.FormatUint(n, base)
	prefix := ""
	if d.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if d.sharp && n != 0 && base == 16 {
		prefix = "0" + string(rune(d.verb))
	}
	if d.sharp && base == 8 {
		if n == 0 {
			if d.prec == 0 { // a zero is printed even with no digits wanted
				d.prec = 1
			}
		} else if d.prec <= len(digits) {
			digits = "0" + digits
		}
	}
	return d.integer(prefix, digits)
}

// integer pads digits to the precision and the whole to the width.
func (d directive) integer(prefix, digits string) string {
	if d.prec >= 0 {
		d.zero = false
		if d.prec == 0 && digits == "0" {
			digits = ""
		}
		if missing := d.prec - len(digits); missing > 0 {
			digits = strings.Repeat("0", missing) + digits
		}
	}
	return d.pad(prefix, digits)
}

func (d directive) pad(prefix, s string) string {
	missing := d.width - len(prefix) - len(s)
	switch {
	case missing <= 0:
		return prefix + s
	case d.minus:
		return prefix + s + strings.Repeat(" ", missing)
	case d.zero:
		return prefix + strings.Repeat("0", missing) + s
	}
	return strings.Repeat(" ", missing) + prefix + s
}

func (d directive) float(n float64) string {
	upper := d.verb == 'E' || d.verb == 'G'
	sign := d.sign(math.Signbit(n))
	text, special := notFinite(math.Abs(n))
	if special {
		d.zero = false
	} else {
		prec := d.prec
		if prec < 0 {
			prec = 6
		}
		text = d.digits(math.Abs(n), prec)
	}
	if upper {
		text = strings.ToUpper(text)
	}
	return d.pad(sign, text)
}

func (d directive) digits(n float64, prec int) string {
	switch d.verb | 32 {
	case 'f':
		return d.point(strconv.FormatFloat(n, 'f', prec, 64))
	case 'e':
		return d.point(strconv.FormatFloat(n, 'e', prec, 64))
	}
	prec = max(prec, 1)
	text := strconv.FormatFloat(n, 'e', prec-1, 64)
	exp, _ := strconv.Atoi(text[strings.IndexByte(text, 'e')+1:])
	if exp >= -4 && exp < prec {
		text = strconv.FormatFloat(n, 'f', prec-1-exp, 64)
	}
	if d.sharp {
		return d.point(text)
	}
	mantissa, exponent := text, ""
	if e := strings.IndexByte(text, 'e'); e >= 0 {
		mantissa, exponent = text[:e], text[e:]
	}
	if strings.IndexByte(mantissa, '.') >= 0 {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	return mantissa + exponent
}

// point adds the decimal point that # asks for where there is none.
func (d directive) point(text string) string {
	if !d.sharp || strings.IndexByte(text, '.') >= 0 {
		return text
	}
	if e := strings.IndexByte(text, 'e'); e >= 0 {
		return text[:e] + "." + text[e:]
	}
	return text + "."
}

// quote is the text that reads back as s.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch s[i] {
		case '"', '\\', '\n':
			b.WriteByte('\\')
			b.WriteByte(s[i])
		case '\r':
			b.WriteString("\\r")
		case 0:
			b.WriteString("\\000")
		default:
			b.WriteByte(s[i])
		}
	}
	b.WriteByte('"')
	return b.String()
}
