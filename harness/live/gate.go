package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// gate is the listener at the address by which the others know a machine. It stands there while the machine listens
// itself, so that callers are refused when it does not, and while a cut is between the machine and another: who is
// across must not learn by a refusal that it is down.
type gate struct {
	machine *machine

	mu        sync.Mutex
	listening bool // the machine is
	cut       bool // one of its links is
	shut      bool // for good
	l         *net.TCPListener
}

func (g *gate) machineListens(yes bool) { g.change(func() { g.listening = yes }) }
func (g *gate) isCut(yes bool)          { g.change(func() { g.cut = yes }) }
func (g *gate) shutForGood()            { g.change(func() { g.shut = true }) }

// change opens or closes the gate as it should be after what. Connections that are under way are not the gate's.
func (g *gate) change(what func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	what()
	open := (g.listening || g.cut) && !g.shut
	switch {
	case open && g.l == nil:
		err := g.open()
		for range 50 { // what stood there before may still be on its way out
			if !errors.Is(err, syscall.EADDRINUSE) {
				break
			}
			time.Sleep(10 * time.Millisecond)
			err = g.open()
		}
		if err != nil {
			g.machine.world.failLater(fmt.Errorf("live: machine %s cannot be announced any more: %w", g.machine.spec.Name, err))
		}
	case !open && g.l != nil:
		g.l.Close()
		g.l = nil
	}
}

func (g *gate) open() error {
	l, err := net.Listen("tcp4", g.machine.spec.Addr())
	if err != nil {
		return err
	}
	g.l = l.(*net.TCPListener)
	g.machine.world.work.Go(func() { g.accept(l.(*net.TCPListener)) })
	return nil
}

// try says whether the address can be had.
func (g *gate) try() error {
	l, err := net.Listen("tcp4", g.machine.spec.Addr())
	if err != nil {
		return err
	}
	return l.Close()
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
		if m.Name != to.Name {
			if to.TLS && !isProcess(m.Kind) {
				plain := caller
				var err error
				if caller, err = w.encrypt(&to, plain); err != nil {
					plain.SetLinger(0)
					plain.Close()
					return
				}
			}
			// The machine sees the address of whoever calls, as without us in between.
			w.network.Carry(m.Name, to.Name, caller, func(ctx context.Context) (*net.TCPConn, error) { return g.dial(ctx, &net.TCPAddr{IP: from}) })
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
	c, err := d.DialContext(ctx, "tcp4", g.machine.ownAddr())
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
