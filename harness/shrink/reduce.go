package shrink

import (
	"context"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/nemesis"
)

// pass leaves out one kind of thing, and says whether it got anywhere.
type pass struct {
	doing string
	do    func(*job, context.Context) bool
}

// passes stand in the order in which they cost least: what makes the run shorter comes first, the single operations
// come when hardly anything else is left.
var passes = []pass{
	{"time", (*job).cutTime},
	{"faults", (*job).cutFaults},
	{"machines", (*job).cutMachines},
	{"settings", (*job).cutSettings},
	{"operations", (*job).cutOps},
	{"targets of faults", (*job).cutTargets},
	{"keys and shares", (*job).cutWorkload},
}

// reduce goes through the passes until a whole round gets nowhere, and says whether it came to that.
func (j *job) reduce(ctx context.Context) bool {
	for {
		smaller := false
		for _, p := range passes {
			j.doing = p.doing
			if p.do(j, ctx) {
				smaller = true
			}
			if ctx.Err() != nil {
				return false
			}
		}
		if !smaller {
			return true
		}
	}
}

// try takes the first of candidates that still fails.
func (j *job) try(ctx context.Context, candidates []harness.Scenario, seeds ...uint64) bool {
	if len(candidates) == 0 {
		return false
	}
	_, t, ok := j.first(ctx, candidates, seeds...)
	if ok {
		j.take(t)
	}
	return ok
}

// seeds are those to play with: once operations have been picked out one by one, another seed makes others of them.
func (j *job) seeds() []uint64 {
	if j.best.scenario.Workload.Ops != "" {
		return []uint64{j.best.seed}
	}
	return j.otherSeeds()
}

// without leaves out elements of a list of n, at first half of them at a time, at last each by itself. with makes the
// scenario that has only the elements kept.
func (j *job) without(ctx context.Context, n int, seeds func() []uint64, with func(kept []int) harness.Scenario) bool {
	kept := make([]int, n)
	for i := range kept {
		kept[i] = i
	}
	smaller := false
	for size := len(kept); size > 0; size = min(size/2, len(kept)) {
		for at := 0; at < len(kept); {
			// As many neighbouring pieces as can be played side by side: mostly only one of them can go.
			var candidates []harness.Scenario
			var starts []int
			for from := at; from < len(kept) && len(candidates) < max(1, j.opts.Workers); from += size {
				candidates = append(candidates, with(slices.Concat(kept[:from], kept[min(from+size, len(kept)):])))
				starts = append(starts, from)
			}
			i, t, ok := j.first(ctx, candidates, seeds()...)
			if ctx.Err() != nil && !ok {
				return smaller
			}
			if !ok {
				at = starts[len(starts)-1] + size
				continue
			}
			j.take(t)
			smaller = true
			at = starts[i]
			kept = slices.Concat(kept[:at], kept[min(at+size, len(kept)):])
		}
	}
	return smaller
}

func (j *job) cutFaults(ctx context.Context) bool {
	s := j.best.scenario
	all := s.Faults
	return j.without(ctx, len(all), j.seeds, func(kept []int) harness.Scenario {
		s := j.best.scenario
		s.Faults = make(nemesis.Schedule, 0, len(kept))
		for _, i := range kept {
			s.Faults = append(s.Faults, all[i])
		}
		return s
	})
}

func (j *job) cutSettings(ctx context.Context) bool {
	system := j.best.scenario.System
	var free []int // the parts that may be left out: without those that pace it, not settling in time broke no promise
	for i, part := range system.Parts() {
		if !part.Paces || j.oracle.Check != "convergence" {
			free = append(free, i)
		}
	}
	return j.without(ctx, len(free), j.seeds, func(kept []int) harness.Scenario {
		out := map[int]bool{} // to look up only
		for i := range free {
			if !slices.Contains(kept, i) {
				out[free[i]] = true
			}
		}
		s := j.best.scenario
		s.System = system.Keep(func(part int) bool { return !out[part] })
		return s
	})
}

// cutTime lets the clients work for a shorter time: until the property is broken, if that is known, or for a part of the
// time. Faults that begin later go.
func (j *job) cutTime(ctx context.Context) bool {
	smaller := false
	for {
		t := j.best
		var lengths []time.Duration
		if t.outcome.Found > 0 {
			lengths = append(lengths, t.outcome.Found+100*time.Millisecond, t.outcome.Found+time.Second, t.outcome.Found+5*time.Second)
		}
		d := t.scenario.Duration
		lengths = append(lengths, d/4, d/2, d*3/4, d*7/8)
		var candidates []harness.Scenario
		for _, length := range lengths {
			if length = length.Truncate(100 * time.Millisecond); length > 0 && length <= d-d/20 {
				candidates = append(candidates, shortened(t.scenario, length))
			}
		}
		if !j.try(ctx, candidates, j.best.seed) {
			return smaller
		}
		smaller = true
	}
}

func shortened(s harness.Scenario, length time.Duration) harness.Scenario {
	s.Duration = length
	s.Faults = slices.DeleteFunc(slices.Clone(s.Faults), func(step nemesis.Step) bool { return step.At > length })
	return s
}
