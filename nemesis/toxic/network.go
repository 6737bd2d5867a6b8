package toxic

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/ordeal-go/ordeal/nemesis"
)

// Pair is two machines, the sender or caller first.
type Pair struct{ From, To string }

func (p Pair) String() string { return p.From + "->" + p.To }

// Options says what a network is made of.
type Options struct {
	Links []Pair // who may call whom; a machine is known if it is in one of them
	Seed  uint64 // of jitter
}

// Network is the links of a cluster and the faults in force on them. Its methods may be called at any time from any
// goroutine.
type Network struct {
	api *toxiproxy.ApiServer

	mu     sync.Mutex
	routes map[Pair]*route
	links  map[Pair]*Link
	faults map[int]nemesis.Fault
	conns  map[*connection]struct{}
	next   uint64 // numbers connections
	seed   uint64
	ctx    context.Context // done when the network is closed
	cancel context.CancelFunc
	work   sync.WaitGroup // connections
}

// NewNetwork makes a network without a fault.
func NewNetwork(opts Options) (*Network, error) {
	register()
	ctx, cancel := context.WithCancel(context.Background())
	n := &Network{api: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), seed: opts.Seed,
		routes: map[Pair]*route{}, links: map[Pair]*Link{}, faults: map[int]nemesis.Fault{},
		conns: map[*connection]struct{}{}, ctx: ctx, cancel: cancel}
	for _, p := range opts.Links {
		for _, direction := range []Pair{p, {p.To, p.From}} {
			if n.routes[direction] == nil {
				n.routes[direction] = newRoute(direction)
			}
		}
		if err := n.addLink(p); err != nil {
			cancel()
			return nil, err
		}
	}
	return n, nil
}

// Link is how one machine calls another.
type Link struct {
	Pair
	network  *Network
	proxy    *toxiproxy.Proxy
	there    *route // what the caller sends
	back     *route // what it is sent
	starting sync.Mutex
	up, down *holdToxic
}

func (n *Network) addLink(p Pair) error {
	if n.links[p] != nil || p.From == p.To {
		return fmt.Errorf("link %s is listed twice, or leads a machine to itself", p)
	}
	// Listen and Upstream are only shown: the connections come from Carry.
	l := &Link{Pair: p, network: n, proxy: toxiproxy.NewProxy(n.api, p.String(), p.From, p.To),
		there: n.routes[p], back: n.routes[Pair{p.To, p.From}]}
	var err error
	if l.up, err = l.addToxic("upstream", l.there); err != nil {
		return err
	}
	if l.down, err = l.addToxic("downstream", l.back); err != nil {
		return err
	}
	if err := n.api.Collection.Add(l.proxy, false); err != nil {
		return fmt.Errorf("link %s: %w", p, err)
	}
	n.links[p] = l
	return nil
}

func (l *Link) addToxic(stream string, r *route) (*holdToxic, error) {
	text, err := json.Marshal(map[string]any{"type": toxicType, "name": toxicType + "_" + stream, "stream": stream})
	if err != nil {
		return nil, err
	}
	wrapper, err := l.proxy.Toxics.AddToxicJson(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("link %s: %w", l.Pair, err)
	}
	t := wrapper.Toxic.(*holdToxic)
	t.route = r
	return t, nil
}

// Link returns the link over which from calls to, nil if there is none.
func (n *Network) Link(from, to string) *Link { return n.links[Pair{from, to}] }

// Inflict puts a cut or latency in force as id, on all connections there are and will be, until Lift.
func (n *Network) Inflict(id int, f nemesis.Fault) error {
	e := effect{hold: f.Verb == nemesis.Cut, delay: f.Duration("delay"), jitter: f.Duration("jitter")}
	if !f.Links() {
		return fmt.Errorf("%s: not a fault on links", f)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if old, ok := n.faults[id]; ok {
		return fmt.Errorf("%s: fault %d is in force already: %s", f, id, old)
	}
	pairs := directions(f)
	for _, p := range pairs {
		for _, name := range []string{p.From, p.To} {
			if !n.knows(name) {
				return fmt.Errorf("%s: no machine is called %q", f, name)
			}
		}
	}
	n.faults[id] = f
	for _, p := range pairs {
		if r := n.routes[p]; r != nil { // two machines neither of which calls the other have no route
			r.add(id, e)
		}
	}
	return nil
}

// directions returns who sends to whom over the links that f is about.
func directions(f nemesis.Fault) (pairs []Pair) {
	for _, a := range f.A {
		for _, b := range f.B {
			if a == b {
				continue
			}
			pairs = append(pairs, Pair{a, b})
			if !f.OneWay {
				pairs = append(pairs, Pair{b, a})
			}
		}
	}
	return pairs
}

func (n *Network) knows(machine string) bool {
	for p := range n.routes {
		if p.From == machine {
			return true
		}
	}
	return false
}

// Lift ends the fault that was inflicted as id. It reports whether there was one.
func (n *Network) Lift(id int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	f, ok := n.faults[id]
	if !ok {
		return false
	}
	delete(n.faults, id)
	for _, p := range directions(f) {
		if r := n.routes[p]; r != nil {
			r.remove(id)
		}
	}
	return true
}

// Heal ends every fault.
func (n *Network) Heal() {
	n.mu.Lock()
	var ids []int
	for id := range n.faults {
		ids = append(ids, id)
	}
	n.mu.Unlock()
	slices.Sort(ids)
	for _, id := range ids {
		n.Lift(id)
	}
}

// Held says whether a cut holds what from sends to to.
func (n *Network) Held(from, to string) bool {
	r := n.routes[Pair{from, to}]
	return r != nil && r.now().hold
}

// Close ends all connections at once and gives back everything the network holds.
func (n *Network) Close() {
	n.mu.Lock()
	n.cancel()
	var open []*connection
	for c := range n.conns {
		open = append(open, c)
	}
	n.mu.Unlock()
	for _, c := range open {
		c.sever()
	}
	n.work.Wait()
}

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
