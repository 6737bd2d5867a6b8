package commands

import (
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/value"
)

// Commands on sorted sets: one member or several by name. Ranges of them are in sortedsetranges.go, unions and
// intersections in sortedsetstores.go, how scores are read in scores.go. Redis 4.0: t_zset.c.

func (d *Data) sortedSetRows() []front.Command {
	return front.Group("sorted_set",
		front.Row("zadd", -4, "wmF", 1, 1, 1, d.zaddCommand, "Add members to a sorted set, or update their scores"),
		front.Row("zincrby", 4, "wmF", 1, 1, 1, d.zincrbyCommand, "Increment the score of a member in a sorted set"),
		front.Row("zrem", -3, "wF", 1, 1, 1, d.zremCommand, "Remove members from a sorted set"),
		front.Row("zcard", 2, "rF", 1, 1, 1, d.zcardCommand, "Get the number of members in a sorted set"),
		front.Row("zscore", 3, "rF", 1, 1, 1, d.zscoreCommand, "Get the score of a member in a sorted set"),
		front.Row("zrank", 3, "rF", 1, 1, 1, func(c *front.Call) { d.zrank(c, false) }, "Get the rank of a member in a sorted set"),
		front.Row("zrevrank", 3, "rF", 1, 1, 1, func(c *front.Call) { d.zrank(c, true) }, "Get the rank of a member in a sorted set, counted from the highest score"),
		front.Row("zscan", -3, "rR", 1, 1, 1, d.zscanCommand, "Incrementally iterate members of a sorted set and their scores"),
	)
}

// zaddOptions are what may stand before ZADD's scores.
type zaddOptions struct {
	nx, xx, ch, incr bool
	pairs            [][]byte // score, member, score, …
}

// parseZaddOptions reads the arguments from the third on. If they are wrong, it replies.
func parseZaddOptions(c *front.Call, o zaddOptions) (_ zaddOptions, ok bool) {
	i := 2
options:
	for ; i < len(c.Args); i++ {
		switch c.Option(i) {
		case "NX":
			o.nx = true
		case "XX":
			o.xx = true
		case "CH":
			o.ch = true
		case "INCR":
			o.incr = true
		default:
			break options
		}
	}
	o.pairs = c.Args[i:]
	switch {
	case len(o.pairs) == 0 || len(o.pairs)%2 == 1:
		c.Error(front.ErrSyntax)
	case o.nx && o.xx:
		c.Error("ERR XX and NX options at the same time are not compatible")
	case o.incr && len(o.pairs) > 2:
		c.Error("ERR INCR option supports a single increment-element pair")
	default:
		return o, true
	}
	return o, false
}

func (d *Data) zaddCommand(c *front.Call)    { d.zadd(c, zaddOptions{}) }
func (d *Data) zincrbyCommand(c *front.Call) { d.zadd(c, zaddOptions{incr: true}) }

// zadd is ZADD, and ZINCRBY, which Redis lets have the same options. Nothing is changed if any score is wrong.
// Redis 4.0: t_zset.c, zaddGenericCommand.
func (d *Data) zadd(c *front.Call, o zaddOptions) {
	o, ok := parseZaddOptions(c, o)
	if !ok {
		return
	}
	scores := make([]float64, len(o.pairs)/2)
	for i := range scores {
		if scores[i], ok = parseScore(o.pairs[2*i]); !ok {
			c.Error(front.ErrNotFloat)
			return
		}
	}
	key := c.Args[1]
	v, found := d.LookupWrite(c, key)
	switch {
	case !checkKind(c, v, found, value.KindZSet):
		return
	case !found && o.xx && o.incr:
		c.Null()
		return
	case !found && o.xx:
		c.Int(0)
		return
	}
	v, _ = d.db(c).ChangeOrAdd(key, value.KindZSet)
	if o.incr {
		d.zincr(c, v, o, scores[0])
		return
	}
	added, updated := int64(0), int64(0)
	for i, score := range scores {
		if new, changed := o.put(v.ZSet(), o.pairs[2*i+1], score); new {
			added++
		} else if changed {
			updated++
		}
	}
	if added+updated > 0 {
		c.Dirty += added + updated
		d.changed(c, key, eventZSet, "zadd", v)
	}
	if o.ch {
		added += updated
	}
	c.Int(added)
}

// put gives member a score, if the options let it.
func (o *zaddOptions) put(z *value.ZSet, member []byte, score float64) (added, changed bool) {
	if o.nx || o.xx {
		if _, there := z.Score(member); there != o.xx {
			return false, false
		}
	}
	return z.Set(member, score)
}

// zincr adds by to the score of the one member that the call names.
func (d *Data) zincr(c *front.Call, v value.Value, o zaddOptions, by float64) {
	z, member := v.ZSet(), o.pairs[1]
	score, there := z.Score(member)
	if there && o.nx || !there && o.xx {
		c.Null()
		return
	}
	if score += by; score != score {
		c.Error("ERR resulting score is not a number (NaN)")
		return
	}
	if added, changed := z.Set(member, score); added || changed {
		c.Dirty++
		d.changed(c, c.Args[1], eventZSet, "zincr", v)
	}
	replyScore(c, score)
}

// replyScore replies with a score as text.
func replyScore(c *front.Call, score float64) {
	var text [32]byte
	c.Bulk(value.AppendScore(text[:0], score))
}

func (d *Data) zremCommand(c *front.Call) {
	v, found, ok := d.change(c, c.Args[1], value.KindZSet)
	if !ok {
		return
	}
	var removed int64
	if found {
		for _, member := range c.Args[2:] {
			if v.ZSet().Remove(member) {
				removed++
			}
		}
	}
	if removed > 0 {
		d.changed(c, c.Args[1], eventZSet, "zrem", v)
	}
	c.Dirty += removed
	c.Int(removed)
}

func (d *Data) zcardCommand(c *front.Call) {
	v, found, ok := d.read(c, c.Args[1], value.KindZSet)
	switch {
	case !ok:
	case !found:
		c.Int(0)
	default:
		c.Int(int64(v.ZSet().Len()))
	}
}

func (d *Data) zscoreCommand(c *front.Call) {
	v, found, ok := d.read(c, c.Args[1], value.KindZSet)
	if !ok {
		return
	}
	if found {
		if score, there := v.ZSet().Score(c.Args[2]); there {
			replyScore(c, score)
			return
		}
	}
	c.Null()
}

// zrank replies with the rank of a member, counted from the lowest or from the highest score.
func (d *Data) zrank(c *front.Call, highest bool) {
	v, found, ok := d.read(c, c.Args[1], value.KindZSet)
	if !ok {
		return
	}
	if found {
		if rank, there := v.ZSet().Rank(c.Args[2]); there {
			if highest {
				rank = v.ZSet().Len() - 1 - rank
			}
			c.Int(int64(rank))
			return
		}
	}
	c.Null()
}

func (d *Data) zscanCommand(c *front.Call) {
	d.scanOf(c, value.KindZSet, func(v value.Value, cursor uint64, count int, visit func(...[]byte)) uint64 {
		return v.ZSet().Scan(cursor, count, func(member []byte, score float64) {
			visit(member, value.AppendScore(nil, score))
		})
	})
}
