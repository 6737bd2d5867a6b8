package checkers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// Promise says how far a property is promised in a history, given who took part, what was done and what happened: from the
// beginning until a moment, Forever if nothing ended it. What is found later is no breach, and what cannot be judged
// before is no gap.
type Promise struct {
	Until time.Duration `json:"until"` // from the run's start; 0: it is not promised at all
	Why   string        `json:"why"`   // why no longer
}

// unbroken is the promise of a history that nothing weakens.
func unbroken() Promise { return Promise{Until: histories.Forever} }

// promiser is a checker whose property is not promised of every history.
type promiser interface{ promise(r *record) Promise }

// limited is a checker that judges what came before a moment by itself: leaving out findings would not do.
type limited interface {
	until(at time.Duration) Checker
}

// simulated is a checker whose evidence the simulation alone gives. What it could not see of a live run is no gap in the
// run; what it did see, it judges there too.
type simulated interface{ inSimulation() string }

func (Links) inSimulation() string { return "only the simulation hears what servers say to each other" }
func (Snapshots) inSimulation() string {
	return "only the simulation sees what comes of the servers' disks"
}
func (SentinelDetection) inSimulation() string {
	return "only the simulation tells exactly when something ended, and when a Sentinel noticed it"
}

// whereSeen makes no gap of what could not be seen where h took place.
func (v Verdict) whereSeen(c Checker, h *histories.History) Verdict {
	if s, is := c.(simulated); is && h.World == "live" && v.Result == Unknown {
		v.Result, v.Why = NotPromised, s.inSimulation()
	}
	return v
}

// RunAsked judges h by the checkers called names, whatever happened; if there are none, by all of them, as far as their
// properties are promised. A checker of instead takes the place of the one of its name. The error is that of a name that
// is none's.
func RunAsked(h *histories.History, names []string, instead ...Checker) (Verdicts, error) {
	return Set(All()).RunAsked(h, names, instead...)
}

// RunAsked judges h by those checkers of s that are called names, whatever happened; if there are no names, by all of s,
// as far as their properties are promised. A checker of instead takes the place of the one of its name.
func (s Set) RunAsked(h *histories.History, names []string, instead ...Checker) (Verdicts, error) {
	judges := s
	if len(names) > 0 {
		judges = nil
		for _, name := range names {
			c, err := s.ByName(name)
			if err != nil {
				return nil, err
			}
			judges = append(judges, c)
		}
	}
	h = located(h)
	var r *record // only promises need it
	if len(names) == 0 {
		r = index(h)
	}
	var verdicts Verdicts
	for _, c := range judges {
		for _, other := range instead {
			if other.Name() == c.Name() {
				c = other
			}
		}
		if len(names) > 0 {
			verdicts = append(verdicts, Judge(c, h).whereSeen(c, h))
		} else {
			verdicts = append(verdicts, judgePromised(c, h, r).whereSeen(c, h))
		}
	}
	return verdicts, nil
}

func judgePromised(c Checker, h *histories.History, r *record) Verdict {
	p := unbroken()
	if says, ok := c.(promiser); ok {
		p = says.promise(r)
	}
	switch {
	case p.Until <= 0, len(h.Ops) > 0 && p.Until <= h.Ops[0].Invoked: // it was over before anybody did anything
		return Verdict{Checker: c.Name(), Result: NotPromised, Why: p.Why}
	case p.Until == histories.Forever:
		return Judge(c, h)
	}
	if l, ok := c.(limited); ok {
		c = l.until(p.Until)
	}
	return Judge(c, h).upTo(p, h.End)
}

// upTo leaves out of the verdict what is beyond the promise.
func (v Verdict) upTo(p Promise, end time.Duration) Verdict {
	before := func(f Finding) bool { return f.Time < p.Until }
	found := len(v.Findings) + v.MoreFindings
	v.Findings = slices.DeleteFunc(slices.Clone(v.Findings), func(f Finding) bool { return !before(f) })
	if len(v.Findings) < FindingsMax {
		v.MoreFindings = 0 // they are in order of time: those left out of the list are later than those in it
	}
	v.Excused = found - len(v.Findings) - v.MoreFindings
	v.Promised = &p
	beyond := fmt.Sprintf("promised for %v of %v: %s", p.Until.Round(time.Millisecond), end.Round(time.Millisecond), p.Why)
	switch {
	case v.Result == Invalid && len(v.Findings) == 0:
		v.Result, v.Why = Valid, beyond
	case v.Result == Invalid:
		v.Why = v.Findings[0].String()
	case v.Result == Unknown: // before that, there was nothing to judge it by
		v.Result, v.Why = NotPromised, p.Why
	default:
		v.Why += "; " + beyond
	}
	return v
}

// ends is the promise that ends with the first fault that one of the verbs, or a setting, stands for.
func (r *record) ends(why string, verbs ...string) Promise {
	p := unbroken()
	for i := range r.Faults {
		f := &r.Faults[i]
		verb, _, _ := strings.Cut(f.Text, " ")
		if f.Start < p.Until && !r.skipped(f) && slices.ContainsFunc(verbs, func(v string) bool {
			return v == verb || strings.HasPrefix(v, "name=") && verb == "config-set" && slices.Contains(strings.Fields(f.Text), v)
		}) {
			p = Promise{Until: max(f.Start, 1), Why: fmt.Sprintf("%s (%s)", why, f.Text)}
		}
	}
	if slices.Contains(verbs, "name=slave-read-only") {
		for i := range r.Notes {
			if n := &r.Notes[i]; n.Kind == "settings" && (n.Key == "slave-read-only" || n.Key == "replica-read-only") && n.Text == "no" {
				return first(p, Promise{Until: max(n.Time, 1), Why: fmt.Sprintf("%s (%s no at %s)", why, n.Key, n.Machine)})
			}
		}
	}
	return p
}

// skipped says whether nothing came of a fault: the world has no such thing.
func (r *record) skipped(f *histories.Fault) bool {
	for i := firstFrom(r.Notes, f.Start); f.Start == f.Stop && i < len(r.Notes) && r.Notes[i].Time == f.Start; i++ {
		if n := &r.Notes[i]; n.Kind == "skipped" && n.Text == f.Text {
			return true
		}
	}
	return false
}

// whole is the promise of a property that is about the end of a run: what ends it on the way ends it altogether.
func (p Promise) whole() Promise {
	if p.Until != histories.Forever {
		p.Until = 0
	}
	return p
}

// first is whichever of two promises ends earlier.
func first(a, b Promise) Promise {
	if b.Until < a.Until {
		return b
	}
	return a
}

// works says whether the clients work at something that the model of that name judges.
func (r *record) works(model string) bool {
	for i := range r.Workloads {
		if r.Model(&histories.Operation{Workload: r.Workloads[i].Name}) == model {
			return true
		}
	}
	return false
}

// nobody is the promise of a history in which nobody does what it is about.
func nobody(why string) Promise { return Promise{Why: why} }

// What data depends on, beside the servers' own doing: an operator who throws it away, an older file put in its place, and
// another program that took over.
var handsOn = []string{"flushall", "restore-rdb", "run-as", "name=slave-read-only", "name=replica-read-only"}

// oneMaster is how long one process was the only master: what it executes one at a time looks so to everybody. With a
// failover, a restart, or an operator's order, that is over.
func (r *record) oneMaster() Promise {
	p := r.ends("an operator intervened, or replicas may be written to", append([]string{"promote", "slaveof", "sentinel-failover"}, handsOn...)...)
	end := func(at time.Duration, format string, args ...any) {
		p = first(p, Promise{Until: max(at, 1), Why: fmt.Sprintf(format, args...)})
	}
	for _, name := range r.names {
		t := r.machines[name]
		for _, notes := range [][]*histories.Note{t.own, t.seen} {
			for i, n := range notes {
				if i == 0 || isMaster(n) == isMaster(notes[i-1]) {
					continue
				}
				at := n.Time
				if n.From == byObserver {
					at = notes[i-1].Time // it happened since
				}
				end(at-r.slack, "%s changed its role", name)
				break
			}
		}
		for _, l := range t.lives {
			if l.to != histories.Forever && l.to < r.End && t.masterBefore(l.to) {
				end(l.to-r.slack, "the master %s went down", name)
			}
		}
	}
	return p
}

// masterBefore says whether the machine was last known as a master before at.
func (t *timeline) masterBefore(at time.Duration) bool {
	for _, n := range t.before(at) {
		if n != nil && isMaster(n) {
			return true
		}
	}
	return false
}

func (Linearizable) promise(r *record) Promise { return r.oneMaster() }

func (c Linearizable) until(at time.Duration) Checker {
	c.Until = at
	return c
}

// A FLUSHALL is a command like any other: what it takes is known by its place.
func (LostWrites) promise(r *record) Promise {
	return r.ends("data was changed by hand", "restore-rdb", "run-as", "name=slave-read-only", "name=replica-read-only").whole()
}

func (ReadOnly) promise(r *record) Promise {
	return r.ends("replicas may be written to", "run-as", "name=slave-read-only", "name=replica-read-only")
}

func (StaleReads) promise(r *record) Promise { return r.ends("data was changed by hand", handsOn...) }

func (PartialResync) promise(r *record) Promise {
	return r.ends("data was changed by hand", "restore-rdb", "run-as", "name=slave-read-only", "name=replica-read-only")
}

func (SameData) promise(r *record) Promise {
	return r.ends("data was changed by hand", "restore-rdb", "run-as", "name=slave-read-only", "name=replica-read-only")
}

func (MinSlaves) promise(r *record) Promise {
	if unseen(r, "settings") == "" && !slices.ContainsFunc(r.Notes, func(n histories.Note) bool {
		return n.Kind == "state" && n.M > 0 || n.Kind == "refused" && n.Reason == "noreplicas"
	}) {
		return nobody("min-slaves-to-write was never in force")
	}
	return r.ends("an operator changed the settings", "run-as", "name=min-slaves-to-write", "name=min-slaves-max-lag",
		"name=min-replicas-to-write", "name=min-replicas-max-lag")
}

func (Transactions) promise(r *record) Promise {
	if !r.works("bank") {
		return nobody("nobody works at a bank")
	}
	return r.ends("data was changed by hand", "run-as")
}

func (Expiry) promise(r *record) Promise {
	if !r.works("expiry") {
		return nobody("nobody sets a time to live")
	}
	return unbroken()
}

func (PubSub) promise(r *record) Promise {
	if !r.works("pubsub") {
		return nobody("nobody publishes")
	}
	return unbroken()
}

func (Authentication) promise(r *record) Promise {
	if !r.works("intruder") {
		return nobody("nobody tries a wrong password")
	}
	return unbroken()
}

func (Wait) promise(r *record) Promise {
	for i := range r.Workloads {
		if r.Workloads[i].Kind == "wait" {
			return unbroken()
		}
	}
	return nobody("nobody waits for replicas")
}

func (Convergence) promise(r *record) Promise {
	return first(r.leftWrong(), r.ends("what is written to a replica stays there", "name=slave-read-only", "name=replica-read-only")).whole()
}

func (r *record) withSentinels() Promise {
	if len(r.kind("sentinel")) == 0 {
		return nobody("there is no Sentinel")
	}
	return unbroken()
}

func (NeedlessFailover) promise(r *record) Promise  { return r.withSentinels() }
func (SentinelLiveness) promise(r *record) Promise  { return r.withSentinels() }
func (Lineage) promise(r *record) Promise           { return r.withSentinels() }
func (SentinelConduct) promise(r *record) Promise   { return r.withSentinels() }
func (SentinelDetection) promise(r *record) Promise { return r.withSentinels() }

// With one replica there is nothing to choose between, and nobody else to be pointed at the one that was chosen.
func (SentinelSelection) promise(r *record) Promise { return r.withChoice() }
func (ParallelSyncs) promise(r *record) Promise     { return r.withChoice() }

func (r *record) withChoice() Promise {
	known := map[string]bool{} // replicas, to the Sentinels
	events := r.happenings()
	for i := range events {
		e := &events[i]
		if e.name == "+try-failover" {
			break
		}
		if e.name == "+slave" {
			known[e.instance()] = true
		}
	}
	if len(events) > 0 && len(known) < 2 || len(r.kind("server")) < 3 {
		return nobody("the Sentinels know one replica, and have no choice")
	}
	return r.withSentinels()
}

// A vote must survive on a disk that does not lie; what an operator orders needs no election; and a RESET, which takes a
// replica out too, makes a Sentinel forget a failover that is past its point of no return.
func (SentinelSafety) promise(r *record) Promise {
	if len(r.kind("sentinel")) == 0 {
		return nobody("there is no Sentinel")
	}
	return r.ends("a disk lied or an operator intervened", "lying-fsync", "torn-tail", "file-gone", "restore-config", "sentinel-reset",
		"sentinel-remove", "sentinel-add", "sentinel-failover", "sentinel-set", "replica-add", "replica-remove", "run-as")
}
