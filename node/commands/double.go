package commands

import (
	"strconv"
	"strings"
)

// parseDouble reads a number as strtod does in the C locale, all of text being the number: decimal or hexadecimal with or
// without an exponent, or infinity, a sign before it. What is no number, NaN, too large, or so small that digits are
// lost is refused.
func parseDouble(text string) (f float64, ok bool) {
	digits := strings.ToLower(strings.TrimLeft(text, "+-"))
	if len(text)-len(digits) > 1 || digits == "" || strings.Contains(digits, "_") {
		return 0, false
	}
	hex := strings.HasPrefix(digits, "0x")
	switch {
	case hex && !strings.Contains(digits, "p"):
		text += "p0"
	case digits == "inf", digits == "infinity":
	case !hex && digits[0] != '.' && (digits[0] < '0' || digits[0] > '9'):
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != f {
		return 0, false
	}
	if f == 0 {
		mantissa, _, _ := strings.Cut(strings.TrimPrefix(digits, "0x"), "p")
		if !hex {
			mantissa, _, _ = strings.Cut(digits, "e")
		}
		return f, strings.Trim(mantissa, "0.") == ""
	}
	const smallestNormal = 0x1p-1022
	return f, hex || f >= smallestNormal || f <= -smallestNormal
}
