package commands

import (
	"bytes"
	"math/big"
	"strings"
)

// The float of C's long double on amd64 has 64 bits of precision and 15 of exponent.
const (
	longDoubleBits        = 64
	longDoubleExponent    = 16384  // of the largest, in the form 0.1… × 2^n
	longDoubleMinExponent = -16445 // of the smallest that is not zero, in the same form
)

func newLongDouble() *big.Float { return new(big.Float).SetPrec(longDoubleBits) }

func tooLarge(f *big.Float) bool { return f.IsInf() || f.MantExp(nil) > longDoubleExponent }

// parseLongDouble reads a number as strtold does in the C locale, all of b being the number: decimal or hexadecimal
// with or without an exponent, or infinity. Blanks at the start, which strtold skips, Redis refuses; what is no number
// at all, too large, or so small that it becomes zero is refused too. Redis 4.0: object.c, getLongDoubleFromObject.
func parseLongDouble(b []byte) (*big.Float, bool) {
	if len(b) == 0 || len(b) > 5<<10 || bytes.ContainsAny(b, "_ \t\n\v\f\r\x00") {
		return nil, false
	}
	text, negative := string(b), b[0] == '-'
	if negative || b[0] == '+' {
		text = text[1:]
	}
	text = strings.ToLower(text)
	base := 10
	switch hex, isHex := strings.CutPrefix(text, "0x"); {
	case text == "inf", text == "infinity":
		return newLongDouble().SetInf(negative), true
	case isHex:
		text, base = hex, 16
	}
	if text == "" || strings.IndexByte("+-", text[0]) >= 0 || base == 10 && strings.ContainsAny(text, "pxi") {
		return nil, false
	}
	f, _, err := big.ParseFloat(text, base, longDoubleBits, big.ToNearestEven)
	if err != nil || f.IsInf() || tooLarge(f) || f.Sign() != 0 && f.MantExp(nil) < longDoubleMinExponent {
		return nil, false
	}
	if f.Sign() == 0 && strings.Trim(mantissa(text, base), "0.") != "" {
		return nil, false // it was too small for any float
	}
	if negative {
		f.Neg(f)
	}
	return f, true
}

// mantissa is the part of a number before its exponent.
func mantissa(text string, base int) string {
	exponent := "e"
	if base == 16 {
		exponent = "p"
	}
	m, _, _ := strings.Cut(text, exponent)
	return m
}

// formatLongDouble prints with 17 decimals and without trailing zeros. Redis 4.0: util.c, ld2string.
func formatLongDouble(f *big.Float) []byte {
	text := f.Append(nil, 'f', 17)
	text = bytes.TrimRight(text, "0")
	return bytes.TrimSuffix(text, []byte("."))
}
