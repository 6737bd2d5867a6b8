package resp

import "math"

// ParseInt reads a decimal as Redis does wherever it expects an integer: an optional minus sign and digits without
// leading zeros, nothing else, within the range of an int64. So each integer has exactly one text, and "+1", "01",
// "-0", "" and " 1" are none. Redis 4.0: util.c, string2ll.
func ParseInt(b []byte) (n int64, ok bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > len("9223372036854775807") {
		return 0, false
	}
	if digits[0] == '0' {
		return 0, len(b) == 1
	}
	var u uint64 // 19 digits cannot overflow it
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	if len(digits) < len(b) {
		return -int64(u), u <= -math.MinInt64
	}
	return int64(u), u <= math.MaxInt64
}
