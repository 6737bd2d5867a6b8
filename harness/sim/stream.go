package sim

import (
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
)

const (
	segmentMax = 64 << 10 // the largest piece that travels or is read at once, in bytes
	// rtoMin and rtoMax bound the wait between retransmissions, which doubles each time (Linux).
	rtoMin = int64(200 * time.Millisecond)
	rtoMax = int64(120 * time.Second)
	// retransmitFor is how long a kernel retransmits before the connection times out (Linux: tcp_retries2 = 15).
	retransmitFor = int64(924600 * time.Millisecond)
	// orphanFor is the same for a connection whose process has closed it (Linux: tcp_orphan_retries, 8 tries).
	orphanFor = int64(102200 * time.Millisecond)
)

// pieceKind is what a piece of a stream is.
type pieceKind uint8

const (
	data  pieceKind = iota
	hello           // the last packet of the handshake: the acceptor's end comes up
	fin             // the sender's process closed the connection
	rst             // the sender's kernel knows no such connection, or gave it up
)

// piece is a part of a byte stream on its way.
type piece struct {
	next *piece
	buf  []byte
	sent int64 // when it left the process
	at   int64 // when it arrives
	kind pieceKind
	err  node.Errno // of rst
}

// pieces is a queue of pieces.
type pieces struct{ head, tail *piece }

func (q *pieces) push(p *piece) {
	p.next = nil
	if q.head == nil {
		q.head = p
	} else {
		q.tail.next = p
	}
	q.tail = p
}

func (q *pieces) pop() *piece {
	p := q.head
	q.head = p.next
	if q.head == nil {
		q.tail = nil
	}
	return p
}

// socketState is how far an endpoint is, as its process sees it.
type socketState uint8

const (
	connecting  socketState = iota // dialled, no answer yet
	arrived                        // up, not yet accepted by its process
	established                    //
	flushing                       // closed by its process, to go once everything has left
	closed                         // closed by its process; the kernel still sends what has left
	forgotten                      // the kernel knows it no more
)

// endpoint is one end of a connection, with the stream that goes out from it.
type endpoint struct {
	index  uint32
	m      *machine
	peer   *endpoint
	link   *link // from m to the peer's machine
	id     node.ConnID
	place  int // in m.sockets, while the process holds it
	local  string
	remote string
	state  socketState

	// Of a connection that is coming up.
	target   *machine // where it is dialled to
	port     uint16   // there
	loopback bool     // at the loopback address

	failed bool // the kernel gave it up; the process will hear of it

	// In the process: its output buffer.
	out      pieces
	gathered int64 // bytes ever sent by the core
	left     int64 // bytes of them that have left the process
	tells    []int64
	dirty    bool

	// In the kernels and on the wire.
	flight    pieces
	unread    int  // bytes that have left and that the peer's process has not read
	owed      int  // of them, read by the peer but its acknowledgement is lost on a cut link
	scheduled bool // an arrival is in the queue
	stalled   bool // the link is cut: flight waits for a retransmission
	stalls    uint32
	lastAt    int64 // arrival of the last piece in flight
	resetSent bool

	// Arrived and not yet read by the process.
	inbox pieces
	ready bool // a letter says so
	held  bool // the process does not read

	// What faults do to this connection alone.
	clogs int      // faults in force that hold what is in flight
	muted muteness // a half-open connection
	proxy *passage // between flight and the peer; nil: nothing

	overheard cluster.Onlooker // nil: nobody listens
	dialler   bool             // it is the dialler's end
}

// muteness is how far a connection has lost one direction for good.
type muteness uint8

const (
	heard  muteness = iota
	silent          // what is sent reaches nobody
	dead            // and whoever sends is told, by now, that there is no such connection
)

func (w *World) newPiece(kind pieceKind) *piece {
	p := w.freePieces
	if p == nil {
		return &piece{kind: kind, buf: make([]byte, 0, 256)}
	}
	w.freePieces = p.next
	p.next, p.kind, p.err = nil, kind, node.ErrNone
	p.buf = p.buf[:0]
	return p
}

func (w *World) freePiece(p *piece) {
	p.next = w.freePieces
	w.freePieces = p
}

func (w *World) drop(q *pieces) {
	for q.head != nil {
		w.freePiece(q.pop())
	}
}

// send puts b into the output buffer. What is sent in one step leaves together.
func (e *endpoint) send(b []byte, tell bool) {
	if e.state != established || e.failed {
		return
	}
	w := e.m.w
	if e.overheard != nil {
		e.overheard.Sent(e.dialler, b)
	}
	e.gathered += int64(len(b))
	for len(b) > 0 {
		p := e.out.tail
		if p == nil || len(p.buf) >= segmentMax {
			p = w.newPiece(data)
			e.out.push(p)
		}
		n := min(len(b), segmentMax-len(p.buf))
		p.buf = append(p.buf, b[:n]...)
		b = b[n:]
	}
	if tell {
		e.tells = append(e.tells, e.gathered)
	}
	if !e.dirty {
		e.dirty = true
		w.dirty = append(w.dirty, e)
	}
}

// flushDirty lets go what this step has gathered.
func (w *World) flushDirty() {
	for _, e := range w.dirty {
		e.dirty = false
		e.flush()
	}
	w.dirty = w.dirty[:0]
}

// flush moves what the socket buffers have room for from the process into them.
func (e *endpoint) flush() {
	w := e.m.w
	if e.state != established && e.state != flushing || e.failed {
		w.drop(&e.out)
		return
	}
	for e.out.head != nil && (e.unread == 0 || e.unread+len(e.out.head.buf) <= w.net.Window) {
		p := e.out.pop()
		e.unread += len(p.buf)
		e.left += int64(len(p.buf))
		e.launchData(p)
	}
	told := 0
	for told < len(e.tells) && e.tells[told] <= e.left {
		if e.state == established {
			e.m.post(letter{kind: node.Sent, slot: e.index, n: e.tells[told]})
		}
		told++
	}
	e.tells = e.tells[:copy(e.tells, e.tells[told:])]
	if e.state == flushing && e.out.head == nil {
		e.finish(fin)
	}
}

// finish ends the process's hold on the connection: its last piece is a fin or an rst.
func (e *endpoint) finish(kind pieceKind) {
	e.m.release(e)
	e.state = closed
	p := e.m.w.newPiece(kind)
	if kind == rst {
		p.err = node.ErrReset
	}
	e.launch(p)
}

// launchData sends a piece of data, now and then in two parts.
func (e *endpoint) launchData(p *piece) {
	l := e.link
	if n := len(p.buf); n > 1 && l.state.oneIn(e.m.w.net.Split) {
		cut := 1 + int(l.state.below(uint64(n-1)))
		rest := e.m.w.newPiece(data)
		rest.buf = append(rest.buf, p.buf[cut:]...)
		p.buf = p.buf[:cut]
		e.launch(p)
		e.launch(rest)
		return
	}
	e.launch(p)
}

// launch puts a piece on the wire.
func (e *endpoint) launch(p *piece) {
	w := e.m.w
	p.sent = w.now
	p.at = max(e.link.arrival(w.now, len(p.buf)), e.lastAt)
	e.lastAt = p.at
	e.flight.push(p)
	if e.stalled || e.scheduled {
		return
	}
	e.depart()
}

// depart lets the first piece in flight go its way, as far as faults let it.
func (e *endpoint) depart() {
	switch {
	case e.clogs > 0:
	case e.link.cuts > 0 || e.muted != heard:
		e.stall()
	default:
		e.schedule()
	}
}

func (e *endpoint) schedule() {
	e.scheduled = true
	e.m.w.queue.push(item{at: max(e.flight.head.at, e.m.w.now), what: arrival, machine: e.m.index, a: e.index})
}

// arrival is called when the first piece in flight reaches the other machine.
func (e *endpoint) arrival() {
	e.scheduled = false
	if e.flight.head == nil || e.stalled {
		return
	}
	if e.flight.head.at > e.m.w.now { // what this event was for is gone
		e.schedule()
		return
	}
	if e.link.cuts > 0 || e.muted != heard || e.clogs > 0 {
		e.depart()
		return
	}
	p := e.flight.pop()
	if e.flight.head != nil {
		e.schedule()
	}
	if e.proxy != nil {
		e.proxied(p)
	} else {
		e.peer.arrive(p)
	}
	e.bury()
}

// stall is what a sender sees of a cut link: no acknowledgement. It tries again and again, ever more rarely.
func (e *endpoint) stall() {
	e.stalled = true
	e.stalls++
	switch e.muted {
	case heard:
		e.link.stalled = append(e.link.stalled, e.index)
	case dead:
		e.disown()
	}
	limit := retransmitFor
	if e.state >= closed {
		limit = orphanFor
	}
	e.m.w.queue.push(item{at: e.flight.head.sent + limit, what: giveUp, machine: e.m.index, a: e.index, b: e.stalls})
}

// healed is called when the link carries again: the next retransmission gets through.
func (e *endpoint) healed() {
	if !e.stalled || e.muted != heard {
		return
	}
	w := e.m.w
	at, wait := e.flight.head.sent, rtoMin
	for at += wait; at <= w.now; at += wait {
		wait = min(2*wait, rtoMax)
	}
	w.queue.push(item{at: at, what: retransmit, machine: e.m.index, a: e.index, b: e.stalls})
}

// retransmit sends again what was lost, unless the link was cut anew.
func (e *endpoint) retransmit(stall uint32) {
	if !e.stalled || e.stalls != stall || e.flight.head == nil || e.muted != heard {
		return
	}
	if e.link.cuts > 0 {
		e.link.stalled = append(e.link.stalled, e.index) // the next heal tries again
		return
	}
	e.stalled = false
	w := e.m.w
	e.lastAt = 0
	for p := e.flight.head; p != nil; p = p.next {
		p.at = max(e.link.arrival(w.now, len(p.buf)), e.lastAt)
		e.lastAt = p.at
	}
	e.depart()
}

// dropFlight forgets what is on its way.
func (e *endpoint) dropFlight() {
	e.m.w.drop(&e.flight)
	e.stalled = false
}

// giveUp ends the retransmission of a stall that has lasted too long.
func (e *endpoint) giveUp(stall uint32) {
	if !e.stalled || e.stalls != stall {
		return
	}
	e.stalled = false
	e.dropFlight()
	if e.state != established {
		e.forget()
		return
	}
	e.fail(node.ErrTimedOut)
}

// fail tells the process, behind what it can still read, that its kernel gave the connection up.
func (e *endpoint) fail(err node.Errno) {
	w := e.m.w
	e.failed = true
	w.drop(&e.out)
	e.dropFlight()
	p := w.newPiece(rst)
	p.err = err
	e.receive(p)
}

// forget is the end of an endpoint in its kernel, with nothing sent.
func (e *endpoint) forget() {
	w := e.m.w
	e.m.release(e)
	e.state = forgotten
	w.drop(&e.out)
	e.dropFlight()
	w.drop(&e.inbox)
	e.bury()
}

// arrive takes a piece from the peer.
func (e *endpoint) arrive(p *piece) {
	switch p.kind {
	case hello:
		e.m.w.freePiece(p)
		e.comeUp()
	case data:
		if e.state == established || e.state == arrived {
			if e.failed {
				e.m.w.freePiece(p)
				return
			}
			e.receive(p)
			return
		}
		e.m.w.freePiece(p)
		e.reset()
	case fin:
		if e.state == established || e.state == arrived {
			e.receive(p)
			return
		}
		e.m.w.freePiece(p)
		if e.state == closed {
			e.state = forgotten
		}
	case rst:
		e.refused(p)
	}
}

// refused takes the word of the other kernel that it knows nothing of this connection.
func (e *endpoint) refused(p *piece) {
	w := e.m.w
	w.drop(&e.out)
	e.dropFlight()
	switch e.state {
	case established, arrived:
		if !e.failed {
			e.failed = true
			e.receive(p)
			return
		}
		w.freePiece(p)
	default:
		w.freePiece(p)
		e.forget()
	}
}

// reset answers bytes for a connection that nobody holds any more.
func (e *endpoint) reset() {
	if e.resetSent {
		return
	}
	e.resetSent = true
	p := e.m.w.newPiece(rst)
	p.err = node.ErrReset
	e.launch(p)
}

// receive puts a piece where the process can read it.
func (e *endpoint) receive(p *piece) {
	e.inbox.push(p)
	if !e.ready && !e.held {
		e.ready = true
		e.m.post(letter{kind: node.Received, slot: e.index})
	}
}

// read makes an event of what has arrived; false if there is nothing to tell.
func (e *endpoint) read(ev *node.Event) bool {
	w := e.m.w
	e.ready = false
	if e.state != established || e.inbox.head == nil || e.held {
		return false
	}
	p := e.inbox.pop()
	ev.Conn = e.id
	if p.kind != data {
		ev.Kind, ev.Err = node.Closed, p.err
		w.freePiece(p)
		e.hush()
		e.forget()
		return true
	}
	ev.Bytes = p.buf
	if e.inbox.head != nil && e.inbox.head.kind == data {
		ev.Bytes = e.readMore(p)
	}
	w.reading = p // freed after the step
	if e.overheard != nil {
		e.overheard.Read(time.Duration(w.now), e.dialler, ev.Bytes)
	}
	e.peer.credit(len(ev.Bytes))
	if e.inbox.head != nil {
		e.ready = true
		e.m.mailbox.push(letter{kind: node.Received, slot: e.index})
	}
	return true
}

// hold stops the process's reading, or lets it go on.
func (e *endpoint) hold(yes bool) {
	e.held = yes
	if !yes && !e.ready && e.inbox.head != nil {
		e.ready = true
		e.m.mailbox.push(letter{kind: node.Received, slot: e.index})
	}
}

// readMore gathers what has arrived behind p, as one read of a socket does.
func (e *endpoint) readMore(p *piece) []byte {
	w := e.m.w
	b := append(w.scratch[:0], p.buf...)
	for n := e.inbox.head; n != nil && n.kind == data && len(b)+len(n.buf) <= segmentMax; n = e.inbox.head {
		b = append(b, n.buf...)
		w.freePiece(e.inbox.pop())
	}
	w.scratch = b
	return b
}

// credit takes the news that the peer's process has read n bytes, which makes room in the socket buffers.
func (e *endpoint) credit(n int) {
	back := e.peer.link
	switch {
	case back.cuts > 0:
		if e.owed == 0 {
			back.owing = append(back.owing, e.index)
		}
		e.owed += n
	case e.out.head == nil: // nothing waits for the room: when exactly it comes makes no difference
		e.unread -= n
	default:
		w := e.m.w
		w.queue.push(item{at: back.arrival(w.now, 0), what: windowOpens, machine: e.m.index, a: e.index, b: uint32(n)})
	}
}

func (e *endpoint) windowOpens(n int) {
	e.unread -= n
	e.flush()
}

// close is the core's Close.
func (e *endpoint) close(afterFlush bool) {
	w := e.m.w
	e.hush()
	if e.state == connecting || e.failed {
		e.forget()
		return
	}
	if afterFlush && e.out.head != nil {
		e.m.unname(e)
		e.state = flushing
		w.drop(&e.inbox)
		if !e.dirty {
			e.flush()
		}
		return
	}
	e.hangUp()
}

// hangUp closes the connection at once. Bytes that the process has not read make it a reset, as in Linux.
func (e *endpoint) hangUp() {
	w := e.m.w
	kind := fin
	for p := e.inbox.head; p != nil; p = p.next {
		if p.kind == data {
			kind = rst
		}
	}
	w.drop(&e.out)
	w.drop(&e.inbox)
	e.finish(kind)
}

// hush tells who listens that this end's process knows no more of the connection.
func (e *endpoint) hush() {
	if e.overheard != nil {
		e.overheard.Closed(e.dialler)
	}
}

// bury gives back the memory of a connection that neither side will ever mention again.
func (e *endpoint) bury() {
	if !e.over() || !e.peer.over() {
		return
	}
	w := e.m.w
	w.endpoints[e.index] = nil
	if e.peer != nil {
		w.endpoints[e.peer.index] = nil
	}
}

func (e *endpoint) over() bool {
	return e == nil || e.state >= closed && e.flight.head == nil && !e.scheduled && !e.dirty && (e.proxy == nil || e.proxy.idle())
}
