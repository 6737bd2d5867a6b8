package value

import (
	"bytes"
	"math"
)

// ScoreBound is one end of a range of scores.
type ScoreBound struct {
	Score float64
	Open  bool // the score itself is outside
}

// ScoreRange returns the ranks from ≤ rank < to of the members with scores from min to max; from = to if there are
// none.
func (z *ZSet) ScoreRange(min, max ScoreBound) (from, to int) {
	from = z.rankWhere(func(it *item) bool { return it.score < min.Score || (min.Open && it.score == min.Score) })
	to = z.rankWhere(func(it *item) bool { return it.score < max.Score || (!max.Open && it.score == max.Score) })
	return from, limitTo(from, to)
}

// AllScores are the bounds -inf and +inf.
func AllScores() (min, max ScoreBound) {
	return ScoreBound{Score: math.Inf(-1)}, ScoreBound{Score: math.Inf(1)}
}

// LexBound is one end of a range of members that all have the same score.
type LexBound struct {
	Member []byte
	Open   bool // the member itself is outside
	// Infinite is -1 for an end before all members, 1 for one behind all, and then nothing else counts.
	Infinite int
}

// LexRange returns the ranks from ≤ rank < to of the members from min to max, in a sorted set whose members all have
// the same score; for others the answer means nothing, but is the same on all servers that hold the same.
func (z *ZSet) LexRange(min, max LexBound) (from, to int) {
	from = z.lexRank(func(it *item) bool { c := compareTo(min, it); return c < 0 || (c == 0 && min.Open) })
	to = z.lexRank(func(it *item) bool { c := compareTo(max, it); return c < 0 || (c == 0 && !max.Open) })
	return from, limitTo(from, to)
}

// lexRank is rankWhere for conditions on members. If their scores differ, the members are in no order that a tree could
// be searched by: where the search ended would depend on its shape, and so on how the sorted set came about. It goes
// through them then.
func (z *ZSet) lexRank(before func(*item) bool) (rank int) {
	if z.body == nil || z.n == 0 || z.scoreAt(0) == z.scoreAt(int(z.n)-1) {
		return z.rankWhere(before)
	}
	z.body.tree.walk(0, int(z.n), func(it *item) bool {
		if !before(it) {
			return false
		}
		rank++
		return true
	})
	return rank
}

// scoreAt returns the score of the member of a rank.
func (z *ZSet) scoreAt(rank int) (score float64) {
	for _, score = range z.Range(rank, rank+1) {
	}
	return score
}

// compareTo compares the member of it with the bound: negative before it, 0 at it, positive behind it.
func compareTo(b LexBound, it *item) int {
	if b.Infinite != 0 {
		return -b.Infinite
	}
	return bytes.Compare(textOf(it.member), b.Member)
}

func limitTo(from, to int) int {
	if to < from {
		return from
	}
	return to
}
