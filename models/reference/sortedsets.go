package reference

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

var zsetCommands = map[string]func(*Data, []string, histories.Value) want{
	"ZADD": zadd, "ZINCRBY": zincrby, "ZREM": zrem, "ZCARD": size(isZSet), "ZSCORE": zscore, "ZRANK": zrank, "ZREVRANK": zrank,
	"ZCOUNT": zcount, "ZLEXCOUNT": zcount, "ZRANGE": zrange, "ZREVRANGE": zrange, "ZRANGEBYSCORE": zrange,
	"ZREVRANGEBYSCORE": zrange, "ZRANGEBYLEX": zrange, "ZREVRANGEBYLEX": zrange, "ZREMRANGEBYRANK": zremrange,
	"ZREMRANGEBYSCORE": zremrange, "ZREMRANGEBYLEX": zremrange, "ZUNIONSTORE": zstore, "ZINTERSTORE": zstore,
}

// rescored is a sorted set with other members.
func (it *item) rescored(scores map[string]float64) *item {
	copied := *it
	copied.scores = scores
	return &copied
}

// inOrder lists the members by score, and those of one score by their bytes.
func (it *item) inOrder() []string {
	all := slices.Sorted(maps.Keys(it.scores))
	slices.SortStableFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(it.scores[a], it.scores[b]), strings.Compare(a, b))
	})
	return all
}

// score is how a server writes a number.
func score(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'g', 17, 64)
	if back, _ := strconv.ParseFloat(s, 64); back == math.Trunc(back) && math.Abs(back) < 1e15 {
		return strconv.FormatFloat(back, 'f', -1, 64)
	}
	return s
}

func scoreOf(s string) (float64, bool) {
	f, err := strconv.ParseFloat(strings.TrimPrefix(s, "+"), 64)
	return f, err == nil && !math.IsNaN(f)
}

func zadd(d *Data, w []string, _ histories.Value) want {
	var nx, xx, ch, inc bool
	i := 2
	for ; i < len(w); i++ {
		switch strings.ToUpper(w[i]) {
		case "NX":
			nx = true
		case "XX":
			xx = true
		case "CH":
			ch = true
		case "INCR":
			inc = true
		default:
			goto pairs
		}
	}
pairs:
	if nx && xx {
		return fails("ERR XX and NX options at the same time are not compatible")
	}
	for j := i; j < len(w); j += 2 {
		if _, good := scoreOf(w[j]); !good {
			return fails("ERR value is not a valid float")
		}
	}
	it, wrong := d.made(w[1], isZSet)
	if wrong {
		return wrongType
	}
	m, added, updated := maps.Clone(it.scores), 0, 0
	last := null
	for ; i < len(w); i += 2 {
		f, _ := scoreOf(w[i])
		old, there := m[w[i+1]]
		if nx && there || xx && !there {
			continue
		}
		if inc {
			f += old
			last = text(score(f))
		}
		switch {
		case !there:
			added++
		case f != old:
			updated++
		}
		m[w[i+1]] = f
	}
	if added+updated > 0 {
		d.changed(w[1], it.rescored(m))
	}
	switch {
	case inc:
		return last
	case ch:
		return number(added + updated)
	}
	return number(added)
}

func zincrby(d *Data, w []string, got histories.Value) want {
	return zadd(d, []string{"ZADD", w[1], "INCR", w[2], w[3]}, got)
}

// removeScores takes members of a sorted set away, and says how many there were.
func (d *Data) removeScores(key string, it *item, members []string) int {
	m, removed := without(it.scores, members)
	if removed > 0 {
		d.changed(key, it.rescored(m))
	}
	return removed
}

func zrem(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isZSet)
	if wrong {
		return wrongType
	}
	return number(d.removeScores(w[1], it, w[2:]))
}

func zscore(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isZSet)
	if wrong {
		return wrongType
	}
	if f, there := it.scores[w[2]]; there {
		return text(score(f))
	}
	return null
}

func zrank(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isZSet)
	if wrong {
		return wrongType
	}
	all := it.inOrder()
	if strings.EqualFold(w[0], "ZREVRANK") {
		slices.Reverse(all)
	}
	if i := slices.Index(all, w[2]); i >= 0 {
		return number(i)
	}
	return null
}

// bound is an end of a range of scores: "5", "(5", "-inf".
func bound(s string) (f float64, open, good bool) {
	s, open = strings.CutPrefix(s, "(")
	f, good = scoreOf(s)
	return f, open, good
}

// selected lists the members in a range, lowest first. by is "RANK", "SCORE" or "LEX". bad is the error, if the range is none.
func (it *item) selected(by, low, high string, backward bool) (members []string, bad want, wrong bool) {
	all := it.inOrder()
	switch by {
	case "SCORE":
		min, openMin, ok1 := bound(low)
		max, openMax, ok2 := bound(high)
		if !ok1 || !ok2 {
			return nil, fails("ERR min or max is not a float"), true
		}
		return slices.DeleteFunc(all, func(m string) bool {
			f := it.scores[m]
			return f < min || f > max || openMin && f == min || openMax && f == max
		}), want{}, false
	case "LEX":
		return slices.DeleteFunc(all, func(m string) bool { return !lexAbove(m, low) || !lexBelow(m, high) }), want{}, false
	}
	from, to, isInt := within([]string{low, high}, len(all))
	if !isInt {
		return nil, notInt, true
	}
	if backward {
		from, to = len(all)-to, len(all)-from
	}
	return all[from:to], want{}, false
}

func lexAbove(m, low string) bool {
	switch {
	case low == "-":
		return true
	case low == "+":
		return false
	case low[0] == '[':
		return m >= low[1:]
	}
	return m > low[1:]
}

func lexBelow(m, high string) bool {
	switch {
	case high == "+":
		return true
	case high == "-":
		return false
	case high[0] == '[':
		return m <= high[1:]
	}
	return m < high[1:]
}

func rangeOf(name string) (by string, backward bool) {
	backward = strings.HasPrefix(name, "ZREVRANGE")
	_, by, _ = strings.Cut(name, "BY")
	if by == "" {
		by = "RANK"
	}
	return by, backward
}

func zcount(d *Data, w []string, _ histories.Value) want {
	by := "SCORE"
	if strings.EqualFold(w[0], "ZLEXCOUNT") {
		by = "LEX"
	}
	it, wrong := d.made(w[1], isZSet)
	all, bad, isBad := it.selected(by, w[2], w[3], false)
	switch {
	case isBad:
		return bad
	case wrong:
		return wrongType
	}
	return number(len(all))
}

func zrange(d *Data, w []string, _ histories.Value) want {
	by, backward := rangeOf(strings.ToUpper(w[0]))
	low, high := w[2], w[3]
	if backward && by != "RANK" {
		low, high = high, low
	}
	it, wrong := d.made(w[1], isZSet)
	all, bad, isBad := it.selected(by, low, high, backward)
	switch {
	case isBad:
		return bad
	case wrong:
		return wrongType
	}
	if backward {
		slices.Reverse(all)
	}
	scores := false
	for i := 4; i < len(w); i++ {
		switch strings.ToUpper(w[i]) {
		case "WITHSCORES":
			scores = true
		case "LIMIT":
			all = cut(all, w[i+1], w[i+2])
			i += 2
		}
	}
	var out []string
	for _, m := range all {
		out = append(out, m)
		if scores {
			out = append(out, score(it.scores[m]))
		}
	}
	return texts(out)
}

// cut is LIMIT skip count.
func cut(all []string, skip, count string) []string {
	from, _ := integer(skip)
	n, _ := integer(count)
	if from < 0 || from >= int64(len(all)) {
		return nil
	}
	all = all[from:]
	if n >= 0 && n < int64(len(all)) {
		all = all[:n]
	}
	return all
}

func zremrange(d *Data, w []string, _ histories.Value) want {
	_, by, _ := strings.Cut(strings.ToUpper(w[0]), "BY")
	it, wrong := d.made(w[1], isZSet)
	all, bad, isBad := it.selected(by, w[2], w[3], false)
	switch {
	case isBad:
		return bad
	case wrong:
		return wrongType
	}
	return number(d.removeScores(w[1], it, all))
}

// zstore is ZUNIONSTORE and ZINTERSTORE, of sorted sets and sets.
func zstore(d *Data, w []string, _ histories.Value) want {
	n, _ := integer(w[2])
	keys, weights, how := w[3:3+n], make([]float64, n), "SUM"
	for i := range weights {
		weights[i] = 1
	}
	for i := 3 + int(n); i < len(w); {
		if strings.EqualFold(w[i], "WEIGHTS") {
			for j := range weights {
				weights[j], _ = scoreOf(w[i+1+j])
			}
			i += 1 + int(n)
		} else {
			how = strings.ToUpper(w[i+1])
			i += 2
		}
	}
	inter := strings.EqualFold(w[0], "ZINTERSTORE")
	result, times := map[string]float64{}, map[string]int{}
	for i, key := range keys {
		it := d.shown(key)
		if it != nil && it.kind != isZSet && it.kind != isSet {
			return wrongType
		}
		if it == nil {
			continue
		}
		of := it.scores
		if it.kind == isSet {
			of = map[string]float64{}
			for m := range it.fields { // any order: each is for itself
				of[m] = 1
			}
		}
		for m, f := range of { // any order: each is for itself
			f *= weights[i]
			if times[m]++; times[m] > 1 {
				f = aggregate(how, result[m], f)
			}
			result[m] = f
		}
	}
	if inter {
		// any order: each is asked for itself
		maps.DeleteFunc(result, func(m string, _ float64) bool { return times[m] < len(keys) })
	}
	d.get(w[1])
	if len(result) == 0 {
		d.drop(w[1])
	} else {
		d.put(w[1], &item{kind: isZSet, scores: result})
	}
	return number(len(result))
}

func aggregate(how string, a, b float64) float64 {
	switch how {
	case "MIN":
		return min(a, b)
	case "MAX":
		return max(a, b)
	}
	return a + b
}
