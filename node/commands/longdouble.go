package commands

import (
	"bytes"
	"math/big"
	"strings"
)

// The float of C's long double on amd64 has 64 bits of precision and 15 of exponent.
const (
	longDoubleBits     = 64
	longDoubleExponent = 16384
)

func newLongDouble() *big.Float { return new(big.Float).SetPrec(longDoubleBits) }

func tooLarge(f *big.Float) bool { return f.IsInf() || f.MantExp(nil) > longDoubleExponent }

// parseLongDouble reads a number as strtold does, but no hexadecimal ones.
func parseLongDouble(b []byte) (*big.Float, bool) {
	if len(b) == 0 || len(b) > 5<<10 || bytes.ContainsAny(b, "pP_ \t\n\v\f\r\x00") {
		return nil, false
	}
	text := string(b)
	switch unsigned := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-"); {
	case strings.HasPrefix(text, "+-"):
		return nil, false
	case strings.EqualFold(unsigned, "inf"), strings.EqualFold(unsigned, "infinity"):
		return newLongDouble().SetInf(text[0] == '-'), true
	}
	f, _, err := big.ParseFloat(text, 10, longDoubleBits, big.ToNearestEven)
	if err != nil || tooLarge(f) {
		return nil, false
	}
	return f, true
}

// formatLongDouble prints with 17 decimals and without trailing zeros. Redis 4.0: util.c, ld2string.
func formatLongDouble(f *big.Float) []byte {
	text := f.Append(nil, 'f', 17)
	text = bytes.TrimRight(text, "0")
	return bytes.TrimSuffix(text, []byte("."))
}
