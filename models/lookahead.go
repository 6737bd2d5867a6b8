package models

import (
	"math/bits"

	"github.com/ordeal-go/ordeal/histories"
)

// lookahead tells ways that cannot go on: a text that only grows never again lacks what it has.
type lookahead struct {
	m       *Model
	ops     []*histories.Operation
	next    []int32 // of each operation, the next that was answered and reads, itself or later; len(ops) if none
	reset   []int32 // and the next that resets
	at      int     // the operation that is invoked next
	because int     // for which a way was given up; nobody
}

// newLookahead is what m can tell of ops; nil if nothing.
func (m *Model) newLookahead(ops []*histories.Operation) *lookahead {
	if m.Lost == nil {
		return nil
	}
	n := len(ops)
	l := &lookahead{m: m, ops: ops, next: make([]int32, n+1), reset: make([]int32, n+1), because: nobody}
	l.next[n], l.reset[n] = int32(n), int32(n)
	for i := n - 1; i >= 0; i-- {
		l.next[i], l.reset[i] = l.next[i+1], l.reset[i+1]
		if f, _ := m.Function(ops[i].Func); ops[i].Outcome == histories.OK && f.Reads {
			l.next[i] = int32(i)
		}
		if m.Resets(ops[i]) {
			l.reset[i] = int32(i)
		}
	}
	return l
}

// invoked takes note that operation i was invoked.
func (l *lookahead) invoked(i int) {
	if l != nil {
		l.at = i + 1
	}
}

// gaveUp says whether any way was given up.
func (l *lookahead) gaveUp() bool { return l != nil && l.because >= 0 }

// hopeless says whether some operation that reads, of those under way or the next, can no more happen after w.
func (s *search) hopeless(w way) bool {
	l := s.ahead
	if l == nil {
		return false
	}
	for left := s.busy &^ w.done; left != 0; left &= left - 1 {
		if s.lost(w, s.slots[bits.TrailingZeros64(left)]) {
			return true
		}
	}
	i := int(l.next[l.at])
	return i < len(l.ops) && s.lost(w, i)
}

// lost says whether operation i can no more happen after w, and takes note of it.
func (s *search) lost(w way, i int) bool {
	l, op := s.ahead, s.ops[i]
	if !l.m.Lost(w.state, op) {
		return false
	}
	if r := int(l.reset[l.at]); r < len(s.ops) && s.ops[r].Invoked <= op.Returned {
		return false
	}
	for left := s.busy &^ w.done; left != 0; left &= left - 1 {
		if l.m.Resets(s.ops[s.slots[bits.TrailingZeros64(left)]]) {
			return false
		}
	}
	for c := range s.open {
		if s.open[c].count > 0 && l.m.Resets(s.open[c].op) {
			return false
		}
	}
	l.because = i
	return true
}
