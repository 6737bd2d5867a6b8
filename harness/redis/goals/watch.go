package goals

import (
	"github.com/ordeal-go/ordeal/harness/goals"
	"github.com/ordeal-go/ordeal/histories"
)

// watch looks at a history while it is written: a scan of which only what it saw last counts.
type watch struct{ *scan }

func begin(h *histories.History) goals.Watch { return watch{newScan(h)} }

// anew forgets what was met, not what the machines are at.
func (w watch) anew() {
	clear(w.marks)
	clear(w.events)
	clear(w.errors)
	w.logs = w.logs[:0]
}

// Note implements [goals.Watch].
func (w watch) Note(n *histories.Note) {
	w.anew()
	w.note(n)
}

// Log implements [goals.Watch].
func (w watch) Log(l *histories.LogLine) {
	w.anew()
	w.logs = append(w.logs, l.Text...)
}

// Returned implements [goals.Watch].
func (w watch) Returned(op *histories.Operation) {
	w.anew()
	w.operation(op)
}

// Began implements [goals.Watch].
func (w watch) Began(f *histories.Fault) {
	w.anew()
	if pauses(f) {
		if m := w.state[f.Targets[0]]; m != nil && m.Role == "master" {
			w.mark("master paused")
		}
	}
}

// Meets implements [goals.Watch].
func (w watch) Meets(name string) bool {
	for _, g := range catalogue {
		if g.name == name {
			return g.met(w.scan)
		}
	}
	return false
}
