package reference

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// sortKey is SORT of a list, set or sorted set by its own elements or by nothing, with LIMIT, ASC, DESC, ALPHA and STORE. What
// a set is by nothing, only STORE says: the order of its bytes.
func sortKey(d *Data, w []string, _ histories.Value) want {
	it := d.shown(w[1])
	var all []string
	switch {
	case it == nil:
	case it.kind == isList:
		all = slices.Clone(it.list)
	case it.kind == isSet:
		all = it.members()
	case it.kind == isZSet:
		all = it.inOrder()
	default:
		return wrongType
	}
	var alpha, desc, asTheyAre bool
	var limit []string
	store := ""
	for i := 2; i < len(w); i++ {
		switch strings.ToUpper(w[i]) {
		case "ALPHA":
			alpha = true
		case "DESC":
			desc = true
		case "BY": // what has no * in it
			asTheyAre = true
			i++
		case "LIMIT":
			limit = w[i+1 : i+3]
			i += 2
		case "STORE":
			store = w[i+1]
			i++
		}
	}
	numbers := map[string]float64{}
	for _, v := range all {
		f, err := strconv.ParseFloat(v, 64)
		if err != nil && v != "" && !alpha && !asTheyAre {
			return fails("ERR One or more scores can't be converted into double")
		}
		numbers[v] = f
	}
	if !asTheyAre || it != nil && it.kind == isSet {
		slices.SortFunc(all, func(a, b string) int {
			order := strings.Compare(a, b)
			if !alpha && !asTheyAre {
				order = cmp.Or(cmp.Compare(numbers[a], numbers[b]), order)
			}
			if desc {
				return -order
			}
			return order
		})
	} else if desc && it != nil && it.kind == isZSet {
		slices.Reverse(all)
	}
	d.Unsure = d.Unsure || asTheyAre && it != nil && it.kind == isSet && store == ""
	if limit != nil {
		all = cut(all, limit[0], limit[1])
	}
	if store == "" {
		return texts(all)
	}
	d.get(store)
	if len(all) == 0 {
		d.drop(store)
	} else {
		d.put(store, &item{kind: isList, list: all})
	}
	return number(len(all))
}
