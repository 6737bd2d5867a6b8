package commands

import (
	"math"
	"strconv"
	"strings"
)

// strtod reads the number that text is as C's function does in the C locale: decimal or hexadecimal with or without an
// exponent, infinity or NaN, a sign before it. tiny says that it is so small that digits are lost; it is 0 then, or close
// to it. ok is false if text is anything else than a number, or too large for one; f is the infinity of its sign then.
func strtod(text string) (f float64, tiny, ok bool) {
	digits := strings.ToLower(strings.TrimLeft(text, "+-"))
	if len(text)-len(digits) > 1 || digits == "" || strings.Contains(digits, "_") {
		return 0, false, false
	}
	hex := strings.HasPrefix(digits, "0x")
	switch {
	case hex && !strings.Contains(digits, "p"):
		text += "p0"
	case digits == "inf", digits == "infinity", digits == "nan":
	case !hex && digits[0] != '.' && (digits[0] < '0' || digits[0] > '9'):
		return 0, false, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return f, false, false
	}
	if f == 0 {
		m, _, _ := strings.Cut(strings.TrimPrefix(digits, "0x"), "p")
		if !hex {
			m, _, _ = strings.Cut(digits, "e")
		}
		return f, strings.Trim(m, "0.") != "", true
	}
	const smallestNormal = 0x1p-1022
	return f, !hex && math.Abs(f) < smallestNormal, true
}

// parseDouble reads a number with strtod and refuses what is NaN, too large, or so small that digits are lost.
func parseDouble(text string) (f float64, ok bool) {
	f, tiny, ok := strtod(text)
	return f, ok && !tiny && f == f
}
