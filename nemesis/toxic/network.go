package toxic

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"

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
	// Reach says where a machine itself listens, "ip:port". Only [NewExternal] needs it.
	Reach func(machine string) string
}

// Network is the links of a cluster and the faults in force on them. Its methods may be called at any time from any
// goroutine.
type Network struct {
	api *toxiproxy.ApiServer

	faulting sync.Mutex // one fault begins or ends at a time; taken before mu
	registry sync.Mutex // of what toxiproxy shows: it changes and writes toxics without a lock of its own

	mu     sync.Mutex
	routes map[Pair]*route
	links  map[Pair]*Link
	faults map[int]nemesis.Fault
	conns  map[*connection]struct{}
	stuck  []clogged       // in the order in which they were clogged
	silent map[int][]*pipe // by half-open fault
	next   uint64          // numbers connections
	seed   uint64
	ctx    context.Context // done when the network is closed
	cancel context.CancelFunc
	work   sync.WaitGroup // connections
	toxics sync.WaitGroup // toxics on their way in or out
}

// NewNetwork makes a network without a fault.
func NewNetwork(opts Options) (*Network, error) {
	register()
	ctx, cancel := context.WithCancel(context.Background())
	n := &Network{api: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), seed: opts.Seed,
		routes: map[Pair]*route{}, links: map[Pair]*Link{}, faults: map[int]nemesis.Fault{}, silent: map[int][]*pipe{},
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

// Carry leads an accepted connection from one machine to another, as [Link.Carry] does.
func (n *Network) Carry(from, to string, caller *net.TCPConn, dial func(context.Context) (*net.TCPConn, error)) error {
	l := n.links[Pair{from, to}]
	if l == nil {
		caller.Close()
		return fmt.Errorf("no machine %s calls %s", from, to)
	}
	return l.Carry(caller, dial)
}

// Link returns the link over which from calls to, nil if there is none.
func (n *Network) Link(from, to string) *Link { return n.links[Pair{from, to}] }

// Inflict puts a fault on links in force as id, on all connections that it is about, until Lift. Unclog is over at once.
func (n *Network) Inflict(id int, f nemesis.Fault) error {
	if !f.Links() || f.Compound() {
		return fmt.Errorf("%s: not a fault on links, or one that is made of others", f)
	}
	n.faulting.Lock()
	defer n.faulting.Unlock()
	n.mu.Lock()
	if err := n.check(id, f); err != nil {
		n.mu.Unlock()
		return err
	}
	n.faults[id] = f
	n.mu.Unlock()
	switch f.Verb {
	case nemesis.Cut:
		n.eachRoute(f, func(r *route) { r.add(id, effect{hold: true}) })
	case nemesis.Drop, nemesis.Refuse, nemesis.BlackHole:
		n.turnAway(id, f)
	case nemesis.Clog:
		n.clog(id, f)
	case nemesis.Unclog:
		n.unclog(f)
	case nemesis.HalfOpen:
		n.silence(id, f)
	case nemesis.Latency:
		if f.Has("delay") {
			n.eachRoute(f, func(r *route) { r.add(id, effect{delay: f.Duration("delay"), jitter: f.Duration("jitter")}) })
			return nil
		}
		fallthrough
	default:
		return n.addToxics(id, f)
	}
	return nil
}

// check says why f cannot be put in force as id, with mu held.
func (n *Network) check(id int, f nemesis.Fault) error {
	if old, ok := n.faults[id]; ok {
		return fmt.Errorf("%s: fault %d is in force already: %s", f, id, old)
	}
	for _, name := range f.Targets() {
		if !n.knows(name) {
			return fmt.Errorf("%s: no machine is called %q", f, name)
		}
	}
	return nil
}

// eachRoute calls do for every direction that f is about. Two machines neither of which calls the other have none.
func (n *Network) eachRoute(f nemesis.Fault, do func(*route)) {
	for _, p := range directions(f) {
		if r := n.routes[p]; r != nil {
			do(r)
		}
	}
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
	n.faulting.Lock()
	defer n.faulting.Unlock()
	n.mu.Lock()
	f, ok := n.faults[id]
	delete(n.faults, id)
	n.mu.Unlock()
	if !ok {
		return false
	}
	n.eachRoute(f, func(r *route) { r.remove(id) })
	switch f.Verb {
	case nemesis.Drop, nemesis.Refuse, nemesis.BlackHole:
		n.letIn(id, f)
	case nemesis.Clog:
		n.release(func(c clogged) bool { return c.id == id }, -1)
	case nemesis.HalfOpen:
		n.tell(id)
	default:
		n.removeToxics(id, f)
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

// Held says whether what from sends to to is held, or what it dials there gets no answer.
func (n *Network) Held(from, to string) bool {
	if r := n.routes[Pair{from, to}]; r != nil && r.now().hold {
		return true
	}
	l := n.links[Pair{from, to}]
	return l != nil && l.door.now().silent
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
	for _, l := range n.links {
		l.removeAllToxics() // some of toxiproxy's never end by themselves
	}
	for _, c := range open {
		c.sever()
	}
	n.work.Wait()
	n.toxics.Wait()
}
