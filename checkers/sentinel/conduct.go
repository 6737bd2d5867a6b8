package sentinel

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// Conduct holds each Sentinel to what it says that it does, and when: it calls a master objectively down by the quorum
// alone, and never by opinions that are older than five seconds; it does nothing in TILT, and leaves it after 30 s; it tries a
// failover only of a master that is objectively down, and after an attempt of its own, or a vote for another, not again for two
// failover-timeouts; an election, a promotion and a failover end in their time, and not before; a replica is taken for the new
// master once it is one; replicas that are masters or follow another one are told otherwise after their waiting times, and not
// sooner; who follows another's configuration publishes it; a start forgets neither an epoch, nor a Sentinel, nor a replica, and
// RESET does not remember them.
//
// What a Sentinel says at one time is held against what it said before, of which it needs no faults to be known: only that it
// did something, late or never, is excused by what hurt its machine. An election that is given up early must have been
// overtaken by a newer epoch or have been voted in by a majority. Redis 4.0: sentinel.c, sentinelTimer and all below.
type Conduct struct{}

// Name implements Checker.
func (Conduct) Name() string { return "sentinel-conduct" }

// Times of Redis 4.0: sentinel.c. Late is what a Sentinel may take to notice: its timer runs every tenth of a second.
const (
	tiltLasts    = 30 * time.Second
	convertAfter = 8 * time.Second
	electionMost = 10 * time.Second
	desyncMost   = time.Second
	conductLate  = 500 * time.Millisecond
	conductEarly = 100 * time.Millisecond
)

// Check implements Checker.
func (Conduct) Check(r *checkers.Record) checkers.Verdict {
	c := conduct{r: r, q: &checkers.Inquiry{}, w: evidence.WatchingOf(r), of: map[string]*conductOf{}, down: map[string][]span{}}
	for _, name := range []string{"events", "objectively down", "attempts", "reconfigurations", "starts", "in TILT"} {
		c.q.Saw(name, 0)
	}
	if missing := evidence.SettingsOf(r).Missing(r.OfKind("sentinel")); missing != "" {
		return c.q.Verdict(missing, "")
	}
	c.names = evidence.ByAddress(c.r)
	c.sentinels = c.r.OfKind("sentinel")
	for _, s := range c.sentinels {
		c.of[s] = newConductOf(s)
	}
	c.ownIDs()
	all := evidence.Events(c.r)
	if len(c.sentinels) > 0 {
		c.opinions(all)
		c.play(all)
		c.published(all)
	}
	missing := ""
	if c.q.Count("events") == 0 {
		missing = "no Sentinel said what it did"
	}
	return c.q.Verdict(missing, "every Sentinel did what it had to, when it had to")
}

type conduct struct {
	r         *checkers.Record
	q         *checkers.Inquiry
	w         evidence.Watching
	names     map[string]string
	sentinels []string
	ids       map[string]string     // Sentinels' IDs → machine
	of        map[string]*conductOf // by machine
	down      map[string][]span     // Sentinel and address of a master → when it called it down
}

// span is a time during which something was so.
type span struct{ from, to time.Duration }

// conductOf is what one Sentinel said so far.
type conductOf struct {
	name      string
	quorum    int           // 0: not known
	tilt      time.Duration // when it entered TILT, and once it is over, when it left it
	inTilt    bool
	oDown     time.Duration // since when its master is, 0 not
	sDown     map[string]time.Duration
	wasDown   map[string]time.Duration // when each instance was called down last
	tried     time.Duration            // its attempt under way, 0 none
	epoch     int64                    // of that
	ordered   bool                     // by a user
	elected   time.Duration
	notBefore time.Duration // of its next attempt, at the earliest
	latest    time.Duration // and at the latest
	waits     time.Duration // since when it waits for a promotion
	promoted  time.Duration // since when its failover is past the promotion
	heir      string        // the address that was promoted
	timeout   bool          // the failover took too long
	done      map[string]bool
	replicas  map[string]bool // addresses
	others    map[string]bool // IDs
	known     [2]map[string]bool
	since     map[string]time.Duration // when each replica was made known
	isMaster  map[string]time.Duration // replica → since when it reports to be a master
	newEpoch  int64                    // the last that it announced
	newAt     time.Duration            // when
	ended     time.Duration            // when its last attempt was given up
	told      []told                   // replicas that should hear of their new master
	switched  time.Duration
	reset     time.Duration
	voted     time.Duration // for another
}

func newConductOf(name string) *conductOf {
	s := &conductOf{name: name}
	s.begin()
	return s
}

// begin is a new life: what it knew is kept in known, to see what of it is still so.
func (s *conductOf) begin() {
	was := *s
	*s = conductOf{name: was.name, sDown: map[string]time.Duration{}, wasDown: map[string]time.Duration{}, done: map[string]bool{},
		replicas: map[string]bool{}, others: map[string]bool{}, since: map[string]time.Duration{}, isMaster: map[string]time.Duration{}}
	s.known = [2]map[string]bool{was.replicas, was.others}
	s.newEpoch = was.newEpoch
}

// newMaster is a switch or a reset: what was said of the old master's replicas and of attempts is over.
func (s *conductOf) newMaster(at time.Duration) {
	s.oDown, s.tried, s.elected, s.notBefore, s.latest, s.waits, s.promoted, s.voted, s.timeout, s.ordered = 0, 0, 0, 0, 0, 0, 0, 0, false, false
	s.switched = at
	clear(s.sDown)
	clear(s.wasDown)
	clear(s.done)
	clear(s.replicas)
	clear(s.since)
	clear(s.isMaster)
}

// ownIDs are the IDs that each Sentinel ever had.
func (c *conduct) ownIDs() {
	c.ids = map[string]string{}
	for i := range c.r.Notes {
		if n := &c.r.Notes[i]; n.Kind == "event" && n.ID != "" && n.From != checkers.ByObserver {
			c.ids[n.ID] = n.Machine
		}
	}
	for i := range c.r.Logs {
		if id := evidence.After(c.r.Logs[i].Text, versions.SentinelID); id != "" {
			c.ids[id] = c.r.Logs[i].Machine
		}
	}
}

// opinions finds when each Sentinel called which master down.
func (c *conduct) opinions(all []evidence.Event) {
	open := map[string]string{} // Sentinel → key of the span that is open
	end := func(machine string, at time.Duration) {
		if key := open[machine]; key != "" {
			spans := c.down[key]
			spans[len(spans)-1].to = at
			delete(open, machine)
		}
	}
	for i := range all {
		e := &all[i]
		switch e.Name {
		case "+sdown":
			if len(e.Words) > 0 && e.Words[0] == "master" {
				_, addr := e.Master()
				key := e.Machine + " " + addr
				c.down[key] = append(c.down[key], span{e.At, histories.Forever})
				open[e.Machine] = key
			}
		case "-sdown":
			if len(e.Words) > 0 && e.Words[0] == "master" {
				end(e.Machine, e.At)
			}
		case "+switch-master", "+reset-master", "+monitor", "-monitor":
			end(e.Machine, e.At)
		}
	}
}

// play goes through all that was said, together with the ends and beginnings of processes.
func (c *conduct) play(all []evidence.Event) {
	lives := map[string]int{}
	for i := range all {
		e := &all[i]
		s := c.of[e.Machine]
		if s == nil {
			continue
		}
		t := c.r.Of(e.Machine)
		if k := t.LifeAt(e.At); k != lives[e.Machine] {
			if prev := lives[e.Machine]; prev >= 0 && prev < len(t.Lives) {
				c.late(s, t.Lives[prev].To)
			}
			lives[e.Machine] = k
			s.begin()
			c.q.Saw("starts", 1)
		}
		if e.Name == "" {
			if versions.Says(e.Text, versions.FailoverOrdered) {
				s.ordered = true
			}
			continue
		}
		c.q.Saw("events", 1)
		c.late(s, e.At)
		c.inTilt(s, e)
		c.event(s, e)
	}
	for _, name := range c.sentinels {
		t := c.r.Of(name)
		end := c.r.End
		if n := len(t.Lives); n > 0 && t.Lives[n-1].To < end {
			end = t.Lives[n-1].To
		}
		c.late(c.of[name], end)
	}
}

func (c *conduct) event(s *conductOf, e *evidence.Event) {
	addr := e.Instance()
	switch e.Name {
	case "+monitor":
		c.monitored(s, e)
	case "-monitor":
		s.begin()
		s.known = [2]map[string]bool{}
	case "+set":
		if len(e.Words) == 6 && e.Words[4] == "quorum" {
			s.quorum, _ = strconv.Atoi(e.Words[5])
		} else if len(e.Words) == 6 && e.Words[4] == "failover-timeout" {
			s.notBefore, s.latest = 0, histories.Forever/2 // it may have been longer or shorter when it was counted from
		}
	case "+sdown":
		s.sDown[addr], s.wasDown[addr] = e.At, e.At
		s.told = slices.DeleteFunc(s.told, func(t told) bool { return t.e.Instance() == addr })
	case "-sdown":
		delete(s.sDown, addr)
	case "+odown":
		s.oDown = e.At
		c.agreed(s, e)
	case "-odown":
		s.oDown = 0
	case "-role-change", "+role-change":
		if strings.HasSuffix(e.Text, "role is master") {
			s.isMaster[addr] = e.At
		} else {
			delete(s.isMaster, addr)
		}
	case "+slave":
		c.foundReplica(s, e)
	case "+sentinel":
		c.foundSentinel(s, e)
	case "+new-epoch":
		s.newEpoch, _ = strconv.ParseInt(e.Text, 10, 64)
		s.newAt = e.At
	case "+reset-master":
		s.newMaster(e.At)
		clear(s.others)
		s.known = [2]map[string]bool{}
		s.reset = e.At
	case "+switch-master":
		s.newMaster(e.At)
	default:
		c.failover(s, e)
	}
}

// published wants whoever changes the master's address to say so: clients listen for it.
func (c *conduct) published(all []evidence.Event) {
	said := map[string][]time.Duration{} // by machine
	for i := range all {
		if e := &all[i]; e.Name == "+switch-master" || e.Name == "+promoted-slave" || e.Name == "+monitor" || e.Name == "-monitor" {
			said[e.Machine] = append(said[e.Machine], e.At)
		}
	}
	was := map[string]string{}
	for i := range c.r.Notes {
		n := &c.r.Notes[i]
		if n.Kind != "config" || n.From == checkers.ByObserver || c.of[n.Machine] == nil {
			continue
		}
		key := n.Machine + " " + n.Master
		if last := was[key]; last != "" && last != n.Peer && !checkers.AnyIn(said[n.Machine], n.Time-conductEarly-c.r.Slack, n.Time+conductEarly+c.r.Slack) {
			c.q.Breach(n.Time, n.Machine, nil, "gives %s as the master, in the place of %s, and published no +switch-master", n.Peer, last)
		}
		was[key] = n.Peer
	}
}

// inTilt wants a Sentinel that does not trust its own eyes to do nothing by them.
func (c *conduct) inTilt(s *conductOf, e *evidence.Event) {
	switch e.Name {
	case "+tilt":
		if c.r.Of(s.name).Turned(e.At-1, e.At) {
			return // the last word of a process: the next one knows nothing of it
		}
		s.tilt, s.inTilt = e.At, true
		c.q.Saw("in TILT", 1)
		return
	case "-tilt":
		if s.inTilt && e.At-s.tilt < tiltLasts-conductEarly && !c.clockMoved(s.name, s.tilt, e.At) {
			c.q.Breach(e.At, s.name, nil, "left TILT %v after it had entered it, and not %v", (e.At - s.tilt).Round(time.Millisecond), tiltLasts)
		}
		s.tilt, s.inTilt = e.At, false
		return
	}
	if !s.inTilt {
		return
	}
	switch e.Name {
	case "+sdown", "-sdown", "+odown", "-odown", "+elected-leader", "+selected-slave", "+convert-to-slave", "+fix-slave-config",
		"+slave-reconf-sent", "+promoted-slave", "-failover-abort-not-elected", "-failover-abort-no-good-slave":
		c.q.Breach(e.At, s.name, nil, "acted in TILT, which it had entered at %v: %s %s", s.tilt, e.Name, e.Text)
	case "+try-failover":
		if !s.ordered {
			c.q.Breach(e.At, s.name, nil, "acted in TILT, which it had entered at %v: %s %s", s.tilt, e.Name, e.Text)
		}
	}
}

// clockMoved says whether a machine's clock was not like everybody's at some time.
func (c *conduct) clockMoved(machine string, from, to time.Duration) bool {
	return slices.ContainsFunc(c.r.Faults, func(f histories.Fault) bool {
		return slices.Contains(f.Targets, machine) && strings.HasPrefix(f.Text, "clock-") && f.Start <= to && (f.Stop >= from || f.Text != "")
	})
}

// hurt says whether anything kept a Sentinel's process from running as it should at some time.
func (c *conduct) hurt(machine string, from, to time.Duration) bool {
	if !c.r.Of(machine).Steady(from, to) {
		return true
	}
	if stalled, _ := c.r.Stalled(from, to); stalled > 0 {
		return true
	}
	return slices.ContainsFunc(c.r.Faults, func(f histories.Fault) bool {
		if !slices.Contains(f.Targets, machine) || f.Start > to {
			return false
		}
		verb, _, _ := strings.Cut(f.Text, " ")
		switch verb {
		case "pause", "stall", "slow-cpu", "slow-disk", "clock-drift", "clock-offset", "clock-jump":
			return f.Stop == histories.Forever || f.Stop >= from-2*time.Second || strings.HasPrefix(verb, "clock")
		case "sentinel-remove", "sentinel-set", "sentinel-reset", "restore-config", "run-as":
			return true
		}
		return false
	})
}
func (Conduct) Promise(r *checkers.Record) checkers.Promise { return withSentinels(r) }
