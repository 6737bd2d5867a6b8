package worldtest

import (
	"fmt"

	"github.com/ordeal-go/ordeal/node"
)

// Audit wraps a core and checks, event by event, that its world keeps the contract of package node. report is
// called with a sentence for each breach.
func Audit(core node.Core, report func(breach string)) node.Core {
	return &audit{core: core, report: report, conns: map[node.ConnID]*conn{}, timers: map[node.TimerID]bool{},
		jobs: map[node.OpID]node.EffectKind{}}
}

type audit struct {
	core     node.Core
	report   func(string)
	started  bool
	accepted node.ConnID           // the last number given
	conns    map[node.ConnID]*conn // that the core may hear of
	timers   map[node.TimerID]bool // that are set
	jobs     map[node.OpID]node.EffectKind
	next     []node.OpID // foreground jobs whose ends come before anything else
	listens  []string
}

type conn struct {
	up    bool
	sent  int64
	tells []int64
}

// Step checks ev, lets the core have it, and remembers what the core asked for.
func (a *audit) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	a.check(ev)
	if n := len(out.List()); n != 0 {
		a.breach("%v came with %d effects of an earlier step in the buffer", ev.Kind, n)
	}
	a.core.Step(now, ev, out)
	for i := range out.List() {
		a.remember(&out.List()[i])
	}
}

func (a *audit) breach(format string, args ...any) { a.report(fmt.Sprintf(format, args...)) }

func (a *audit) check(ev *node.Event) {
	if a.started == (ev.Kind == node.Started) {
		a.breach("%v came, started before it: %v", ev.Kind, a.started)
	}
	a.started = true
	if len(a.next) > 0 && (ev.Kind != node.FileDone || ev.Op != a.next[0]) {
		a.breach("%v of job %d came before the end of foreground job %d", ev.Kind, ev.Op, a.next[0])
	}
	switch ev.Kind {
	case node.Listened:
		if len(a.listens) == 0 || a.listens[0] != ev.Local {
			a.breach("listened at %q, asked for: %q", ev.Local, a.listens)
			return
		}
		a.listens = a.listens[1:]
	case node.Accepted:
		if a.accepted += 2; ev.Conn != a.accepted {
			a.breach("accepted connection %d, the next number is %d", ev.Conn, a.accepted)
		}
		a.conns[ev.Conn] = &conn{up: true}
		a.addresses(ev)
	case node.Dialled, node.DialFailed, node.Received, node.Sent, node.Closed:
		a.checkConn(ev)
	case node.TimerFired:
		if !a.timers[ev.Timer] {
			a.breach("timer %d fired and is not set", ev.Timer)
		}
		delete(a.timers, ev.Timer)
	case node.FileDone:
		a.ended(ev, node.EffectFile)
		if len(a.next) > 0 && a.next[0] == ev.Op {
			a.next = a.next[1:]
		}
	case node.WorkDone:
		a.ended(ev, node.EffectWork)
	case node.ScriptExited:
		a.ended(ev, node.EffectScript)
	case node.Resolved:
		a.ended(ev, node.EffectResolve)
	}
}

func (a *audit) addresses(ev *node.Event) {
	if ev.Local == "" || ev.Remote == "" {
		a.breach("%v of connection %d without addresses: %q, %q", ev.Kind, ev.Conn, ev.Local, ev.Remote)
	}
}

func (a *audit) ended(ev *node.Event, kind node.EffectKind) {
	if a.jobs[ev.Op] != kind {
		a.breach("%v of job %d, which is not under way", ev.Kind, ev.Op)
	}
	delete(a.jobs, ev.Op)
}

func (a *audit) checkConn(ev *node.Event) {
	c := a.conns[ev.Conn]
	if c == nil {
		a.breach("%v of connection %d, which is gone or never was", ev.Kind, ev.Conn)
		return
	}
	dialEnds := ev.Kind == node.Dialled || ev.Kind == node.DialFailed
	if c.up == dialEnds {
		a.breach("%v of connection %d, which is up: %v", ev.Kind, ev.Conn, c.up)
	}
	switch ev.Kind {
	case node.Dialled:
		c.up = true
		a.addresses(ev)
	case node.DialFailed:
		if ev.Err == node.ErrNone {
			a.breach("the dial of connection %d failed without an error", ev.Conn)
		}
		delete(a.conns, ev.Conn)
	case node.Closed:
		delete(a.conns, ev.Conn)
	case node.Received:
		if len(ev.Bytes) == 0 {
			a.breach("received nothing on connection %d", ev.Conn)
		}
	case node.Sent:
		if len(c.tells) == 0 || c.tells[0] != ev.N {
			a.breach("sent %d on connection %d, to be told: %v", ev.N, ev.Conn, c.tells)
			return
		}
		c.tells = c.tells[1:]
	}
}

func (a *audit) remember(ef *node.Effect) {
	switch ef.Kind {
	case node.EffectListen:
		a.listens = append(a.listens, ef.Addr)
	case node.EffectDial:
		a.conns[ef.Conn] = &conn{}
	case node.EffectClose:
		delete(a.conns, ef.Conn)
	case node.EffectSend:
		if c := a.conns[ef.Conn]; c != nil && c.up {
			c.sent += int64(len(ef.Bytes))
			if ef.Flag {
				c.tells = append(c.tells, c.sent)
			}
		}
	case node.EffectSetTimer:
		a.timers[ef.Timer] = true
	case node.EffectStopTimer:
		delete(a.timers, ef.Timer)
	case node.EffectFile:
		a.jobs[ef.Op] = ef.Kind
		if !ef.Flag {
			a.next = append(a.next, ef.Op)
		}
	case node.EffectWork, node.EffectScript, node.EffectResolve: // KillScript ends none: its end is told
		a.jobs[ef.Op] = ef.Kind
	}
}
