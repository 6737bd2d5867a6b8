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

// distance is the number of single characters to insert, delete or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(replace, above+1, row[j]+1)
			diagonal = above
		}
	}
	return row[len(b)]
}
