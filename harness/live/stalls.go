package live

import (
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
)

const (
	stallPulse = 10 * time.Millisecond  // how often the world looks whether time has passed without it
	stallMin   = 100 * time.Millisecond // what is shorter changes no setting's meaning
)

// watchStalls notes stalls until the world is closed.
func (w *World) watchStalls() {
	tick := time.NewTicker(stallPulse)
	defer tick.Stop()
	for last := w.Elapsed(); ; {
		select {
		case <-w.ctx.Done():
			return
		case <-tick.C:
		}
		now := w.Elapsed()
		if stood := stalled(last, now); stood > 0 {
			at := last
			w.reports.put(func(s cluster.Sink) { s.Note(at, "world", &node.Note{Kind: node.NoteStalled, Took: int64(stood)}) })
		}
		last = now
	}
}

// stalled is how long the world stood still between two pulses; 0 if not long enough to matter.
func stalled(last, now time.Duration) time.Duration {
	if stood := now - last - stallPulse; stood >= stallMin {
		return stood
	}
	return 0
}
