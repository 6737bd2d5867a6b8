package shrink

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
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
	check, err := property(ctx, s, opts)
	if err != nil {
		return nil, err
	}
	j := &job{opts: opts, oracle: oracle{check: check, run: opts.Run}}
	if check != runItself && len(s.Checks) > 0 { // without any, all are judged as far as they are promised, and so it must stay
		s.Checks = []string{check}
	}
	first, err := j.oracle.play(ctx, s, opts.Seed)
	if err != nil {
		return nil, err
	}
	if !first.fails {
		return nil, fmt.Errorf("seed %d does not break %s when that alone is checked", opts.Seed, check)
	}
	j.oracle.like = first.why
	j.best = trial{s, opts.Seed, first}
	j.from = j.size(j.best)
	j.minimal = j.reduce(ctx)
	result := j.result()
	return &result, nil
}

// runItself is the name under which a run is found invalid that could not go on, as when a server panics.
const runItself = "run"

// property finds what the run breaks.
func property(ctx context.Context, s harness.Scenario, opts Options) (string, error) {
	if opts.Check != "" {
		return opts.Check, nil
	}
	res, err := harness.Run(ctx, s, runOptions(opts.Run, opts.Seed))
	if err != nil {
		return "", err
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if i := slices.IndexFunc(res.Verdicts, broken); i >= 0 {
		return res.Verdicts[i].Checker, nil
	}
	return "", fmt.Errorf("seed %d of %s breaks nothing: there is nothing to shrink", opts.Seed, s.Name)
}

// job is a shrinking under way.
type job struct {
	opts    Options
	oracle  oracle
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
	outcome  outcome
}

func (j *job) result() Result {
	s := j.best.scenario
	s.Why = strings.TrimSpace(fmt.Sprintf("breaks %s: %s", j.oracle.check, firstLine(j.best.outcome.why)))
	return Result{Scenario: s, Seed: j.best.seed, Check: j.oracle.check, Why: j.best.outcome.why, From: j.from, To: j.size(j.best), Tried: j.tried, Minimal: j.minimal}
}

func (j *job) size(t trial) Size {
	s := t.scenario
	return Size{Faults: len(s.Faults), Ops: t.outcome.ops, Settings: len(s.System.Parts()), Duration: s.Duration,
		Machines: len(s.System.Nodes(cluster.SimAddressing())) + s.Workload.Clients}
}

// take makes t the best so far.
func (j *job) take(t trial) {
	j.best = t
	if j.opts.Better != nil {
		j.opts.Better(j.result())
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
