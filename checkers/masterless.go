package checkers

import (
	"cmp"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// masterless is for how long, between two moments, no server that was up said that it is a master with the replicas it
// needs. A server that stands still, or that nobody reaches, says what it said before: it is no evidence of an outage, and
// the pauses between acknowledged writes tell of those.
func masterless(r *Record, from, to time.Duration) (sum time.Duration) {
	type change struct {
		at      time.Duration
		machine string
		takes   bool
	}
	var all []change
	for _, name := range r.Names {
		t := r.Timelines[name]
		notes := t.Own
		if len(notes) == 0 {
			notes = t.Seen
		}
		for _, n := range notes {
			all = append(all, change{n.Time, name, IsMaster(n) && (n.M == 0 || n.N >= n.M)})
		}
		for _, l := range t.Lives {
			if l.To != histories.Forever {
				all = append(all, change{l.To, name, false})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	taking := map[string]bool{}
	masters := 0
	since := from
	for _, c := range all {
		if masters == 0 && c.at > since {
			sum += min(c.at, to) - min(since, to)
		}
		since = max(since, c.at)
		if taking[c.machine] != c.takes {
			taking[c.machine] = c.takes
			if masters--; c.takes {
				masters += 2
			}
		}
	}
	if masters == 0 && to > since {
		sum += to - since
	}
	return sum
}
