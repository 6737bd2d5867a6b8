package sentinel

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Liveness holds Sentinels to their purpose: a master that died is replaced in time, all of them then name the
// new one, and the old one is made its replica once it comes back.
//
// In time is: down-after, five seconds for opinions and elections, and failover-timeout for the failover. It is promised
// while nothing else goes wrong: every Sentinel and a fit replica are up and in reach of each other from ten seconds before
// the death, or since the observer saw that all knew each other, until then, and no failover was under way or tried shortly before, for that keeps Sentinels from trying again for two
// failover-timeouts. A split vote is no excuse. Redis 4.0: sentinel.c, sentinelStartFailoverIfNeeded,
// sentinelFailoverStateMachine.
type Liveness struct{}

// Name implements Checker.
func (Liveness) Name() string { return "sentinel-liveness" }

// What the promise allows beside the settings.
const (
	electionLasts = 5 * time.Second  // opinions, votes, a few of them split
	helloSpreads  = 10 * time.Second // the new address, to every Sentinel
	oldMasterTurn = 45 * time.Second // an old master is noticed (INFO), watched for 8 s, told, and noticed again
)

// Check implements Checker.
func (Liveness) Check(r *checkers.Record) checkers.Verdict {
	l := lateness{r: r, q: &checkers.Inquiry{}, w: evidence.WatchingOf(r)}
	for _, name := range []string{"deaths of a master", "not promised", "replaced", "max ms to replace", "old masters turned"} {
		l.q.Saw(name, 0)
	}
	if missing := evidence.SettingsOf(r).Missing(r.OfKind("sentinel")); missing != "" {
		return l.q.Verdict(missing, "")
	}
	l.names = evidence.ByAddress(l.r)
	l.sentinels, l.servers = l.r.OfKind("sentinel"), l.r.OfKind("server")
	l.events = evidence.Events(l.r)
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "stage" && n.Text == "formed" {
			l.formed = n.Time
		}
	}
	if len(l.sentinels) > 0 {
		l.deaths()
	}
	l.q.Saw("max ms to replace", int(l.longest/time.Millisecond))
	missing := ""
	if l.q.Count("replaced") == 0 {
		missing = "no master died when its replacement was promised"
	}
	return l.q.Verdict(missing, "every dead master was replaced in time")
}

type lateness struct {
	r                  *checkers.Record
	q                  *checkers.Inquiry
	w                  evidence.Watching
	names              map[string]string
	sentinels, servers []string
	events             []evidence.Event
	formed             time.Duration // when the observer saw that all knew each other; 0 if it did not say so
	longest            time.Duration // that a replacement took
}

// bound is the time in which a dead master is replaced.
func (l *lateness) bound() time.Duration {
	return slices.Max(l.w.DownAfter) + electionLasts + slices.Max(l.w.FailoverTimeout)
}

// deaths goes through the ends of masters' processes.
func (l *lateness) deaths() {
	for _, name := range l.servers {
		t := l.r.Of(name)
		for i, life := range t.Lives {
			if life.To == histories.Forever || !l.isMaster(name, life.To) {
				continue
			}
			next := histories.Forever
			if i+1 < len(t.Lives) {
				next = t.Lives[i+1].From
			}
			l.death(name, life.To, next)
		}
	}
}

// isMaster says whether the Sentinels watch the machine as the master at a time: the last switch says so.
func (l *lateness) isMaster(machine string, at time.Duration) bool {
	current := ""
	for i := range l.events {
		e := &l.events[i]
		if e.At > at {
			break
		}
		if e.Name == "+switch-master" && len(e.Words) == 5 {
			current = l.names[e.Words[3]+":"+e.Words[4]]
		} else if _, addr := e.Master(); e.Name == "+monitor" && current == "" {
			current = l.names[addr]
		}
	}
	if current != "" {
		return current == machine
	}
	found := l.r.Of(machine).Before(at)
	return found[0] != nil && checkers.IsMaster(found[0]) || found[1] != nil && checkers.IsMaster(found[1])
}

// death judges what follows the end of a master at a time; next is when it comes back.
func (l *lateness) death(master string, at, next time.Duration) {
	l.q.Saw("deaths of a master", 1)
	until := at + l.bound()
	stalled, _ := l.r.Stalled(at, until)
	until += stalled // nobody could do anything meanwhile
	replaced, by := l.switched(at, until, "")
	reached := until
	if replaced != 0 {
		reached = replaced
	}
	if why := l.excuse(master, at, min(reached, l.r.End), next); why != "" {
		l.q.Saw("not promised", 1)
		return
	}
	if replaced == 0 {
		if l.r.End < until {
			l.q.Saw("not promised", 1) // the run ends before the time is over
			return
		}
		l.q.Breach(until, "", nil, "%s died at %v, and nobody replaced it in %v: %s", master, at, l.bound(), l.attempts(at, until))
		return
	}
	l.q.Saw("replaced", 1)
	l.longest = max(l.longest, replaced-at)
	l.followed(master, by, at, replaced)
	l.turned(master, replaced, next)
}

// switched finds the first switch in (from, to], of one Sentinel or of any: when, and to which machine.
func (l *lateness) switched(from, to time.Duration, sentinel string) (at time.Duration, machine string) {
	for i := range l.events {
		e := &l.events[i]
		if e.Name == "+switch-master" && e.At > from && e.At <= to && len(e.Words) == 5 && (sentinel == "" || e.Machine == sentinel) {
			return e.At, l.names[e.Words[3]+":"+e.Words[4]]
		}
	}
	return 0, ""
}

// excuse says why the replacement of a master that died is not promised, "" if it is.
func (l *lateness) excuse(master string, at, until, next time.Duration) string {
	if next < until {
		return "it came back"
	}
	if evidence.StoodStill(l.r, at-infoPeriod, until) {
		return "the run stood still"
	}
	before := at - 2*slices.Max(l.w.FailoverTimeout) - 2*time.Second
	for i := range l.events {
		if e := &l.events[i]; e.At > before && e.At < at && (e.Name == "+try-failover" || e.Name == "+vote-for-leader" || e.Name == "+tilt") {
			return "a failover was tried shortly before"
		}
	}
	for _, s := range l.sentinels {
		if l.disturbed(s, master, at, until) {
			return s + " was disturbed"
		}
	}
	for _, server := range l.servers {
		if server != master && !l.disturbed(server, master, at, until) && l.fit(server, at) {
			return ""
		}
	}
	return "no replica was fit"
}

// disturbed says whether anything but the master's death happened to a machine from before it until a time.
func (l *lateness) disturbed(machine, master string, at, until time.Duration) bool {
	if !l.r.Of(machine).Steady(max(at-infoPeriod, min(l.formed, at)), until) {
		return true
	}
	return slices.ContainsFunc(l.r.Faults, func(f histories.Fault) bool {
		if f.Start > until || f.Stop != histories.Forever && f.Stop+faultLingers < at && !lasting(f.Text) || mild(f.Text) {
			return false
		}
		return slices.Contains(f.Targets, machine) || evidence.Ordered(f.Text)
	})
}

var delayText = regexp.MustCompile(`^latency .* delay=(\d+)ms( jitter=\d+ms)?$`)

// mild tells faults that slow links down by a fifth of a second at most.
func mild(text string) bool {
	m := delayText.FindStringSubmatch(text)
	return m != nil && len(m[1]) <= 3 && (len(m[1]) < 3 || strings.Compare(m[1], "200") <= 0)
}

// fit says whether a replica could have been promoted: linked until the master died, and of a priority.
func (l *lateness) fit(server string, at time.Duration) bool {
	if evidence.SettingsOf(l.r).Number(server, "slave-priority", evidence.PriorityDefault, at) == 0 {
		return false
	}
	found := l.r.Of(server).Before(at)
	for _, n := range found {
		if n != nil && checkers.IsReplica(n) && n.Link == checkers.LinkUp {
			return true
		}
	}
	return false
}

// followed wants every Sentinel to name the new master. What it named before the old one died was another's.
func (l *lateness) followed(old, by string, died, replaced time.Duration) {
	until := replaced + helloSpreads
	if l.r.End < until || evidence.StoodStill(l.r, replaced, until) {
		return
	}
	for _, s := range l.sentinels {
		at, to := l.switched(died, until, s)
		if at == 0 && !l.disturbed(s, old, replaced, until) && !l.leads(s, replaced-l.bound(), until) {
			l.q.Breach(until, s, nil, "did not hear in %v that %s replaced %s", helloSpreads, by, old)
		} else if at != 0 && to != by && !l.replacedAgain(by, to, at) && !l.disturbed(s, old, replaced, until) {
			l.q.Breach(at, s, nil, "names %s in the place of %s, where others name %s", to, old, by)
		}
	}
}

// leads says whether a Sentinel is past the promotion of a failover of its own: it names the new master already, and says so
// once the replicas follow.
func (l *lateness) leads(sentinel string, from, to time.Duration) bool {
	return slices.ContainsFunc(l.events, func(e evidence.Event) bool {
		return e.Machine == sentinel && e.Name == "+promoted-slave" && e.At > from && e.At <= to
	})
}

// replacedAgain says whether the new master had been replaced in its turn by then: a Sentinel that is still at the failover
// to it hears of the next one, and names that one's master in the place of the old one.
func (l *lateness) replacedAgain(by, to string, at time.Duration) bool {
	return slices.ContainsFunc(l.events, func(e evidence.Event) bool {
		_, master := e.Master()
		return e.At <= at && e.Name == "+promoted-slave" && l.names[master] == by && l.names[e.Instance()] == to
	})
}

// turned wants the old master to be a replica, once it is back for long enough.
func (l *lateness) turned(old string, replaced, next time.Duration) {
	if next == histories.Forever {
		return
	}
	from := max(next, replaced)
	until := from + oldMasterTurn
	t := l.r.Of(old)
	turned := slices.ContainsFunc(append(slices.Clone(t.Own), t.Seen...), func(n *histories.Note) bool {
		return n.Time >= from && n.Time <= until && checkers.IsReplica(n)
	})
	switch {
	case turned:
		l.q.Saw("old masters turned", 1)
	case l.r.End < until || t.Turned(from, until) || l.anyFault(from, until) || evidence.StoodStill(l.r, from, until):
	default:
		l.q.Breach(until, old, nil, "came back at %v, and nobody made it a replica in %v", next, oldMasterTurn)
	}
}

func (l *lateness) anyFault(from, to time.Duration) bool {
	return slices.ContainsFunc(l.r.Faults, func(f histories.Fault) bool {
		return !mild(f.Text) && f.Start < to && (f.Stop == histories.Forever || f.Stop+faultLingers > from || lasting(f.Text)) && !strings.HasPrefix(f.Text, "kill ")
	})
}

// attempts is what the Sentinels did meanwhile.
func (l *lateness) attempts(from, to time.Duration) string {
	text := ""
	for i := range l.events {
		e := &l.events[i]
		if e.At < from || e.At > to {
			continue
		}
		if e.Name == "+sdown" || e.Name == "+odown" || e.Name == "+try-failover" || e.Name == "+elected-leader" || strings.HasPrefix(e.Name, "-failover-abort") {
			text += fmt.Sprintf("; %s %s at %v", e.Machine, e.Name, e.At)
		}
	}
	if text == "" {
		return "they did nothing"
	}
	return text[2:]
}
func (Liveness) Promise(r *checkers.Record) checkers.Promise { return withSentinels(r) }
