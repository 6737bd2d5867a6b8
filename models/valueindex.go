package models

import (
	"strconv"

	"github.com/ordeal-go/ordeal/histories"
)

// valueIndex finds values that are the same word, 1 and "1", without spelling them out: a set read as a whole has
// thousands of members, and there are many reads.
type valueIndex struct {
	integers map[int64]int
	texts    map[string]int
}

func newValueIndex() valueIndex {
	return valueIndex{integers: map[int64]int{}, texts: map[string]int{}}
}

// get is what was set for v.
func (x *valueIndex) get(v histories.Value) (i int, known bool) {
	if n, is := spelt(v); is {
		i, known = x.integers[n]
	} else {
		i, known = x.texts[word(v)]
	}
	return i, known
}

func (x *valueIndex) set(v histories.Value, i int) {
	if n, is := spelt(v); is {
		x.integers[n] = i
	} else {
		x.texts[word(v)] = i
	}
}

// spelt is the integer that v is, or spells just as that would be spelt.
func spelt(v histories.Value) (n int64, is bool) {
	if v.IsInt() {
		return v.Int64()
	}
	s := v.Str()
	if s == "" || len(s) > 19 || s[0] != '-' && (s[0] < '0' || s[0] > '9') || !v.IsText() {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || s[0] == '0' && s != "0" || s[0] == '-' && (len(s) < 2 || s[1] == '0') {
		return 0, false
	}
	return n, true
}
