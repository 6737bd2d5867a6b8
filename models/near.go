package models

import (
	"fmt"
	"strings"
)

// Unknown is the error about a name that is none of names: what says so ("there is no model called %q"), then the nearest
// one, then all.
func Unknown(what, name string, names []string) error {
	what, all := fmt.Sprintf(what, name), strings.Join(names, ", ")
	if near := Nearest(name, names); near != "" {
		return fmt.Errorf("%s: did you mean %s? There are %s", what, near, all)
	}
	return fmt.Errorf("%s: there are %s", what, all)
}

// Nearest returns the one of names that is written most like name, or "" if none is.
func Nearest(name string, names []string) string {
	best, least := "", len(name)/2+1
	for _, n := range names {
		if d := distance(name, n); d < least || strings.HasPrefix(n, name) && name != "" {
			best, least = n, min(d, least)
		}
	}
	return best
}

// distance is the number of single characters to insert, delete, replace or swap with the next to make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			replace := last[j]
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(replace, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
