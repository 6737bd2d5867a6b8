package live

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// gate is the listener at the address by which the others know a machine.
type gate struct {
	machine *machine
	mu      sync.Mutex
	l       *net.TCPListener // nil while it is shut
}

// open lets callers in. It does nothing if the gate is open.
func (g *gate) open() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.l != nil {
		return nil
	}
	l, err := net.Listen("tcp4", g.machine.spec.Addr())
	if err != nil {
		return err
	}
	g.l = l.(*net.TCPListener)
	g.machine.world.work.Go(func() { g.accept(l.(*net.TCPListener)) })
	return nil
}

// close has callers refused. Connections that are under way are not the gate's.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.l != nil {
		g.l.Close()
		g.l = nil
	}
}

func (g *gate) accept(l *net.TCPListener) {
	w := g.machine.world
	for {
		caller, err := l.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, most likely: callers wait until there are some again
			select {
			case <-time.After(10 * time.Millisecond):
				continue
			case <-w.ctx.Done():
				return
			}
		}
		w.work.Go(func() { g.lead(caller) })
	}
}

// lead takes an accepted connection to the machine, over the link of whoever it is that calls.
func (g *gate) lead(caller *net.TCPConn) {
	w, to := g.machine.world, g.machine.spec
	from := caller.RemoteAddr().(*net.TCPAddr).IP
	for _, m := range w.cfg.Machines {
		if m.Host != from.String() {
			continue
		}
		if link := w.network.Link(m.Name, to.Name); link != nil {
			// The machine sees the address of whoever calls, as without us in between.
			link.Carry(caller, func(ctx context.Context) (*net.TCPConn, error) { return g.dial(ctx, &net.TCPAddr{IP: from}) })
			return
		}
	}
	g.passThrough(caller)
}

func (g *gate) dial(ctx context.Context, from *net.TCPAddr) (*net.TCPConn, error) {
	d := net.Dialer{FallbackDelay: -1}
	if from != nil {
		d.LocalAddr = from
	}
	to := g.machine.spec
	to.Announce = to.Host
	c, err := d.DialContext(ctx, "tcp4", to.Addr())
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// passThrough leads a caller that is no machine to the machine as it is.
func (g *gate) passThrough(caller *net.TCPConn) {
	defer caller.Close()
	ctx := g.machine.world.ctx
	callee, err := g.dial(ctx, nil)
	if err != nil {
		caller.SetLinger(0)
		return
	}
	defer callee.Close()
	defer context.AfterFunc(ctx, func() { caller.Close(); callee.Close() })()
	var both sync.WaitGroup
	for _, way := range [][2]*net.TCPConn{{caller, callee}, {callee, caller}} {
		both.Go(func() {
			way[1].ReadFrom(way[0])
			way[1].CloseWrite()
		})
	}
	both.Wait()
}
