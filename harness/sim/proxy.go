package sim

import (
	"github.com/ordeal-go/ordeal/harness/sim/toxics"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// proxyReads is how much a proxy reads at once (Go's io.Copy).
const proxyReads = 32 << 10

// proxy is one of toxiproxy's toxics on a link.
type proxy struct {
	id       int // of the fault
	toxic    toxics.Toxic
	toxicity float64
	stream   string // "upstream": what those who dialled send; "downstream": what is answered; "": both
}

// newProxy makes a toxic of a fault; nil if the fault is none.
func newProxy(id int, f nemesis.Fault) *proxy {
	p := &proxy{id: id, toxicity: f.Number("toxicity"), stream: f.Text("stream")}
	ms := func(name string) int64 { return f.Duration(name).Milliseconds() }
	switch f.Verb {
	case nemesis.Latency:
		p.toxic = toxics.Latency{Latency: f.Int("latency"), Jitter: ms("jitter")}
	case nemesis.Bandwidth:
		p.toxic = toxics.Bandwidth{Rate: f.Int("rate")}
	case nemesis.SlowClose:
		p.toxic = toxics.SlowClose{Delay: ms("delay")}
	case nemesis.Timeout:
		p.toxic = toxics.Timeout{Timeout: ms("timeout")}
	case nemesis.ResetPeer:
		p.toxic = toxics.ResetPeer{Timeout: ms("timeout")}
	case nemesis.Slicer:
		p.toxic = toxics.Slicer{AverageSize: int(f.Int("average_size")), SizeVariation: int(f.Int("size_variation")), Delay: int(f.Int("delay"))}
	case nemesis.LimitData:
		p.toxic = toxics.LimitData{Bytes: f.Int("bytes")}
	default:
		return nil
	}
	return p
}

// of says whether the toxic is about what e sends.
func (p *proxy) of(e *endpoint) bool {
	dialled := e.target != nil
	return p.stream == "" || dialled == (p.stream == "upstream")
}

// passage is what one direction of a connection passes through at the end of its link.
type passage struct {
	chain  *toxics.Chain
	unread pieces // what has not been read by the proxy
	end    *piece // the fin or rst that it has read
	reset  bool   // whatever closes the connection resets it
	wakes  int64  // when an item of the queue lets it go on; 0: none
}

func (p *passage) idle() bool { return p.unread.head == nil && !p.chain.Busy() && p.end == nil }

// passProxies puts a new connection under the toxics of its link.
func (e *endpoint) passProxies() {
	for _, p := range e.link.proxies {
		e.addToxic(p)
	}
}

// over lists the endpoints, in the order of dialling, that send over l and have a peer.
func (w *World) over(l *link) []*endpoint {
	var list []*endpoint
	for _, e := range w.endpoints {
		if e != nil && e.link == l && e.peer != nil && e.state != forgotten {
			list = append(list, e)
		}
	}
	return list
}

func (e *endpoint) addToxic(p *proxy) {
	if !p.of(e) {
		return
	}
	if e.proxy == nil {
		l := e.link
		e.proxy = &passage{chain: toxics.NewChain(func(n int64) int64 { return int64(l.state.below(uint64(n))) })}
	}
	if _, resets := p.toxic.(toxics.ResetPeer); resets {
		e.proxy.reset = true
	}
	e.proxy.chain.Add(e.m.w.now, p.id, p.toxic, p.toxicity)
	e.pump()
}

func (e *endpoint) removeToxic(id int) {
	if e.proxy == nil {
		return
	}
	if !e.proxy.chain.Remove(e.m.w.now, id) {
		e.closeProxied()
		return
	}
	e.pump()
	if e.proxy != nil && e.proxy.unread.head == nil && e.proxy.chain.Empty() {
		e.proxy = nil
	}
	e.bury()
}

// proxied takes a piece that has reached the proxy.
func (e *endpoint) proxied(p *piece) {
	if p.kind == hello {
		e.peer.arrive(p)
		return
	}
	e.proxy.unread.push(p)
	e.pump()
}

// pump lets the proxy do what it can do at this moment, and says when it goes on.
func (e *endpoint) pump() {
	w := e.m.w
	for e.proxy != nil {
		if !e.proxy.chain.Run(w.now, e.comesOut) {
			e.closeProxied()
			return
		}
		if e.proxy == nil || e.proxy.unread.head == nil || !e.proxy.chain.Wants() {
			break
		}
		e.readByProxy()
	}
	if e.proxy == nil {
		return
	}
	if at, ok := e.proxy.chain.Next(); ok && (e.proxy.wakes == 0 || at < e.proxy.wakes) {
		e.proxy.wakes = at
		w.queue.push(item{at: at, what: proxyGoesOn, machine: e.m.index, a: e.index})
	}
}

func (e *endpoint) proxyGoesOn() {
	if e.proxy == nil || e.proxy.wakes != e.m.w.now {
		return // another one came before
	}
	e.proxy.wakes = 0
	e.pump()
	e.bury()
}

// readByProxy gives the chain its next chunk, which makes room in the sender's socket buffers.
func (e *endpoint) readByProxy() {
	p := e.proxy.unread.head
	if p.kind != data {
		e.proxy.end = e.proxy.unread.pop()
		e.proxy.chain.End()
		return
	}
	n := min(len(p.buf), proxyReads)
	e.proxy.chain.Feed(e.m.w.now, append([]byte(nil), p.buf[:n]...))
	if n < len(p.buf) {
		p.buf = p.buf[:copy(p.buf, p.buf[n:])]
	} else {
		e.m.w.freePiece(e.proxy.unread.pop())
	}
	e.credit(n)
}

// comesOut takes what the proxy writes to the peer.
func (e *endpoint) comesOut(b []byte) {
	p := e.m.w.newPiece(data)
	p.buf = append(p.buf, b...)
	e.unread += len(b)
	e.peer.arrive(p)
}

// closeProxied is what a proxy does at the end of one direction: it closes both its connections. If a process closed
// its own first, the peer hears of that; else both hear of a close, or of a reset where the proxy has not read all.
func (e *endpoint) closeProxied() {
	pass, peer, w := e.proxy, e.peer, e.m.w
	here, there := node.ErrNone, node.ErrNone
	if pass.unread.head != nil {
		here = node.ErrReset
	}
	if pass.reset {
		here, there = node.ErrReset, node.ErrReset
	}
	end := pass.end
	e.dropProxy()
	if end != nil {
		if there != node.ErrNone {
			end.kind, end.err = rst, there
		}
		peer.arrive(end)
		e.bury()
		return
	}
	w.sever(e, here)
	w.sever(peer, there)
}

// dropProxy forgets the proxy and what is in it.
func (e *endpoint) dropProxy() {
	if e.proxy != nil {
		e.m.w.drop(&e.proxy.unread)
		e.proxy = nil
	}
}

// sever ends a connection at one end, as its process sees it.
func (w *World) sever(e *endpoint, err node.Errno) {
	e.dropProxy()
	switch {
	case e.state == forgotten:
	case e.failed:
	case e.state == established || e.state == arrived:
		e.fail(err)
	default:
		e.forget()
	}
}
