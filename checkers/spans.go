package checkers

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// Breaks are the times when a replica may go back: its data is replaced, its process starts with older files, or it was
// a master meanwhile. A change of history counts in case it was by a full sync that nobody noted.
func (t *Timeline) Breaks() Spans {
	var all []Life
	for _, at := range slices.Concat(t.Resyncs, t.Turns) {
		all = append(all, Life{at, at})
	}
	for _, notes := range [][]*histories.Note{t.Own, t.Seen} {
		for i := 1; i < len(notes); i++ {
			if a, b := notes[i-1], notes[i]; a.Role != b.Role || a.ReplID != b.ReplID || b.Offset < a.Offset {
				all = append(all, Life{a.Time, b.Time})
			}
		}
	}
	slices.SortFunc(all, func(a, b Life) int { return cmp.Compare(a.From, b.From) })
	for i := 1; i < len(all); i++ {
		all[i].To = max(all[i].To, all[i-1].To) // so far
	}
	return all
}

// Spans are times in order of their beginnings, each to the latest end so far.
type Spans []Life

// Touch says whether one of the spans has a moment in common with [from, to].
func (s Spans) Touch(from, to time.Duration) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i].From > to }) - 1
	return i >= 0 && s[i].To >= from
}
