package host

import (
	"errors"
	"io"
	"syscall"

	"github.com/ordeal-go/ordeal/node"
)

// readSize is how much is read from one connection before the others get their turn. All share one buffer, so ten
// thousand idle connections cost none.
const readSize = 64 << 10

// pieceSize is how long a piece of a connection's unsent bytes may grow. A replica that has stopped reading can have
// hundreds of megabytes waiting: as one slice they would be copied, all at once, whenever it has to grow.
const pieceSize = 64 << 10

// conn is one connection that is up. All of it is in the core's lock.
type conn struct {
	host  *Host
	id    node.ConnID
	fd    int  // non-blocking; -1 once it is closed
	gone  bool // for the core
	dirty bool // is in host.dirty
	stuck bool // the socket was full: the poller watches for room
	deaf  bool // the peer has said all it will
	held  bool // the core wants to hear no more of it for now
	last  bool // close it when nothing is left to write

	out    []byte   // out[done:] is not yet with the kernel
	done   int      // 0 ≤ done ≤ len(out)
	later  [][]byte // nor are these, which follow out
	sent   int64    // bytes that the core ever sent
	left   int64    // of those, the bytes that the kernel has taken, ≤ sent
	tells  []int64  // values of sent, of which the core is to hear when left has reached them; ascending
	broken error    // why nothing can be written any more
}

// open takes over nc's socket from the Go runtime, with the core's lock held.
func (h *Host) open(id node.ConnID, nc socket) (*conn, error) {
	defer nc.Close() // its own descriptor of the socket
	fd, err := duplicate(nc)
	if err != nil {
		return nil, err
	}
	if err := h.poller.add(fd); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	c := &conn{host: h, id: id, fd: fd}
	for fd >= len(h.sockets) {
		h.sockets = append(h.sockets, nil)
	}
	h.sockets[fd] = c
	return c, nil
}

func duplicate(nc socket) (fd int, err error) {
	raw, err := nc.SyscallConn()
	if err != nil {
		return -1, err
	}
	// A script that is started in between must not inherit the descriptor: the peer would never see it closed.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if controlled := raw.Control(func(old uintptr) {
		if fd, err = syscall.Dup(int(old)); err == nil {
			syscall.CloseOnExec(fd)
		}
	}); controlled != nil {
		return -1, controlled
	}
	return fd, err
}

// shut closes the socket.
func (c *conn) shut() {
	if c.fd >= 0 {
		c.host.sockets[c.fd] = nil
		syscall.Close(c.fd)
		c.fd, c.tells = -1, nil
		c.forget()
	}
}

// read leads the core through the next piece of what the peer sends, or through the connection's end.
func (c *conn) read() {
	h := c.host
	n, err := syscall.Read(c.fd, h.buf[:])
	switch {
	case n > 0:
		if !c.gone {
			h.run(node.Event{Kind: node.Received, Conn: c.id, Bytes: h.buf[:n]})
		}
	case err == syscall.EAGAIN || err == syscall.EINTR:
	case err == nil:
		c.ended(io.EOF)
	default:
		c.ended(err)
	}
}

// ended tells the core that the peer or the network ended the connection.
func (c *conn) ended(err error) {
	if c.broken != nil {
		err = c.broken // the system tells an error once, and it was the writer that heard of it
	} else if c.last && errors.Is(err, io.EOF) {
		c.deaf = true // it has said all it wanted, and may still want to hear the answer
		c.watch()
		return
	}
	c.shut()
	if !c.gone {
		c.gone = true
		delete(c.host.conns, c.id)
		c.host.run(node.Event{Kind: node.Closed, Conn: c.id, Err: errnoOf(err)})
	}
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
	delete(h.conns, id)
	c.gone, c.last, c.tells = true, true, nil
	c.hold(false) // the end of the peer's bytes is still of interest
	// What was sent before has the chance to leave that it would have had if Send were a system call.
	c.write()
	if !afterFlush {
		c.shut()
	}
}

// queue appends to what is on its way to the peer.
func (c *conn) queue(b []byte, tell bool) {
	c.sent += int64(len(b))
	if c.broken == nil {
		last := &c.out
		if len(c.later) > 0 {
			last = &c.later[len(c.later)-1]
		}
		if len(*last)+len(b) <= max(pieceSize, cap(*last)) {
			*last = append(*last, b...)
		} else {
			c.later = append(c.later, append([]byte(nil), b...))
		}
	}
	if tell {
		c.tells = append(c.tells, c.sent)
	}
}

// forget drops what is on its way to the peer.
func (c *conn) forget() { c.out, c.done, c.later = nil, 0, nil }

// told takes the first of the tells that has come true.
func (c *conn) told() (n int64, ok bool) {
	if len(c.tells) == 0 || c.tells[0] > c.left {
		return 0, false
	}
	n = c.tells[0]
	if c.tells = c.tells[1:]; len(c.tells) == 0 {
		c.tells = nil
	}
	return n, true
}

// write gives the kernel as much as it takes without waiting; for the rest the poller tells when there is room.
func (c *conn) write() {
	if c.fd < 0 || c.stuck {
		return
	}
	for c.next() {
		n, err := syscall.Write(c.fd, c.out[c.done:])
		switch {
		case n > 0:
			c.done += n
			c.left += int64(n)
		case err == syscall.EAGAIN:
			c.stuck = true
			c.watch()
			return
		case err != syscall.EINTR:
			c.broken, c.tells = err, nil
			c.forget()
		}
	}
	if c.last {
		c.shut()
	}
}

// next makes out[done:] the next bytes to write, and reports whether there are any.
func (c *conn) next() bool {
	if c.done < len(c.out) {
		return true
	}
	c.out, c.done = c.out[:0], 0
	if len(c.later) == 0 {
		if cap(c.out) > pieceSize {
			c.out = nil
		}
		return false
	}
	c.out, c.later[0], c.later = c.later[0], nil, c.later[1:]
	if len(c.later) == 0 {
		c.later = nil
	}
	return len(c.out) > 0 || c.next()
}

// unstick goes on writing when there is room, and tells the core.
func (c *conn) unstick() {
	c.stuck = false
	c.write()
	if !c.stuck && c.fd >= 0 {
		c.watch()
	}
	if len(c.tells) > 0 {
		c.host.markDirty(c)
	}
}

// watch tells the poller what there is to wait for.
func (c *conn) watch() {
	if c.fd >= 0 {
		c.host.poller.watch(c.fd, !c.deaf && !c.held, c.stuck)
	}
}

// hold stops reading, or goes on with it: then the poller tells at once what has gathered. A connection with an error is
// read even so, because a poller never stops telling of it.
func (c *conn) hold(yes bool) {
	if c.held != yes {
		c.held = yes
		c.watch()
	}
}
