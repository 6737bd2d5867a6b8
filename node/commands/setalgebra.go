package commands

import (
	"cmp"
	"slices"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/value"
)

// Commands on several sets. Redis 4.0: t_set.c, sinterGenericCommand, sunionDiffGenericCommand.

// operation is what is made of several sets.
type operation uint8

const (
	intersection operation = iota
	union
	difference // of the first and all others
)

// operands looks the sets at keys up; one that is not there is nil. If a key holds something else it replies, except
// that an intersection ends at the first one that is not there: none is true then, and nothing was replied.
// 7.0 looks at the types of all of them first.
func (d *Data) operands(c *front.Call, keys [][]byte, op operation, store bool) (sets []*value.Set, none, ok bool) {
	lookup := d.LookupRead
	if store {
		lookup = d.LookupWrite
	}
	for _, key := range keys {
		v, found := lookup(c, key)
		switch {
		case !checkKind(c, v, found, value.KindSet):
			return nil, false, false
		case found:
			sets = append(sets, v.Set())
		case op == intersection:
			return nil, true, true
		default:
			sets = append(sets, nil)
		}
	}
	return sets, false, true
}

// walk calls visit with the members of the result, those of a union any number of times.
func (op operation) walk(sets []*value.Set, visit func(member []byte)) {
	switch op {
	case union:
		for _, s := range sets {
			if s != nil {
				for member := range s.All() {
					visit(member)
				}
			}
		}
	case intersection:
		smaller := func(a, b *value.Set) int { return cmp.Compare(a.Len(), b.Len()) }
		op.filter(slices.SortedStableFunc(slices.Values(sets), smaller), visit)
	case difference:
		op.filter(sets, visit)
	}
}

// filter calls visit with the members of the first set that all others have, or that none has.
func (op operation) filter(sets []*value.Set, visit func(member []byte)) {
	if sets[0] == nil {
		return
	}
	wanted := op == intersection
	for member := range sets[0].All() {
		if !slices.ContainsFunc(sets[1:], func(s *value.Set) bool { return (s != nil && s.Has(member)) != wanted }) {
			visit(member)
		}
	}
}

// combine replies with the result.
func (d *Data) combine(c *front.Call, op operation) {
	sets, none, ok := d.operands(c, c.Args[1:], op, false)
	switch {
	case !ok:
		return
	case none:
		c.Array(0)
		return
	case op == union && len(sets) > 1:
		sets = []*value.Set{d.combined(c, op, sets)}
	}
	var members [][]byte
	if len(sets) == 1 && sets[0] != nil {
		c.Array(sets[0].Len())
		op.walk(sets, c.Bulk)
		return
	}
	op.walk(sets, func(member []byte) { members = append(members, slices.Clone(member)) })
	c.Array(len(members))
	for _, member := range members {
		c.Bulk(member)
	}
}

// combined returns the result as a set that nobody holds.
func (d *Data) combined(c *front.Call, op operation, sets []*value.Set) *value.Set {
	result := value.NewSet(d.db(c).Ledger())
	op.walk(sets, func(member []byte) { result.Add(member) })
	return result
}

// combineStore puts the result in the place of whatever was at argument 1.
func (d *Data) combineStore(c *front.Call, op operation) {
	to := c.Args[1]
	sets, none, ok := d.operands(c, c.Args[2:], op, true)
	if !ok {
		return
	}
	size := 0
	if !none {
		result := d.combined(c, op, sets)
		if size = result.Len(); size > 0 {
			d.setKey(c, to, result.Value())
			d.notify(eventSet, [...]string{"sinterstore", "sunionstore", "sdiffstore"}[op], c.DB, to)
		}
		c.Dirty++ // though there may be nothing now, and have been nothing
	}
	if size == 0 && d.deleteStored(c, to) && none {
		c.Dirty++
	}
	c.Int(int64(size))
}

// deleteStored removes what a result would have taken the place of, had there been one, and says whether there was
// anything.
func (d *Data) deleteStored(c *front.Call, key []byte) bool {
	if _, found := d.LookupWrite(c, key); !found {
		return false
	}
	d.deleteKey(c.DB, key)
	d.notify(eventGeneric, "del", c.DB, key)
	return true
}
