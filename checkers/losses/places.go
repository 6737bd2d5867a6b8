package losses

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Where in the replication history a write went. A server of ours says so itself ([histories.Place]). Of any other it is
// known to lie between two of its master's states, narrowed by what certainly lies between those and it.

// spot is where a write may lie: after offset from, and at most up to offset to, of the history id.
type spot struct {
	id       string
	from, to int64
	toAt     time.Duration
	place    *histories.Place // the server's own word: to is then the very place
}

// exactly says whether the place is known, and not only what it lies between.
func (s *spot) exactly() bool { return s.place != nil }

// spots brackets a write by its master's states before and after, or has its very place. The master's history may have
// changed meanwhile: then there are several.
func (l *losses) spots(i int) []spot {
	if p := l.places[i]; p != nil {
		return []spot{spotAt(p)}
	}
	op := &l.r.Ops[i]
	a := l.r.Timelines[op.Node]
	if a == nil {
		return nil
	}
	var spots []spot
	find := func(id string) *spot {
		for i := range spots {
			if spots[i].id == id {
				return &spots[i]
			}
		}
		spots = append(spots, spot{id: id, to: math.MaxInt64})
		return &spots[len(spots)-1]
	}
	for _, n := range a.Before(op.Invoked) {
		if n == nil || !evidence.Named(n.ReplID) || a.Turned(n.Time, op.Invoked) {
			continue
		}
		if s := find(n.ReplID); checkers.IsMaster(n) {
			s.from = max(s.from, l.weighed(op, n))
		}
	}
	for _, n := range l.afterwards(a, op.Returned) {
		if n == nil || !evidence.Named(n.ReplID) || a.Turned(op.Invoked, n.Time) {
			continue
		}
		if s := find(n.ReplID); checkers.IsMaster(n) {
			if to := n.Offset - l.weight.between(op.Node, op.Returned, l.asked(n)); to < s.to {
				s.to, s.toAt = to, n.Time
			}
		}
	}
	for i := range spots {
		// The bounds contradict each other where a master without a backlog counts no bytes.
		if s := &spots[i]; s.from >= s.to {
			s.from, s.to = s.to-1, s.from+1
		}
	}
	return spots
}

// spotAt is a place that is known.
func spotAt(p *histories.Place) spot {
	return spot{id: p.ReplID, from: p.Offset - 1, to: p.Offset, toAt: p.Time, place: p}
}

// weighed is the offset that a write certainly lies beyond, from a state of its master before it.
func (l *losses) weighed(op *histories.Operation, n *histories.Note) int64 {
	if l.weight == nil || n.N == 0 && n.From == checkers.ByObserver {
		return n.Offset // without a replica, a master may not have a backlog, and then counts nothing
	}
	from := n.Offset + l.weight.between(op.Node, n.Time, op.Invoked)
	if op.Func == histories.FuncWrite {
		from += size(op) - 1
	}
	return from
}

// afterwards are states of the machine from at on, the earliest that are known by itself and by the observer. A sample
// whose question is known to have been asked after at is one, however short after.
func (l *losses) afterwards(t *checkers.Timeline, at time.Duration) [2]*histories.Note {
	found := l.r.After(t, at)
	if i := sort.Search(len(t.Seen), func(i int) bool { return t.Seen[i].Time >= at }); i < len(t.Seen) {
		if n := t.Seen[i]; n.Took > 0 && n.Time-n.Took >= at {
			found[1] = n
		}
	}
	return found
}

// asked is the earliest moment that a state may be of.
func (l *losses) asked(n *histories.Note) time.Duration {
	if n.From == checkers.ByObserver {
		if n.Took > 0 {
			return n.Time - n.Took
		}
		return -1
	}
	return n.Time - l.r.Slack
}

// weights are the sizes in the replication stream of the acknowledged writes of each server, to add up those that
// certainly lie between two moments.
type weights map[string][]*process

// process are the writes of one client at one server, one after the other.
type process struct {
	invoked, returned []time.Duration
	sum               []int64 // of the sizes up to each, itself included
}

func weigh(h *histories.History) weights {
	if h.World == "sim" {
		return nil // there, servers say themselves where a write went
	}
	w, byName := weights{}, map[[2]string]*process{}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Func != histories.FuncWrite || op.Outcome != histories.OK {
			continue
		}
		at := [2]string{op.Node, op.Process}
		p := byName[at]
		if p == nil {
			p = &process{}
			byName[at] = p
			w[op.Node] = append(w[op.Node], p)
		}
		sum := size(op)
		if n := len(p.sum); n > 0 {
			sum += p.sum[n-1]
		}
		p.invoked, p.returned, p.sum = append(p.invoked, op.Invoked), append(p.returned, op.Returned), append(p.sum, sum)
	}
	return w
}

// size is what a write of a register takes in the stream: SET, key and value as the client sent them.
func size(op *histories.Operation) int64 {
	n := len("*3\r\n$3\r\nSET\r\n")
	for _, word := range []string{op.Key, op.Word()} {
		n += len("$\r\n\r\n") + len(strconv.Itoa(len(word))) + len(word)
	}
	return int64(n)
}

// between is how many bytes of the server's stream certainly lie between two moments: of writes that were invoked from
// the one on, and had returned by the other.
func (w weights) between(server string, from, to time.Duration) (sum int64) {
	for _, p := range w[server] {
		first := sort.Search(len(p.invoked), func(i int) bool { return p.invoked[i] >= from })
		end, _ := slices.BinarySearchFunc(p.returned, to+1, func(a, b time.Duration) int { return cmp.Compare(a, b) })
		if first >= end {
			continue
		}
		sum += p.sum[end-1]
		if first > 0 {
			sum -= p.sum[first-1]
		}
	}
	return sum
}
