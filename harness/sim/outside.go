package sim

import (
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// Outsider is a core with a part outside of the world that has a clock of its own: the goroutines of a client under test
// in a bubble of testing/synctest. The world keeps that clock level with its own. Before it goes on to a later moment,
// it lets the outside go there first; what the outside wants on the way, the core is told of by a [node.Told] without a
// message, at that very moment.
type Outsider interface {
	node.Core
	// Await lets the outside go on until the world's time is until, or until it wants something, and returns that time.
	Await(until time.Duration) time.Duration
	// Wants says whether the outside wants something of the world.
	Wants() bool
}

// outside lets the outsiders go on until the next thing happens in the world, until at most, and has them say what they
// want on the way. Several of them must share one clock. One that is paused stands still, and its clock with it.
func (w *World) outside(until int64) {
	for again := true; again && w.failure == nil && !w.yields; {
		next := until
		if w.queue.due(until) {
			next = w.queue.next()
		}
		for _, m := range w.outsiders {
			if m.idle() {
				next = max(w.now, int64(m.core.(Outsider).Await(time.Duration(next))))
			}
		}
		w.now, again = next, false
		for i := 0; i < len(w.outsiders); i++ { // the list gets shorter with one that exits
			if m := w.outsiders[i]; m.idle() && m.core.(Outsider).Wants() {
				again = true
				m.post(letter{kind: node.Told, done: &completion{}})
			}
		}
	}
}

// meets notes whether the core of m, which begins its life, has an outside.
func (m *machine) meets() {
	if _, ok := m.core.(Outsider); ok {
		m.w.outsiders = append(m.w.outsiders, m)
	}
}

// parts is called at the end of m's life.
func (m *machine) parts() {
	for i, other := range m.w.outsiders {
		if other == m {
			m.w.outsiders = append(m.w.outsiders[:i:i], m.w.outsiders[i+1:]...)
			return
		}
	}
}
