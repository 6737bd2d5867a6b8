package toxic

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
)

// dialMax is how long the machine that is called may take to be reached. It is on the same computer: a limit only for
// one whose backlog is full.
const dialMax = 30 * time.Second

// Carry leads an accepted connection of l.From to l.To, which dial reaches, and returns when it is under way or has
// failed. While a cut holds either direction the call waits, as a SYN would: l.To does not hear of it before the cut
// ends, nor ever if the caller gives up before. A caller whom l.To refuses sees its connection reset.
//
// The caller's kernel has said that the connection is up before Carry sees it: a call across a cut does not hang in
// connect, but in what comes after.
func (l *Link) Carry(caller *net.TCPConn, dial func(context.Context) (*net.TCPConn, error)) error {
	n := l.network
	c := &connection{network: n}
	c.caller = &end{socket: caller, of: c}
	if !n.enter(c) {
		caller.Close()
		return net.ErrClosed
	}
	if err := l.waitForPassage(c.caller); err != nil {
		c.fail()
		return err
	}
	ctx, cancel := context.WithTimeout(n.ctx, dialMax)
	defer cancel()
	callee, err := dial(ctx)
	if err != nil {
		caller.SetLinger(0)
		c.fail()
		return err
	}
	c.start(l, callee)
	return nil
}

// connection is a caller's connection and the one to the machine it calls.
type connection struct {
	network *Network
	caller  *end

	mu       sync.Mutex
	severed  bool
	callee   *end // nil, as up and down, until it is dialled
	up, down *pipe
}

// end is one of the two sockets of a connection, as toxiproxy sees it: it reads one direction from it and writes the
// other into it.
type end struct {
	socket *net.TCPConn
	of     *connection
	first  []byte      // read before the connection was under way
	broken atomic.Bool // reading or writing failed, so there was a reset and not an orderly end
	over   bool        // nothing more will be written into it; guarded by of.mu
}

func (e *end) Read(b []byte) (int, error) {
	if len(e.first) > 0 {
		n := copy(b, e.first)
		e.first = e.first[n:]
		return n, nil
	}
	n, err := e.socket.Read(b)
	if err != nil && err != io.EOF {
		e.broken.Store(true)
	}
	return n, err
}

func (e *end) Write(b []byte) (int, error) {
	n, err := e.socket.Write(b)
	if err != nil {
		e.broken.Store(true)
	}
	return n, err
}

// Close is called by toxiproxy when the direction that writes into e is over.
func (e *end) Close() error {
	e.of.over(e)
	return nil
}

func (n *Network) enter(c *connection) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		return false
	}
	n.conns[c] = struct{}{}
	n.work.Add(1)
	return true
}

func (n *Network) leave(c *connection) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.conns[c]; ok {
		delete(n.conns, c)
		n.work.Done()
	}
}

// over passes the end of a direction on to the machine behind e: an orderly end as one, while the other direction
// goes on, a reset as a reset.
func (c *connection) over(e *end) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from, pipe := c.caller, c.up
	if e == c.caller {
		from, pipe = c.callee, c.down
	}
	e.over = true
	pipe.abandon()
	switch {
	case e.broken.Load():
		e.socket.Close()
	case from.broken.Load():
		e.socket.SetLinger(0)
		e.socket.Close()
	default:
		e.socket.CloseWrite()
	}
	if from.over {
		e.socket.Close()
		from.socket.Close()
		c.network.leave(c)
	}
}

// fail ends a connection that never came to be under way.
func (c *connection) fail() {
	c.caller.socket.Close()
	c.network.leave(c)
}

// sever ends the connection at once, on both sides and whatever it holds.
func (c *connection) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.severed = true
	c.caller.socket.Close()
	if c.callee != nil {
		c.callee.socket.Close()
		c.up.abandon()
		c.down.abandon()
		c.network.leave(c)
	}
}

// waitForPassage returns when neither direction is held. Meanwhile it reads from the caller, to see it give up.
func (l *Link) waitForPassage(caller *end) error {
	if !l.there.now().hold && !l.back.now().hold {
		return nil
	}
	gaveUp := make(chan error, 1)
	go func() { gaveUp <- caller.readAhead() }()
	for {
		there, back := l.there.now(), l.back.now()
		if !there.hold && !back.hold {
			break
		}
		select {
		case <-there.changed:
		case <-back.changed:
		case err := <-gaveUp:
			if err != nil {
				return err
			}
			gaveUp = nil // it has sent all it may; now only the end of the cut can be waited for
		case <-l.network.ctx.Done():
			return net.ErrClosed // whoever closes the network closes the socket, and that ends readAhead
		}
	}
	if gaveUp == nil {
		return nil
	}
	caller.socket.SetReadDeadline(time.Unix(1, 0)) // wakes readAhead
	err := <-gaveUp
	caller.socket.SetReadDeadline(time.Time{})
	return err
}

// readAhead keeps what the caller sends until it is woken (nil), it has sent a lot (nil), or it is gone.
func (e *end) readAhead() error {
	b := make([]byte, 4096)
	for len(e.first) < heldMax {
		n, err := e.socket.Read(b)
		e.first = append(e.first, b[:n]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// start hands both directions to toxiproxy.
func (c *connection) start(l *Link, socket *net.TCPConn) {
	n := c.network
	n.mu.Lock()
	n.next++
	number := n.next
	n.mu.Unlock()

	l.starting.Lock()
	defer l.starting.Unlock()
	c.mu.Lock()
	if c.severed {
		c.mu.Unlock()
		socket.Close()
		c.fail()
		return
	}
	callee := &end{socket: socket, of: c}
	c.callee, c.up, c.down = callee, newPipe(l.there, n.seed, number), newPipe(l.back, n.seed, number)
	l.up.next, l.down.next = c.up, c.down
	c.mu.Unlock()
	name := l.Pair.String() + " " + strconv.FormatUint(number, 10)
	l.proxy.Toxics.StartLink(n.api, name+" upstream", c.caller, callee, stream.Upstream)
	l.proxy.Toxics.StartLink(n.api, name+" downstream", callee, c.caller, stream.Downstream)
}
