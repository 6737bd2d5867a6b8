package workload

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Ops says which of its operations a workload carries out. Each client has a clock tick for every operation that it may
// begin, and numbers them from 1; what it would do at a tick is drawn whether it does so or not. So leaving some out
// changes neither what the others are nor when they come, and a failing run can be cut down to the few that matter.
//
// A nil Ops is all of them, an empty one none.
type Ops []OpRange

// OpRange is the operations First to Last, both included, of a client.
type OpRange struct {
	Client      string
	First, Last int
}

// noOps is how an empty list is written.
const noOps = "none"

// ParseOps reads "c1/3 c1/17-20 c2/9"; "" is all operations and "none" is none.
func ParseOps(text string) (Ops, error) {
	words := strings.Fields(text)
	switch {
	case len(words) == 0:
		return nil, nil
	case text == noOps:
		return Ops{}, nil
	}
	var ops Ops
	for _, word := range words {
		client, numbers, ok := strings.Cut(word, "/")
		a, b, isRange := strings.Cut(numbers, "-")
		if !isRange {
			b = a
		}
		first, err1 := strconv.Atoi(a)
		last, err2 := strconv.Atoi(b)
		if !ok || client == "" || err1 != nil || err2 != nil || first < 1 || last < first {
			return nil, fmt.Errorf("%q is no operation: write the client and its numbers, as c1/3 or c1/17-20, or none", word)
		}
		ops = append(ops, OpRange{client, first, last})
	}
	return ops, nil
}

// String is what [ParseOps] reads.
func (o Ops) String() string {
	if o != nil && len(o) == 0 {
		return noOps
	}
	var words []string
	for _, r := range o {
		word := fmt.Sprintf("%s/%d", r.Client, r.First)
		if r.Last > r.First {
			word += fmt.Sprintf("-%d", r.Last)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// Has says whether operation number n of client is one of them.
func (o Ops) Has(client string, n int) bool {
	if o == nil {
		return true
	}
	return slices.ContainsFunc(o, func(r OpRange) bool { return r.Client == client && r.First <= n && n <= r.Last })
}

// Len counts the operations, -1 for all.
func (o Ops) Len() int {
	if o == nil {
		return -1
	}
	n := 0
	for _, r := range o {
		n += r.Last - r.First + 1
	}
	return n
}

// Of returns the ranges of one client.
func (o Ops) Of(client string) Ops {
	if o == nil {
		return nil
	}
	own := Ops{}
	for _, r := range o {
		if r.Client == client {
			own = append(own, r)
		}
	}
	return own
}

// Canonical returns the same operations in order, those that follow each other as one range.
func (o Ops) Canonical() Ops {
	if o == nil {
		return nil
	}
	sorted := slices.Clone(o)
	slices.SortFunc(sorted, func(a, b OpRange) int {
		return cmp.Or(cmp.Compare(len(a.Client), len(b.Client)), cmp.Compare(a.Client, b.Client), cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
	})
	out := Ops{}
	for _, r := range sorted {
		if n := len(out); n > 0 && out[n-1].Client == r.Client && r.First <= out[n-1].Last+1 {
			out[n-1].Last = max(out[n-1].Last, r.Last)
			continue
		}
		out = append(out, r)
	}
	return out
}
