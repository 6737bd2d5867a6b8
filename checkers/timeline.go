package checkers

import (
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// MasterBefore says whether the machine was last known as a master before at.
func (t *Timeline) MasterBefore(at time.Duration) bool {
	for _, n := range t.Before(at) {
		if n != nil && IsMaster(n) {
			return true
		}
	}
	return false
}

// Steady says whether the machine's process ran during all of [from, to], or since it first began.
func (t *Timeline) Steady(from, to time.Duration) bool {
	i := t.LifeAt(to)
	return i >= 0 && t.Lives[i].To >= to && !t.Turned(max(from, t.Lives[0].From), to)
}

// Timeline is what was observed of one machine, each list in order of time.
type Timeline struct {
	Name  string
	Own   []*histories.Note // states noted by the machine itself, or read from its log
	Seen  []*histories.Note // states that the observer read out
	Turns []time.Duration   // moments when it went down or came up
	Lives []Life
	// Resyncs are the moments when its data was replaced by its master's.
	Resyncs []time.Duration
}

// Life is a time during which a machine's process ran.
type Life struct{ From, To time.Duration }

const (
	roleMaster  = "master"
	RoleReplica = "slave"
	ByObserver  = "observer"
	LinkUp      = "up"
)

// LifeAt is the number of the process that ran at a moment, from 0; -1 before the first.
func (t *Timeline) LifeAt(at time.Duration) int {
	return sort.Search(len(t.Lives), func(i int) bool { return t.Lives[i].From > at }) - 1
}

// FirstState is the first state that is known of a process, nil if none is.
func (t *Timeline) FirstState(of Life) *histories.Note {
	var found *histories.Note
	for _, notes := range [][]*histories.Note{t.Own, t.Seen} {
		if i := LastAt(notes, of.From-1) + 1; i < len(notes) && notes[i].Time <= of.To && (found == nil || notes[i].Time < found.Time) {
			found = notes[i]
		}
	}
	return found
}

// LastState is the last state that is known of a process, nil if none is.
func (t *Timeline) LastState(of Life) *histories.Note {
	var found *histories.Note
	for _, notes := range [][]*histories.Note{t.Own, t.Seen} {
		if i := LastAt(notes, of.To); i >= 0 && notes[i].Time >= of.From && (found == nil || notes[i].Time > found.Time) {
			found = notes[i]
		}
	}
	return found
}

func steady(t *Timeline, notes []*histories.Note, from, to time.Duration, beyond int, holds func(*histories.Note) bool) bool {
	i := LastAt(notes, from)
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
	return beyond == 0 && !t.Turned(first, last)
}

// Turned says whether the machine went down or came up in (from, to].
func (t *Timeline) Turned(from, to time.Duration) bool { return AnyIn(t.Turns, from, to) }

// NextTurn is when the machine went down or came up first after at, or Forever.
func (t *Timeline) NextTurn(at time.Duration) time.Duration {
	if i := sort.Search(len(t.Turns), func(i int) bool { return t.Turns[i] > at }); i < len(t.Turns) {
		return t.Turns[i]
	}
	return histories.Forever
}

// AnyIn says whether one of times, which are sorted, lies in (from, to].
func AnyIn(times []time.Duration, from, to time.Duration) bool {
	i := sort.Search(len(times), func(i int) bool { return times[i] > from })
	return i < len(times) && times[i] <= to
}

// LastAt returns the index of the last of notes at or before at, or -1.
func LastAt(notes []*histories.Note, at time.Duration) int {
	return sort.Search(len(notes), func(i int) bool { return notes[i].Time > at }) - 1
}

// Before returns states of the machine that it was in at some moment up to at, the latest that are known: by itself and
// by the observer, either of which may be nil.
func (t *Timeline) Before(at time.Duration) (found [2]*histories.Note) {
	if i := LastAt(t.Own, at); i >= 0 {
		found[0] = t.Own[i]
	}
	if i := LastAt(t.Seen, at); i >= 0 {
		found[1] = t.Seen[i]
	}
	return found
}

func IsMaster(n *histories.Note) bool  { return n.Role == roleMaster }
func IsReplica(n *histories.Note) bool { return n.Role == RoleReplica }
