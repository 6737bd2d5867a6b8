package checkers

import (
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// record is a history with what was observed of each machine at hand.
type record struct {
	*histories.History
	machines map[string]*timeline
	names    []string // of machines, sorted
	// slack is how late a server's own note may be. A simulation takes notes at the moment itself.
	slack time.Duration

	stalls    []life     // when the run stood still, in order of their beginnings
	upheavals []upheaval // found when they are first asked for
}

// timeline is what was observed of one machine, each list in order of time.
type timeline struct {
	name  string
	own   []*histories.Note // states noted by the machine itself, or read from its log
	seen  []*histories.Note // states that the observer read out
	turns []time.Duration   // moments when it went down or came up
	lives []life
	// resyncs are the moments when its data was replaced by its master's.
	resyncs []time.Duration
}

// life is a time during which a machine's process ran.
type life struct{ from, to time.Duration }

// slackLive is how late a note of a process on a busy computer may be.
const slackLive = time.Second

const (
	roleMaster  = "master"
	roleReplica = "slave"
	byObserver  = "observer"
	linkUp      = "up"
)

func index(h *histories.History) *record {
	r := &record{History: h, machines: map[string]*timeline{}}
	if h.World != "sim" {
		r.slack = slackLive
	}
	for _, m := range h.Machines {
		r.of(m.Name)
	}
	for i := range h.Notes {
		n := &h.Notes[i]
		switch n.Kind {
		case "state":
			t := r.of(n.Machine)
			if n.From == byObserver {
				t.seen = append(t.seen, n)
			} else {
				t.own = append(t.own, n)
			}
		case "up":
			t := r.of(n.Machine)
			t.turns = append(t.turns, n.Time)
			t.lives = append(t.lives, life{n.Time, histories.Forever})
		case "down":
			t := r.of(n.Machine)
			t.turns = append(t.turns, n.Time)
			if len(t.lives) > 0 {
				t.lives[len(t.lives)-1].to = n.Time
			}
		case "resync":
			if n.Result == "fullresync" {
				t := r.of(n.Machine)
				t.resyncs = append(t.resyncs, n.Time)
			}
		}
	}
	r.indexLogs()
	r.findStalls()
	r.names = slices.Sorted(maps.Keys(r.machines))
	return r
}

// indexLogs finds full syncs in the logs of machines that note none themselves. A replica that fetches the snapshot over
// a connection of its own says nothing of the sync but that it drops its data.
func (r *record) indexLogs() {
	said := map[string]bool{} // machines that have said of a full sync and not yet dropped their data for it
	for i := range r.Logs {
		l := &r.Logs[i]
		if _, _, full := parseFullSync(l.Text); full {
			t := r.of(l.Machine)
			t.resyncs, said[l.Machine] = append(t.resyncs, l.Time), true
		} else if versions.Says(l.Text, versions.DataFlushed) {
			if t := r.of(l.Machine); !said[l.Machine] {
				t.resyncs = append(t.resyncs, l.Time)
			}
			said[l.Machine] = false
		}
	}
	for _, t := range r.machines { // any order: each machine is sorted by itself
		slices.Sort(t.resyncs)
	}
}

func (r *record) of(machine string) *timeline {
	t := r.machines[machine]
	if t == nil {
		t = &timeline{name: machine}
		r.machines[machine] = t
	}
	return t
}

// life is the number of the process that ran at a moment, from 0; -1 before the first.
func (t *timeline) life(at time.Duration) int {
	return sort.Search(len(t.lives), func(i int) bool { return t.lives[i].from > at }) - 1
}

// firstState is the first state that is known of a process, nil if none is.
func (t *timeline) firstState(of life) *histories.Note {
	var found *histories.Note
	for _, notes := range [][]*histories.Note{t.own, t.seen} {
		if i := lastAt(notes, of.from-1) + 1; i < len(notes) && notes[i].Time <= of.to && (found == nil || notes[i].Time < found.Time) {
			found = notes[i]
		}
	}
	return found
}

// lastState is the last state that is known of a process, nil if none is.
func (t *timeline) lastState(of life) *histories.Note {
	var found *histories.Note
	for _, notes := range [][]*histories.Note{t.own, t.seen} {
		if i := lastAt(notes, of.to); i >= 0 && notes[i].Time >= of.from && (found == nil || notes[i].Time > found.Time) {
			found = notes[i]
		}
	}
	return found
}

// always says whether holds was certainly true of the machine during all of [from, to].
//
// The machine's own notes are exact: a state lasts until the next note. The observer's are samples, each of some
// moment before its time, so that only the second sample after to is certainly of a moment after it.
func (r *record) always(t *timeline, from, to time.Duration, holds func(*histories.Note) bool) bool {
	if t == nil {
		return false
	}
	if steady(t, t.own, from-r.slack, to+r.slack, 0, holds) {
		return true
	}
	// The observer looks once a second: what changes and changes back in between, only the machine itself tells.
	changed := r.ever(t, from, to, func(n *histories.Note) bool { return !holds(n) })
	return !changed && steady(t, t.seen, from, to, 2, holds)
}

// ever says whether holds was true of the machine at some moment of [from, to] by its own notes.
func (r *record) ever(t *timeline, from, to time.Duration, holds func(*histories.Note) bool) bool {
	for i := max(lastAt(t.own, from-r.slack), 0); i < len(t.own) && t.own[i].Time <= to+r.slack; i++ {
		if holds(t.own[i]) {
			return true
		}
	}
	return false
}

func steady(t *timeline, notes []*histories.Note, from, to time.Duration, beyond int, holds func(*histories.Note) bool) bool {
	i := lastAt(notes, from)
	if i < 0 {
		return false
	}
	first := notes[i].Time
	last := to
	for ; i < len(notes); i++ {
		if notes[i].Time >= to && beyond > 0 {
			beyond--
			last = notes[i].Time
			if !holds(notes[i]) {
				return false
			}
			if beyond == 0 {
				break
			}
			continue
		}
		if notes[i].Time > to {
			break
		}
		if !holds(notes[i]) {
			return false
		}
	}
	return beyond == 0 && !t.turned(first, last)
}

// turned says whether the machine went down or came up in (from, to].
func (t *timeline) turned(from, to time.Duration) bool { return anyIn(t.turns, from, to) }

// nextTurn is when the machine went down or came up first after at, or Forever.
func (t *timeline) nextTurn(at time.Duration) time.Duration {
	if i := sort.Search(len(t.turns), func(i int) bool { return t.turns[i] > at }); i < len(t.turns) {
		return t.turns[i]
	}
	return histories.Forever
}

// anyIn says whether one of times, which are sorted, lies in (from, to].
func anyIn(times []time.Duration, from, to time.Duration) bool {
	i := sort.Search(len(times), func(i int) bool { return times[i] > from })
	return i < len(times) && times[i] <= to
}

// lastAt returns the index of the last of notes at or before at, or -1.
func lastAt(notes []*histories.Note, at time.Duration) int {
	return sort.Search(len(notes), func(i int) bool { return notes[i].Time > at }) - 1
}

// before returns states of the machine that it was in at some moment up to at, the latest that are known: by itself and
// by the observer, either of which may be nil.
func (t *timeline) before(at time.Duration) (found [2]*histories.Note) {
	if i := lastAt(t.own, at); i >= 0 {
		found[0] = t.own[i]
	}
	if i := lastAt(t.seen, at); i >= 0 {
		found[1] = t.seen[i]
	}
	return found
}

// after returns states of the machine that it was in at some moment from at on, the earliest that are known: by itself
// and by the observer, either of which may be nil.
func (r *record) after(t *timeline, at time.Duration) (found [2]*histories.Note) {
	if i := sort.Search(len(t.own), func(i int) bool { return t.own[i].Time >= at+r.slack }); i < len(t.own) {
		found[0] = t.own[i]
	}
	// The first sample at or after at may have been taken before it.
	if i := sort.Search(len(t.seen), func(i int) bool { return t.seen[i].Time >= at }) + 1; i < len(t.seen) {
		found[1] = t.seen[i]
	}
	return found
}

func isMaster(n *histories.Note) bool  { return n.Role == roleMaster }
func isReplica(n *histories.Note) bool { return n.Role == roleReplica }
