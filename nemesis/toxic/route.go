package toxic

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// route is one direction between two machines: what from sends to to, whoever dialled.
type route struct {
	Pair
	mu      sync.Mutex
	inForce map[int]effect
	state   routeState
}

// effect is what one fault does to a route.
type effect struct {
	hold          bool
	delay, jitter time.Duration
}

// routeState is what all faults in force do together.
type routeState struct {
	effect
	faults  []int         // in force, in order of their number
	changed chan struct{} // closed when this is no longer so
}

func newRoute(p Pair) *route {
	return &route{Pair: p, inForce: map[int]effect{}, state: routeState{changed: make(chan struct{})}}
}

func (r *route) now() routeState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

func (r *route) add(id int, e effect) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inForce[id] = e
	r.sum()
}

func (r *route) remove(id int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.inForce, id)
	r.sum()
}

// sum works out the state anew and wakes whoever goes by the old one. Delays add up, as they do on a real path.
func (r *route) sum() {
	old := r.state.changed
	r.state = routeState{changed: make(chan struct{})}
	for id, e := range r.inForce {
		r.state.hold = r.state.hold || e.hold
		r.state.delay += e.delay
		r.state.jitter += e.jitter
		r.state.faults = append(r.state.faults, id)
	}
	slices.SortFunc(r.state.faults, cmp.Compare)
	close(old)
}

// latency draws how long a piece of a stream takes.
func (e effect) latency(rng *rand.Rand) time.Duration {
	if e.jitter <= 0 {
		return e.delay
	}
	return e.delay + time.Duration(rng.Int64N(int64(e.jitter)+1))
}
