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

// Events holds each Sentinel to its events: each says what it is about in the words of its kind, and what is true by the
// events before it; what cannot be without another one comes with it; it is logged at its level, and every subscriber hears
// all of them, in order, and nothing else.
//
// An event that never comes shows where the next one makes no sense without it: who is called down twice was never called
// up, and a failover that ends has told its replicas. Redis 4.0: sentinel.c, sentinelEvent and its callers.
type Events struct{}

// Name implements Checker.
func (Events) Name() string { return "sentinel-events" }

// InSimulation implements Simulated.
func (Events) InSimulation() string { return "only Sentinels of ours note what they publish" }

// Promise implements Promiser.
func (Events) Promise(r *checkers.Record) checkers.Promise { return withSentinels(r) }

// kindsOf says for each event which kinds of instances it may be about, "" none, and at which level it is logged.
var kindsOf = map[string]struct {
	kinds string
	level byte
}{
	"+monitor": {"master", '#'}, "-monitor": {"master", '#'}, "+set": {"master", '#'}, "+reset-master": {"master", '#'},
	"+sdown": {"master slave sentinel", '#'}, "-sdown": {"master slave sentinel", '#'}, "+odown": {"master", '#'}, "-odown": {"master", '#'},
	"+new-epoch": {"", '#'}, "+try-failover": {"master", '#'}, "+vote-for-leader": {"", '#'}, "+elected-leader": {"master", '#'},
	"+failover-state-select-slave": {"master", '#'}, "+selected-slave": {"slave", '#'}, "-failover-abort-not-elected": {"master", '#'},
	"-failover-abort-no-good-slave": {"master", '#'}, "-failover-abort-slave-timeout": {"master", '#'}, "+promoted-slave": {"slave", '#'},
	"+failover-state-reconf-slaves": {"master", '#'}, "+failover-end": {"master", '#'}, "+failover-end-for-timeout": {"master", '#'},
	"+switch-master": {"", '#'}, "+config-update-from": {"sentinel", '#'}, "+tilt": {"", '#'}, "-tilt": {"", '#'},
	"-script-error": {"", '#'}, "-script-timeout": {"", '#'},
	"+slave": {"slave", '*'}, "+sentinel": {"sentinel", '*'}, "+reboot": {"master slave", '*'},
	"+failover-state-send-slaveof-noone": {"slave", '*'}, "+failover-state-wait-promotion": {"slave", '*'}, "+slave-reconf-sent": {"slave", '*'},
	"+slave-reconf-inprog": {"slave", '*'}, "+slave-reconf-done": {"slave", '*'}, "-slave-reconf-sent-timeout": {"slave", '*'},
	"+slave-reconf-sent-be": {"slave", '*'}, "+convert-to-slave": {"slave", '*'}, "+fix-slave-config": {"slave", '*'},
	"+sentinel-address-switch": {"master", '*'}, "+sentinel-address-update": {"sentinel", '*'}, "+sentinel-invalid-addr": {"sentinel", '*'},
	"+role-change": {"master slave", '-'}, "-role-change": {"master slave", '-'},
}

// comesWith says which event comes with each at the same moment, and whether before it.
var comesWith = []struct {
	event, with string
	before      bool
}{
	{"+try-failover", "+new-epoch", true}, {"+elected-leader", "+failover-state-select-slave", false},
	{"+selected-slave", "+failover-state-send-slaveof-noone", false}, {"+promoted-slave", "+failover-state-reconf-slaves", false},
	{"+failover-end-for-timeout", "+failover-end", false}, {"+failover-end", "+switch-master", false}, {"+config-update-from", "+switch-master", false},
}

// Check implements Checker.
func (Events) Check(r *checkers.Record) checkers.Verdict {
	e := eventful{conduct: conduct{r: r, q: &checkers.Inquiry{}, w: evidence.WatchingOf(r), names: evidence.ByAddress(r), sentinels: r.OfKind("sentinel")}}
	for _, name := range []string{"events", "lines of the log", "heard by a subscriber", "restarts of servers"} {
		e.q.Saw(name, 0)
	}
	e.ownIDs()
	e.minds = mindsOf(e.sentinels)
	said := map[string][]*histories.Note{}
	for i := range r.Notes {
		n := &r.Notes[i]
		if m := e.minds[n.Machine]; m != nil && n.Kind == "event" && n.From == "" {
			e.q.Saw("events", 1)
			said[n.Machine] = append(said[n.Machine], n)
			e.event(m, n)
		}
		e.minds.read(n)
	}
	for _, s := range e.sentinels {
		e.together(s, said[s])
		e.logged(s, said[s])
		e.heard(s, said[s])
		e.reboots(s, said[s])
	}
	missing := ""
	if e.q.Count("events") == 0 {
		missing = "no Sentinel said what it did"
	}
	return e.q.Verdict(missing, "every event said what was so, and reached the log and the subscribers")
}

type eventful struct {
	conduct
	minds minds
}

func (e *eventful) wrong(n *histories.Note, format string, args ...any) {
	e.q.Breach(n.Time, n.Machine, nil, "published %s %s: "+format, append([]any{n.Event, n.Text}, args...)...)
}

// event judges one by its words, and by what its Sentinel has said before.
func (e *eventful) event(m *mind, n *histories.Note) {
	of, known := kindsOf[n.Event]
	if !known {
		e.wrong(n, "there is no such event")
		return
	}
	p := payloadOf(n.Text)
	if of.kinds != "" && !slices.Contains(strings.Fields(of.kinds), p.kind) {
		e.wrong(n, "it is about a %s", strings.ReplaceAll(of.kinds, " ", " or "))
		return
	}
	switch {
	case p.kind == "slave" && p.name != p.addr && p.name != bracketed(p.addr):
		e.wrong(n, "a replica is called by its address")
		return
	case p.kind == "sentinel" && len(p.name) != 40:
		e.wrong(n, "a Sentinel is called by its ID")
		return
	case p.kind != "" && p.kind != "master" && p.master == "":
		e.wrong(n, "it does not say of which master")
		return
	}
	w := m.masters[p.master]
	if p.kind != "" && n.Event != "+monitor" {
		if w == nil {
			e.wrong(n, "it does not watch that master")
			return
		}
		at := p.addr
		if p.kind != "master" {
			at = joined(p.words[6], p.words[7])
		}
		if at != w.addr {
			e.wrong(n, "its master is at %s", w.addr)
			return
		}
	}
	if of.kinds == "" {
		e.aboutNobody(m, n, p)
	} else if w != nil {
		e.aboutInstance(w, n, p)
	}
}

// bracketed is an address of IPv6 as a name has it.
func bracketed(addr string) string {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 {
		return addr
	}
	return "[" + addr[:i] + "]" + addr[i:]
}

// aboutNobody judges an event that is about no instance.
func (e *eventful) aboutNobody(m *mind, n *histories.Note, p payload) {
	switch n.Event {
	case "+new-epoch":
		if n.Text != strconv.FormatInt(n.Epoch, 10) {
			e.wrong(n, "the epoch is %d", n.Epoch)
		} else if n.Epoch <= m.epoch && len(m.masters) > 0 {
			e.wrong(n, "it was %d before", m.epoch)
		}
	case "+vote-for-leader":
		if len(p.words) != 2 || len(p.words[0]) != 40 {
			e.wrong(n, "a vote is for an ID, in an epoch")
			return
		}
		for i := checkers.FirstFrom(e.r.Notes, n.Time); i < len(e.r.Notes) && e.r.Notes[i].Time <= n.Time+e.r.Slack; i++ {
			v := &e.r.Notes[i]
			if v.Machine == n.Machine && v.Kind == "vote" && v.From == "" && strconv.FormatInt(v.Epoch, 10) == p.words[1] && v.Leader != p.words[0] {
				e.wrong(n, "the vote was for %s", orAddress(e.ids, v.Leader))
			}
		}
	case "+switch-master":
		e.switched(m, n, p)
	}
}

// switched judges the event that clients wait for: "name ip port ip port", from where to where.
func (e *eventful) switched(m *mind, n *histories.Note, p payload) {
	if len(p.words) != 5 {
		e.wrong(n, "it is a name and two addresses")
		return
	}
	w := m.masters[p.words[0]]
	if w == nil {
		e.wrong(n, "it does not watch that master")
		return
	}
	from, to := joined(p.words[1], p.words[2]), joined(p.words[3], p.words[4])
	switch {
	case from == to:
		e.wrong(n, "that is no change")
	case from != w.addr && from != w.promoted:
		e.wrong(n, "its master was at %s", w.addr)
	case w.ended && to != w.promoted:
		e.wrong(n, "%s was promoted", w.promoted)
	}
}

// aboutInstance judges an event about one, by what is known of it.
func (e *eventful) aboutInstance(w *watched, n *histories.Note, p payload) {
	is := w.replicas[p.addr]
	if p.kind == "sentinel" {
		is = w.others[p.name]
	}
	down := is != nil && is.sDown || p.kind == "master" && w.sDown
	switch n.Event {
	case "+sdown":
		if down {
			e.wrong(n, "it was down already")
		}
	case "-sdown":
		if !down {
			e.wrong(n, "it was not down")
		}
	case "+odown":
		if w.oDown {
			e.wrong(n, "it was objectively down already")
		}
	case "-odown":
		if !w.oDown {
			e.wrong(n, "it was not objectively down")
		}
	case "+slave", "+sentinel":
		if is != nil && is.since < n.Time && !w.monitoredAt(n.Time) && !e.forgets(n.Machine, n.Time) {
			e.wrong(n, "it was known already, since %v", is.since)
		}
	case "+role-change", "-role-change":
		e.roleChanged(n, p)
	case "+failover-state-send-slaveof-noone", "+failover-state-wait-promotion", "+promoted-slave":
		if w.chosen != p.addr {
			e.wrong(n, "it had chosen %s", orAddress(e.names, w.chosen))
		}
	case "+slave-reconf-sent":
		e.wants(n, is, "")
	case "+slave-reconf-inprog":
		e.wants(n, is, "sent")
	case "+slave-reconf-done":
		e.wants(n, is, "inprog")
	case "-slave-reconf-sent-timeout":
		e.wants(n, is, "sent")
	}
	if is == nil && p.kind != "master" && n.Event != "+slave" && n.Event != "+sentinel" && !w.atStart && !e.forgets(n.Machine, n.Time) {
		e.wrong(n, "it has said nothing of having found it")
	}
}

func (w *watched) monitoredAt(at time.Duration) bool { return w.monitored == at }

// wants judges the steps of a replica on its way to a new master.
func (e *eventful) wants(n *histories.Note, is *member, before string) {
	if is != nil && is.reconf != before {
		e.wrong(n, "it was %q on its way to the new master, and not %q", is.reconf, before)
	}
}

func (e *eventful) roleChanged(n *histories.Note, p payload) {
	if len(p.rest) != 5 || strings.Join(p.rest[:4], " ") != "new reported role is" {
		e.wrong(n, "it says which role is new")
		return
	}
	if same := p.rest[4] == p.kind; same != (n.Event[0] == '+') {
		e.wrong(n, "of a %s", p.kind)
	}
}

// together wants what comes at one moment to come together. Lines of a log that another program wrote may be a tick apart.
func (e *eventful) together(s string, said []*histories.Note) {
	for i, n := range said {
		for _, c := range comesWith {
			if n.Event != c.event {
				continue
			}
			found := false
			for j := i - 1; c.before && j >= 0 && said[j].Time >= n.Time-conductEarly-e.r.Slack; j-- {
				found = found || said[j].Event == c.with
			}
			for j := i + 1; !c.before && j < len(said) && said[j].Time <= n.Time+conductEarly+e.r.Slack; j++ {
				found = found || said[j].Event == c.with
			}
			if !found && !e.r.Of(s).Turned(n.Time-1, n.Time+conductEarly+e.r.Slack) && n.Time+conductEarly < e.r.End {
				e.wrong(n, "%s comes with it, and did not", c.with)
			}
		}
		switch n.Event {
		case "+switch-master":
			e.reasonOf(said, i)
		case "+try-failover":
			e.electedIfOrdered(s, said, i)
		}
	}
}

// electedIfOrdered wants a failover of a master that is not objectively down, which a user ordered, to need no votes.
func (e *eventful) electedIfOrdered(s string, said []*histories.Note, i int) {
	n := said[i]
	for j := i - 1; j >= 0; j-- {
		switch said[j].Event {
		case "+odown":
			return
		case "-odown", "+switch-master", "+reset-master", "+monitor":
			j = 0
		}
	}
	for j := i + 1; j < len(said) && said[j].Time <= n.Time+conductLate+e.r.Slack; j++ {
		switch said[j].Event {
		case "+elected-leader", "+tilt", "+reset-master", "-monitor", "+switch-master":
			return
		}
	}
	if n.Time+conductLate+e.r.Slack < e.r.End && !e.hurtSince(s, n.Time) {
		e.wrong(n, "it was ordered, and it did not begin within %v", conductLate)
	}
}

// hurtSince says whether a Sentinel's process may have been kept from its timer after a moment, or be in TILT.
func (e *eventful) hurtSince(s string, at time.Duration) bool {
	return e.minds[s] == nil || e.stoodStill(s, at-2*time.Second, at+conductLate) || slices.ContainsFunc(evidence.Events(e.r), func(t evidence.Event) bool {
		return t.Machine == s && t.Name == "+tilt" && t.At <= at && t.At >= at-tiltLasts-conductLate
	})
}

// stoodStill says whether a process ended, or a fault kept it from running as it should, an operator's orders apart.
func (e *eventful) stoodStill(s string, from, to time.Duration) bool {
	stalled, _ := e.r.Stalled(from, to)
	return stalled > 0 || !e.r.Of(s).Steady(from, to) || slices.ContainsFunc(e.r.Faults, func(f histories.Fault) bool {
		verb, _, _ := strings.Cut(f.Text, " ")
		return slices.Contains(f.Targets, s) && f.Start <= to && (f.Stop >= from || strings.HasPrefix(verb, "clock")) &&
			slices.Contains([]string{"pause", "stall", "slow-cpu", "slow-disk", "clock-drift", "clock-offset", "clock-jump", "run-as"}, verb)
	})
}

// reasonOf wants a switch to be the end of a failover, of an order that ends one, or another's configuration.
func (e *eventful) reasonOf(said []*histories.Note, i int) {
	n := said[i]
	for j := i - 1; j >= 0 && said[j].Time >= n.Time-conductEarly-e.r.Slack; j-- {
		if name := said[j].Event; name == "+failover-end" || name == "+config-update-from" {
			return
		}
	}
	for j := i + 1; j < len(said) && said[j].Time <= n.Time+conductEarly+e.r.Slack; j++ {
		if said[j].Event == "+reset-master" {
			return
		}
	}
	e.wrong(n, "no failover of its own had ended, and it names no Sentinel whose configuration it follows")
}
