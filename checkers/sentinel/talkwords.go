package sentinel

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// infos judges how often a Sentinel asks a server for INFO.
func (t *talk) infos(l *line) {
	t.often(l, "INFO", l.infos, infoPeriod+talkSlack, 0)
	for _, u := range t.urgent[l.sentinel] {
		if t.nameOf(u.master) == l.peer {
			continue
		}
		from, to := max(u.from, l.first), min(u.to, l.to)
		last := from
		for _, at := range append(slices.Clone(l.infos), to) {
			if at <= from {
				continue
			}
			if at = min(at, to); at-last > urgentInfo+talkSlack && !t.disturbed(l, last, last+urgentInfo+talkSlack) {
				t.q.Breach(last+urgentInfo+talkSlack, l.sentinel, nil, "did not say INFO to %s for %v, whose master is down or being replaced", l.peer, (at - last).Round(time.Millisecond))
				return
			}
			last = at
		}
	}
	server := t.r.Of(l.peer)
	t.tooOften(l, "INFO", l.infos, infoPeriod-talkSlack, func(from, to time.Duration) bool {
		hurry := slices.ContainsFunc(t.urgent[l.sentinel], func(u urgency) bool { return u.from <= to && u.to >= from-urgentInfo-talkSlack })
		return hurry || !t.r.Always(server, from-infoPeriod-talkSlack, to, func(n *histories.Note) bool {
			return checkers.IsMaster(n) || n.Link == checkers.LinkUp
		})
	})
}

// ask judges a question about a master: "ip port epoch id".
func (t *talk) ask(l *line, m *mind, n *histories.Note) {
	f := strings.Fields(n.Text)
	if len(f) != 4 {
		t.q.Breach(n.Time, l.sentinel, nil, "asked %s with %d words: %s", l.peer, len(f), n.Text)
		return
	}
	addr := joined(f[0], f[1])
	q := question{addr: addr}
	if other := t.minds[l.peer]; other != nil {
		q.down, q.known = other.sees(addr)
		q.changes = other.changes
	}
	l.waiting = append(l.waiting, q)
	if n.Time == l.first || m.inStep(n.Time) && m.was == m.epoch {
		return // what waited for the connection, or was said before something changed, may be old
	}
	w := m.at(addr)
	switch {
	case w == nil:
		t.q.Breach(n.Time, l.sentinel, nil, "asked %s about %s, which is no master that it watches", l.peer, t.nameOf(addr))
	case !w.sDown:
		t.q.Breach(n.Time, l.sentinel, nil, "asked %s about %s, which it does not call down", l.peer, t.nameOf(addr))
	case f[2] != strconv.FormatInt(m.epoch, 10):
		t.q.Breach(n.Time, l.sentinel, nil, "asked %s in epoch %s, and it is %d", l.peer, f[2], m.epoch)
	case f[3] == "*" && w.failover && w.attempt == m.epoch:
		t.q.Breach(n.Time, l.sentinel, nil, "stands for election in epoch %d, and did not ask %s for its vote", m.epoch, l.peer)
	case f[3] != "*" && f[3] != m.id:
		t.q.Breach(n.Time, l.sentinel, nil, "asked %s for a vote for %s, and its own ID is %s", l.peer, f[3], m.id)
	case f[3] != "*" && (!w.failover || w.attempt != m.epoch):
		t.q.Breach(n.Time, l.sentinel, nil, "asked %s for its vote in epoch %d, in which it does not stand for election", l.peer, m.epoch)
	}
}

// at is the master that a Sentinel watches at an address, nil if none.
func (m *mind) at(addr string) *watched {
	for _, name := range slices.Sorted(maps.Keys(m.masters)) {
		if w := m.masters[name]; w.addr == addr {
			return w
		}
	}
	return nil
}

// sees is what a Sentinel must answer of the master at an address; known is false if nobody can tell.
func (m *mind) sees(addr string) (down, known bool) {
	w := m.at(addr)
	return w != nil && w.sDown && !m.tilt, len(m.masters) < 2
}

// opinion judges what a Sentinel was answered: "down leader epoch".
func (t *talk) opinion(l *line, n *histories.Note) {
	if len(l.waiting) == 0 {
		return
	}
	q := l.waiting[0]
	l.waiting = l.waiting[1:]
	other := t.minds[l.peer]
	if other == nil || !q.known || other.changes != q.changes || t.meddledWith(l.peer) {
		return
	}
	t.q.Saw("opinions", 1)
	down, _, _ := strings.Cut(n.Text, " ")
	switch {
	case down == "1" && !q.down && other.tilt:
		t.q.Breach(n.Time, l.peer, nil, "told %s that %s is down, and was in TILT", l.sentinel, t.nameOf(q.addr))
	case down == "1" && !q.down:
		t.q.Breach(n.Time, l.peer, nil, "told %s that %s is down, and does not call it down", l.sentinel, t.nameOf(q.addr))
	case down != "1" && q.down:
		t.q.Breach(n.Time, l.peer, nil, "told %s that %s is not down, and calls it down", l.sentinel, t.nameOf(q.addr))
	}
}

// meddledWith says whether a Sentinel may not be what its machine is called.
func (t *talk) meddledWith(machine string) bool {
	return slices.ContainsFunc(t.r.Faults, func(f histories.Fault) bool {
		return strings.HasPrefix(f.Text, "run-as") && slices.Contains(f.Targets, machine)
	})
}

// asks judges how often a Sentinel asks another one.
func (t *talk) asks(l *line) {
	for _, d := range t.down[l.sentinel] {
		from, to := max(d.from, l.first), min(d.to, l.to)
		last := from
		for _, at := range append(slices.Clone(l.asks), to) {
			if at <= from {
				continue
			}
			if at = min(at, to); at-last > askPeriod+talkSlack && !t.disturbed(l, last, last+askPeriod+talkSlack) && t.knows(l, last) {
				t.q.Breach(last+askPeriod+talkSlack, l.sentinel, nil, "did not ask %s for %v about a master that it calls down", l.peer, (at - last).Round(time.Millisecond))
				return
			}
			last = at
		}
	}
	t.tooOften(l, "the same question", l.asks, askPeriod-talkSlack, func(from, to time.Duration) bool {
		return slices.ContainsFunc(t.tries, func(y candidacy) bool { return y.sentinel == l.sentinel && y.at >= from && y.at <= to })
	})
	for _, y := range t.tries {
		if y.sentinel != l.sentinel || l.first > y.at-talkEarly || l.to <= y.at+talkEarly || !t.knows(l, y.at) {
			continue
		}
		if !checkers.AnyIn(l.asks, y.at-1, y.at+talkEarly) && !t.disturbed(l, y.at-talkRest, y.at+talkEarly) {
			t.q.Breach(y.at+talkEarly, l.sentinel, nil, "became a candidate, and did not ask %s for its vote at once", l.peer)
		}
	}
}

// knows says whether the connection is to a Sentinel that was known for a while.
func (t *talk) knows(l *line, at time.Duration) bool { return at-l.first >= 0 && !l.server }

// order judges commands that change a server, as they leave: each has its event.
func (t *talk) order(l *line, m *mind, n *histories.Note) {
	if n.Event == "order" {
		if n.Text != "SCRIPT KILL" {
			t.q.Breach(n.Time, l.sentinel, nil, "told %s %q, outside of a transaction", l.peer, n.Text)
		}
		return
	}
	t.q.Saw("orders", 1)
	first, rest, _ := strings.Cut(n.Text, "; ")
	if !strings.HasPrefix(first, "SLAVEOF ") || rest != "CONFIG REWRITE; CLIENT KILL TYPE normal" {
		t.q.Breach(n.Time, l.sentinel, nil, "gave %s the orders %q: they are SLAVEOF, CONFIG REWRITE and CLIENT KILL TYPE normal", l.peer, n.Text)
		return
	}
	to := strings.Fields(first)[1:]
	for i := checkers.FirstFrom(t.r.Notes, l.from); i < len(t.r.Notes) && t.r.Notes[i].Time <= n.Time; i++ {
		if e := &t.r.Notes[i]; e.Machine == l.sentinel && e.Kind == "event" && e.From == "" && t.explains(e, l.peer, to) {
			return
		}
	}
	t.q.Breach(n.Time, l.sentinel, nil, "told %s %q, and said nothing of it", l.peer, first)
}

// explains says whether an event says that a server was told to follow an address, or nobody.
func (t *talk) explains(e *histories.Note, server string, to []string) bool {
	p := payloadOf(e.Text)
	if p.kind != "slave" || t.nameOf(p.addr) != server {
		return false
	}
	switch e.Event {
	case "+failover-state-wait-promotion":
		return strings.EqualFold(strings.Join(to, " "), "no one")
	case "+slave-reconf-sent", "+slave-reconf-sent-be":
		return len(to) == 2 && joined(to[0], to[1]) != p.addr
	case "+convert-to-slave", "+fix-slave-config":
		return len(to) == 2 && len(p.words) >= 8 && to[0] == p.words[6] && to[1] == p.words[7]
	}
	return false
}

// due remembers an event that orders must come with, and judges it at once: they leave in the same step.
func (t *talk) due(m *mind, n *histories.Note) {
	server := t.nameOf(payloadOf(n.Text).addr)
	if t.hurt(m.machine, n.Time-talkRest, n.Time+talkEarly) || n.Time+talkEarly > t.r.End {
		return
	}
	for _, l := range t.of[m.machine+" "+server] {
		if l.sub || l.first > n.Time || l.to <= n.Time+talkEarly {
			continue
		}
		for i := checkers.FirstFrom(t.r.Notes, n.Time); i < len(t.r.Notes) && t.r.Notes[i].Time <= n.Time+talkEarly; i++ {
			if o := &t.r.Notes[i]; o.Kind == "watching" && o.Machine == m.machine && o.Peer == server && (o.Event == "orders" || o.Event == "closed") {
				return
			}
		}
		t.q.Breach(n.Time, m.machine, nil, "says %s of %s, and gave it no order", n.Event, server)
		return
	}
}

// silence wants a connection over which nothing comes to be given up: one for commands when a PING has been without an answer
// for half of down-after, one for hellos after three of their periods, neither before it is 15 s old.
func (t *talk) silence(l *line) {
	for i := range t.r.Faults {
		f := &t.r.Faults[i]
		verb, _, _ := strings.Cut(f.Text, " ")
		until := f.Stop
		switch verb {
		case "powerloss":
			if !slices.Contains(f.Targets, l.peer) {
				continue
			}
		case "cut":
		case "half-open":
			until = histories.Forever // for that connection
		default:
			continue
		}
		both := verb == "powerloss" || strings.Contains(f.Text, " | ")
		if l.first >= f.Start || l.to <= f.Start || !parts(f, l.sentinel, l.peer) || l.sub && !both {
			continue
		}
		if !both && t.hurt(l.peer, f.Start-talkRest, until) { // what it was asked before may be answered late
			continue
		}
		due := max(f.Start+pingPeriodMost+slices.Max(t.w.DownAfter)/2, l.first+linkAge) + 2*talkSlack
		if l.sub {
			due = max(f.Start+3*helloPeriod, l.first+linkAge) + 2*talkSlack
		}
		if t.heldUp(l, f, due) {
			continue
		}
		if due < min(until, t.r.End) && min(l.to, t.r.Of(l.sentinel).NextTurn(l.first)) > due && !t.hurt(l.sentinel, f.Start-talkRest, due) && !t.tilted(l.sentinel, f.Start, due) {
			t.q.Breach(due, l.sentinel, nil, "kept a connection to %s for %v over which nothing came (%s)", l.peer, due-f.Start, f.Text)
		}
	}
}

// heldUp says whether what was sent before a fault may have come in the middle of it: another fault held it up.
func (t *talk) heldUp(l *line, f *histories.Fault, due time.Duration) bool {
	return slices.ContainsFunc(t.r.Faults, func(o histories.Fault) bool {
		return o.ID != f.ID && parts(&o, l.sentinel, l.peer) && o.Start <= due && (o.Stop == histories.Forever || o.Stop >= f.Start-talkRest)
	})
}

// linkAge is how old a connection is at least that is given up for silence. Redis 4.0: sentinel.c, SENTINEL_MIN_LINK_RECONNECT_PERIOD.
const linkAge = 15 * time.Second

// tilted says whether a Sentinel was in TILT at some time.
func (t *talk) tilted(sentinel string, from, to time.Duration) bool {
	return slices.ContainsFunc(evidence.Events(t.r), func(e evidence.Event) bool {
		return e.Machine == sentinel && e.Name == "+tilt" && e.At <= to && e.At >= from-tiltLasts-talkSlack
	})
}
