package shrink

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

// cutMachines leaves out clients, Sentinels and replicas: all of a kind, then half of them, then one.
func (j *job) cutMachines(ctx context.Context) bool {
	smaller := false
	kinds := []string{clients}
	for _, g := range j.best.scenario.System.Groups() {
		kinds = append(kinds, g.Prefix)
	}
	for _, kind := range kinds {
		for {
			n := count(j.best.scenario, kind)
			var candidates []harness.Scenario
			for _, drop := range []int{n, n - 1, n / 2} {
				if drop > 1 {
					candidates = append(candidates, fewer(j.best.scenario, kind, drop))
				}
			}
			none := workload.Ops{}.String()
			for i := n; i > 0; i-- {
				if kind == clients && n == 1 && j.best.scenario.Workload.Ops == none {
					break // one client there must be, and it does nothing already
				}
				candidates = append(candidates, dropped(j.best.scenario, kind, i))
			}
			if !j.try(ctx, candidates, j.seeds()...) {
				break
			}
			smaller = true
		}
		if ctx.Err() != nil {
			return smaller
		}
	}
	return smaller
}

// clients is the prefix of the clients' names; the system's groups have others.
const clients = "c"

// count is how many machines of a kind there are.
func count(s harness.Scenario, kind string) int {
	if kind == clients {
		return s.Workload.Clients
	}
	for _, g := range s.System.Groups() {
		if g.Prefix == kind {
			return g.Count
		}
	}
	return 0
}

// fewer leaves out the last n machines of a kind.
func fewer(s harness.Scenario, kind string, n int) harness.Scenario {
	for range n {
		s = dropped(s, kind, count(s, kind))
	}
	return s
}

// dropped leaves out machine i of a kind. Those after it move up, and faults and operations name them by their new
// names; a fault that has nobody left to hit goes too. One client there must be.
func dropped(s harness.Scenario, kind string, i int) harness.Scenario {
	switch {
	case kind != clients:
		s.System = s.System.Fewer(kind)
	case s.Workload.Clients == 1:
		s.Workload.Ops = workload.Ops{}.String()
		return s
	default:
		s.Workload.Clients--
	}
	rename := func(name string) string {
		digits, is := strings.CutPrefix(name, kind)
		number, err := strconv.Atoi(digits)
		switch {
		case err != nil || !is || number < i:
			return name
		case number == i:
			return ""
		}
		return fmt.Sprintf("%s%d", kind, number-1)
	}
	var faults nemesis.Schedule
	for _, step := range s.Faults {
		if renamed(&step.Fault, rename) && stillWaits(&step, rename) {
			faults = append(faults, step)
		}
	}
	s.Faults = faults
	if ops, err := workload.ParseOps(s.Workload.Ops); err == nil && kind == clients && ops != nil {
		left := workload.Ops{}
		for _, r := range ops {
			if r.Client = rename(r.Client); r.Client != "" {
				left = append(left, r)
			}
		}
		s.Workload.Ops = left.String()
	}
	return s
}

// renamed gives the fault's targets other names, "" for none, and says whether there is still a fault.
func renamed(f *nemesis.Fault, rename func(string) string) bool {
	side := func(names []string) []string {
		var out []string
		for _, name := range names {
			if to := rename(name); to != "" {
				out = append(out, to)
			}
		}
		return out
	}
	hadA, hadB := len(f.A) > 0, len(f.B) > 0
	f.A, f.B = side(f.A), side(f.B)
	return hadA == (len(f.A) > 0) && hadB == (len(f.B) > 0) && f.Validate() == nil
}

// stillWaits gives the machines that a step waits for other names, and says whether it still waits for what can happen.
func stillWaits(step *nemesis.Step, rename func(string) string) bool {
	step.When = slices.Clone(step.When)
	for i := range step.When {
		t := &step.When[i]
		had := t.Of != ""
		if t.Of = rename(t.Of); had && t.Of == "" {
			return false
		}
	}
	return true
}

// cutTargets leaves out what faults can do without: single machines of several, attributes, what a step waits for first,
// and how long it waits afterwards.
func (j *job) cutTargets(ctx context.Context) bool {
	smaller := false
	for {
		var candidates []harness.Scenario
		for i, step := range j.best.scenario.Faults {
			with := func(step nemesis.Step) {
				s := j.best.scenario
				s.Faults = slices.Clone(s.Faults)
				s.Faults[i] = step
				if s.Check() == nil { // nobody is "it" without what was waited for
					candidates = append(candidates, s)
				}
			}
			for _, f := range simpler(step.Fault) {
				less := step
				less.Fault = f
				with(less)
			}
			for _, less := range sooner(step) {
				with(less)
			}
		}
		if !j.try(ctx, candidates, j.best.seed) {
			return smaller
		}
		smaller = true
	}
}

// sooner returns the step with less to wait for, for everything that it can do without.
func sooner(step nemesis.Step) (out []nemesis.Step) {
	if len(step.When) == 0 {
		return nil
	}
	add := func(less nemesis.Step) { out = append(out, less) }
	if step.At > 0 {
		less := step
		less.At = 0
		add(less)
	}
	if len(step.When) > 1 {
		less := step
		less.When = step.When[1:]
		add(less)
	}
	for i, t := range step.When {
		if t.Later > 0 {
			less := step
			less.When = slices.Clone(step.When)
			less.When[i].Later = 0
			add(less)
		}
	}
	return out
}

// simpler returns the fault with one thing less, for everything that it can do without.
func simpler(f nemesis.Fault) []nemesis.Fault {
	var out []nemesis.Fault
	add := func(g nemesis.Fault) {
		if g.Validate() == nil {
			out = append(out, g)
		}
	}
	for i := range f.A {
		if len(f.A) > 1 {
			g := f
			g.A = slices.Delete(slices.Clone(f.A), i, i+1)
			add(g)
		}
	}
	for i := range f.B {
		if len(f.B) > 1 {
			g := f
			g.B = slices.Delete(slices.Clone(f.B), i, i+1)
			add(g)
		}
	}
	for i := range f.Args {
		g := f
		g.Args = slices.Delete(slices.Clone(f.Args), i, i+1)
		add(g)
	}
	return out
}
