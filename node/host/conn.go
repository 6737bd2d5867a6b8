package host

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"

	"github.com/ordeal-go/ordeal/node"
)

// readSize is how much is read at once. Buffers are shared by all connections of the process and held only while
// bytes are handled, so that ten thousand idle connections cost none.
const readSize = 64 << 10

// keepSize is how much memory for unsent bytes a connection keeps between sends.
const keepSize = 64 << 10

var readBuffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// conn is one TCP connection that is up.
//
// What the core sends is appended to out in the core's lock; whoever holds writer takes all of out and writes it
// without waiting. When the socket takes no more, the connection is stuck: a goroutine of its own, drain, is now the
// only one to write. It waits for the peer, and ends when out is empty.
type conn struct {
	host  *Host
	id    node.ConnID
	nc    *net.TCPConn
	raw   syscall.RawConn
	gone  bool // for the core. In the core's lock.
	dirty bool // is in host.dirty. In the core's lock.

	reading reading // of the reader only

	writer  sync.Mutex // held while bytes are written. Taken before mu.
	writing writing    // of writer's holder, or of drain while stuck

	mu     sync.Mutex // guards what follows
	out    []byte     // not yet with the kernel
	sent   int64      // bytes ever put into out
	left   int64      // bytes that the kernel has taken
	tells  []int64    // values of sent of which the core wants to hear when left reaches them
	stuck  bool       // the socket was full: drain writes, and nobody else
	broken error      // why nothing can be written any more
	last   bool       // close it when out is empty
	queued bool       // is in flusher.list. In the flusher's lock.
}

// reading and writing are one non-blocking system call each, as closures that are made once.
type reading struct {
	try func(fd uintptr) bool
	buf *[readSize]byte
	n   int
	err error
}

type writing struct {
	once  func(fd uintptr) bool // returns when the socket is full
	until func(fd uintptr) bool // waits while the socket is full
	rest  []byte
	spare []byte // memory for the next out
	err   error
}

// newConn takes over nc. It returns nil if the life is over.
func (h *Host) newConn(id node.ConnID, nc *net.TCPConn) *conn {
	raw, err := nc.SyscallConn()
	c := &conn{host: h, id: id, nc: nc, raw: raw}
	h.life.Lock()
	defer h.life.Unlock()
	if h.closing || err != nil {
		nc.Close()
		return nil
	}
	h.sockets[c] = struct{}{}
	c.reading.try = c.tryRead
	c.writing.once = func(fd uintptr) bool { c.tryWrite(fd); return true }
	c.writing.until = func(fd uintptr) bool { return c.tryWrite(fd) }
	return c
}

// shut closes the socket. It is fine to call it twice and from anywhere.
func (c *conn) shut() {
	c.host.life.Lock()
	delete(c.host.sockets, c)
	c.host.life.Unlock()
	c.nc.Close()
}

// read leads the core through what the peer sends until the connection ends.
func (c *conn) read() {
	for {
		err := c.raw.Read(c.reading.try)
		if err == nil {
			err = c.reading.err
		}
		if err == nil && c.reading.n == 0 {
			err = io.EOF
		}
		if err != nil {
			c.ended(err)
			return
		}
		buf := c.reading.buf
		c.reading.buf = nil
		write := c.host.deliver(c, node.Event{Kind: node.Received, Conn: c.id, Bytes: buf[:c.reading.n]})
		readBuffers.Put(buf)
		if write {
			c.push()
		}
	}
}

// tryRead holds a buffer only while there is something in it.
func (c *conn) tryRead(fd uintptr) (done bool) {
	r := &c.reading
	r.buf = readBuffers.Get().(*[readSize]byte)
	for {
		r.n, r.err = syscall.Read(int(fd), r.buf[:])
		if r.err == nil && r.n > 0 {
			return true
		}
		if r.err != syscall.EINTR {
			break
		}
	}
	readBuffers.Put(r.buf)
	r.buf = nil
	return r.err != syscall.EAGAIN
}

// ended tells the core that the peer or the network ended the connection.
func (c *conn) ended(err error) {
	c.mu.Lock()
	flushing := c.last && c.broken == nil
	if c.broken != nil {
		err = c.broken // the system tells an error only once, and it was the writer that heard of it
	}
	c.mu.Unlock()
	if flushing && errors.Is(err, io.EOF) {
		return // the peer has said all it wanted, and may still want to hear the answer
	}
	h := c.host
	h.mu.Lock()
	if !h.ended && !c.gone {
		c.gone = true
		delete(h.conns, c.id)
		h.run(node.Event{Kind: node.Closed, Conn: c.id, Err: errnoOf(err)})
		h.handOver(nil)
	}
	h.mu.Unlock()
	c.shut()
}

// close carries out the core's own end of a connection, dialling or up.
func (h *Host) close(id node.ConnID, afterFlush bool) {
	if cancel := h.dials[id]; cancel != nil {
		delete(h.dials, id)
		cancel()
		return
	}
	c := h.conns[id]
	if c == nil {
		return
	}
	c.gone = true
	delete(h.conns, id)
	c.mu.Lock()
	c.last = true
	c.tells = nil
	c.mu.Unlock()
	// What this Step sent before has the chance to leave that it would have had if Send were a system call.
	if empty := c.write(); empty || !afterFlush {
		c.shut()
	}
}

// queue appends to what is on its way to the peer.
func (c *conn) queue(b []byte, tell bool) {
	c.mu.Lock()
	c.sent += int64(len(b))
	if c.broken == nil {
		c.out = append(c.out, b...)
	}
	if tell {
		c.tells = append(c.tells, c.sent)
	}
	c.mu.Unlock()
}

// push writes what is queued and tells the core about it.
func (c *conn) push() {
	for {
		c.write()
		n, ok := c.told()
		if !ok {
			return
		}
		c.host.deliver(c, node.Event{Kind: node.Sent, Conn: c.id, N: n})
	}
}

// told takes the first of the tells that has come true.
func (c *conn) told() (n int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tells) == 0 || c.tells[0] > c.left {
		return 0, false
	}
	n = c.tells[0]
	c.tells = c.tells[1:]
	if len(c.tells) == 0 {
		c.tells = nil
	}
	return n, true
}

// write gives the kernel as much as it takes without waiting, and reports whether nothing is left to write.
func (c *conn) write() (empty bool) {
	c.writer.Lock()
	defer c.writer.Unlock()
	for {
		c.mu.Lock()
		if len(c.out) == 0 || c.stuck {
			empty = len(c.out) == 0 && !c.stuck
			c.mu.Unlock()
			return empty
		}
		c.take()
		c.mu.Unlock()
		c.writeRest(c.writing.once)
		if len(c.writing.rest) > 0 && c.writing.err == nil {
			c.mu.Lock()
			c.stuck = true
			c.mu.Unlock()
			c.host.spawn(c.drain)
			return false
		}
	}
}

// take moves what is queued to the writer, with mu and writer held.
func (c *conn) take() {
	w := &c.writing
	w.rest, c.out, w.spare = c.out, w.spare[:0], nil
}

// writeRest writes what the writer has, by one of the writing functions.
func (c *conn) writeRest(by func(fd uintptr) bool) {
	w := &c.writing
	all := w.rest
	if err := c.raw.Write(by); err != nil && w.err == nil {
		w.err = err // closed meanwhile
	}
	c.mu.Lock()
	c.left += int64(len(all) - len(w.rest))
	if w.err != nil {
		c.broken = w.err
		w.rest, c.out, c.tells = nil, nil, nil
	}
	c.mu.Unlock()
	if len(w.rest) == 0 && cap(all) <= keepSize {
		w.spare = all[:0]
	}
}

// tryWrite writes until nothing is left or the socket is full, and reports whether the writer is done.
func (c *conn) tryWrite(fd uintptr) (done bool) {
	w := &c.writing
	for len(w.rest) > 0 {
		n, err := syscall.Write(int(fd), w.rest)
		switch {
		case err == nil:
			w.rest = w.rest[n:]
		case err == syscall.EAGAIN:
			return false
		case err != syscall.EINTR:
			w.err = err
			return true
		}
	}
	return true
}

// drain waits for a peer that reads slowly, or not at all, until everything is written or the connection ends.
func (c *conn) drain() {
	for {
		c.writeRest(c.writing.until)
		for n, ok := c.told(); ok; n, ok = c.told() {
			c.host.deliver(c, node.Event{Kind: node.Sent, Conn: c.id, N: n})
		}
		c.mu.Lock()
		if len(c.out) == 0 {
			c.stuck = false
			last := c.last
			c.mu.Unlock()
			if last {
				c.shut()
			}
			return
		}
		c.take()
		c.mu.Unlock()
	}
}
