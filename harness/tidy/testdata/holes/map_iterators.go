package hole

import (
	"iter"
	"maps"
	"slices"
)

func keys(m map[string]int) (all []string) {
	for k := range maps.Keys(m) { // want: map order
		all = append(all, k)
	}
	return all
}

func values(m map[string]int) (last int) {
	for v := range maps.Values(m) { // want: map order
		last = v
	}
	return last
}

func all(m map[string]int) (last string) {
	for k := range maps.All(m) { // want: map order
		last = k
	}
	return last
}

func collected(m map[string]int) []string { return slices.Collect(maps.Keys(m)) } // want: map order

func sortedLater(m map[string]int) []string {
	list := slices.AppendSeq([]string(nil), maps.Keys(m)) // want: map order
	slices.Sort(list)
	return list
}

func kept(m map[string]int) string {
	iterator := maps.Keys(m) // want: map order
	for k := range iterator {
		return k
	}
	return ""
}

func passedOn(m map[string]int) []int { return drain(maps.Values[map[string]int]) } // want: map order

func drain(func(map[string]int) iter.Seq[int]) []int { return nil }

func asked(m map[string]int) (last string) {
	maps.DeleteFunc(m, func(k string, _ int) bool { // want: map order
		last = k
		return false
	})
	return last
}
