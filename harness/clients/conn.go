package clients

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// unsentMax is how many bytes a connection takes from the client before the first of them have left for the network:
// about what a socket's send buffer holds. Linux: tcp_wmem.
const unsentMax = 256 << 10

// conn is one connection of the client into the simulated network. It implements net.Conn. Who waits on it waits in a
// sync.Cond, which a bubble knows how to wait for.
type conn struct {
	app    *App
	target string // "ip:port" that was dialled
	peer   string // the machine there, or the address if it is no machine's
	tap    *wiretap
	answer chan struct{} // closed when the dial has come to an end

	mu            sync.Mutex
	changed       *sync.Cond
	id            node.ConnID // 0 before the world knows of it
	local, remote net.Addr
	in            []byte
	gone          bool       // the network or the peer ended it
	why           node.Errno // "" if the peer closed it in order
	closed        bool       // by the client
	asked, sent   int64      // bytes given to the world, and of them those that left
	read, write   deadline
}

func newConn(app *App, target, peer string) *conn {
	c := &conn{app: app, target: target, peer: peer, answer: make(chan struct{}), tap: newWiretap(peer, app.demoted)}
	c.changed = sync.NewCond(&c.mu)
	c.read.conn, c.write.conn = c, c
	return c
}

// deadline is one of a connection's two time limits.
type deadline struct {
	conn  *conn
	timer *time.Timer
	at    time.Time
	past  bool
}

// set is called with the connection locked. A zero time takes the deadline away.
func (d *deadline) set(at time.Time) {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.at, d.past = at, false
	switch wait := time.Until(at); {
	case at.IsZero():
	case wait <= 0:
		d.past = true
	case d.timer == nil:
		d.timer = time.AfterFunc(wait, d.pass)
	default:
		d.timer.Reset(wait)
	}
	d.conn.changed.Broadcast()
}

func (d *deadline) pass() {
	c := d.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !d.at.IsZero() && !time.Now().Before(d.at) { // it may have been moved while this was on its way
		d.past = true
		c.changed.Broadcast()
	}
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, c.failure("read", net.ErrClosed)
		case c.read.past:
			return 0, c.failure("read", os.ErrDeadlineExceeded)
		case len(b) == 0:
			return 0, nil
		case len(c.in) > 0:
			n := copy(b, c.in)
			c.in = c.in[n:]
			return n, nil
		case c.gone && c.why == node.ErrNone:
			return 0, io.EOF
		case c.gone:
			return 0, c.failure("read", os.NewSyscallError("read", errnoOf(c.why)))
		}
		c.changed.Wait()
	}
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return n, c.failure("write", net.ErrClosed)
		case c.write.past:
			return n, c.failure("write", os.ErrDeadlineExceeded)
		case c.gone && c.why == node.ErrNone:
			return n, c.failure("write", os.NewSyscallError("write", syscall.EPIPE))
		case c.gone:
			return n, c.failure("write", os.NewSyscallError("write", errnoOf(c.why)))
		case n == len(b):
			return n, nil
		}
		if room := unsentMax - (c.asked - c.sent); room > 0 {
			part := b[n : n+int(min(room, int64(len(b)-n)))]
			n += len(part)
			c.asked += int64(len(part))
			c.app.bubble.ask(request{class: write, conn: c, bytes: append([]byte(nil), part...)})
			if n == len(b) {
				return n, nil
			}
			continue
		}
		c.changed.Wait()
	}
}

// Close implements net.Conn. What was written still leaves, as from a socket.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.failure("close", net.ErrClosed)
	}
	c.closed = true
	c.read.set(time.Time{})
	c.write.set(time.Time{})
	if !c.gone {
		c.app.bubble.ask(request{class: hangUp, conn: c})
	}
	return nil
}

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error { return c.limit(t, &c.read, &c.write) }

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error { return c.limit(t, &c.read) }

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.limit(t, &c.write) }

func (c *conn) limit(t time.Time, which ...*deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.failure("set", net.ErrClosed)
	}
	for _, d := range which {
		d.set(t)
	}
	return nil
}

// failure is err as package net tells it.
func (c *conn) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

// What follows is called by the gateway.

func (c *conn) named(id node.ConnID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	node.Assert(c.id == 0, "connection %d to %s is dialled again", c.id, c.target)
	c.id = id
}

func (c *conn) up(local, remote string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.local, c.remote = addrOf(local), addrOf(remote)
	close(c.answer)
}

func (c *conn) arrived(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in = append(c.in, b...)
	c.changed.Broadcast()
}

// left takes the news that n bytes, since the connection came up, have left for the network.
func (c *conn) left(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	node.Assert(c.sent <= n && n <= c.asked, "%d bytes have left for %s, of %d, after %d", n, c.target, c.asked, c.sent)
	c.sent = n
	c.changed.Broadcast()
}

// ended is the end of the connection, or of the attempt to make it.
func (c *conn) ended(err node.Errno) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone, c.why = true, err
	if c.local == nil {
		close(c.answer)
	}
	c.changed.Broadcast()
}

func (c *conn) closing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}
