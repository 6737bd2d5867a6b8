package live

import (
	"sync"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// reports are what was observed and has not been handed to the sink. Machines are observed by goroutines of their own;
// the sink, with the history behind it, belongs to whoever plays the run, and hears of everything in the calls of that.
type reports struct {
	mu   sync.Mutex
	list []report
	wake chan struct{} // has one element when there is something new

	handing sync.Mutex // one after the other
}

// report tells the sink one thing. What it holds is its own.
type report func(cluster.Sink)

func newReports() reports { return reports{wake: make(chan struct{}, 1)} }

func (r *reports) put(what report) {
	r.mu.Lock()
	r.list = append(r.list, what)
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// hand tells sink everything there is, in the order in which it was observed.
func (r *reports) hand(sink cluster.Sink) {
	r.handing.Lock()
	defer r.handing.Unlock()
	r.mu.Lock()
	list := r.list
	r.list = nil
	r.mu.Unlock()
	for _, tell := range list {
		tell(sink)
	}
}
