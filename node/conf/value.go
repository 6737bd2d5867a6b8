package conf

import (
	"math"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node/resp"
)

// units are the suffixes of a size. Redis 4.0: util.c, memtoll.
var units = map[string]int64{
	"": 1, "b": 1,
	"k": 1000, "kb": 1 << 10,
	"m": 1000 * 1000, "mb": 1 << 20,
	"g": 1000 * 1000 * 1000, "gb": 1 << 30,
}

// ParseBytes reads a size: a decimal number and a unit, b k kb m mb g gb in any case (k is 1000, kb 1024), "" for
// bytes. ok is false for anything else and for sizes beyond an int64.
func ParseBytes(s string) (bytes int64, ok bool) {
	digits := strings.TrimRight(s, "bkmgBKMG")
	unit, known := units[strings.ToLower(s[len(digits):])]
	n, err := strconv.ParseInt(digits, 10, 64)
	if !known || err != nil || digits[0] == '+' || n > math.MaxInt64/unit || n < math.MinInt64/unit {
		return 0, false
	}
	return n * unit, true
}

// FormatBytes prints a size in the largest of gb, mb and kb that leaves no remainder, else in bytes.
// Redis 4.0: config.c, rewriteConfigFormatMemory.
func FormatBytes(n int64) string {
	for _, unit := range []string{"gb", "mb", "kb"} {
		if size := units[unit]; n != 0 && n%size == 0 {
			return strconv.FormatInt(n/size, 10) + unit
		}
	}
	return strconv.FormatInt(n, 10)
}

// ParseYesNo reads yes or no in any case.
func ParseYesNo(s string) (yes, ok bool) {
	switch {
	case strings.EqualFold(s, "yes"):
		return true, true
	case strings.EqualFold(s, "no"):
		return false, true
	}
	return false, false
}

// FormatYesNo prints what [ParseYesNo] reads.
func FormatYesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// ParseInt reads a decimal number within [low, high]; no sign +, no spaces.
func ParseInt(s string, low, high int64) (n int64, ok bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || s[0] == '+' || n < low || n > high {
		return 0, false
	}
	return n, true
}

// Quote prints s between double quotes so that the lexer reads s again, whatever bytes it has.
func Quote(s string) string { return string(resp.AppendQuoted(nil, []byte(s))) }

// Word prints s bare if the lexer then reads s again, else as [Quote] does.
func Word(s string) string {
	if s == "" || s[0] == '#' {
		return Quote(s)
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '\\' {
			return Quote(s)
		}
	}
	return s
}
