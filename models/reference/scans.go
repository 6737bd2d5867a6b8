package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// SCAN and its like, from 0 to 0: whoever asked put the pages together. What is there all the while comes once at least,
// and nothing else comes.

var scanCommands = map[string]func(*Data, []string, histories.Value) want{"SCAN": scanKeys, "SSCAN": scanOf, "HSCAN": scanOf, "ZSCAN": scanOf}

// scanKeys is SCAN 0 MATCH pattern, with a pattern that ends with *.
func scanKeys(d *Data, w []string, got histories.Value) want {
	var there []string
	for key := range d.live() { // any order: whoever compares sorts
		if strings.HasPrefix(key, strings.TrimSuffix(w[3], "*")) && d.get(key) != nil {
			there = append(there, key)
		}
	}
	return scanned(got, there, 1)
}

func scanOf(d *Data, w []string, got histories.Value) want {
	k := map[byte]kind{'S': isSet, 'H': isHash, 'Z': isZSet}[strings.ToUpper(w[0])[0]]
	it, wrong := d.made(w[1], k)
	switch {
	case wrong:
		return wrongType
	case k == isSet:
		return scanned(got, it.members(), 1)
	case k == isHash:
		var pairs []string
		for _, field := range slices.Sorted(maps.Keys(it.fields)) {
			pairs = append(pairs, field, it.fields[field])
		}
		return scanned(got, pairs, 2)
	}
	var pairs []string
	for _, member := range it.inOrder() {
		pairs = append(pairs, member, score(it.scores[member]))
	}
	return scanned(got, pairs, 2)
}

// scanned holds the elements of all pages, n words each, against those that are there.
func scanned(got histories.Value, there []string, n int) want {
	if text, failed := errorOf(got); failed || len(got.Elems()) != 2 || got.Elem(0).Str() != "0" {
		return want{how: judged, why: fmt.Sprintf("answered %s %s, and must come to an end", short(got), text)}
	}
	left := rows(there, n)
	for _, row := range slices.Sorted(maps.Keys(rows(textsOf(got.Elem(1)), n))) {
		if _, is := left[row]; !is {
			return want{how: judged, why: fmt.Sprintf("showed %s, which is not there", row)}
		}
		left[row] = true
	}
	for _, row := range slices.Sorted(maps.Keys(left)) {
		if !left[row] {
			return want{how: judged, why: fmt.Sprintf("did not show %s, which was there all the while", row)}
		}
	}
	return want{how: judged}
}

// rows are words n at a time, none of them seen yet.
func rows(words []string, n int) map[string]bool {
	all := map[string]bool{}
	for i := 0; i < len(words); i += n {
		all[Line(words[i:min(i+n, len(words))])] = false
	}
	return all
}

func textsOf(v histories.Value) []string {
	all := make([]string, len(v.Elems()))
	for i, e := range v.Elems() {
		all[i] = e.Str()
	}
	return all
}
