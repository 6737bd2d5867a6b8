package checkers

import (
	"maps"
	"reflect"
	"slices"
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// Record is a history with what was observed of each machine at hand.
type Record struct {
	*histories.History
	Timelines map[string]*Timeline
	Names     []string // of machines, sorted
	// Slack is how late a server's own note may be. A simulation takes notes at the moment itself.
	Slack time.Duration

	stalls []Life // when the run stood still, in order of their beginnings

	made map[reflect.Type]any // what was derived from it
}

// SlackLive is how late a note of a process on a busy computer may be.
const SlackLive = time.Second

// NewRecord reads a history.
func NewRecord(h *histories.History) *Record {
	r := &Record{History: h, Timelines: map[string]*Timeline{}, made: map[reflect.Type]any{}}
	if h.World != "sim" {
		r.Slack = SlackLive
	}
	for _, m := range h.Machines {
		r.Of(m.Name)
	}
	for i := range h.Notes {
		n := &h.Notes[i]
		switch n.Kind {
		case "state":
			t := r.Of(n.Machine)
			if n.From == ByObserver {
				t.Seen = append(t.Seen, n)
			} else {
				t.Own = append(t.Own, n)
			}
		case "up":
			t := r.Of(n.Machine)
			t.Turns = append(t.Turns, n.Time)
			t.Lives = append(t.Lives, Life{n.Time, histories.Forever})
		case "down":
			t := r.Of(n.Machine)
			t.Turns = append(t.Turns, n.Time)
			if len(t.Lives) > 0 {
				t.Lives[len(t.Lives)-1].To = n.Time
			}
		case "resync":
			if n.Result == "fullresync" {
				t := r.Of(n.Machine)
				t.Resyncs = append(t.Resyncs, n.Time)
			}
		}
	}
	r.indexLogs()
	r.findStalls()
	r.Names = slices.Sorted(maps.Keys(r.Timelines))
	r.locate()
	return r
}

// Derived is what read makes of a record: one of each type, made when somebody first asks for it and shared by all who do.
// Nobody may change it.
func Derived[T any](r *Record, read func(*Record) T) T {
	of := reflect.TypeFor[T]()
	if had, is := r.made[of]; is {
		return had.(T)
	}
	made := read(r)
	r.made[of] = made
	return made
}

// indexLogs finds full syncs in the logs of machines that note none themselves. A replica that fetches the snapshot over
// a connection of its own says nothing of the sync but that it drops its data.
func (r *Record) indexLogs() {
	said := map[string]bool{} // machines that have said of a full sync and not yet dropped their data for it
	for i := range r.Logs {
		l := &r.Logs[i]
		if versions.Says(l.Text, versions.FullSync) {
			t := r.Of(l.Machine)
			t.Resyncs, said[l.Machine] = append(t.Resyncs, l.Time), true
		} else if versions.Says(l.Text, versions.DataFlushed) {
			if t := r.Of(l.Machine); !said[l.Machine] {
				t.Resyncs = append(t.Resyncs, l.Time)
			}
			said[l.Machine] = false
		}
	}
	for _, t := range r.Timelines { // any order: each machine is sorted by itself
		slices.Sort(t.Resyncs)
	}
}

func (r *Record) Of(machine string) *Timeline {
	t := r.Timelines[machine]
	if t == nil {
		t = &Timeline{Name: machine}
		r.Timelines[machine] = t
	}
	return t
}

// Always says whether holds was certainly true of the machine during all of [from, to].
//
// The machine's own notes are exact: a state lasts until the next note. The observer's are samples, each of some
// moment before its time, so that only the second sample after to is certainly of a moment after it.
func (r *Record) Always(t *Timeline, from, to time.Duration, holds func(*histories.Note) bool) bool {
	if t == nil {
		return false
	}
	if steady(t, t.Own, from-r.Slack, to+r.Slack, 0, holds) {
		return true
	}
	// The observer looks once a second: what changes and changes back in between, only the machine itself tells.
	changed := r.Ever(t, from, to, func(n *histories.Note) bool { return !holds(n) })
	return !changed && steady(t, t.Seen, from, to, 2, holds)
}

// Ever says whether holds was true of the machine at some moment of [from, to] by its own notes.
func (r *Record) Ever(t *Timeline, from, to time.Duration, holds func(*histories.Note) bool) bool {
	for i := max(LastAt(t.Own, from-r.Slack), 0); i < len(t.Own) && t.Own[i].Time <= to+r.Slack; i++ {
		if holds(t.Own[i]) {
			return true
		}
	}
	return false
}

// After returns states of the machine that it was in at some moment from at on, the earliest that are known: by itself
// and by the observer, either of which may be nil.
func (r *Record) After(t *Timeline, at time.Duration) (found [2]*histories.Note) {
	if i := sort.Search(len(t.Own), func(i int) bool { return t.Own[i].Time >= at+r.Slack }); i < len(t.Own) {
		found[0] = t.Own[i]
	}
	// The first sample at or after at may have been taken before it.
	if i := sort.Search(len(t.Seen), func(i int) bool { return t.Seen[i].Time >= at }) + 1; i < len(t.Seen) {
		found[1] = t.Seen[i]
	}
	return found
}

// FirstFrom returns the index of the first note at or after at.
func FirstFrom(notes []histories.Note, at time.Duration) int {
	i, j := 0, len(notes)
	for i < j {
		if m := (i + j) / 2; notes[m].Time < at {
			i = m + 1
		} else {
			j = m
		}
	}
	return i
}
