package sweep

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
)

// Plan is a scenario to sweep.
type Plan struct {
	Scenario harness.Scenario
	Source   string // what to call it in the commands that replay failures
}

// Options say how to sweep.
type Options struct {
	First, Last uint64 // the seeds, both included
	Workers     int    // runs at a time, at least 1
	FailuresMax int    // stop after so many failed runs; 0: never
	Out         string // folder for failed runs; "": they are not kept
	Run         harness.Options
	Progress    func(Progress)        // called after each run, one at a time; nil: not
	Each        func(*harness.Result) // called with each run's result, one at a time, in no particular order; nil: not
}

// Progress is how far a sweep has come.
type Progress struct {
	Done, Failed int
	Rate         float64 // runs a second
}

// job is one run to play.
type job struct {
	plan Plan
	seed uint64
}

// Run sweeps the plans. The error is one of set-up; properties that were broken are in the summary. If ctx ends, the
// summary is of the runs that were played until then.
func Run(ctx context.Context, plans []Plan, opts Options) (*Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &sweep{opts: opts, cancel: cancel, began: time.Now(), summary: newSummary(plans)}
	jobs := make(chan job)
	var workers sync.WaitGroup
	for range max(1, opts.Workers) {
		workers.Go(func() {
			for j := range jobs {
				s.play(ctx, j)
			}
		})
	}
	s.deal(ctx, plans, jobs)
	close(jobs)
	workers.Wait()
	s.summary.Took = time.Since(s.began)
	return s.summary, s.err
}

// sweep is a sweep under way.
type sweep struct {
	opts    Options
	cancel  func()
	began   time.Time
	mu      sync.Mutex // guards what follows
	summary *Summary
	err     error
}

// deal hands out the jobs, seed by seed, so that an interrupted sweep has seen something of every plan.
func (s *sweep) deal(ctx context.Context, plans []Plan, jobs chan<- job) {
	for seed := s.opts.First; ; seed++ {
		for _, p := range plans {
			select {
			case jobs <- job{p, seed}:
			case <-ctx.Done():
				return
			}
		}
		if seed == s.opts.Last {
			return
		}
	}
}

func (s *sweep) play(ctx context.Context, j job) {
	opts := s.opts.Run
	opts.Seed, opts.World, opts.Source = j.seed, harness.WorldSim, j.plan.Source
	res, err := harness.Run(ctx, j.plan.Scenario, opts)
	if ctx.Err() != nil {
		return // it was cut short: it says nothing
	}
	if err == nil && res.Result() == checkers.Invalid && s.opts.Out != "" {
		// The run is a function of its seed: played again, it is the same, and kept.
		opts.Out = filepath.Join(s.opts.Out, fmt.Sprintf("%s-%d", j.plan.Scenario.Name, j.seed))
		res, err = harness.Run(ctx, j.plan.Scenario, opts)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if s.err == nil && ctx.Err() == nil {
			s.err = fmt.Errorf("%s, seed %d: %w", j.plan.Scenario.Name, j.seed, err)
		}
		s.cancel()
		return
	}
	s.summary.add(res)
	if s.opts.Each != nil {
		s.opts.Each(res)
	}
	if s.opts.FailuresMax > 0 && len(s.summary.Failures) >= s.opts.FailuresMax {
		s.cancel()
	}
	if s.opts.Progress != nil {
		s.opts.Progress(Progress{Done: s.summary.Runs, Failed: len(s.summary.Failures), Rate: float64(s.summary.Runs) / time.Since(s.began).Seconds()})
	}
}
