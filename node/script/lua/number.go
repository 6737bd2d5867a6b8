package lua

import (
	"math"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node/exact"
)

// FormatNumber is the text of n as C's "%.14g" has it, which is what tostring and concatenation give.
func FormatNumber(n float64) string {
	if n == math.Trunc(n) && math.Abs(n) < 1e14 && (n != 0 || !math.Signbit(n)) {
		return strconv.FormatInt(int64(n), 10)
	}
	if text, special := notFinite(n); special {
		return text
	}
	return strconv.FormatFloat(n, 'g', 14, 64)
}

// FormatG is the text of n as C's "%.<precision>g" has it.
func FormatG(n float64, precision int) string {
	if text, special := notFinite(n); special {
		return text
	}
	return strconv.FormatFloat(n, 'g', precision, 64)
}

// notFinite names infinities and NaN as glibc prints them: a NaN has a sign too.
func notFinite(n float64) (string, bool) {
	var text string
	switch {
	case math.IsInf(n, 0):
		text = "inf"
	case n != n:
		text = "nan"
	default:
		return "", false
	}
	if math.Signbit(n) {
		text = "-" + text
	}
	return text, true
}

// negativeNaN is what x86 gives for 0/0 and inf-inf; the sign shows in tostring. Stated here so that a run is the
// same on processors whose own NaN is positive.
var negativeNaN = math.Float64frombits(0xfff8000000000000)

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlpha(c byte) bool { return c|32 >= 'a' && c|32 <= 'z' }
func isHexDigit(c byte) bool {
	return isDigit(c) || c|32 >= 'a' && c|32 <= 'f'
}

// ParseNumber reads s as Lua 5.1 converts strings: what C's strtod takes (hexadecimal, inf and nan too), blanks
// around it, and nothing else. Like there, a NUL byte ends the text.
func ParseNumber(s string) (float64, bool) {
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	n, rest := ScanFloat(s)
	if len(rest) == len(s) {
		return 0, false
	}
	for len(rest) > 0 && isSpace(rest[0]) {
		rest = rest[1:]
	}
	return n, rest == ""
}

// ScanFloat reads the longest number at the start of s, as strtod does after blanks, and returns what follows it.
func ScanFloat(s string) (n float64, rest string) {
	at, negative := 0, false
	if at < len(s) && (s[at] == '-' || s[at] == '+') {
		negative = s[at] == '-'
		at++
	}
	sign := func(n float64, rest string) (float64, string) {
		if negative {
			n = math.Float64frombits(math.Float64bits(n) ^ 1<<63)
		}
		return n, rest
	}
	body := s[at:]
	switch {
	case hasFold(body, "infinity"):
		return sign(math.Inf(1), body[len("infinity"):])
	case hasFold(body, "inf"):
		return sign(math.Inf(1), body[len("inf"):])
	case hasFold(body, "nan"):
		payload, rest := afterNaN(body[3:])
		return sign(math.Float64frombits(0x7ff8000000000000|payload), rest)
	case len(body) > 2 && body[0] == '0' && body[1]|32 == 'x':
		if end, exponent := scanDigits(body[2:], isHexDigit, 'p'); end > 0 {
			text := body[:2+end]
			if !exponent {
				text += "p0"
			}
			n, _ = strconv.ParseFloat(text, 64) // out of range gives an infinity, as strtod does
			return sign(n, body[2+end:])
		}
	}
	end, _ := scanDigits(body, isDigit, 'e')
	if end == 0 {
		return 0, s
	}
	n, _ = strconv.ParseFloat(body[:end], 64)
	return sign(n, body[end:])
}

// scanDigits measures digits with at most one point and an exponent; 0 if there is no digit.
func scanDigits(s string, digit func(byte) bool, e byte) (end int, exponent bool) {
	digits, point := 0, false
	for ; end < len(s); end++ {
		if digit(s[end]) {
			digits++
		} else if s[end] == '.' && !point {
			point = true
		} else {
			break
		}
	}
	if digits == 0 {
		return 0, false
	}
	if end < len(s) && s[end]|32 == e {
		at := end + 1
		if at < len(s) && (s[at] == '-' || s[at] == '+') {
			at++
		}
		if at < len(s) && isDigit(s[at]) {
			for at < len(s) && isDigit(s[at]) {
				at++
			}
			return at, true
		}
	}
	return end, false
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// afterNaN reads what may follow "nan" in brackets: a number becomes the low bits.
func afterNaN(s string) (payload uint64, rest string) {
	if s == "" || s[0] != '(' {
		return 0, s
	}
	for i := 1; i < len(s); i++ {
		if s[i] == ')' {
			n, err := strconv.ParseUint(s[1:i], 0, 64)
			if err != nil {
				n = 0
			}
			return n & (1<<51 - 1), s[i+1:]
		}
		if !isDigit(s[i]) && !isAlpha(s[i]) && s[i] != '_' {
			break
		}
	}
	return 0, s
}

// parseInBase reads s as C's strtoul does and tonumber(s, base) therefore: blanks, a sign (minus wraps), 0x in base
// 16, too large a number is the largest.
func parseInBase(s string, base int) (float64, bool) {
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative, s = s[0] == '-', s[1:]
	}
	if base == 16 && len(s) > 2 && s[0] == '0' && s[1]|32 == 'x' && isHexDigit(s[2]) {
		s = s[2:]
	}
	var n uint64
	digits, over := 0, false
	for ; digits < len(s); digits++ {
		d := digitValue(s[digits])
		if d >= base {
			break
		}
		if n > (math.MaxUint64-uint64(d))/uint64(base) {
			over = true
		}
		n = n*uint64(base) + uint64(d)
	}
	if digits == 0 || strings.TrimLeft(s[digits:], " \t\n\v\f\r") != "" {
		return 0, false
	}
	if over {
		n = math.MaxUint64
	} else if negative {
		n = -n
	}
	return float64(n), true
}

func digitValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case isAlpha(c):
		return int(c|32-'a') + 10
	}
	return 99
}

// ToInt64 converts as x86 does, and so as a server does: towards zero; what does not fit, and NaN, is the smallest.
func ToInt64(n float64) int64 {
	if n >= -1<<63 && n < 1<<63 {
		return int64(n)
	}
	return math.MinInt64
}

// arithmetic operators, in the order of the opcodes
const (
	opAddN = iota
	opSubN
	opMulN
	opDivN
	opModN
	opPowN
)

func arith(op int, a, b float64) float64 {
	var r float64
	switch op {
	case opAddN:
		r = a + b
	case opSubN:
		r = a - b
	case opMulN:
		r = a * b
	case opDivN:
		r = a / b
	case opModN:
		r = a - float64(math.Floor(a/b)*b)
	case opPowN:
		r = exact.Pow(a, b)
	}
	if r != r && (op != opPowN || a == a) {
		r = nanOf(a, b)
	}
	return r
}

// nanOf is the NaN of an operation on a and b: an operand's own if one is NaN, else the processor's.
func nanOf(a, b float64) float64 {
	if a != a {
		return a
	}
	if b != b {
		return b
	}
	return negativeNaN
}
