// Package glob matches strings against Redis's glob-style patterns: KEYS, SCAN's MATCH, PSUBSCRIBE, CONFIG GET.
package glob

// Match says whether the whole of s matches pattern:
//
//   - ? is any one byte, * any number of them;
//   - [abc], [a-z], [^a-z] is one byte out of a set, or not out of it; a range may be written backwards; a set that
//     is never closed ends with the pattern, and so [^ alone is any byte;
//   - \ takes the special meaning from the byte after it, inside a set too; at the end it means itself.
//
// With nocase, ASCII letters match either case, but for one that is escaped inside a set. It takes time in the order
// of len(pattern)·len(s) at most, where Redis 4.0 can take exponential time with the same result.
// Redis 4.0: util.c, stringmatchlen.
func Match(pattern, s []byte, nocase bool) bool {
	// Only the last * seen has to be tried with more bytes: what an earlier one could take on top, it can take too.
	var afterStar, tail []byte
	starred := false
	for {
		switch {
		case len(pattern) > 0 && pattern[0] == '*':
			pattern = pattern[1:]
			if len(pattern) == 0 {
				return true
			}
			afterStar, tail, starred = pattern, s, true
			continue
		case len(pattern) == 0 && len(s) == 0:
			return true
		case len(pattern) > 0 && len(s) > 0:
			if rest, ok := matchOne(pattern, s[0], nocase); ok {
				pattern, s = rest, s[1:]
				continue
			}
		}
		if !starred || len(tail) == 0 {
			return false
		}
		tail = tail[1:]
		pattern, s = afterStar, tail
	}
}

// matchOne matches c against what pattern begins with, which is no *, and returns the rest of pattern.
func matchOne(pattern []byte, c byte, nocase bool) (rest []byte, ok bool) {
	switch pattern[0] {
	case '?':
		return pattern[1:], true
	case '[':
		return matchSet(pattern[1:], c, nocase)
	case '\\':
		if len(pattern) > 1 {
			pattern = pattern[1:]
		}
	}
	return pattern[1:], same(pattern[0], c, nocase)
}

// matchSet matches c against the set that pattern begins with, after its bracket.
func matchSet(pattern []byte, c byte, nocase bool) (rest []byte, ok bool) {
	not := len(pattern) > 0 && pattern[0] == '^'
	if not {
		pattern = pattern[1:]
	}
	found := false
	for len(pattern) > 0 && pattern[0] != ']' {
		switch {
		case pattern[0] == '\\' && len(pattern) > 1:
			found = found || pattern[1] == c
			pattern = pattern[2:]
		case len(pattern) > 2 && pattern[1] == '-':
			found = found || inRange(pattern[0], pattern[2], c, nocase)
			pattern = pattern[3:]
		default:
			found = found || same(pattern[0], c, nocase)
			pattern = pattern[1:]
		}
	}
	if len(pattern) > 0 {
		pattern = pattern[1:] // the closing bracket
	}
	return pattern, found != not
}

// inRange compares bytes as signed, as C's char is on the machines that Redis runs on.
func inRange(low, high, c byte, nocase bool) bool {
	if int8(low) > int8(high) {
		low, high = high, low
	}
	if nocase {
		low, high, c = lower(low), lower(high), lower(c)
	}
	return int8(low) <= int8(c) && int8(c) <= int8(high)
}

func same(a, b byte, nocase bool) bool {
	return a == b || nocase && lower(a) == lower(b)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
