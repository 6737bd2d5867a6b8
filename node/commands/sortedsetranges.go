package commands

import (
	"strings"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/value"
)

// Ranges of sorted sets: by rank, by score, by member. All of them come down to a range of ranks.
// Redis 4.0: t_zset.c.

func (d *Data) sortedSetRangeRows() []front.Command {
	return front.Group("sorted_set",
		front.Row("zremrangebyscore", 4, "w", 1, 1, 1, func(c *front.Call) { d.zremrange(c, byScore) }, "Remove all members in a sorted set within the given scores"),
		front.Row("zremrangebyrank", 4, "w", 1, 1, 1, func(c *front.Call) { d.zremrange(c, byRank) }, "Remove all members in a sorted set within the given ranks"),
		front.Row("zremrangebylex", 4, "w", 1, 1, 1, func(c *front.Call) { d.zremrange(c, byLex) }, "Remove all members in a sorted set between the given members"),
		front.Row("zrange", -4, "r", 1, 1, 1, func(c *front.Call) { d.zrange(c, byRank, false) }, "Return a range of members in a sorted set, by rank"),
		front.Row("zrangebyscore", -4, "r", 1, 1, 1, func(c *front.Call) { d.zrange(c, byScore, false) }, "Return a range of members in a sorted set, by score"),
		front.Row("zrevrangebyscore", -4, "r", 1, 1, 1, func(c *front.Call) { d.zrange(c, byScore, true) }, "Return a range of members in a sorted set, by score, the highest first"),
		front.Row("zrangebylex", -4, "r", 1, 1, 1, func(c *front.Call) { d.zrange(c, byLex, false) }, "Return a range of members in a sorted set, by member"),
		front.Row("zrevrangebylex", -4, "r", 1, 1, 1, func(c *front.Call) { d.zrange(c, byLex, true) }, "Return a range of members in a sorted set, by member, the last first"),
		front.Row("zcount", 4, "rF", 1, 1, 1, func(c *front.Call) { d.zcount(c, byScore) }, "Count the members in a sorted set with scores within the given values"),
		front.Row("zlexcount", 4, "rF", 1, 1, 1, func(c *front.Call) { d.zcount(c, byLex) }, "Count the members in a sorted set between the given members"),
		front.Row("zrevrange", -4, "r", 1, 1, 1, func(c *front.Call) { d.zrange(c, byRank, true) }, "Return a range of members in a sorted set, by rank, the highest score first"),
	)
}

// rangeBy is what the ends of a range are.
type rangeBy uint8

const (
	byRank rangeBy = iota
	byScore
	byLex
)

// zspan is a range of a sorted set that has not been looked at.
type zspan func(*value.ZSet) (from, to int)

// parseZspan reads arguments low and high as the ends of a range. If they are none, it replies.
func parseZspan(c *front.Call, by rangeBy, low, high int, backward bool) (zspan, bool) {
	switch by {
	case byScore:
		min, ok1 := parseBound(c.Args[low])
		max, ok2 := parseBound(c.Args[high])
		if !ok1 || !ok2 {
			c.Error("ERR min or max is not a float")
			return nil, false
		}
		return func(z *value.ZSet) (int, int) { return z.ScoreRange(min, max) }, true
	case byLex:
		min, ok1 := parseLexBound(c.Args[low])
		max, ok2 := parseLexBound(c.Args[high])
		if !ok1 || !ok2 {
			c.Error("ERR min or max not valid string range item")
			return nil, false
		}
		return func(z *value.ZSet) (int, int) { return z.LexRange(min, max) }, true
	}
	start, end, ok := bounds(c)
	if !ok {
		return nil, false
	}
	return func(z *value.ZSet) (int, int) {
		from, to := listRange(start, end, z.Len())
		if backward {
			from, to = z.Len()-to, z.Len()-from
		}
		return from, to
	}, true
}

// zrangeOptions are what may follow a range.
type zrangeOptions struct {
	withScores    bool
	offset, limit int64 // how many to pass over, and then to take at most; negative limit: all
}

// parseZrangeOptions reads the arguments from the fifth on. If they are wrong, it replies.
func parseZrangeOptions(c *front.Call, by rangeBy) (o zrangeOptions, ok bool) {
	o.limit = -1
	if by == byRank && len(c.Args) > 5 {
		c.Error(front.ErrSyntax)
		return o, false
	}
	for i := 4; i < len(c.Args); {
		switch option := strings.ToUpper(string(c.Args[i])); {
		case option == "WITHSCORES" && by != byLex:
			o.withScores = true
			i++
		case option == "LIMIT" && by != byRank && i+2 < len(c.Args):
			if o.offset, ok = c.Integer(i + 1); ok {
				o.limit, ok = c.Integer(i + 2)
			}
			if !ok {
				return o, false
			}
			i += 3
		default:
			c.Error(front.ErrSyntax)
			return o, false
		}
	}
	return o, true
}

// cut is what LIMIT leaves of a range.
func (o *zrangeOptions) cut(from, to int, backward bool) (int, int) {
	n := int64(to - from)
	if o.offset < 0 || o.offset >= n {
		return from, from
	}
	take := n - o.offset
	if o.limit >= 0 {
		take = min(take, o.limit)
	}
	if backward {
		to -= int(o.offset)
		return to - int(take), to
	}
	from += int(o.offset)
	return from, from + int(take)
}

// zrange replies with a range, ascending or backward. The ends of a range of scores or members stand in the order in
// which it is walked.
func (d *Data) zrange(c *front.Call, by rangeBy, backward bool) {
	low, high := 2, 3
	if backward && by != byRank {
		low, high = 3, 2
	}
	span, ok := parseZspan(c, by, low, high, backward)
	if !ok {
		return
	}
	o, ok := parseZrangeOptions(c, by)
	if !ok {
		return
	}
	v, found, ok := d.read(c, c.Args[1], value.KindZSet)
	if !ok {
		return
	}
	if !found {
		c.Array(0)
		return
	}
	from, to := span(v.ZSet())
	from, to = o.cut(from, to, backward)
	walk := v.ZSet().Range
	if backward {
		walk = v.ZSet().Backward
	}
	n := to - from
	if o.withScores {
		n *= 2
	}
	c.Array(n)
	for member, score := range walk(from, to) {
		c.Bulk(member)
		if o.withScores {
			replyScore(c, score)
		}
	}
}

func (d *Data) zcount(c *front.Call, by rangeBy) {
	span, ok := parseZspan(c, by, 2, 3, false)
	if !ok {
		return
	}
	v, found, ok := d.read(c, c.Args[1], value.KindZSet)
	switch {
	case !ok:
	case !found:
		c.Int(0)
	default:
		from, to := span(v.ZSet())
		c.Int(int64(to - from))
	}
}

func (d *Data) zremrange(c *front.Call, by rangeBy) {
	span, ok := parseZspan(c, by, 2, 3, false)
	if !ok {
		return
	}
	v, found, ok := d.change(c, c.Args[1], value.KindZSet)
	switch {
	case !ok:
		return
	case !found:
		c.Int(0)
		return
	}
	from, to := span(v.ZSet())
	if from < to {
		v.ZSet().RemoveRange(from, to)
		c.Dirty += int64(to - from)
		d.changed(c, c.Args[1], eventZSet, c.Cmd.Name, v)
	}
	c.Int(int64(to - from))
}
