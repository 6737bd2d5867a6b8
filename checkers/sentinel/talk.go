package sentinel

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Talk holds each Sentinel to what it says to those whom it watches, as it was overheard: it gives its name and its
// master's password first; PINGs come every second, or every down-after if that is shorter, INFO every ten seconds, or
// every second to replicas of a master that is objectively down or being replaced, hellos every two seconds to everybody,
// and no more often than that; a hello says what is true of the Sentinel and what it gives as the master; others are
// asked about a master while it is called down, every second, and for their votes by candidates alone and at once; what
// they answer is what they see, nothing in TILT; and orders are whole, and are given exactly when it says so.
//
// Pauses are judged between a Sentinel and an instance that nothing touches. What is said is held against the Sentinel's
// own mind at that moment, whatever else happens. Redis 4.0: sentinel.c, sentinelSendPeriodicCommands, sentinelSendHello,
// sentinelAskMasterStateToOtherSentinels, sentinelSendSlaveOf.
type Talk struct{}

// Name implements Checker.
func (Talk) Name() string { return "sentinel-talk" }

// InSimulation implements Simulated.
func (Talk) InSimulation() string { return "only the simulation hears what Sentinels say" }

// Promise implements Promiser.
func (Talk) Promise(r *checkers.Record) checkers.Promise { return withSentinels(r) }

// Times of Redis 4.0: sentinel.c. A timer runs every 52 to 100 ms; an answer that refreshes a time takes a moment.
const (
	helloPeriod = 2 * time.Second
	askPeriod   = time.Second
	urgentInfo  = time.Second
	talkSlack   = 400 * time.Millisecond
	talkEarly   = 60 * time.Millisecond
	talkRest    = 6 * time.Second // after a fault, until what it did to a connection is over
)

// Check implements Checker.
func (Talk) Check(r *checkers.Record) checkers.Verdict {
	t := talk{conduct: conduct{r: r, q: &checkers.Inquiry{}, w: evidence.WatchingOf(r), names: evidence.ByAddress(r), sentinels: r.OfKind("sentinel")},
		addrs: map[string]string{}, lines: map[string]*line{}, of: map[string][]*line{}, urgent: map[string][]urgency{}, down: map[string][]span{}, epochs: map[string]tellEpoch{}}
	for _, name := range []string{"connections", "PINGs", "INFOs", "hellos", "questions", "opinions", "orders"} {
		t.q.Saw(name, 0)
	}
	for _, m := range r.Machines {
		t.addrs[m.Name] = m.Addr
	}
	t.minds = mindsOf(t.sentinels)
	t.password = strings.Contains(r.Plan, "auth-pass")
	for i := range r.Notes {
		n := &r.Notes[i]
		if n.Kind == "watching" {
			t.heard(n)
		} else if m := t.minds.read(n); m != nil {
			t.changed(m, n)
		}
	}
	for _, s := range t.sentinels {
		t.closeSpans(s, r.End)
	}
	for _, l := range t.all {
		t.pauses(l)
		t.silence(l)
	}
	missing := ""
	if t.q.Count("connections") == 0 {
		missing = "nobody listened to what Sentinels say"
	}
	return t.q.Verdict(missing, "every Sentinel said what it had to, when it had to, and the truth")
}

type talk struct {
	conduct
	minds    minds
	addrs    map[string]string // machine → the address that others know it by
	password bool              // the Sentinels have one for their master
	lines    map[string]*line  // open ones, by number
	all      []*line
	of       map[string][]*line   // by Sentinel and machine
	urgent   map[string][]urgency // by Sentinel
	down     map[string][]span    // by Sentinel: when it called its master down, not in TILT
	tries    []candidacy
	epochs   map[string]tellEpoch // the largest epoch that each Sentinel was told
}

// line is a connection of a Sentinel's.
type line struct {
	sentinel, peer string
	server         bool
	sub            bool
	from, to       time.Duration // dialled; known no more
	first          time.Duration // its first words; Forever: none
	name, auth     bool
	pings          []time.Duration
	infos          []time.Duration
	hellos         []time.Duration
	asks           []time.Duration
	waiting        []question
}

// question is one that awaits its answer: what the one who is asked had in mind then.
type question struct {
	addr    string
	changes int
	known   bool
	down    bool
}

// urgency is a time during which replicas of a master, which was at an address, are asked every second.
type urgency struct {
	span
	master string
}

// candidacy is the beginning of an attempt, at which everybody is asked for his vote.
type candidacy struct {
	sentinel string
	at       time.Duration
}

// changed takes what a Sentinel said of itself.
func (t *talk) changed(m *mind, n *histories.Note) {
	if n.Kind == "up" {
		t.closeSpans(m.machine, n.Time)
		for _, l := range t.all { // of a machine without power nobody hears that its connections ended
			if l.sentinel == m.machine {
				l.to = min(l.to, n.Time)
			}
		}
		return
	}
	if n.Kind != "event" {
		return
	}
	switch n.Event {
	case "+try-failover":
		if w := m.masters[payloadOf(n.Text).master]; w != nil && w.oDown {
			t.tries = append(t.tries, candidacy{m.machine, n.Time})
		}
	case "+failover-state-wait-promotion", "+slave-reconf-sent", "+convert-to-slave", "+fix-slave-config":
		t.due(m, n)
	}
	t.spans(m, n.Time)
}

// spans keeps when a Sentinel calls its master down, and when it is urgent to hear of replicas.
func (t *talk) spans(m *mind, at time.Duration) {
	down, hurry, addr := false, false, ""
	if len(m.masters) == 1 { // of several, nobody judges here when
		for _, w := range m.masters { // any order: there is one
			down, hurry, addr = w.sDown && !m.tilt, w.underWay(), w.addr
		}
	}
	open := func(d []span) bool { return len(d) > 0 && d[len(d)-1].to == histories.Forever }
	d := t.down[m.machine]
	if down && !open(d) {
		t.down[m.machine] = append(d, span{at, histories.Forever})
	} else if !down && open(d) {
		d[len(d)-1].to = at
	}
	u := t.urgent[m.machine]
	is := len(u) > 0 && u[len(u)-1].to == histories.Forever
	if is && (!hurry || u[len(u)-1].master != addr) {
		u[len(u)-1].to = at
		is = false
	}
	if hurry && !is {
		t.urgent[m.machine] = append(u, urgency{span{at, histories.Forever}, addr})
	}
}

func (t *talk) closeSpans(sentinel string, at time.Duration) {
	if d := t.down[sentinel]; len(d) > 0 {
		d[len(d)-1].to = min(d[len(d)-1].to, at)
	}
	if u := t.urgent[sentinel]; len(u) > 0 {
		u[len(u)-1].to = min(u[len(u)-1].to, at)
	}
}

// heard takes what was overheard.
func (t *talk) heard(n *histories.Note) {
	if n.Event == "dial" {
		l := &line{sentinel: n.Machine, peer: n.Peer, from: n.Time, to: t.r.End, first: histories.Forever, server: !slices.Contains(t.sentinels, n.Peer)}
		t.lines[n.Key] = l
		t.all = append(t.all, l)
		t.of[n.Machine+" "+n.Peer] = append(t.of[n.Machine+" "+n.Peer], l)
		t.q.Saw("connections", 1)
		return
	}
	l := t.lines[n.Key]
	if l == nil {
		return
	}
	said := n.Event != "closed" && n.Event != "opinion" && n.Event != "answer"
	if said && l.first == histories.Forever {
		l.first = n.Time
	}
	m := t.minds[l.sentinel]
	switch n.Event {
	case "closed":
		l.to = n.Time
		delete(t.lines, n.Key)
	case "auth":
		l.auth = true
		if !l.server {
			t.q.Breach(n.Time, l.sentinel, nil, "gave its master's password to %s, which is a Sentinel", l.peer)
		}
	case "name":
		t.named(l, m, n)
	case "ping":
		t.q.Saw("PINGs", 1)
		l.pings = append(l.pings, n.Time)
	case "info":
		t.q.Saw("INFOs", 1)
		l.infos = append(l.infos, n.Time)
	case "hello":
		t.q.Saw("hellos", 1)
		l.hellos = append(l.hellos, n.Time)
		t.hello(l, m, n)
	case "ask":
		t.q.Saw("questions", 1)
		l.asks = append(l.asks, n.Time)
		t.ask(l, m, n)
	case "opinion":
		t.opinion(l, n)
	case "subscribe":
		l.sub = true
	case "orders", "order":
		t.order(l, m, n)
	}
	if said && n.Event != "auth" && n.Event != "name" && !l.name {
		l.name = true // said once
		t.q.Breach(n.Time, l.sentinel, nil, "did not give its name to %s before it said anything else (%s)", l.peer, n.Event)
	}
}

// named judges how a connection begins.
func (t *talk) named(l *line, m *mind, n *histories.Note) {
	l.name = true
	kind := strings.TrimPrefix(n.Text, "sentinel-"+m.id[:min(8, len(m.id))]+"-")
	if kind != "cmd" && kind != "pubsub" && m.id != "" {
		t.q.Breach(n.Time, l.sentinel, nil, "calls itself %q at %s, and its ID is %s", n.Text, l.peer, m.id)
	}
	if l.server && t.password && !l.auth && !t.reconfigured() {
		t.q.Breach(n.Time, l.sentinel, nil, "did not give its master's password to %s", l.peer)
	}
}

// reconfigured says whether anybody took a master's settings away from a Sentinel.
func (t *talk) reconfigured() bool {
	return slices.ContainsFunc(t.r.Faults, func(f histories.Fault) bool {
		return strings.HasPrefix(f.Text, "sentinel-remove") || strings.HasPrefix(f.Text, "restore-config") || strings.HasPrefix(f.Text, "file-gone") || strings.Contains(f.Text, "auth-pass")
	})
}

// tellEpoch is an epoch that a Sentinel was told.
type tellEpoch struct {
	epoch int64
	by    string
	at    time.Duration
}

// epochTold keeps the largest epoch that a Sentinel was told, and wants it to have adopted it when it speaks next.
func (t *talk) epochTold(l *line, m *mind, epoch string, at time.Duration) {
	if told, is := t.epochs[l.sentinel]; is && told.at < at-talkSlack && m.epoch < told.epoch && m.up < told.at && !t.disturbed(l, told.at, at) && !t.hurt(l.sentinel, told.at, at) {
		t.q.Breach(at, l.sentinel, nil, "was told of epoch %d by %s at %v, and is in epoch %d", told.epoch, told.by, told.at, m.epoch)
		delete(t.epochs, l.sentinel)
	}
	if n, err := strconv.ParseInt(epoch, 10, 64); err == nil && !l.server && n > t.epochs[l.peer].epoch && t.between(l, at) {
		t.epochs[l.peer] = tellEpoch{n, l.sentinel, at}
	}
}

// between says whether what a Sentinel says to another one arrives at once, and is heard.
func (t *talk) between(l *line, at time.Duration) bool {
	other := t.minds[l.peer]
	return at-l.first > talkSlack && other != nil && len(other.masters) > 0 && !t.disturbed(l, at-talkSlack, at+talkSlack) && !t.hurt(l.peer, at-talkSlack, at+talkSlack)
}

// hello judges what a hello says: "ip,port,id,current epoch,master,its ip,its port,its config epoch".
func (t *talk) hello(l *line, m *mind, n *histories.Note) {
	f := strings.Split(n.Text, ",")
	if len(f) != 8 {
		t.q.Breach(n.Time, l.sentinel, nil, "said a hello of %d fields at %s: %s", len(f), l.peer, n.Text)
		return
	}
	if at := joined(f[0], f[1]); at != t.addrs[l.sentinel] {
		t.q.Breach(n.Time, l.sentinel, nil, "said in a hello at %s that it is at %s, and is known at %s", l.peer, at, t.addrs[l.sentinel])
	}
	if f[2] != m.id && m.id != "" {
		t.q.Breach(n.Time, l.sentinel, nil, "said in a hello at %s that its ID is %s, and it is %s", l.peer, f[2], m.id)
	}
	w := m.masters[f[4]]
	if w == nil {
		t.q.Breach(n.Time, l.sentinel, nil, "said a hello at %s about %s, which is no master that it watches", l.peer, f[4])
		return
	}
	if n.Time == l.first {
		return // what waited for the connection may be old
	}
	t.epochTold(l, m, f[3], n.Time)
	if f[3] != strconv.FormatInt(m.epoch, 10) && !(m.inStep(n.Time) && f[3] == strconv.FormatInt(m.was, 10)) {
		t.q.Breach(n.Time, l.sentinel, nil, "said in a hello at %s that the epoch is %s, and it is %d", l.peer, f[3], m.epoch)
	}
	if w.configAddr == "" || m.inStep(n.Time) {
		return
	}
	if addr := joined(f[5], f[6]); t.nameOf(addr) != w.configAddr || f[7] != strconv.FormatInt(w.configEpoch, 10) {
		t.q.Breach(n.Time, l.sentinel, nil, "said in a hello at %s that the master is %s under epoch %s, and gives %s under %d", l.peer, t.nameOf(addr), f[7], w.configAddr, w.configEpoch)
	}
}

// nameOf is the machine at an address, or the address.
func (t *talk) nameOf(addr string) string { return orAddress(t.names, addr) }

// pauses judges what was said on a connection by its times.
func (t *talk) pauses(l *line) {
	if l.first == histories.Forever || l.sub {
		return
	}
	every := min(slices.Max(t.w.DownAfter), pingPeriodMost)
	t.often(l, "PING", l.pings, every*3/2+talkSlack, min(slices.Min(t.w.DownAfter), pingPeriodMost)/2)
	t.often(l, "a hello", l.hellos, helloPeriod+talkSlack, 0)
	t.tooOften(l, "a hello", l.hellos, helloPeriod, func(from, to time.Duration) bool {
		return t.promotedAt(l.sentinel, from, to)
	})
	if l.server {
		t.infos(l)
	} else {
		t.asks(l)
	}
}

// promotedAt says whether the Sentinel saw a promotion in a time, or shortly before: then hellos hurry.
func (t *talk) promotedAt(sentinel string, from, to time.Duration) bool {
	return slices.ContainsFunc(evidence.Events(t.r), func(e evidence.Event) bool {
		return e.Machine == sentinel && e.Name == "+promoted-slave" && e.At >= from-talkSlack && e.At <= to
	})
}

// often wants words on a connection at least once in most while it is open, and at most once in least. What waited for the
// connection leaves at once.
func (t *talk) often(l *line, what string, at []time.Duration, most, least time.Duration) {
	last := l.first
	for i := 0; i <= len(at); i++ {
		next := l.to
		if i < len(at) {
			next = at[i]
		}
		if next-last > most && !t.disturbed(l, last, min(next, last+most)) {
			t.q.Breach(last+most, l.sentinel, nil, "did not say %s to %s for %v", what, l.peer, (next - last).Round(time.Millisecond))
			return
		}
		if i > 0 && i < len(at) && least > 0 && last > l.first && next-last < least-talkEarly && !t.disturbed(l, last, next) {
			t.q.Breach(next, l.sentinel, nil, "said %s to %s again after %v", what, l.peer, (next - last).Round(time.Millisecond))
			return
		}
		last = next
	}
}

// tooOften wants words on a connection at most once in least, but where they are excused.
func (t *talk) tooOften(l *line, what string, at []time.Duration, least time.Duration, excused func(from, to time.Duration) bool) {
	for i := 1; i < len(at); i++ {
		if at[i-1] > l.first && at[i]-at[i-1] < least-talkEarly && !excused(at[i-1], at[i]) && !t.disturbed(l, at[i-1], at[i]) {
			t.q.Breach(at[i], l.sentinel, nil, "said %s to %s again after %v", what, l.peer, (at[i] - at[i-1]).Round(time.Millisecond))
			return
		}
	}
}

// disturbed says whether anything may have come between a Sentinel and an instance: what is on its way then is answered
// late, and one of two connections that is gone keeps the other one silent.
func (t *talk) disturbed(l *line, from, to time.Duration) bool {
	if t.hurt(l.sentinel, from-talkRest, to) || !t.r.Of(l.peer).Steady(from-talkRest, to) {
		return true
	}
	if l.server && !slices.ContainsFunc(t.of[l.sentinel+" "+l.peer], func(o *line) bool { return o.sub && o.first <= from && o.to >= to }) {
		return true
	}
	return slices.ContainsFunc(t.r.Faults, func(f histories.Fault) bool {
		return f.Start <= to && (f.Stop == histories.Forever || f.Stop+talkRest >= from || lasting(f.Text)) &&
			(slices.Contains(f.Targets, l.peer) || slices.Contains(f.Targets, l.sentinel))
	})
}
