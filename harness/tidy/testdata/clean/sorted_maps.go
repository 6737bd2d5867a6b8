package clean

import (
	"cmp"
	"maps"
	"slices"
)

func inOrder(m map[string]int) (all []string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = append(all, k)
	}
	return all
}

func byValue(m map[string]int) []int { return slices.SortedFunc(maps.Values(m), cmp.Compare[int]) }

func instantiated(m map[string]int) []string {
	return slices.Sorted(maps.Keys[map[string]int](m))
}

func copied(m map[string]int) map[string]int {
	c := maps.Collect(maps.All(m))
	maps.Insert(c, maps.All(m))
	maps.Copy(c, maps.Clone(m))
	return c
}

func sum(m map[string]int) (n int) {
	for _, v := range m { // any order: a sum is the same in all
		n += v
	}
	return n
}

func counted(m map[string]int) (n int) {
	// any order: how many there are is the same in all
	for range m {
		n++
	}
	return n
}
