package toxic

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"

	client "github.com/Shopify/toxiproxy/v2/client"

	"github.com/ordeal-go/ordeal/nemesis"
)

// External is the links of a cluster as proxies of a toxiproxy server that runs somewhere else: one for each ordered
// pair of machines. It does what such a server can, and refuses the rest:
//
//   - toxiproxy's seven toxics, as they are; latency with delay= as latency in the middle of its range ± jitter
//   - cut: timeout 0, both ways or one. What is sent is lost and not held, and connections close when it ends
//   - drop: the proxy is disabled
//
// The machine that is called sees all connections come from the server.
type External struct {
	opts   Options
	api    *client.Client
	prefix string

	mu      sync.Mutex
	proxies map[Pair]*client.Proxy
	listen  map[Pair]string // where the proxies listen; only read once they are there
	faults  map[int]nemesis.Fault
	off     map[Pair]int // drops in force on a link
	held    map[Pair]int // cuts in force on what a machine sends to another
	conns   map[net.Conn]struct{}
	closed  bool
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup
}

// NewExternal makes the proxies on the server whose API is at addr, "host:port". It must be on this computer: it opens
// connections to the machines' own addresses, which Options.Reach tells.
func NewExternal(ctx context.Context, addr string, opts Options) (*External, error) {
	x := &External{opts: opts, api: client.NewClient(addr), prefix: fmt.Sprintf("ordeal-%d-", os.Getpid()),
		proxies: map[Pair]*client.Proxy{}, listen: map[Pair]string{}, faults: map[int]nemesis.Fault{}, off: map[Pair]int{}, held: map[Pair]int{},
		conns: map[net.Conn]struct{}{}}
	x.ctx, x.cancel = context.WithCancel(context.Background())
	for _, p := range opts.Links {
		if err := ctx.Err(); err != nil {
			x.Close()
			return nil, err
		}
		proxy, err := x.api.CreateProxy(x.prefix+p.From+"-"+p.To, "127.0.0.1:0", opts.Reach(p.To))
		if err != nil {
			x.Close()
			return nil, fmt.Errorf("the toxiproxy server at %s: link %s: %w", addr, p, err)
		}
		x.proxies[p], x.listen[p] = proxy, proxy.Listen
	}
	return x, nil
}

// Carry leads an accepted connection to the proxy of its link. Options.Reach said where that leads, not dial.
func (x *External) Carry(from, to string, caller *net.TCPConn, _ func(context.Context) (*net.TCPConn, error)) error {
	addr := x.listen[Pair{from, to}]
	if addr == "" {
		caller.Close()
		return fmt.Errorf("no machine %s calls %s", from, to)
	}
	var dialer net.Dialer
	c, err := dialer.DialContext(x.ctx, "tcp", addr)
	if err != nil {
		caller.SetLinger(0)
		caller.Close()
		return err
	}
	callee := c.(*net.TCPConn)
	if !x.enter(caller, callee) {
		return net.ErrClosed
	}
	for _, way := range [][2]*net.TCPConn{{caller, callee}, {callee, caller}} {
		go x.copy(way[1], way[0])
	}
	return nil
}

func (x *External) enter(a, b *net.TCPConn) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		a.Close()
		b.Close()
		return false
	}
	x.conns[a], x.conns[b] = struct{}{}, struct{}{}
	x.work.Add(2)
	return true
}

// copy carries one direction: an end as an end, a reset as a reset.
func (x *External) copy(to, from *net.TCPConn) {
	defer x.work.Done()
	_, err := to.ReadFrom(from)
	if err != nil {
		to.SetLinger(0)
		to.Close()
		from.Close()
	} else {
		to.CloseWrite()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, other := x.conns[from]; err != nil || !other { // the other direction is over too
		to.Close()
		from.Close()
		delete(x.conns, from)
	}
	delete(x.conns, to)
}

// Inflict puts a fault on links in force as id, if toxiproxy can express it.
func (x *External) Inflict(id int, f nemesis.Fault) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if old, ok := x.faults[id]; ok {
		return fmt.Errorf("%s: fault %d is in force already: %s", f, id, old)
	}
	switch f.Verb {
	case nemesis.Drop:
		x.faults[id] = f
		return x.disable(f, 1)
	case nemesis.Cut:
	default:
		if attributes(f) == nil {
			return fmt.Errorf("%s: a toxiproxy server cannot do that: run without an external one", f)
		}
	}
	x.faults[id] = f
	if f.Verb == nemesis.Cut {
		x.hold(f, 1)
	}
	kind, attributes := x.toxic(f)
	var errs []error
	for _, p := range x.places(f) {
		toxicity := float32(1)
		if f.Verb != nemesis.Cut {
			toxicity = float32(f.Number("toxicity"))
		}
		if _, err := p.proxy.AddToxic(toxicName(id, f, p.stream), kind, p.stream, toxicity, attributes); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f, err))
		}
	}
	return errors.Join(errs...)
}

// toxic says which of toxiproxy's toxics does f.
func (x *External) toxic(f nemesis.Fault) (kind string, a client.Attributes) {
	switch {
	case f.Verb == nemesis.Cut:
		return "timeout", client.Attributes{"timeout": 0}
	case f.Verb == nemesis.Latency && f.Has("delay"):
		half := f.Duration("jitter") / 2
		return "latency", client.Attributes{"latency": (f.Duration("delay") + half).Milliseconds(), "jitter": half.Milliseconds()}
	}
	return string(f.Verb), attributes(f)
}

type externalPlace struct {
	proxy  *client.Proxy
	stream string
}

func (x *External) places(f nemesis.Fault) (places []externalPlace) {
	only := f.Text("stream")
	for _, p := range directions(f) {
		if proxy := x.proxies[p]; proxy != nil && only != "downstream" {
			places = append(places, externalPlace{proxy, "upstream"})
		}
		if proxy := x.proxies[Pair{p.To, p.From}]; proxy != nil && only != "upstream" {
			places = append(places, externalPlace{proxy, "downstream"})
		}
	}
	return places
}

// hold counts cuts.
func (x *External) hold(f nemesis.Fault, by int) {
	for _, p := range directions(f) {
		x.held[p] += by
	}
}

// disable shuts the proxies of f, or opens those again that nothing else keeps shut.
func (x *External) disable(f nemesis.Fault, by int) error {
	var errs []error
	for _, p := range directions(f) {
		proxy := x.proxies[p]
		if proxy == nil {
			continue
		}
		x.off[p] += by
		if err := x.enable(proxy, x.off[p] == 0); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f, err))
		}
	}
	return errors.Join(errs...)
}

// enable opens or shuts a proxy. It keeps its port: toxiproxy was told any, and would take another one.
func (x *External) enable(proxy *client.Proxy, yes bool) error {
	proxy.Enabled = yes
	return proxy.Save()
}

// Lift ends the fault that was inflicted as id. It reports whether there was one.
func (x *External) Lift(id int) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	f, ok := x.faults[id]
	if !ok {
		return false
	}
	delete(x.faults, id)
	if f.Verb == nemesis.Drop {
		x.disable(f, -1) // a server that is gone carries nothing any more, and the run sees that
		return true
	}
	if f.Verb == nemesis.Cut {
		x.hold(f, -1)
	}
	for _, p := range x.places(f) {
		p.proxy.RemoveToxic(toxicName(id, f, p.stream))
	}
	return true
}

// Heal ends every fault.
func (x *External) Heal() {
	x.mu.Lock()
	var ids []int
	for id := range x.faults {
		ids = append(ids, id)
	}
	x.mu.Unlock()
	for _, id := range ids {
		x.Lift(id)
	}
}

// Held says whether a cut holds what from sends to to.
func (x *External) Held(from, to string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.held[Pair{from, to}] > 0
}

// Close ends all connections and takes the proxies off the server.
func (x *External) Close() {
	x.mu.Lock()
	x.closed = true
	x.cancel()
	for c := range x.conns {
		c.Close()
	}
	for _, proxy := range x.proxies {
		proxy.Delete() // a server that is gone has none
	}
	x.mu.Unlock()
	x.work.Wait()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() // the client's
}
