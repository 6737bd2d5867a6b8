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

// Unbroken is the promise of a history that nothing weakens.
func Unbroken() Promise { return Promise{Until: histories.Forever} }

// Promiser is a checker whose property is not promised of every history.
type Promiser interface{ Promise(r *Record) Promise }

// Limited is a checker that judges what came before a moment by itself: leaving out findings would not do.
type Limited interface {
	UpTo(at time.Duration) Checker
}

// Simulated is a checker whose evidence the simulation alone gives. What it could not see of a live run is no gap in the
// run; what it did see, it judges there too.
type Simulated interface{ InSimulation() string }

// whereSeen makes no gap of what could not be seen where h took place.
func (v Verdict) whereSeen(c Checker, h *histories.History) Verdict {
	if s, is := c.(Simulated); is && h.World == "live" && v.Result == Unknown {
		v.Result, v.Why = NotPromised, s.InSimulation()
	}
	return v
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
	r := NewRecord(h)
	var verdicts Verdicts
	for _, c := range judges {
		for _, other := range instead {
			if other.Name() == c.Name() {
				c = other
			}
		}
		if len(names) > 0 {
			verdicts = append(verdicts, Judge(c, r).whereSeen(c, h))
		} else {
			verdicts = append(verdicts, judgePromised(c, r).whereSeen(c, h))
		}
	}
	return verdicts, nil
}

func judgePromised(c Checker, r *Record) Verdict {
	p := Unbroken()
	if says, ok := c.(Promiser); ok {
		p = says.Promise(r)
	}
	switch {
	case p.Until <= 0, len(r.Ops) > 0 && p.Until <= r.Ops[0].Invoked: // it was over before anybody did anything
		return Verdict{Checker: c.Name(), Result: NotPromised, Why: p.Why}
	case p.Until == histories.Forever:
		return Judge(c, r)
	}
	if l, ok := c.(Limited); ok {
		c = l.UpTo(p.Until)
	}
	return Judge(c, r).upTo(p, r.End)
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

// Ends is the promise that ends with the first fault that one of the verbs, or a setting, stands for.
func (r *Record) Ends(why string, verbs ...string) Promise {
	p := Unbroken()
	for i := range r.Faults {
		f := &r.Faults[i]
		verb, _, _ := strings.Cut(f.Text, " ")
		if f.Start < p.Until && !r.Skipped(f) && slices.ContainsFunc(verbs, func(v string) bool {
			return v == verb || strings.HasPrefix(v, "name=") && verb == "config-set" && slices.Contains(strings.Fields(f.Text), v)
		}) {
			p = Promise{Until: max(f.Start, 1), Why: fmt.Sprintf("%s (%s)", why, f.Text)}
		}
	}
	if slices.Contains(verbs, "name=slave-read-only") {
		for i := range r.Notes {
			if n := &r.Notes[i]; n.Kind == "settings" && (n.Key == "slave-read-only" || n.Key == "replica-read-only") && n.Text == "no" {
				return First(p, Promise{Until: max(n.Time, 1), Why: fmt.Sprintf("%s (%s no at %s)", why, n.Key, n.Machine)})
			}
		}
	}
	return p
}

// Skipped says whether nothing came of a fault: the world has no such thing.
func (r *Record) Skipped(f *histories.Fault) bool {
	for i := FirstFrom(r.Notes, f.Start); f.Start == f.Stop && i < len(r.Notes) && r.Notes[i].Time == f.Start; i++ {
		if n := &r.Notes[i]; n.Kind == "skipped" && n.Text == f.Text {
			return true
		}
	}
	return false
}

// Whole is the promise of a property that is about the end of a run: what ends it on the way ends it altogether.
func (p Promise) Whole() Promise {
	if p.Until != histories.Forever {
		p.Until = 0
	}
	return p
}

// First is whichever of two promises ends earlier.
func First(a, b Promise) Promise {
	if b.Until < a.Until {
		return b
	}
	return a
}

// Works says whether the clients work at something that the model of that name judges.
func (r *Record) Works(model string) bool {
	for i := range r.Workloads {
		if r.Model(&histories.Operation{Workload: r.Workloads[i].Name}) == model {
			return true
		}
	}
	return false
}

// Nobody is the promise of a history in which nobody does what it is about.
func Nobody(why string) Promise { return Promise{Why: why} }

// What data depends on, beside the servers' own doing: an operator who throws it away, an older file put in its place, and
// another program that took over.
var HandsOn = []string{"flushall", "restore-rdb", "run-as", "name=slave-read-only", "name=replica-read-only"}
