package sweep

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ordeal-go/ordeal/harness"
)

// Plan is a scenario to sweep.
type Plan struct {
	Scenario harness.Scenario
	Source   string // what to call it in the commands that replay failures
	Target   string // live: what the servers are, if not what the options say
}

// Options say how to sweep.
type Options struct {
	First, Last uint64 // the seeds, both included
	Workers     int    // runs at a time, at least 1
	FailuresMax int    // stop after so many failed runs; 0: never
	Out         string // folder for the state file and for failed runs; "": nothing is kept
	Resume      bool   // leave out the runs that the state file in Out already has
	Goals       []string
	Run         harness.Options
	Progress    func(Progress) // called after each run, one at a time; nil: not
	Each        func(*Record)  // called with each run, in order of seed and plan, one at a time; nil: not
}

// Progress is how far a sweep has come.
type Progress struct {
	Done, Of      int // runs, with those that were resumed
	Failed        int
	Goals, GoalOf int     // goals that were reached
	Rate          float64 // runs a second, without those that were resumed
}

// job is one run to play. at is its place in the order in which runs are added up.
type job struct {
	plan Plan
	seed uint64
	at   int
}

// Run sweeps the plans. The error is one of set-up; properties that were broken are in the summary. If ctx ends, the
// summary is of the runs that were played until then.
func Run(ctx context.Context, plans []Plan, opts Options) (*Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	kept, done, err := openState(opts.Out, plans, opts)
	if err != nil {
		return nil, err
	}
	s := &sweep{opts: opts, cancel: cancel, began: time.Now(), summary: newSummary(plans, opts.Goals), state: kept, done: done, early: map[int]*Record{}}
	s.of = len(plans) * int(opts.Last-opts.First+1)
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
	s.flush()
	s.summary.finish(s.added == s.of)
	s.summary.Took = time.Since(s.began)
	if err := kept.close(); err != nil && s.err == nil {
		s.err = err
	}
	return s.summary, s.err
}

// sweep is a sweep under way.
type sweep struct {
	opts   Options
	cancel func()
	began  time.Time
	of     int
	done   map[runOf]*Record // by the state file; to look up only

	mu      sync.Mutex // guards what follows
	summary *Summary
	state   *state
	early   map[int]*Record // runs that ended before one that comes before them in order
	added   int             // runs added up, which is the place of the next one
	ended   int             // runs that ended, whether added up or not
	resumed int
	failed  int
	err     error
}

// deal hands out the jobs, seed by seed, so that an interrupted sweep has seen something of every plan.
func (s *sweep) deal(ctx context.Context, plans []Plan, jobs chan<- job) {
	at := 0
	for seed := s.opts.First; ; seed++ {
		for _, p := range plans {
			j := job{p, seed, at}
			at++
			if r := s.done[runOf{p.Scenario.Name, seed}]; r != nil {
				s.mu.Lock()
				s.resumed++
				s.take(j, r)
				s.mu.Unlock()
				continue
			}
			select {
			case jobs <- j:
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
	opts.Seed, opts.Source, opts.Target = j.seed, j.plan.Source, cmp.Or(j.plan.Target, opts.Target)
	live := opts.World == harness.WorldLive
	dir := filepath.Join(s.opts.Out, fmt.Sprintf("%s-%d", j.plan.Scenario.Name, j.seed))
	if live && s.opts.Out != "" {
		opts.Out = dir // it happens once
	}
	res, err := harness.Run(ctx, j.plan.Scenario, opts)
	if ctx.Err() != nil {
		return // it was cut short: it says nothing
	}
	var r *Record
	if err == nil {
		r = record(j.plan.Scenario.Name, res)
	}
	if live && err == nil && r.failure() == nil && s.opts.Out != "" {
		err = os.RemoveAll(dir)
	}
	if err == nil && r.failure() != nil && s.opts.Out != "" && !live {
		// The run is a function of its seed: played again, it is the same, and kept.
		opts.Out = dir
		if res, err = harness.Run(ctx, j.plan.Scenario, opts); err == nil && ctx.Err() == nil {
			r = record(j.plan.Scenario.Name, res)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		err = s.state.write(r)
	}
	if err != nil {
		if s.err == nil && ctx.Err() == nil {
			s.err = fmt.Errorf("%s, seed %d: %w", j.plan.Scenario.Name, j.seed, err)
		}
		s.cancel()
		return
	}
	s.take(j, r)
	if s.opts.FailuresMax > 0 && s.failed >= s.opts.FailuresMax {
		s.cancel()
	}
}

// take adds a run up as soon as all that come before it are: the summary is the same, word for word, however many
// workers there are.
func (s *sweep) take(j job, r *Record) {
	s.early[j.at] = r
	s.ended++
	if r.failure() != nil {
		s.failed++
	}
	for next := s.early[s.added]; next != nil; next = s.early[s.added] {
		delete(s.early, s.added)
		s.added++
		s.add(next)
	}
	if s.opts.Progress != nil {
		s.opts.Progress(Progress{Done: s.ended, Of: s.of, Failed: s.failed, Goals: s.summary.reached(), GoalOf: len(s.summary.Goals),
			Rate: float64(s.ended-s.resumed) / time.Since(s.began).Seconds()})
	}
}

// flush adds up what ended early in a sweep that did not come to its end.
func (s *sweep) flush() {
	for at := s.added; len(s.early) > 0; at++ {
		if r := s.early[at]; r != nil {
			delete(s.early, at)
			s.add(r)
		}
	}
}

func (s *sweep) add(r *Record) {
	s.summary.add(r)
	if s.opts.Each != nil {
		s.opts.Each(r)
	}
}
