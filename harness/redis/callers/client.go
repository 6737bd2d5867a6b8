package callers

import (
	"math/rand/v2"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Limits of a client. They are those of an impatient application, not of a careful one.
const (
	opTimeout    = 500 * time.Millisecond // an operation without an answer by then is given up
	dialTimeout  = time.Second
	askTimeout   = 500 * time.Millisecond // for a Sentinel's answer, or a server's ROLE
	reopenPause  = 100 * time.Millisecond // between two attempts to reach the same peer
	resolvePause = 100 * time.Millisecond // between two questions for the master
)

const (
	timerNext node.TimerID = iota + 1 // time for the next operation
	timerWait                         // what the client waits for took too long
)

// Client is one application that follows the master: it asks the Sentinels who it is (or, without Sentinels, asks
// each server for its ROLE), writes there, and reads there or elsewhere. It asks again only when the connection
// breaks, the master answers as a replica, or an operation times out; until then it stays where it is.
//
// A master that refuses with NOREPLICAS, however long, is no reason to leave: no client library takes that answer for
// one. Those that subscribe to the Sentinels' +switch-master (go-redis, Jedis, Lettuce) are gone before long; those that
// do not (redis-py, phpredis) leave when a connection breaks or READONLY comes, and lose the most. This one is of these:
// what it loses, users of any library may lose. How another client fares is for its own to show (harness.Options.Guests).
type Client struct {
	setup
	name string
	from string
	rng  *rand.Rand
	now  node.Instant
	out  *node.Effects

	started  node.Instant
	stopped  bool
	ops      workload.Ops // those to carry out
	tickets  int          // numbers the operations, done or left out
	links    []*link      // to each server, in the order of setup.servers
	sentinel link         // to the Sentinel that is being asked
	next     int          // whom to ask next for the master
	master   int          // index of the master in servers, -1 unknown
	checked  bool         // the master said in its ROLE that it is one
	asking   bool         // ROLE was sent to the candidate

	drawn  drawing // what the next operation is drawn from
	hands  []*hand // of each of the works
	open   bool    // an operation is open:
	op     Op
	talk   Talk
	target int // on this server
	since  node.Instant
}

func (s setup) client(m cluster.Machine, b cluster.Boot) node.Core {
	c := &Client{setup: s, name: m.Name, from: m.Host, rng: b.Rand, master: -1, ops: s.ops.Of(m.Name)}
	c.drawn = drawing{rng: c.rng, client: c.name, servers: s.servers}
	for range s.works {
		c.hands = append(c.hands, newHand())
	}
	for _, p := range s.servers {
		c.links = append(c.links, &link{peer: p, from: m.Host})
	}
	c.sentinel.from = m.Host
	return c
}

// Step implements node.Core.
func (c *Client) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	c.now, c.out = now, out
	switch ev.Kind {
	case node.Started:
		c.started = now
		c.resolve()
		c.later()
	case node.TimerFired:
		c.tick(ev.Timer)
	case node.Dialled:
		c.dialled(ev.Conn)
	case node.DialFailed, node.Closed:
		c.lost(ev.Conn, string(ev.Err))
	case node.Received:
		c.received(ev)
	case node.StopRequested:
		c.stop()
	}
	c.out = nil
}

// later sets the timer of the next operation.
func (c *Client) later() { c.out.SetTimer(timerNext, c.spec.Pace(c.rng)) }

func (c *Client) tick(timer node.TimerID) {
	switch timer {
	case timerWait:
		c.giveUp()
	case timerNext:
		if c.now.Sub(c.started) >= c.duration {
			c.stop()
			return
		}
		c.later()
		op := c.nextOp()
		if c.master < 0 || !c.checked {
			c.resolve()
		}
		if !c.open && c.ops.Has(c.name, op.n) {
			c.operate(op)
		}
	}
}

// operation is what a client does at one tick. All of it is drawn at every tick, so that what one operation is does not
// depend on how the ones before went, nor on whether they took place.
type operation struct {
	Op
	n         int  // of the client's operations, from 1
	elsewhere bool // asked of any server but the master
	target    int  // elsewhere: which one
}

func (c *Client) nextOp() operation {
	c.tickets++
	i := c.spec.Choose(c.rng)
	w := c.works[i]
	write := c.rng.Float64()*100 >= float64(w.Reads)
	share := w.ReplicaReads
	if write {
		share = w.Probes
	}
	op := operation{n: c.tickets, elsewhere: c.rng.Float64()*100 < float64(share)}
	op.target = c.rng.IntN(len(c.links))
	d := &c.drawn // on the heap once and not for every operation
	d.work, d.key, d.write, d.n = w, w.keys[c.rng.IntN(len(w.keys))], write, op.n
	op.Op = w.kind.draw(d)
	op.work, op.hand = w, c.hands[i]
	if op.DB == 0 {
		op.DB = w.DB
	}
	return op
}

// stop ends the client's work; an operation that is open is given up, as its outcome will not be heard.
func (c *Client) stop() {
	if c.stopped {
		return
	}
	c.stopped = true
	if c.open {
		c.fail("the client stopped")
	}
	for _, l := range c.links {
		l.drop(c.now, c.out)
	}
	c.sentinel.drop(c.now, c.out)
}

// operate begins the next operation, if its server can be reached.
func (c *Client) operate(op operation) {
	target := c.master
	if op.elsewhere && len(c.links) > 1 {
		if target = op.target; target == c.master {
			return // this one's turn is the master's; a probe is for the others
		}
	} else if !c.checked {
		return
	}
	l := c.links[target]
	if l.state != linkUp {
		l.open(c.now, c.out, reopenPause)
		return
	}
	c.invoke(target, op)
}

func (c *Client) invoke(target int, op operation) {
	l := c.links[target]
	c.open, c.op, c.target, c.since = true, op.Op, target, c.now
	c.talk = Talk{out: c.talk.out[:0], auth: l.peer.auth(), renamed: l.peer.Renamed}
	c.op.work.kind.begin(&c.op, &c.talk)
	c.op.note(c.out, c.name, l.peer.Name)
	l.say(c.out, &c.op, &c.talk)
	c.out.SetTimer(timerWait, c.op.patienceOf())
}

// note notes that process began the operation at peer.
func (op *Op) note(out *node.Effects, process, peer string) *node.Note {
	n := out.NewNote(node.NoteInvoke)
	n.Process, n.Workload, n.Func, n.Key, n.Peer = process, op.work.label, op.Func, op.Key, peer
	if !op.Arg.IsNothing() {
		n.Arg = op.Arg.String()
	}
	return n
}

// giveUp drops connections whose answers are overdue.
func (c *Client) giveUp() {
	if c.open && c.now.Sub(c.since) >= c.op.patienceOf() {
		l := c.links[c.target]
		c.fail("timeout")
		l.drop(c.now, c.out)
		c.forget(c.target)
	}
}

// fail ends the open operation without an answer: one that changes something may have happened or may yet happen; one
// that only reads has not.
func (c *Client) fail(why string) {
	kind := node.NoteFail
	if c.op.Write {
		kind = node.NoteInfo
	}
	c.finish(kind, histories.Value{}, why)
}

// finish ends the open operation.
func (c *Client) finish(kind node.NoteKind, result histories.Value, why string) {
	c.open = false
	c.out.StopTimer(timerWait)
	n := c.out.NewNote(kind)
	n.Process, n.Text = c.name, why
	if !result.IsNothing() {
		n.Result = result.String()
	}
}

// lost handles a connection that is gone or did not come up.
func (c *Client) lost(conn node.ConnID, why string) {
	if why == "" {
		why = "connection closed"
	}
	if conn == c.sentinel.conn && c.sentinel.state != linkDown {
		c.sentinel.enter(linkDown, c.now)
		return
	}
	for i, l := range c.links {
		if l.state != linkDown && l.conn == conn {
			if c.open && c.target == i {
				c.fail(why)
			}
			l.enter(linkDown, c.now)
			c.forget(i)
		}
	}
}

// received hands replies to whoever waits for them.
func (c *Client) received(ev *node.Event) {
	if ev.Conn == c.sentinel.conn && c.sentinel.state == linkUp {
		c.told(ev.Bytes)
		return
	}
	for i, l := range c.links {
		if l.state == linkUp && l.conn == ev.Conn {
			c.answered(i, l, ev.Bytes)
			return
		}
	}
}

func (c *Client) answered(i int, l *link, b []byte) {
	l.in.Feed(b)
	for l.state == linkUp {
		r, ok, err := l.next()
		switch {
		case err != nil:
			l.drop(c.now, c.out)
			if c.open && c.target == i {
				c.fail("not understood: " + err.Error())
			}
			c.forget(i)
			return
		case !ok:
			return
		case c.asking && i == c.master:
			c.role(r)
		case l.selecting:
			l.selecting = false
			if r.IsError() {
				c.refusedDatabase(i, r)
			}
		case c.open && i == c.target:
			c.heard(i, l, r)
		}
	}
}

// heard takes a reply to something that the open operation asked.
func (c *Client) heard(i int, l *link, r resp.Reply) {
	t := &c.talk
	t.heard++
	t.out = t.out[:0]
	c.op.work.kind.hear(&c.op, t, r)
	if len(t.out) > 0 {
		c.out.Send(l.conn, t.out)
	}
	if !t.over() {
		return
	}
	text := t.text
	c.finish(t.end, t.result, text)
	if i == c.master && (strings.HasPrefix(text, "READONLY") || strings.HasPrefix(text, "MASTERDOWN")) {
		c.forget(i)
	}
}

// refusedDatabase ends an operation whose SELECT was refused: nobody knows which database its commands went to.
func (c *Client) refusedDatabase(i int, r resp.Reply) {
	if c.open && c.target == i {
		c.fail("SELECT was refused: " + string(r.Str))
	}
	c.links[i].drop(c.now, c.out)
	c.forget(i)
}
