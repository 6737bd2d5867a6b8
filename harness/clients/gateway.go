package clients

import (
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// gateway is the core of the client's machine in the simulation: it hands on what happens in the network to the
// goroutines in the bubble, waits until they have done what they do at that moment, and has the world do what they want.
type gateway struct {
	app   *App
	conns map[node.ConnID]*conn // to look up only
}

const workIsOver = node.TimerID(1)

// Await implements sim.Outsider.
func (g *gateway) Await(until time.Duration) time.Duration { return g.app.bubble.await(until) }

// Wants implements sim.Outsider.
func (g *gateway) Wants() bool { return g.app.bubble.asked() }

// Step implements node.Core.
func (g *gateway) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		g.app.promise(out)
		out.SetTimer(workIsOver, g.app.duration)
		g.app.begin()
	case node.TimerFired:
		g.app.cancel()
	case node.Dialled:
		if c := g.conns[ev.Conn]; c != nil {
			c.up(ev.Local, ev.Remote)
		}
	case node.DialFailed:
		g.over(ev.Conn, ev.Err)
	case node.Received:
		if c := g.conns[ev.Conn]; c != nil {
			c.tap.heard(ev.Bytes, out)
			c.arrived(ev.Bytes)
		}
	case node.Sent:
		if c := g.conns[ev.Conn]; c != nil {
			c.left(ev.N)
		}
	case node.Closed:
		g.over(ev.Conn, ev.Err)
	}
	g.app.bubble.settle()
	for _, r := range g.app.bubble.take() {
		g.serve(r, out)
	}
}

// over is the end of a connection that the network or the peer ended.
func (g *gateway) over(id node.ConnID, err node.Errno) {
	if c := g.conns[id]; c != nil {
		delete(g.conns, id)
		c.ended(err)
	}
}

// serve has the world do what a goroutine asked for.
func (g *gateway) serve(r request, out *node.Effects) {
	switch r.class {
	case takeDown:
		out.Note(*r.note)
	case logLine:
		out.Log("", r.line)
	case dial:
		if r.conn.closing() { // given up at the moment at which it was begun
			return
		}
		id := out.Dial(r.conn.target, g.app.host)
		r.conn.named(id)
		g.conns[id] = r.conn
	case write:
		r.conn.tap.said(r.bytes, out)
		out.SendTell(r.conn.id, r.bytes)
	case hangUp:
		if g.conns[r.conn.id] == r.conn {
			delete(g.conns, r.conn.id)
			out.CloseAfterFlush(r.conn.id)
		}
	}
}

// leave ends every connection, when the world is no more.
func (g *gateway) leave() {
	for _, c := range g.conns { // any order: nobody is told of it in this run any more
		c.ended(node.ErrReset)
	}
	clear(g.conns)
}
