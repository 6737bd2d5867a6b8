package why

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/nemesis"
)

// needed is the effect from which on something is said to be a cause, or a way out.
const needed = 0.25

// margin is how long before a fault a run branches off that is to do without it.
const margin = time.Millisecond

// findCauses takes each fault, and each setting, away alone.
func (a *asking) findCauses(ctx context.Context) {
	for i, step := range a.s.Faults {
		a.doing = "leaving out " + step.String()
		s := a.s
		s.Faults = slices.Delete(slices.Clone(s.Faults), i, i+1)
		a.try(ctx, &a.answer.Causes, step.String(), s, a.before(step))
	}
	for i, part := range a.s.System.Parts() {
		if part.Paces {
			continue
		}
		a.doing = "leaving out " + part.Text
		s := a.s
		s.System = s.System.Keep(func(p int) bool { return p != i })
		a.try(ctx, &a.answer.Causes, part.Text, s, 0)
	}
	sort(a.answer.Causes)
}

// before is the moment just before a step of the schedule; a step that waits for something may begin at any time.
func (a *asking) before(step nemesis.Step) time.Duration {
	if len(step.When) > 0 {
		return 0
	}
	return max(0, step.At-margin)
}

// try plays a changed run, and keeps the change if it does something.
func (a *asking) try(ctx context.Context, into *[]Change, what string, s harness.Scenario, from time.Duration) {
	if ctx.Err() != nil || s.Check() != nil {
		return
	}
	c := Change{What: what, With: a.unchanged(ctx, from), Without: a.branches(ctx, s, from), Scenario: s}
	if c.Effect() >= needed {
		*into = append(*into, c)
	}
}

func sort(changes []Change) {
	slices.SortStableFunc(changes, func(x, y Change) int { return cmp.Compare(y.Effect(), x.Effect()) })
}

// Adviser is a system that knows settings which save what others lose.
type Adviser interface {
	// Advice are alternatives, each from the mildest on: once one helps, the stricter ones are not tried.
	Advice() [][]Advice
}

// Advice is the system with other settings.
type Advice struct {
	What   string // "min-slaves-to-write 1"
	System harness.System
}

// findSaviours looks for the least that would have helped: faults that end sooner, and settings.
func (a *asking) findSaviours(ctx context.Context) {
	for i, step := range a.s.Faults {
		if step.For > 0 && a.isCause(step.String()) {
			a.shorten(ctx, i)
		}
	}
	adviser, ok := a.s.System.(Adviser)
	if !ok {
		return
	}
	for _, alternatives := range adviser.Advice() {
		for _, advice := range alternatives {
			s := a.s
			s.System = advice.System
			a.doing = "trying " + advice.What
			had := len(a.answer.Saved)
			a.try(ctx, &a.answer.Saved, "with "+advice.What, s, 0)
			if len(a.answer.Saved) > had {
				break
			}
		}
	}
	sort(a.answer.Saved)
}

func (a *asking) isCause(what string) bool {
	return slices.ContainsFunc(a.answer.Causes, func(c Change) bool { return c.What == what })
}

// shortest is how exactly the end of a fault is looked for.
const shortest = 50 * time.Millisecond

// shorten looks for how much sooner a fault would have had to end.
func (a *asking) shorten(ctx context.Context, i int) {
	step := a.s.Faults[i]
	a.doing = "ending sooner: " + step.String()
	with := func(d time.Duration) harness.Scenario {
		s := a.s
		s.Faults = slices.Clone(s.Faults)
		s.Faults[i].For = d
		return s
	}
	good, bad := shortest, step.For
	if out, err := a.oracle.Play(ctx, with(good), a.opts.Seed); err != nil || out.Fails {
		return // even the shortest is too long
	}
	for bad-good > shortest && ctx.Err() == nil {
		middle := (good + (bad-good)/2).Truncate(10 * time.Millisecond)
		out, err := a.oracle.Play(ctx, with(middle), a.opts.Seed)
		a.runs++
		if err != nil {
			return
		}
		if out.Fails {
			bad = middle
		} else {
			good = middle
		}
	}
	what := fmt.Sprintf("had %q ended %v sooner", step.Fault, (step.For - good).Round(10*time.Millisecond))
	a.try(ctx, &a.answer.Saved, what, with(good), a.before(step))
}

// stamp is what a log line begins with: process, role and time.
var stamp = regexp.MustCompile(`^\d+:[A-Z] \d+ \w+ (\d+ )?\d+:\d+:\d+\.\d+ `)

func message(line string) string { return stamp.ReplaceAllString(line, "") }
