package plain

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node"
)

const (
	timerNext node.TimerID = iota + 1 // time for the next operation
	timerWait                         // the answer is overdue
)

// client does one operation after the other at one server, and goes to the next server when this one refuses or is silent.
type client struct {
	*setup
	name    string
	rng     *rand.Rand
	ops     workload.Ops
	links   []*link
	at      int // the server that it talks to
	tickets int // numbers the operations, done or left out
	began   node.Instant
	op      Op // the open one,
	open    bool
}

func (s *setup) client(m cluster.Machine, b cluster.Boot) node.Core {
	c := &client{setup: s, name: m.Name, rng: b.Rand, ops: s.ops.Of(m.Name)}
	for _, server := range s.Nodes {
		c.links = append(c.links, &link{server: server, from: m.Host})
	}
	return c
}

// Step implements [node.Core].
func (c *client) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	l := c.links[c.at]
	mine := ev.Conn != 0 && ev.Conn == l.conn && l.state != down
	switch ev.Kind {
	case node.Started:
		c.began = now
		out.SetTimer(timerNext, c.Work.Pace(c.rng))
	case node.TimerFired:
		c.tick(ev.Timer, now, out)
	case node.Dialled:
		if mine {
			l.enter(up, now)
		}
	case node.DialFailed, node.Closed:
		if mine {
			l.enter(down, now)
			c.lost("connection lost", now, out)
		}
	case node.Received:
		if line, ok := l.answer(ev.Bytes); mine && ok {
			c.heard(line, now, out)
		}
	case node.StopRequested:
		c.lost("the client stopped", now, out)
	}
}

func (c *client) tick(timer node.TimerID, now node.Instant, out *node.Effects) {
	if l := c.links[c.at]; l.overdue(now) {
		l.drop(now, out)
		c.lost("timeout", now, out)
	}
	if timer != timerNext || now.Sub(c.began) >= c.For {
		return
	}
	out.SetTimer(timerNext, c.Work.Pace(c.rng))
	op, n := c.next()
	l := c.links[c.at]
	switch l.open(now, out); {
	case l.state == up && !c.open && c.ops.Has(c.name, n):
		c.op, c.open = op, true
		invoke(out, c.name, l.server.Name, op)
		l.ask(c.Ask(op), now, out)
		out.SetTimer(timerWait, patience+time.Millisecond)
	case c.spares[l.server.Name] && l.state == down:
		c.at = (c.at + 1) % len(c.links)
	}
}

// next draws the next operation, whether it takes place or not: so what one is does not depend on how others went.
func (c *client) next() (op Op, n int) {
	c.tickets++
	i := c.Work.Choose(c.rng)
	keys := c.keys[i]
	op = Op{Key: keys[c.rng.IntN(len(keys))], Write: c.rng.Float64()*100 >= float64(c.Work.Mix[i].Reads), label: c.Work.Label(i)}
	if op.Write {
		op.Value = fmt.Sprintf("%s-%d", c.name, c.tickets)
	}
	return op, c.tickets
}

func (c *client) heard(line string, now node.Instant, out *node.Effects) {
	out.StopTimer(timerWait)
	a := c.Heard(c.op, line)
	c.open = false
	finish(out, c.name, c.op, a)
	if a.Outcome == Refused {
		c.at = (c.at + 1) % len(c.links)
	}
}

// lost ends the open operation without an answer: a write may have been done, a read has shown nothing.
func (c *client) lost(why string, now node.Instant, out *node.Effects) {
	if c.open {
		c.open = false
		out.StopTimer(timerWait)
		finish(out, c.name, c.op, Answer{Outcome: Unknown, Why: why})
	}
	c.at = (c.at + 1) % len(c.links)
	c.links[c.at].drop(now, out)
}

// invoke notes that an operation begins at a server.
func invoke(out *node.Effects, process, server string, op Op) *node.Note {
	n := out.NewNote(node.NoteInvoke)
	n.Process, n.Workload, n.Func, n.Key, n.Peer = process, op.label, histories.FuncRead, op.Key, server
	if op.Write {
		n.Func, n.Arg = histories.FuncWrite, histories.Text(op.Value).String()
	}
	return n
}

// finish notes how it ended.
func finish(out *node.Effects, process string, op Op, a Answer) {
	n := out.NewNote(node.NoteOK)
	n.Process, n.Text = process, a.Why
	switch {
	case a.Outcome == Refused, a.Outcome == Unknown && !op.Write:
		n.Kind = node.NoteFail
	case a.Outcome == Unknown:
		n.Kind = node.NoteInfo
	case !op.Write && a.Found:
		n.Result = histories.Text(a.Value).String()
	}
}
