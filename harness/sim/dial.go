package sim

import (
	"net/netip"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

const (
	firstEphemeral = 40000
	lastEphemeral  = 60999
	backlogMax     = 511 // connections a listener's kernel keeps for it (Redis 4.0: tcp-backlog)
	// synFirst is the wait before a connection request is repeated; it doubles, and the seventh is the end (Linux:
	// tcp_syn_retries = 6, 127 s).
	synFirst = int64(time.Second)
	synTries = 7
)

// listener is where a machine takes connections.
type listener struct {
	port     uint16
	outside  bool // at the machine's own address
	loopback bool
}

// listen is the core's Listen.
func (m *machine) listen(addr string) {
	err := m.bind(addr)
	m.mailbox.push(letter{kind: node.Listened, done: &completion{local: addr, err: err}})
}

// resolve is the core's Resolve: machines are known by their names, and everybody is localhost.
func (m *machine) resolve(op node.OpID, name string) {
	done := &completion{op: op, err: node.ErrBadAddress}
	if name == "localhost" {
		done.local, done.err = "127.0.0.1", node.ErrNone
	} else if other := m.w.byName[name]; other != nil {
		done.local, done.err = other.spec.Host, node.ErrNone
	}
	m.mailbox.push(letter{kind: node.Resolved, done: done})
}

func (m *machine) bind(addr string) node.Errno {
	if strings.HasPrefix(addr, node.UnixPrefix) {
		return node.ErrNone // there is nobody on the machine who could call there
	}
	ap, err := netip.ParseAddrPort(addr)
	if err != nil || ap.Port() == 0 {
		return node.ErrBadAddress
	}
	l := listener{port: ap.Port()}
	switch ip := ap.Addr(); {
	case ip.IsUnspecified():
		l.outside, l.loopback = true, true
	case ip.IsLoopback() && m.w.owner(ip) == nil:
		l.loopback = true
	case m.w.owner(ip) == m:
		l.outside = true
	default:
		return node.ErrAddrNotAvail
	}
	for _, o := range m.listeners {
		if o.port == l.port && (o.outside && l.outside || o.loopback && l.loopback) {
			return node.ErrAddrInUse
		}
	}
	m.listeners = append(m.listeners, l)
	return node.ErrNone
}

func (m *machine) listens(port uint16, loopback bool) bool {
	for _, l := range m.listeners {
		if l.port == port && (loopback && l.loopback || !loopback && l.outside) {
			return true
		}
	}
	return false
}

// dial is the core's Dial.
func (m *machine) dial(id node.ConnID, addr, from string) {
	w := m.w
	e := w.newEndpoint(m, connecting)
	e.id = id
	m.hold(e)
	m.name(e)
	target, err := m.route(e, addr, from)
	if err != node.ErrNone {
		m.mailbox.push(letter{kind: node.DialFailed, slot: e.index, done: &completion{err: err}})
		return
	}
	e.link = &m.links[target.index]
	e.target = target
	e.overhear()
	e.request(0)
}

// overhear has somebody listen to what the machine says to another one, if both may be listened to.
func (e *endpoint) overhear() {
	m, w := e.m, e.m.w
	if m.spec.Overhear == nil || e.target.spec.Overhear == nil || e.loopback {
		return
	}
	w.conversations++
	e.dialler = true
	e.overheard = m.spec.Overhear(w.conversations, e.remote, func(n *node.Note) {
		w.sink.Note(time.Duration(w.now), m.spec.Name, n)
	})
}

// route finds the machine that addr belongs to.
func (m *machine) route(e *endpoint, addr, from string) (*machine, node.Errno) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil || ap.Port() == 0 {
		return nil, node.ErrBadAddress
	}
	source := m.host
	if from != "" {
		if source, err = netip.ParseAddr(from); err != nil {
			return nil, node.ErrBadAddress
		}
		if m.w.owner(source) != m && !source.IsLoopback() && !source.IsUnspecified() {
			return nil, node.ErrAddrNotAvail
		}
	}
	target := m.w.owner(ap.Addr())
	if target == nil && ap.Addr().IsLoopback() {
		target, e.loopback, source = m, true, ap.Addr()
	}
	if target == nil {
		return nil, node.ErrUnreachable
	}
	e.port = ap.Port()
	e.local = netip.AddrPortFrom(source, m.ephemeral()).String()
	e.remote = addr
	return target, node.ErrNone
}

func (m *machine) ephemeral() uint16 {
	p := m.port
	if m.port++; m.port > lastEphemeral {
		m.port = firstEphemeral
	}
	return uint16(p)
}

// request asks the other machine for a connection, for the attempt-th time from 0.
func (e *endpoint) request(attempt int) {
	w := e.m.w
	if attempt == synTries {
		e.m.post(letter{kind: node.DialFailed, slot: e.index, done: &completion{err: node.ErrTimedOut}})
		return
	}
	w.queue.push(item{at: w.now + synFirst<<attempt, what: synAgain, machine: e.m.index, a: e.index, b: uint32(attempt + 1)})
	if e.link.cuts == 0 && e.link.holes == 0 {
		w.queue.push(item{at: e.link.arrival(w.now, 0), what: synArrives, machine: e.m.index, a: e.index})
	}
}

// requested is called when the request reaches the other machine. A request or an answer that meets a cut is lost.
func (e *endpoint) requested() {
	w := e.m.w
	back := &e.target.links[e.m.index]
	if e.state != connecting || e.link.cuts > 0 || back.cuts > 0 || e.link.holes > 0 {
		return
	}
	var yes uint32
	if e.link.refusals == 0 && e.target.listens(e.port, e.loopback) {
		if e.target.backlog >= backlogMax {
			return // as if lost: the kernel has no place for it
		}
		yes = 1
	}
	w.queue.push(item{at: back.arrival(w.now, 0), what: synAnswered, machine: e.m.index, a: e.index, b: yes})
}

// answered is called when the answer is back.
func (e *endpoint) answered(yes bool) {
	w := e.m.w
	back := &e.target.links[e.m.index]
	if e.state != connecting || back.cuts > 0 {
		return
	}
	if !yes {
		e.m.post(letter{kind: node.DialFailed, slot: e.index, done: &completion{err: node.ErrRefused}})
		return
	}
	p := w.newEndpoint(e.target, connecting)
	p.link, p.local, p.remote = back, e.remote, e.local
	p.port, p.loopback = e.port, e.loopback
	p.peer, e.peer = e, p
	p.overheard = e.overheard
	e.state = established
	e.passProxies()
	p.passProxies()
	e.launch(w.newPiece(hello))
	e.m.post(letter{kind: node.Dialled, slot: e.index})
}

// dialEnded makes an event of the end of a dial; false if the core has closed it meanwhile.
func (e *endpoint) dialEnded(ev *node.Event, l letter) bool {
	ev.Conn = e.id
	if l.kind == node.Dialled {
		ev.Local, ev.Remote = e.local, e.remote
		return e.state == established
	}
	if e.state != connecting {
		return false
	}
	ev.Err = l.done.err
	e.hush()
	e.forget()
	return true
}

// comeUp is the end of the handshake at the machine that was dialled.
func (e *endpoint) comeUp() {
	m := e.m
	if !m.listens(e.port, e.loopback) {
		e.state = forgotten
		e.reset()
		return
	}
	e.state = arrived
	m.hold(e)
	m.backlog++
	m.post(letter{kind: node.Accepted, slot: e.index})
}

// accept makes an event of a connection that waits for its process.
func (e *endpoint) accept(ev *node.Event) bool {
	if e.state != arrived {
		return false
	}
	e.m.backlog--
	e.state = established
	e.id = node.ConnID(2*len(e.m.accepted) + 2)
	e.m.name(e)
	ev.Conn, ev.Local, ev.Remote = e.id, e.local, e.remote
	return true
}

func (w *World) newEndpoint(m *machine, state socketState) *endpoint {
	e := &endpoint{m: m, state: state, index: uint32(len(w.endpoints)), place: -1}
	w.endpoints = append(w.endpoints, e)
	return e
}

// hold puts e among the sockets of the machine's process.
func (m *machine) hold(e *endpoint) {
	e.place = len(m.sockets)
	m.sockets = append(m.sockets, e)
}

// release takes e out of the process's hands.
func (m *machine) release(e *endpoint) {
	if e.place < 0 {
		return
	}
	last := m.sockets[len(m.sockets)-1]
	m.sockets[e.place], last.place = last, e.place
	m.sockets[len(m.sockets)-1] = nil
	m.sockets = m.sockets[:len(m.sockets)-1]
	e.place = -1
	if e.state == arrived {
		m.backlog--
	}
	m.unname(e)
}

// name makes e known by its ID.
func (m *machine) name(e *endpoint) {
	list, i := m.named(e.id)
	for len(*list) <= i {
		*list = append(*list, nil)
	}
	(*list)[i] = e
}

func (m *machine) unname(e *endpoint) {
	if list, i := m.named(e.id); e.id != 0 && i < len(*list) && (*list)[i] == e {
		(*list)[i] = nil
	}
}

func (m *machine) named(id node.ConnID) (list *[]*endpoint, i int) {
	if id%2 == 0 {
		return &m.accepted, int(id/2) - 1
	}
	return &m.dialled, int(id / 2)
}

// socket finds the connection that the core calls id; nil if it is gone.
func (m *machine) socket(id node.ConnID) *endpoint {
	if list, i := m.named(id); id != 0 && i < len(*list) {
		return (*list)[i]
	}
	return nil
}

// closeSockets is what the kernel does when a process ends.
func (m *machine) closeSockets() {
	for len(m.sockets) > 0 {
		e := m.sockets[0] // each one leaves the list
		e.hush()
		switch {
		case e.state == connecting || e.failed:
			e.forget()
		case e.state == arrived:
			e.finish(rst)
		default:
			e.hangUp()
		}
	}
	m.listeners = m.listeners[:0]
	m.accepted, m.dialled = nil, nil
	m.backlog = 0
}
