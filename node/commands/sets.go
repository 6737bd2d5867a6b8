package commands

import (
	"bytes"
	"math"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/value"
)

// Commands on sets; those on several of them are in setalgebra.go.
// Redis 4.0: t_set.c.

func (d *Data) setRows() []front.Command {
	return front.Group("set",
		front.Row("sadd", -3, "wmF", 1, 1, 1, d.saddCommand, "Add members to a set"),
		front.Row("srem", -3, "wF", 1, 1, 1, d.sremCommand, "Remove members from a set"),
		front.Row("smove", 4, "wF", 1, 2, 1, d.smoveCommand, "Move a member from one set to another"),
		front.Row("sismember", 3, "rF", 1, 1, 1, d.sismemberCommand, "Determine if a value is a member of a set"),
		front.Row("scard", 2, "rF", 1, 1, 1, d.scardCommand, "Get the number of members in a set"),
		front.Row("spop", -2, "wRF", 1, 1, 1, d.spopCommand, "Remove and return random members of a set"),
		front.Row("srandmember", -2, "rR", 1, 1, 1, d.srandmemberCommand, "Get random members of a set"),
		front.Row("sinter", -2, "rS", 1, -1, 1, func(c *front.Call) { d.combine(c, intersection) }, "Intersect sets"),
		front.Row("sinterstore", -3, "wm", 1, -1, 1, func(c *front.Call) { d.combineStore(c, intersection) },
			"Intersect sets and store the result in a key"),
		front.Row("sunion", -2, "rS", 1, -1, 1, func(c *front.Call) { d.combine(c, union) }, "Add sets"),
		front.Row("sunionstore", -3, "wm", 1, -1, 1, func(c *front.Call) { d.combineStore(c, union) },
			"Add sets and store the result in a key"),
		front.Row("sdiff", -2, "rS", 1, -1, 1, func(c *front.Call) { d.combine(c, difference) }, "Subtract sets"),
		front.Row("sdiffstore", -3, "wm", 1, -1, 1, func(c *front.Call) { d.combineStore(c, difference) },
			"Subtract sets and store the result in a key"),
		front.Row("smembers", 2, "rS", 1, 1, 1, func(c *front.Call) { d.combine(c, intersection) },
			"Get all the members of a set"),
		front.Row("sscan", -3, "rR", 1, 1, 1, d.sscanCommand, "Incrementally iterate the members of a set"),
	) // SMEMBERS is the intersection of one set
}

func (d *Data) saddCommand(c *front.Call) {
	v, ok := d.changeOrAdd(c, c.Args[1], value.KindSet)
	if !ok {
		return
	}
	added := int64(0)
	for _, member := range c.Args[2:] {
		if v.Set().Add(member) {
			added++
		}
	}
	c.Int(added)
	if added > 0 {
		c.Dirty += added
		d.changed(c, c.Args[1], eventSet, "sadd", v)
	}
}

func (d *Data) sremCommand(c *front.Call) {
	v, found, ok := d.change(c, c.Args[1], value.KindSet)
	if !ok {
		return
	}
	removed := int64(0)
	if found {
		for _, member := range c.Args[2:] {
			if v.Set().Remove(member) {
				removed++
			}
		}
	}
	c.Int(removed)
	if removed > 0 {
		c.Dirty += removed
		d.changed(c, c.Args[1], eventSet, "srem", v)
	}
}

func (d *Data) smoveCommand(c *front.Call) {
	from, to, member := c.Args[1], c.Args[2], c.Args[3]
	source, found := d.LookupWrite(c, from)
	target, taken := d.LookupWrite(c, to)
	switch {
	case !found:
		c.Int(0)
		return
	case !checkKind(c, source, true, value.KindSet) || !checkKind(c, target, taken, value.KindSet):
		return
	case !source.Set().Has(member) || bytes.Equal(from, to):
		c.Bool(source.Set().Has(member))
		return
	}
	source, _ = d.db(c).Change(from)
	source.Set().Remove(member)
	c.Dirty++
	d.changed(c, from, eventSet, "srem", source)
	target, _ = d.db(c).ChangeOrAdd(to, value.KindSet)
	if target.Set().Add(member) {
		c.Dirty++
		d.notify(eventSet, "sadd", c.DB, to)
	}
	d.touched(c.DB, to)
	c.Int(1)
}

func (d *Data) sismemberCommand(c *front.Call) {
	if v, found, ok := d.read(c, c.Args[1], value.KindSet); ok {
		c.Bool(found && v.Set().Has(c.Args[2]))
	}
}

func (d *Data) scardCommand(c *front.Call) {
	v, found, ok := d.read(c, c.Args[1], value.KindSet)
	switch {
	case !ok:
	case !found:
		c.Int(0)
	default:
		c.Int(int64(v.Set().Len()))
	}
}

func (d *Data) sscanCommand(c *front.Call) {
	d.scanOf(c, value.KindSet, func(v value.Value, cursor uint64, count int, visit func(...[]byte)) uint64 {
		return v.Set().Scan(cursor, count, func(member []byte) { visit(member) })
	})
}

// Picks by chance. Replicas are told what was picked.

func (d *Data) spopCommand(c *front.Call) {
	switch len(c.Args) {
	case 2:
		d.popOne(c)
	case 3:
		d.popMany(c)
	default:
		c.Error(front.ErrSyntax)
	}
}

func (d *Data) popOne(c *front.Call) {
	v, found, ok := d.change(c, c.Args[1], value.KindSet)
	if !ok {
		return
	}
	if !found {
		c.Null()
		return
	}
	member, _ := v.Set().Random(d.Rand)
	member = bytes.Clone(member)
	v.Set().Remove(member)
	c.Bulk(member)
	c.Dirty++
	d.changed(c, c.Args[1], eventSet, "spop", v)
	c.Instead([]byte("SREM"), c.Args[1], member)
}

// popMany is SPOP with a count. What it took, replicas are told in one SREM: 4.0 sends one for each member, and a link
// that breaks between them leaves a replica with a part of it.
func (d *Data) popMany(c *front.Call) {
	count, ok := c.Integer(2)
	if !ok {
		return
	}
	if count < 0 {
		c.Error(front.ErrIndex)
		return
	}
	v, found, ok := d.change(c, c.Args[1], value.KindSet)
	if !ok {
		return
	}
	if !found || count == 0 {
		c.Array(0)
		return
	}
	all := count >= int64(v.Set().Len())
	taken := d.pickDistinct(v.Set(), count)
	words := [][]byte{[]byte("SREM"), c.Args[1]}
	c.Array(len(taken))
	for _, member := range taken {
		v.Set().Remove(member)
		c.Bulk(member)
		words = append(words, member)
	}
	c.Dirty += int64(len(taken))
	d.changed(c, c.Args[1], eventSet, "spop", v)
	if all {
		words = [][]byte{[]byte("DEL"), c.Args[1]}
	}
	c.Instead(words...)
}

// sparsePick is how many times as many members as are picked there must be for picking one after the other, those that
// come twice being thrown away, to be cheaper than a walk over all. Redis 4.0: t_set.c, SRANDMEMBER_SUB_STRATEGY_MUL.
const sparsePick = 3

// pickDistinct returns count members by chance, or all if there are no more, as copies.
func (d *Data) pickDistinct(s *value.Set, count int64) (picked [][]byte) {
	n := int64(s.Len())
	if count < n/sparsePick {
		seen := make(map[string]bool, count) // never walked
		for int64(len(picked)) < count {
			if member, _ := s.Random(d.Rand); !seen[string(member)] {
				seen[string(member)] = true
				picked = append(picked, bytes.Clone(member))
			}
		}
		return picked
	}
	for member := range s.All() {
		picked = append(picked, bytes.Clone(member))
	}
	if count >= n {
		return picked
	}
	for i := range int(count) {
		j := i + d.Rand.IntN(len(picked)-i)
		picked[i], picked[j] = picked[j], picked[i]
	}
	return picked[:count]
}

func (d *Data) srandmemberCommand(c *front.Call) {
	if len(c.Args) > 3 {
		c.Error(front.ErrSyntax)
		return
	}
	count, many := int64(1), len(c.Args) == 3
	if many {
		var ok bool
		if count, ok = c.Integer(2); !ok {
			return
		}
		if count < -math.MaxInt64/2 || count > math.MaxInt64/2 {
			c.Error("ERR value is out of range")
			return
		}
	}
	v, found, ok := d.read(c, c.Args[1], value.KindSet)
	switch {
	case !ok:
	case !many && !found:
		c.Null()
	case !many:
		member, _ := v.Set().Random(d.Rand)
		c.Bulk(member)
	case !found || count == 0:
		c.Array(0)
	case count < 0:
		d.replyPicks(c, v.Set(), -count)
	default:
		picked := d.pickDistinct(v.Set(), count)
		c.Array(len(picked))
		for _, member := range picked {
			c.Bulk(member)
		}
	}
}

// replyPicks replies with count members by chance, the same one any number of times.
func (d *Data) replyPicks(c *front.Call, s *value.Set, count int64) {
	c.Array(int(count))
	for range count {
		if c.Is(front.CloseASAP | front.Freed) {
			return // it asked for more than it may wait for
		}
		member, _ := s.Random(d.Rand)
		c.Bulk(member)
	}
}
