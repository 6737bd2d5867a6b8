package commands

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/value"
)

// SORT. Redis 4.0: sort.c.

func (d *Data) sortRows() []front.Command {
	row := front.Row("sort", -2, "wm*", 1, 1, 1, d.sortCommand, "Sort the elements of a list, set or sorted set")
	row.Keys = sortKeys
	return front.Group("generic", row)
}

// sortKeys are the key that is sorted and that of the last STORE.
func sortKeys(args [][]byte) []int {
	keys := []int{1}
	for i := 2; i < len(args); i++ {
		switch strings.ToUpper(string(args[i])) {
		case "LIMIT":
			i += 2
		case "BY", "GET":
			i++
		case "STORE":
			if i+1 < len(args) {
				keys = append(keys[:1], i+1)
				i++
			}
		}
	}
	return keys
}

// sorting is what a SORT asks for.
type sorting struct {
	by          []byte   // the pattern of the keys that elements are weighed by; nil: by themselves
	asTheyAre   bool     // BY something without a *: not sorted at all
	get         [][]byte // the patterns of what is returned for each element; none: the element
	store       []byte   // nil: it is replied
	skip, count int64    // count < 0: all
	desc, alpha bool
}

// parseSort reads the words behind the key. If they are wrong, it replies.
func parseSort(c *front.Call) (o sorting, ok bool) {
	o.count = -1
	for i := 2; i < len(c.Args); i++ {
		left := len(c.Args) - i - 1
		switch word := c.Option(i); {
		case word == "ASC":
			o.desc = false
		case word == "DESC":
			o.desc = true
		case word == "ALPHA":
			o.alpha = true
		case word == "LIMIT" && left >= 2:
			if o.skip, ok = c.Integer(i + 1); !ok {
				return o, false
			}
			if o.count, ok = c.Integer(i + 2); !ok {
				return o, false
			}
			i += 2
		case word == "STORE" && left >= 1:
			o.store = c.Args[i+1]
			i++
		case word == "BY" && left >= 1:
			o.by = c.Args[i+1]
			o.asTheyAre = !bytes.ContainsRune(o.by, '*')
			i++
		case word == "GET" && left >= 1:
			o.get = append(o.get, c.Args[i+1])
			i++
		default:
			c.Error(front.ErrSyntax)
			return o, false
		}
	}
	return o, true
}

func (d *Data) sortCommand(c *front.Call) {
	v, found := d.LookupRead(c, c.Args[1])
	if found && v.Kind() != value.KindList && v.Kind() != value.KindSet && v.Kind() != value.KindZSet {
		c.Error(front.ErrWrongType)
		return
	}
	o, ok := parseSort(c)
	if !ok {
		return
	}
	if o.asTheyAre && found && v.Kind() == value.KindSet && (o.store != nil || c.Script != nil) {
		// Sets have an order of their own on each server. What is stored, or what a script goes by, must be the same on
		// all of them.
		o.asTheyAre, o.alpha, o.by = false, true, nil
	}
	var list []weighed
	if found {
		list = elements(v, o.asTheyAre && o.desc)
	}
	if !o.asTheyAre && !d.weigh(c, list, &o) {
		c.Error("ERR One or more scores can't be converted into double")
		return
	}
	results := d.got(c, o.within(list), &o)
	if o.store == nil {
		c.Array(len(results))
		for _, r := range results {
			if r == nil {
				c.Null()
			} else {
				c.Bulk(r)
			}
		}
		return
	}
	d.storeSorted(c, o.store, results)
}

// weighed is an element and what it is sorted by.
type weighed struct {
	element []byte
	text    []byte // by ALPHA; nil: there is none, and comes before all others
	rank    uint64 // of the score, or of the text as far as eight bytes tell
}

// elements are those of a list, set or sorted set in the order that it has, a sorted set the other way round if
// backward is set. They are good until the value is changed.
func elements(v value.Value, backward bool) (list []weighed) {
	list = make([]weighed, 0, v.Elements())
	switch v.Kind() {
	case value.KindList:
		for element := range v.List().Range(0, v.List().Len()) {
			list = append(list, weighed{element: element})
		}
	case value.KindSet:
		_, ints := v.Set().Ints()
		for element := range v.Set().All() {
			if ints {
				element = bytes.Clone(element) // its room is that of the next one
			}
			list = append(list, weighed{element: element})
		}
	case value.KindZSet:
		for element := range v.ZSet().Range(0, v.ZSet().Len()) {
			list = append(list, weighed{element: bytes.Clone(element)})
		}
		if backward {
			slices.Reverse(list)
		}
	}
	return list
}

// weigh sorts. It says false if something that is to be compared as a number is none.
func (d *Data) weigh(c *front.Call, list []weighed, o *sorting) bool {
	good := true
	for i := range list {
		w := &list[i]
		by := w.element
		if o.by != nil {
			by = d.lookupPattern(c, o.by, w.element)
		}
		switch {
		case o.alpha:
			w.text, w.rank = by, textRank(by)
		case by == nil:
			w.rank = scoreRank(0)
		default:
			f, ok := score(by)
			w.rank, good = scoreRank(f), good && ok
		}
	}
	if good {
		inOrder(list, o.desc)
	}
	return good
}

// scoreRank is in the order of the numbers.
func scoreRank(f float64) uint64 {
	bits := math.Float64bits(f + 0) // there is one zero
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

// textRank is in the order of the texts, as far as eight bytes tell.
func textRank(text []byte) uint64 {
	var head [8]byte
	copy(head[:], text)
	return binary.BigEndian.Uint64(head[:])
}

// inOrder sorts a list that has been weighed. 4.0 leaves elements that weigh the same by ALPHA as its algorithm has them.
// On a set, which has another order at each server, what STORE stores would not be the same: here they are in their own
// order.
func inOrder(list []weighed, desc bool) {
	type place struct { // small, to be moved around
		rank uint64
		i    int
	}
	places := make([]place, len(list))
	for i := range list {
		places[i] = place{list[i].rank, i}
	}
	slices.SortFunc(places, func(p, q place) int {
		if p.rank == q.rank {
			return compareWeighed(&list[p.i], &list[q.i])
		}
		if p.rank < q.rank {
			return -1
		}
		return 1
	})
	if desc {
		slices.Reverse(places)
	}
	before := slices.Clone(list)
	for i, p := range places {
		list[i] = before[p.i]
	}
}

// compareWeighed compares what has one rank.
func compareWeighed(a, b *weighed) int {
	if (a.text == nil) != (b.text == nil) {
		if a.text == nil {
			return -1
		}
		return 1
	}
	return cmp.Or(bytes.Compare(a.text, b.text), bytes.Compare(a.element, b.element))
}

// score reads what an element weighs as C does: up to the first zero byte, after blanks, and nothing is 0.
func score(text []byte) (f float64, ok bool) {
	if n, ok := resp.ParseInt(text); ok {
		return float64(n), true
	}
	text, _, _ = bytes.Cut(text, []byte{0})
	if len(text) == 0 {
		return 0, true
	}
	return parseDouble(string(bytes.TrimLeft(text, " \t\n\v\f\r")))
}

// within cuts the LIMIT out of list.
func (o *sorting) within(list []weighed) []weighed {
	n := int64(len(list))
	from := min(max(o.skip, 0), n)
	if o.count < 0 {
		return list[from:]
	}
	return list[from : from+min(o.count, n-from)]
}

// got returns what is asked for of each element; nil is nothing.
func (d *Data) got(c *front.Call, list []weighed, o *sorting) (results [][]byte) {
	results = make([][]byte, 0, len(list)*max(len(o.get), 1))
	for _, w := range list {
		if len(o.get) == 0 {
			results = append(results, w.element)
		}
		for _, pattern := range o.get {
			if string(pattern) == "#" {
				results = append(results, w.element)
			} else {
				results = append(results, d.lookupPattern(c, pattern, w.element))
			}
		}
	}
	return results
}

// lookupPattern returns the string at the key that pattern becomes with element in the place of its first *, or, if
// -> and a field follow behind that, the field of the hash there; nil if there is none.
// Redis 4.0: sort.c, lookupKeyByPattern.
func (d *Data) lookupPattern(c *front.Call, pattern, element []byte) []byte {
	before, after, ok := bytes.Cut(pattern, []byte("*"))
	if !ok {
		return nil
	}
	behind, field, ofHash := bytes.Cut(after, []byte("->"))
	if ofHash = ofHash && len(field) > 0; !ofHash {
		behind = after
	}
	v, found := d.LookupRead(c, slices.Concat(before, element, behind))
	switch {
	case !found:
		return nil
	case ofHash && v.Kind() == value.KindHash:
		if text, ok := v.Hash().Get(field); ok {
			return append([]byte{}, text...)
		}
	case !ofHash && v.Kind() == value.KindString:
		return v.AppendTo([]byte{})
	}
	return nil
}

// storeSorted puts the results, nothing as empty strings, into a list at key, in the place of whatever is there.
func (d *Data) storeSorted(c *front.Call, key []byte, results [][]byte) {
	c.Int(int64(len(results)))
	if len(results) == 0 {
		if d.deleteStored(c, key) {
			c.Dirty++
		}
		return
	}
	list := value.NewList(d.db(c).Ledger())
	for _, r := range results {
		list.PushBack(r)
	}
	d.setKey(c, key, list.Value())
	d.notify(eventList, "sortstore", c.DB, key)
	c.Dirty += int64(len(results))
}
