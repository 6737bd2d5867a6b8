package toxic

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// dialMax is how long the machine that is called may take to be reached. It is on the same computer: a limit only for
// one whose backlog is full.
const dialMax = 30 * time.Second

// errTurnedAway says that a fault on new connections reset one.
var errTurnedAway = errors.New("toxic: new connections are refused")

// synPatience is how long Linux asks again for a connection that gets no answer (tcp(7), tcp_syn_retries 6).
const synPatience = 127 * time.Second

// Carry leads an accepted connection of l.From to l.To, which dial reaches, and returns when it is under way or has
// failed. While a cut holds either direction the call waits, as a SYN would: l.To does not hear of it before the cut
// ends, nor ever if the caller gives up before. A caller whom l.To, or a fault, refuses sees its connection reset.
//
// The caller's kernel has said that the connection is up before Carry sees it: a call across a cut does not hang in
// connect, but in what comes after.
func (l *Link) Carry(caller *net.TCPConn, dial func(context.Context) (*net.TCPConn, error)) error {
	n := l.network
	c := &connection{network: n, link: l}
	c.caller = &end{socket: caller, of: c, out: newOutbox()}
	if !n.enter(c) {
		caller.Close()
		return net.ErrClosed
	}
	if err := l.waitForPassage(c.caller); err != nil {
		if errors.Is(err, errTurnedAway) {
			caller.SetLinger(0)
		}
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
	link    *Link
	number  uint64 // in order of their beginnings
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
	out    *outbox
	first  []byte      // read before the connection was under way
	broken atomic.Bool // reading or writing failed, so there was a reset and not an orderly end
	ended  atomic.Bool // its machine will send nothing more
	over   bool        // nothing more will be written into it; guarded by of.mu
	shut   bool        // a toxic ended what is sent to it, and it was closed for that; guarded by of.mu
}

func (e *end) Read(b []byte) (int, error) {
	if len(e.first) > 0 {
		n := copy(b, e.first)
		e.first = e.first[n:]
		return n, nil
	}
	n, err := e.socket.Read(b)
	if err != nil {
		if err != io.EOF {
			e.broken.Store(true)
		}
		e.ended.Store(true)
		e.of.forget()
	}
	return n, err
}

// Write hands b to the machine behind e. It never waits and never fails.
func (e *end) Write(b []byte) (int, error) {
	e.out.put(b)
	return len(b), nil
}

// Close is called by toxiproxy when the direction that writes into e is over.
func (e *end) Close() error {
	e.out.end()
	return nil
}

func (n *Network) enter(c *connection) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		return false
	}
	n.next++
	c.number = n.next
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
// goes on, a reset as a reset. Where a toxic ended it, the whole connection ends, as with toxiproxy.
func (c *connection) over(e *end) {
	reset := c.link.resetsNow(e == c.callee) // looks at the link's toxics: not with mu held
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.over || c.severed {
		return
	}
	from, pipe := c.caller, c.up
	if e == c.caller {
		from, pipe = c.callee, c.down
	}
	e.over = true
	pipe.abandon()
	switch {
	case e.broken.Load():
		e.socket.Close()
	case from.shut:
		e.socket.Close()
	case from.broken.Load():
		e.socket.SetLinger(0)
		e.socket.Close()
	case from.ended.Load():
		e.socket.CloseWrite()
	default:
		if reset {
			e.socket.SetLinger(0)
			from.socket.SetLinger(0)
		}
		e.shut = true
		e.socket.Close()
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
	c.severLocked()
}

func (c *connection) severLocked() {
	c.severed = true
	c.caller.socket.Close()
	c.caller.out.die()
	if c.callee != nil {
		c.callee.socket.Close()
		c.callee.out.die()
		c.up.abandon()
		c.down.abandon()
		c.network.leave(c)
	}
}

// reset ends the connection at once with a reset to both sides.
func (c *connection) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.caller.socket.SetLinger(0)
	if c.callee != nil {
		c.callee.socket.SetLinger(0)
	}
	c.severLocked()
}

// passage is what stands between a caller and l.To.
type passage struct {
	shut, held bool
	changed    [3]<-chan struct{}
}

func (l *Link) passage() passage {
	there, back, door := l.there.now(), l.back.now(), l.door.now()
	return passage{door.shut, there.hold || back.hold || door.silent, [3]<-chan struct{}{there.changed, back.changed, door.changed}}
}

// waitForPassage returns when nothing holds the caller up. Meanwhile it reads from the caller, to see it give up.
func (l *Link) waitForPassage(caller *end) error {
	if p := l.passage(); p.shut {
		return errTurnedAway
	} else if !p.held {
		return nil
	}
	gaveUp := make(chan error, 1)
	go func() { gaveUp <- caller.readAhead() }()
	patience := time.NewTimer(synPatience)
	defer patience.Stop()
	for {
		p := l.passage()
		if p.shut {
			return errTurnedAway // the socket is closed, and that ends readAhead
		}
		if !p.held {
			break
		}
		select {
		case <-p.changed[0]:
		case <-p.changed[1]:
		case <-p.changed[2]:
		case <-patience.C:
			if l.door.now().silent {
				return errTurnedAway
			}
		case err := <-gaveUp:
			if err != nil {
				return err
			}
			gaveUp = nil // it has sent all it may; now only the end of the fault can be waited for
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

// start begins to carry both directions.
func (c *connection) start(l *Link, socket *net.TCPConn) {
	c.mu.Lock()
	if c.severed {
		c.mu.Unlock()
		socket.Close()
		c.fail()
		return
	}
	callee := &end{socket: socket, of: c, out: newOutbox()}
	c.up, c.down = newPipe(c, c.caller, callee, l.there), newPipe(c, callee, c.caller, l.back)
	c.callee = callee
	c.mu.Unlock()
	go c.caller.empty()
	go callee.empty()
	l.up.begin(c.up)
	l.down.begin(c.down)
}
