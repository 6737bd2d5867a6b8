package sentinel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// NeedlessFailover holds Sentinels to leaving a healthy master alone: one is replaced only after it could not be
// reached, or answered wrongly, by as many Sentinels as the quorum, for down-after since it became the master; or
// because a user ordered it.
//
// What could be reached is judged by what the history knows of the world: when processes ran, and which faults lay on the
// master, on a Sentinel, or on the link between them. A fault counts for a while beyond its end, for connections that it
// broke without a word are found out late; half of down-after is enough, for a Sentinel may date its silence back to the
// last answer. A master that says it is a replica answers wrongly. Where processes are real and a computer may be busy, a
// failover is held against the Sentinels only if the master demonstrably served meanwhile: it answered clients or the
// observer, and was never silent for half of down-after. Redis 4.0: sentinel.c, sentinelCheckSubjectivelyDown,
// sentinelResetMasterAndChangeAddress.
type NeedlessFailover struct{}

// Name implements Checker.
func (NeedlessFailover) Name() string { return "needless-failover" }

// Times by which the doubt goes to the accused.
const (
	faultLingers   = 20 * time.Second // a dead connection is noticed after 15 s at most, and replaced within one more
	processLingers = time.Second      // a Sentinel dials once a second
	opinionLasts   = 5 * time.Second  // what another Sentinel said of a master counts for so long
	infoPeriod     = 10 * time.Second // after which a Sentinel notices that a master says it is a replica
)

// Check implements Checker.
func (NeedlessFailover) Check(r *checkers.Record) checkers.Verdict {
	c := failoverCauses{q: &checkers.Inquiry{}, r: r, w: evidence.WatchingOf(r), reigns: map[string]time.Duration{}, tried: map[string]time.Duration{}, ordered: map[string]bool{}, monitors: map[string][]time.Duration{}}
	for _, name := range []string{"failovers", "ordered", "of masters out of reach", "not judged"} {
		c.q.Saw(name, 0)
	}
	if missing := evidence.SettingsOf(r).Missing(r.OfKind("sentinel")); missing != "" {
		return c.q.Verdict(missing, "")
	}
	c.names = evidence.ByAddress(c.r)
	c.sentinels = c.r.OfKind("sentinel")
	c.needed = len(c.sentinels)/2 + 1
	if c.w.Quorum > 0 {
		c.needed = c.w.Quorum
	}
	c.orders()
	c.events = evidence.Events(c.r)
	for i := range c.events {
		c.event(&c.events[i])
	}
	missing := ""
	if c.q.Count("failovers") == c.q.Count("not judged") {
		missing = "no failover took place that could be judged"
	}
	return c.q.Verdict(missing, "no master was replaced that the Sentinels could reach")
}

type failoverCauses struct {
	q         *checkers.Inquiry
	r         *checkers.Record
	w         evidence.Watching
	names     map[string]string // address → machine
	sentinels []string
	needed    int // Sentinels that must have missed the master
	events    []evidence.Event
	reigns    map[string]time.Duration // machine → since when it is the master
	tried     map[string]time.Duration // Sentinel → when it last became a candidate
	ordered   map[string]bool          // Sentinels that a user ordered to fail over, until they try
	commands  []time.Duration          // orders to fail over, by the harness
	// Sentinel → when it was told to watch the master: after that it hears of masters that were, from those who hear late.
	monitors map[string][]time.Duration
}

// orders finds what the operator of the run ordered.
func (c *failoverCauses) orders() {
	for i := range c.r.Notes {
		if n := &c.r.Notes[i]; n.Kind == "order" && strings.Contains(n.Text, "SENTINEL FAILOVER") {
			c.commands = append(c.commands, n.Time)
		} else if n.Kind == "order" && strings.Contains(n.Text, "SENTINEL MONITOR") {
			c.monitors[n.Machine] = append(c.monitors[n.Machine], n.Time)
		}
	}
	for _, f := range c.r.Faults {
		if strings.HasPrefix(f.Text, "sentinel-failover") {
			c.commands = append(c.commands, f.Start)
		}
	}
	slices.Sort(c.commands)
}

func (c *failoverCauses) event(e *evidence.Event) {
	switch e.Name {
	case "":
		if versions.Says(e.Text, versions.FailoverOrdered) {
			c.ordered[e.Machine] = true
		}
	case "+try-failover":
		c.tried[e.Machine] = e.At
	case "+promoted-slave":
		if machine := c.names[e.Instance()]; machine != "" {
			c.reigns[machine] = e.At
		}
	case "+switch-master":
		if w := e.Words; len(w) == 5 && !checkers.AnyIn(c.monitors[e.Machine], e.At-helloSpreads, e.At) {
			if machine := c.names[w[3]+":"+w[4]]; machine != "" && c.reigns[machine] == 0 {
				c.reigns[machine] = e.At
			}
			delete(c.reigns, c.names[w[1]+":"+w[2]])
		}
	case "+elected-leader":
		if _, addr := e.Master(); addr != "" {
			c.failover(e, addr)
		}
		delete(c.ordered, e.Machine)
	}
}

// failover judges one that goes ahead: its leader was elected.
func (c *failoverCauses) failover(e *evidence.Event, addr string) {
	c.q.Saw("failovers", 1)
	master, known := c.names[addr]
	tried, attempted := c.tried[e.Machine]
	if c.ordered[e.Machine] || checkers.AnyIn(c.commands, tried-time.Second, e.At) {
		c.q.Saw("ordered", 1)
		return
	}
	if !known || !attempted {
		c.q.Saw("not judged", 1)
		return
	}
	reigns := c.reigns[master]
	if c.answeredWrongly(master, reigns, tried) {
		c.q.Saw("of masters out of reach", 1)
		return
	}
	var missed []string
	for _, s := range c.sentinels {
		if c.outOfReach(master, s, reigns, tried) {
			missed = append(missed, s)
		}
	}
	if len(missed) >= c.needed {
		c.q.Saw("of masters out of reach", 1)
		return
	}
	served, silent := c.served(master, max(reigns, tried-2*c.w.DownAfterLeast()), tried)
	if c.r.World != "sim" && (served == 0 || silent >= c.w.DownAfterLeast()/2) {
		c.q.Saw("not judged", 1)
		return
	}
	// A stall of everybody is no silence of the master's, and no Sentinel can tell the two apart.
	if _, longest := c.r.Stalled(max(reigns, tried-c.w.DownAfterLeast()-opinionLasts), tried); longest >= c.w.DownAfterLeast()/2 {
		c.q.Saw("not judged", 1)
		return
	}
	c.q.Breach(e.At, e.Machine, nil, "was elected to replace %s, which nothing had kept from answering: %d of the %d Sentinels needed could have missed it since it became the master, %v before the attempt; %s%s",
		master, len(missed), c.needed, (tried - reigns).Round(time.Millisecond), c.opinions(addr, reigns, e.At, served, silent), c.dialsLate(tried-reigns))
}

// dialsLate says what is known to make a Sentinel of Redis do that, "" if that cannot be it. It dials an instance at most
// once a second, and a new master's attempts are counted on from the old one's: until then it hears nothing of the new
// master, and what other Sentinels said of the old one still counts. Redis 4.0 and 7.0: sentinel.c, sentinelResetMaster,
// which keeps the link's last_reconn_time.
func (c *failoverCauses) dialsLate(reigned time.Duration) string {
	const dialPeriod = time.Second
	least := c.w.DownAfterLeast()
	if c.r.Target == "" || c.r.Target == "ordeal-node" || least >= dialPeriod || reigned > least+3*dialPeriod {
		return ""
	}
	return fmt.Sprintf("; a Sentinel of Redis dials once a second, so that with down-after %v it may call a new master down before it has dialled it: set more than 1s", least)
}

// answeredWrongly says whether the master said for long enough that it is a replica.
func (c *failoverCauses) answeredWrongly(master string, reigns, tried time.Duration) bool {
	t := c.r.Of(master)
	for _, notes := range [][]*histories.Note{t.Own, t.Seen} {
		since := histories.Forever
		for _, n := range notes {
			if n.Time > tried {
				break
			}
			if !checkers.IsReplica(n) {
				since = histories.Forever
			} else if n.Time >= reigns {
				since = min(since, n.Time)
			} else {
				since = min(since, reigns)
			}
		}
		if since != histories.Forever && tried-since >= c.w.DownAfterLeast()+infoPeriod {
			return true
		}
	}
	return false
}

// outOfReach says whether sentinel may have missed the master for down-after, until the attempt or shortly before it.
func (c *failoverCauses) outOfReach(master, sentinel string, reigns, tried time.Duration) bool {
	var gaps []checkers.Life
	for _, machine := range []string{master, sentinel} {
		t := c.r.Of(machine)
		for i, l := range t.Lives {
			if until := histories.Forever; l.To != histories.Forever {
				if i+1 < len(t.Lives) {
					until = t.Lives[i+1].From + processLingers
				}
				gaps = append(gaps, checkers.Life{From: l.To, To: until})
			}
		}
	}
	for i := range c.r.Faults {
		if f := &c.r.Faults[i]; parts(f, master, sentinel) {
			until := f.Stop
			switch {
			case lasting(f.Text):
				until = histories.Forever
			case until != histories.Forever:
				until += max(faultLingers, 2*slices.Max(c.w.DownAfter))
			}
			gaps = append(gaps, checkers.Life{From: f.Start, To: until})
		}
	}
	slices.SortFunc(gaps, func(a, b checkers.Life) int { return cmp.Compare(a.From, b.From) })
	var gap checkers.Life
	for _, g := range gaps {
		if g.From > gap.To {
			gap = g
		}
		gap.To = max(gap.To, g.To)
		from, to := max(gap.From-c.r.Slack, reigns), min(min(gap.To, tried)+c.r.Slack, tried) // a gap may be for ever
		if to-from >= c.w.DownAfterLeast()/2 && to >= tried-opinionLasts {
			return true
		}
	}
	return false
}

// parts says whether a fault may keep two machines from hearing each other. What happens to a process is known from its
// ends and beginnings.
func parts(f *histories.Fault, a, b string) bool {
	if !slices.Contains(f.Targets, a) && !slices.Contains(f.Targets, b) {
		return false
	}
	verb, rest, _ := strings.Cut(f.Text, " ")
	switch verb {
	case "kill", "terminate", "restart":
		return false
	}
	for _, between := range []string{" | ", " -> "} {
		if left, right, two := strings.Cut(rest, between); two {
			l, r := strings.Fields(left), strings.Fields(right)
			return slices.Contains(l, a) && slices.Contains(r, b) || slices.Contains(l, b) && slices.Contains(r, a)
		}
	}
	return true
}

// lasting tells faults whose effects do not end with them: settings, and what a disk lost.
func lasting(text string) bool {
	verb, _, _ := strings.Cut(text, " ")
	switch verb {
	case "config-set", "slaveof", "promote", "run-as", "half-open", "lying-fsync", "torn-tail", "eio-read", "eio-write", "eio-sync", "disk-full",
		"file-gone", "restore-config", "restore-rdb", "sentinel-set", "sentinel-reset", "sentinel-remove", "sentinel-add", "clock-jump":
		return true
	}
	return false
}

// served counts the master's answers to clients and to the observer in [from, to], and its longest silence.
func (c *failoverCauses) served(master string, from, to time.Duration) (n int, silent time.Duration) {
	var times []time.Duration
	for i := range c.r.Ops {
		if op := &c.r.Ops[i]; op.Node == master && op.Outcome == histories.OK && op.Returned >= from && op.Returned <= to {
			times = append(times, op.Returned)
		}
	}
	for _, s := range c.r.Of(master).Seen {
		if s.Time >= from && s.Time <= to {
			times = append(times, s.Time)
		}
	}
	slices.Sort(times)
	last := from
	for _, t := range append(times, to) {
		silent = max(silent, t-last)
		last = t
	}
	return len(times), silent
}

// opinions is the state that led to a failover.
func (c *failoverCauses) opinions(addr string, reigns, until time.Duration, served int, silent time.Duration) string {
	text := fmt.Sprintf("it answered %d times meanwhile", served)
	if served > 0 {
		text += fmt.Sprintf(", and was silent for %v at most", silent.Round(time.Millisecond))
	}
	for i := range c.events {
		e := &c.events[i]
		if e.At < reigns || e.At > until || e.Instance() != addr {
			continue
		}
		if e.Name == "+sdown" || e.Name == "-sdown" || e.Name == "+odown" || e.Name == "-odown" {
			text += fmt.Sprintf("; %s %s at %v", e.Machine, e.Name, e.At)
		}
	}
	return text
}

func (NeedlessFailover) Promise(r *checkers.Record) checkers.Promise { return withSentinels(r) }
