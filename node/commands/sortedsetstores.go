package commands

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/value"
)

// Unions and intersections of sorted sets, and of sets, whose members count as if they had score 1.
// Redis 4.0: t_zset.c, zunionInterGenericCommand.

func (d *Data) sortedSetStoreRows() []front.Command {
	unionRow := front.Row("zunionstore", -4, "wm*", 0, 0, 0, func(c *front.Call) { d.zstore(c, union) }, "Add sorted sets and store the result in a key")
	interRow := front.Row("zinterstore", -4, "wm*", 0, 0, 0, func(c *front.Call) { d.zstore(c, intersection) }, "Intersect sorted sets and store the result in a key")
	unionRow.Keys, interRow.Keys = zstoreKeys, zstoreKeys
	return front.Group("sorted_set", unionRow, interRow)
}

// zstoreKeys returns the places of the keys: those that are read, then the one that is written.
// Redis 4.0: db.c, zunionInterGetKeys.
func zstoreKeys(args [][]byte) (keys []int) {
	n, ok := resp.ParseInt(args[2])
	if !ok || n < 1 || n > int64(len(args)-3) {
		return nil
	}
	for i := range int(n) {
		keys = append(keys, 3+i)
	}
	return append(keys, 1)
}

// zsource is one of the sorted sets that are put together.
type zsource struct {
	of     value.Value // a sorted set, or a set; the zero value: none
	weight float64
}

func (w *zsource) len() int {
	if w.of.Kind() == value.KindString {
		return 0
	}
	return w.of.Elements()
}

// all walks the members with their scores, weight not counted.
func (w *zsource) all() iter.Seq2[[]byte, float64] {
	switch w.of.Kind() {
	case value.KindZSet:
		return w.of.ZSet().Range(0, w.len())
	case value.KindSet:
		return func(yield func([]byte, float64) bool) {
			for member := range w.of.Set().All() {
				if !yield(member, 1) {
					return
				}
			}
		}
	}
	return func(func([]byte, float64) bool) {}
}

func (w *zsource) score(member []byte) (score float64, ok bool) {
	if w.of.Kind() == value.KindZSet {
		return w.of.ZSet().Score(member)
	}
	return 1, w.of.Set().Has(member)
}

// aggregate makes one score of two.
type aggregate func(a, b float64) float64

// sumOf is AGGREGATE SUM, the default. Infinities of both signs give 0.
func sumOf(a, b float64) float64 {
	if s := a + b; s == s {
		return s
	}
	return 0
}

func lesserOf(a, b float64) float64 {
	if b < a {
		return b
	}
	return a
}

func greaterOf(a, b float64) float64 {
	if b > a {
		return b
	}
	return a
}

// weigh is score by weight; 0 by infinity gives 0.
func weigh(score, weight float64) float64 {
	if s := score * weight; s == s {
		return s
	}
	return 0
}

// zsources looks the keys up that are read. If one holds something else than it may, it replies.
func (d *Data) zsources(c *front.Call) (sources []zsource, ok bool) {
	n, ok := c.Integer(2)
	switch {
	case !ok:
		return nil, false
	case n < 1:
		c.Error("ERR at least 1 input key is needed for ZUNIONSTORE/ZINTERSTORE")
		return nil, false
	case n > int64(len(c.Args)-3):
		c.Error(front.ErrSyntax)
		return nil, false
	}
	for _, key := range c.Args[3 : 3+n] {
		v, found := d.LookupWrite(c, key)
		if found && v.Kind() != value.KindZSet && v.Kind() != value.KindSet {
			c.Error(front.ErrWrongType)
			return nil, false
		}
		sources = append(sources, zsource{v, 1})
	}
	return sources, true
}

// parseZstoreOptions reads what follows the keys: weights go into sources. If it is wrong, it replies.
func parseZstoreOptions(c *front.Call, sources []zsource) (how aggregate, ok bool) {
	how = sumOf
	for i := 3 + len(sources); i < len(c.Args); {
		switch option, rest := c.Option(i), len(c.Args)-i-1; {
		case option == "WEIGHTS" && rest >= len(sources):
			for j := range sources {
				if sources[j].weight, ok = parseScore(c.Args[i+1+j]); !ok {
					c.Error("ERR weight value is not a float")
					return nil, false
				}
			}
			i += 1 + len(sources)
		case option == "AGGREGATE" && rest >= 1:
			switch c.Option(i + 1) {
			case "SUM":
				how = sumOf
			case "MIN":
				how = lesserOf
			case "MAX":
				how = greaterOf
			default:
				c.Error(front.ErrSyntax)
				return nil, false
			}
			i += 2
		default:
			c.Error(front.ErrSyntax)
			return nil, false
		}
	}
	return how, true
}

func (d *Data) zstore(c *front.Call, op operation) {
	sources, ok := d.zsources(c)
	if !ok {
		return
	}
	how, ok := parseZstoreOptions(c, sources)
	if !ok {
		return
	}
	// Sums of floats depend on the order: the smallest comes first.
	slices.SortStableFunc(sources, func(a, b zsource) int { return cmp.Compare(a.len(), b.len()) })
	result := value.NewZSet(d.db(c).Ledger())
	if op == union {
		unite(result, sources, how)
	} else {
		intersect(result, sources, how)
	}
	d.storeZSet(c, c.Args[1], result, c.Cmd.Name)
}

func unite(result *value.ZSet, sources []zsource, how aggregate) {
	for _, s := range sources {
		for member, score := range s.all() {
			score = weigh(score, s.weight)
			if before, there := result.Score(member); there {
				score = how(before, score)
				if score == before && math.Signbit(score) != math.Signbit(before) {
					result.Remove(member) // 0 in the place of -0 would be no change
				}
			}
			result.Set(member, score)
		}
	}
}

func intersect(result *value.ZSet, sources []zsource, how aggregate) {
	if sources[0].len() == 0 {
		return
	}
	for member, score := range sources[0].all() {
		score = weigh(score, sources[0].weight)
		everywhere := true
		for _, s := range sources[1:] {
			other, there := s.score(member)
			if everywhere = there; !there {
				break
			}
			// Redis weighs all but the first without a look at NaN, which no comparison lets through.
			score = how(score, float64(other*s.weight))
		}
		if everywhere {
			result.Set(member, score)
		}
	}
}

// storeZSet makes a sorted set the value of key, whatever it held, or deletes the key if the result is empty, and
// replies with how many members it has.
func (d *Data) storeZSet(c *front.Call, key []byte, result *value.ZSet, event string) {
	n := int64(result.Len())
	switch {
	case n > 0:
		d.setKey(c, key, result.Value())
		c.Dirty++
		d.notify(eventZSet, event, c.DB, key)
	case d.deleteKey(c.DB, key):
		c.Dirty++
		d.notify(eventGeneric, "del", c.DB, key)
	}
	c.Int(n)
}
