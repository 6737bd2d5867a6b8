package shrink

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/oracle"
)

// Options say how to shrink.
type Options struct {
	Seed    uint64
	Check   string // the checker whose property is to stay broken; "": the first that says invalid
	Workers int    // runs at a time, at least 1
	// Seeds is how many other seeds, from 1 on, a scenario with something left out may be tried with before the
	// operations are cut, 0 none: what is left out changes the moments of everything else, and a smaller run may break
	// the property with another seed only.
	Seeds    int
	Run      harness.Options
	Progress func(Progress) // called after each run, one at a time; nil: not
	Better   func(Result)   // called with each smaller result, one at a time; nil: not
}

// Size is how much there is in a run.
type Size struct {
	Faults   int           `json:"faults"`
	Ops      int           `json:"operations"` // of clients, as they were invoked
	Machines int           `json:"machines"`   // servers, Sentinels and clients
	Settings int           `json:"settings"`
	Duration time.Duration `json:"duration_ns"` // of the clients' work
}

func (s Size) String() string {
	return fmt.Sprintf("%d faults, %d operations, %d machines, %d settings, %v", s.Faults, s.Ops, s.Machines, s.Settings, s.Duration)
}

// Progress is how far shrinking has come.
type Progress struct {
	Doing string // what is being left out
	Tried int    // runs so far
	Now   Size   // of the best so far
}

// Result is the smallest scenario found so far.
type Result struct {
	Scenario harness.Scenario `json:"-"`
	Seed     uint64           `json:"seed"`
	Check    string           `json:"check"`
	Why      string           `json:"why"` // what the checker says of it
	From     Size             `json:"from"`
	To       Size             `json:"to"`
	Tried    int              `json:"runs"`
	// Minimal says that no fault, operation, machine or setting can be left out by itself.
	Minimal bool `json:"minimal"`
}

// Scenario shrinks s. If ctx ends before that is done, the result is the best so far. The error says that there is
// nothing to shrink: the run cannot be played, or breaks nothing.
func Scenario(ctx context.Context, s harness.Scenario, opts Options) (*Result, error) {
	s = s.Drawn(opts.Seed)
	check := opts.Check
	if check == "" {
		var err error
		if check, err = oracle.Property(ctx, s, opts.Seed, opts.Run); err != nil {
			return nil, fmt.Errorf("%w: there is nothing to shrink", err)
		}
	}
	j := &job{opts: opts, oracle: oracle.Oracle{Check: check, Run: opts.Run}}
	if check != oracle.RunItself && len(s.Checks) > 0 { // without any, all are judged as far as they are promised, and so it must stay
		s.Checks = []string{check}
	}
	first, err := j.oracle.Play(ctx, s, opts.Seed)
	if err != nil {
		return nil, err
	}
	if !first.Fails {
		return nil, fmt.Errorf("seed %d does not break %s when that alone is checked", opts.Seed, check)
	}
	j.oracle.Like = first.Why
	j.best = trial{s, opts.Seed, first}
	j.from = j.size(j.best)
	j.minimal = j.reduce(ctx)
	result := j.result()
	return &result, nil
}

// job is a shrinking under way.
type job struct {
	opts    Options
	oracle  oracle.Oracle
	best    trial
	from    Size
	tried   int
	doing   string
	minimal bool
}

// trial is a scenario that was played with a seed, and what came of it.
type trial struct {
	scenario harness.Scenario
	seed     uint64
	outcome  oracle.Outcome
}

func (j *job) result() Result {
	s := j.best.scenario
	line, _, _ := strings.Cut(j.best.outcome.Why, "\n")
	s.Why = strings.TrimSpace(fmt.Sprintf("breaks %s: %s", j.oracle.Check, line))
	return Result{Scenario: s, Seed: j.best.seed, Check: j.oracle.Check, Why: j.best.outcome.Why, From: j.from, To: j.size(j.best), Tried: j.tried, Minimal: j.minimal}
}

func (j *job) size(t trial) Size {
	s := t.scenario
	return Size{Faults: len(s.Faults), Ops: t.outcome.Ops, Settings: len(s.System.Parts()), Duration: s.Duration,
		Machines: len(s.System.Nodes(cluster.SimAddressing())) + s.Workload.Clients}
}

// take makes t the best so far.
func (j *job) take(t trial) {
	j.best = t
	if j.opts.Better != nil {
		j.opts.Better(j.result())
	}
}
