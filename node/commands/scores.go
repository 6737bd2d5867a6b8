package commands

import (
	"bytes"
	"math"
	"strings"

	"github.com/ordeal-go/ordeal/node/value"
)

// How scores, and the bounds of ranges, are read.

// parseScore reads a number as ZADD and most other commands do: no NaN, nothing that is too large or becomes zero.
// Redis 4.0: object.c, getDoubleFromObject.
func parseScore(b []byte) (score float64, ok bool) {
	score, tiny, ok := strtod(string(b))
	return score, ok && score == score && !(tiny && score == 0)
}

// parseBound reads one end of a range of scores: a number, "(" before it if it is outside itself. It takes more than
// parseScore: blanks before the number, numbers that are too large, and nothing at all, which is 0.
// Redis 4.0: t_zset.c, zslParseRange.
func parseBound(b []byte) (bound value.ScoreBound, ok bool) {
	if bytes.HasPrefix(b, []byte("(")) {
		b, bound.Open = b[1:], true
	}
	text, _, _ := strings.Cut(string(b), "\x00") // where a string of C ends
	if text == "" {
		return bound, true
	}
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	bound.Score, _, ok = strtod(text)
	return bound, (ok || math.IsInf(bound.Score, 0)) && bound.Score == bound.Score
}

// parseLexBound reads one end of a range of members: "[" or "(" and the member, or "-" or "+" for an end before or
// behind all of them. Redis 4.0: t_zset.c, zslParseLexRangeItem.
func parseLexBound(b []byte) (bound value.LexBound, ok bool) {
	switch {
	case string(b) == "-":
		bound.Infinite = -1
	case string(b) == "+":
		bound.Infinite = 1
	case len(b) > 0 && (b[0] == '[' || b[0] == '('):
		bound.Member, bound.Open = b[1:], b[0] == '('
	default:
		return bound, false
	}
	return bound, true
}
