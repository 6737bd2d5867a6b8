package sentinel

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Detection holds each Sentinel to its own eyes: an instance whose process died is called down after down-after and a
// PING's period, not before down-after and not later; one that nothing kept from answering is not called down; where as many
// Sentinels as the quorum call a master down, those that can hear each other agree within the time of two questions; and a
// Sentinel that stood still, or whose clock jumped, notices (TILT).
//
// When is judged by deaths, of which the moment is known, while nothing else touches the two machines. Whether is judged by
// all that the history knows of processes and faults, with the same doubt as needless-failover has. Redis 4.0: sentinel.c,
// sentinelCheckSubjectivelyDown, sentinelAskMasterStateToOtherSentinels, sentinelCheckTiltCondition.
type Detection struct{}

// Name implements Checker.
func (Detection) Name() string { return "sentinel-detection" }

// What is allowed beside the settings.
const (
	pingPeriodMost = time.Second            // or down-after, if that is shorter
	detectionLate  = 600 * time.Millisecond // timers, a connection that is refused, the network
	opinionsSpread = 2500 * time.Millisecond
	tiltAfter      = 2500 * time.Millisecond // standing still for longer is certainly noticed: 2 s, and a timer
)

// Check implements Checker.
func (Detection) Check(r *checkers.Record) checkers.Verdict {
	q := &checkers.Inquiry{}
	d := detection{conduct: conduct{r: r, q: q, w: evidence.WatchingOf(r), down: map[string][]span{}, names: evidence.ByAddress(r), sentinels: r.OfKind("sentinel")}}
	for _, name := range []string{"called down", "deaths noticed", "agreements", "stood still"} {
		q.Saw(name, 0)
	}
	if missing := evidence.SettingsOf(r).Missing(r.OfKind("sentinel")); missing != "" {
		return q.Verdict(missing, "")
	}
	if len(d.sentinels) > 0 {
		d.events = evidence.Events(r)
		d.opinions(d.events)
		d.causes = failoverCauses{q: q, r: r, w: d.w, names: d.names, sentinels: d.sentinels}
		d.calledDown()
		d.deaths()
		d.agreements()
		d.stillness()
	}
	missing := ""
	if q.Count("called down")+q.Count("deaths noticed")+q.Count("stood still") == 0 {
		missing = "nothing happened that a Sentinel had to notice"
	}
	return q.Verdict(missing, "what was down was called down in its time, and nothing else")
}

type detection struct {
	conduct
	events []evidence.Event
	causes failoverCauses
}

// calledDown wants a reason for every instance that is called down.
func (d *detection) calledDown() {
	known := map[string]time.Duration{} // Sentinel and instance → since when it watches it
	for i := range d.events {
		e := &d.events[i]
		switch e.Name {
		case "+switch-master":
			if w := e.Words; len(w) == 5 {
				known[e.Machine+" "+w[3]+":"+w[4]] = e.At
			}
		case "+slave", "+sentinel", "+monitor":
			known[e.Machine+" "+e.Instance()] = e.At
		case "+sdown":
			d.sDown(e, known[e.Machine+" "+e.Instance()])
		}
	}
}

func (d *detection) sDown(e *evidence.Event, since time.Duration) {
	target := d.names[e.Instance()]
	if target == "" || target == e.Machine || d.r.Slack > 0 || d.strange(target, e.At) {
		return
	}
	d.q.Saw("called down", 1)
	if e.Words[0] == "master" && d.causes.answeredWrongly(target, since, e.At) {
		return
	}
	if d.causes.outOfReach(target, e.Machine, 0, e.At) || d.slowed(target, e.Machine, e.At) {
		return
	}
	d.q.Breach(e.At, e.Machine, nil, "called %s down, which nothing had kept from answering for half of down-after (%v)", target, d.w.DownAfterLeast())
}

// slowed says whether a machine may have been too busy to answer for a reason of which the fault's text does not tell how
// long it lasts.
func (d *detection) slowed(a, b string, at time.Duration) bool {
	return slices.ContainsFunc(d.r.Faults, func(f histories.Fault) bool {
		return f.Start <= at && (slices.Contains(f.Targets, a) || slices.Contains(f.Targets, b)) &&
			(f.Stop == histories.Forever || f.Stop+2*faultLingers >= at || lasting(f.Text))
	})
}

// strange says whether an instance is one of which Sentinels cannot know what to think: another Sentinel that was made anew
// under its old address, or a program that is none of ours.
func (d *detection) strange(machine string, at time.Duration) bool {
	return slices.ContainsFunc(d.r.Faults, func(f histories.Fault) bool {
		verb, _, _ := strings.Cut(f.Text, " ")
		return f.Start <= at && (verb == "restore-config" || verb == "run-as" || verb == "file-gone" || verb == "config-set" && slices.Contains(f.Targets, machine))
	})
}

// deaths wants every Sentinel that nothing touches to notice the end of a process in time.
func (d *detection) deaths() {
	most, least := slices.Max(d.w.DownAfter), d.w.DownAfterLeast()
	for _, m := range d.r.Machines {
		if m.Kind != "server" && m.Kind != "sentinel" || m.Spare {
			continue
		}
		lives := d.r.Of(m.Name).Lives
		for i, life := range lives {
			until := life.To + most + min(most, pingPeriodMost) + detectionLate
			if life.To == histories.Forever || until > d.r.End || i+1 < len(lives) && lives[i+1].From <= until || life.To-life.From < infoPeriod {
				continue
			}
			for _, s := range d.sentinels {
				if s != m.Name && d.watches(s, m.Addr, life.To, until) && !d.touched(s, m.Name, life.To, until) && !d.tilted(s, until) {
					d.death(s, m, life.To, least, until)
				}
			}
		}
	}
}

// touched says whether anything but the death touched the two machines.
func (d *detection) touched(s, machine string, death, until time.Duration) bool {
	if d.hurt(s, death-infoPeriod, until) {
		return true
	}
	return slices.ContainsFunc(d.r.Faults, func(f histories.Fault) bool {
		verb, _, _ := strings.Cut(f.Text, " ")
		if verb == "kill" || verb == "powerloss" || verb == "terminate" || verb == "restart" {
			return false
		}
		return f.Start <= until && (f.Stop == histories.Forever || f.Stop+faultLingers >= death || lasting(f.Text)) &&
			(slices.Contains(f.Targets, machine) || slices.Contains(f.Targets, s))
	})
}

// tilted says whether a Sentinel was in TILT at a time or shortly before.
func (d *detection) tilted(s string, at time.Duration) bool {
	return slices.ContainsFunc(d.events, func(e evidence.Event) bool {
		return e.Machine == s && e.Name == "+tilt" && e.At <= at && e.At >= at-2*tiltLasts
	})
}

// watches says whether a Sentinel has known an instance by an address, not called it down, and gone on knowing it so.
func (d *detection) watches(s, addr string, from, to time.Duration) bool {
	known, down := false, false
	for i := range d.events {
		e := &d.events[i]
		if e.Machine != s || e.At > to {
			continue
		}
		switch e.Name {
		case "+monitor", "+slave", "+sentinel":
			if e.Instance() == addr {
				known = e.At < from-infoPeriod || known && e.At < from
			}
		case "+sdown", "-sdown":
			if e.Instance() == addr && e.At <= from {
				down = e.Name == "+sdown"
			}
		case "+switch-master", "+reset-master", "-monitor", "+sentinel-invalid-addr", "+sentinel-address-switch", "-role-change", "+convert-to-slave", "+promoted-slave":
			if e.At >= from-infoPeriod {
				return false // it began to watch anew, or was about to do something with it
			}
			if e.Name == "+switch-master" {
				down = false
			}
		}
	}
	return known && !down
}

func (d *detection) death(s string, m histories.Machine, at, least, until time.Duration) {
	for i := range d.events {
		e := &d.events[i]
		if e.Machine != s || e.Name != "+sdown" || e.Instance() != m.Addr || e.At < at {
			continue
		}
		if e.At > until {
			break
		}
		d.q.Saw("deaths noticed", 1)
		if e.At < at+least-conductEarly-d.r.Slack {
			d.q.Breach(e.At, s, nil, "called %s down %v after its end: down-after is %v", m.Name, (e.At - at).Round(time.Millisecond), least)
		}
		return
	}
	if d.r.Slack == 0 {
		d.q.Breach(until, s, nil, "did not call %s down, which had ended %v before", m.Name, (until - at).Round(time.Millisecond))
	}
}

// agreements wants those who call a master down, and can hear each other, to agree on it.
func (d *detection) agreements() {
	if d.w.Quorum == 0 || d.meddled() || d.r.Slack > 0 {
		return
	}
	for _, m := range d.r.Machines {
		if m.Kind != "server" {
			continue
		}
		for _, s := range d.sentinels {
			for _, mine := range d.down[s+" "+m.Addr] {
				d.agreement(s, m, mine)
			}
		}
	}
}

func (d *detection) agreement(s string, m histories.Machine, mine span) {
	others := []time.Duration{mine.from}
	for _, o := range d.sentinels {
		for _, theirs := range d.down[o+" "+m.Addr] {
			if o != s && theirs.from < mine.to && theirs.to > max(mine.from, theirs.from)+2*opinionsSpread && !d.unheard(s, o, theirs.from) {
				others = append(others, theirs.from)
				break
			}
		}
	}
	if len(others) < d.w.Quorum {
		return
	}
	slices.Sort(others)
	due := max(mine.from, others[d.w.Quorum-1]) + opinionsSpread
	if due >= mine.to || due >= d.r.End || d.hurt(s, mine.from-infoPeriod, due) || d.tilted(s, due) {
		return
	}
	d.q.Saw("agreements", 1)
	for i := range d.events {
		e := &d.events[i]
		if e.Machine == s && e.At >= mine.from-conductLate && e.At <= due && (e.Name == "+odown" || e.Name == "+switch-master" || e.Name == "+reset-master" || e.Name == "-monitor") {
			return
		}
	}
	d.q.Breach(due, s, nil, "calls %s down, as %d Sentinels do, and the quorum is %d: it did not call it objectively down in %v", m.Name, len(others), d.w.Quorum, opinionsSpread)
}

// unheard says whether a Sentinel may not be able to ask another one.
func (d *detection) unheard(s, other string, at time.Duration) bool {
	return d.touched(s, other, at-infoPeriod, at+opinionsSpread) || d.hurt(other, at-infoPeriod, at+opinionsSpread) || d.tilted(other, at)
}

var jumpText = regexp.MustCompile(`by="?(-?[0-9a-z.]+)"?`)

// stillness wants a Sentinel that stood still, or whose clock jumped, to notice it.
func (d *detection) stillness() {
	for i := range d.r.Faults {
		f := &d.r.Faults[i]
		verb, _, _ := strings.Cut(f.Text, " ")
		at := f.Stop
		switch verb {
		case "pause", "stall":
			if f.Stop == histories.Forever || f.Stop-f.Start < tiltAfter {
				continue
			}
		case "clock-jump":
			by := jumpText.FindStringSubmatch(f.Text)
			if by == nil {
				continue
			}
			if jump, err := time.ParseDuration(by[1]); err != nil || jump < tiltAfter && jump > -conductLate {
				continue
			}
			at = f.Start
		default:
			continue
		}
		for _, s := range d.sentinels {
			if slices.Contains(f.Targets, s) && !d.otherwise(s, f, at) {
				d.noticed(s, f, at)
			}
		}
	}
}

// otherwise says whether something else touched the machine as well.
func (d *detection) otherwise(s string, f *histories.Fault, at time.Duration) bool {
	t := d.r.Of(s)
	runs := t.LifeAt(f.Start) >= 0 && t.Lives[t.LifeAt(f.Start)].To > at
	if !runs || !t.Steady(f.Start-time.Second, at+time.Second) || d.r.Slack > 0 || at+time.Second > d.r.End {
		return true
	}
	return slices.ContainsFunc(d.r.Faults, func(g histories.Fault) bool {
		verb, _, _ := strings.Cut(g.Text, " ")
		machine := verb == "pause" || verb == "stall" || verb == "slow-cpu" || verb == "slow-disk" || strings.HasPrefix(verb, "clock-") || verb == "run-as"
		return g.ID != f.ID && machine && slices.Contains(g.Targets, s) && g.Start <= at+time.Second && (g.Stop == histories.Forever || g.Stop+time.Second >= f.Start)
	})
}

func (d *detection) noticed(s string, f *histories.Fault, at time.Duration) {
	d.q.Saw("stood still", 1)
	if !slices.ContainsFunc(d.events, func(e evidence.Event) bool {
		return e.Machine == s && e.Name == "+tilt" && e.At >= f.Start && e.At <= at+time.Second
	}) {
		d.q.Breach(at+time.Second, s, nil, "did not notice %s (TILT)", f.Text)
	}
}
func (Detection) InSimulation() string {
	return "only the simulation tells exactly when something ended, and when a Sentinel noticed it"
}
func (Detection) Promise(r *checkers.Record) checkers.Promise { return withSentinels(r) }
