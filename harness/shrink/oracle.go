package shrink

import (
	"context"
	"regexp"
	"sync"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
)

// oracle says whether a run still breaks the property.
type oracle struct {
	check string
	like  string // of a run that could not go on: why the first one could not
	run   harness.Options
}

// outcome is what shrinking needs to know of a run.
type outcome struct {
	fails  bool
	why    string
	found  time.Duration // when the property was first broken, from the moment the cluster had formed; 0 unknown
	ops    int           // that clients invoked
	played bool
}

func runOptions(o harness.Options, seed uint64) harness.Options {
	o.Seed, o.World, o.Out, o.Progress, o.Trace = seed, harness.WorldSim, "", nil, false
	return o
}

func broken(v checkers.Verdict) bool { return v.Result == checkers.Invalid }

// play plays a run and looks at it.
func (o oracle) play(ctx context.Context, s harness.Scenario, seed uint64) (outcome, error) {
	res, err := harness.Run(ctx, s, runOptions(o.run, seed))
	if err != nil || ctx.Err() != nil {
		return outcome{}, err
	}
	out := outcome{played: true}
	for i := range res.History.Ops {
		if !res.History.Ops[i].Final {
			out.ops++
		}
	}
	for _, v := range res.Verdicts {
		if v.Checker != o.check || !broken(v) || o.like != "" && o.check == runItself && kind(v.Why) != kind(o.like) {
			continue
		}
		out.fails, out.why = true, v.Why
		if len(v.Findings) > 0 {
			out.found = max(0, v.Findings[0].Time-res.Formed)
		}
	}
	return out, nil
}

var particulars = regexp.MustCompile(`\b[mrscp]\d+\b|[0-9a-f]{8,}|[-+]?(\d+(\.\d+)?(ns|µs|ms|s|m|h)?)+`)

// kind is a sentence without the names and numbers that differ from run to run.
func kind(why string) string { return particulars.ReplaceAllString(firstLine(why), "#") }

// first plays candidates with the seeds given, several at a time, and returns the first of them, in order, that still
// fails. Later ones that are under way then are given up.
func (j *job) first(ctx context.Context, candidates []harness.Scenario, seeds ...uint64) (index int, found trial, ok bool) {
	type result struct {
		outcome outcome
		done    bool
	}
	var (
		mu      sync.Mutex
		next    int
		lowest  = len(candidates) * len(seeds)
		results = make([]result, lowest)
		cancels = make([]context.CancelFunc, lowest)
		workers sync.WaitGroup
	)
	for range min(max(1, j.opts.Workers), lowest) {
		workers.Go(func() {
			for {
				mu.Lock()
				at := next
				if at >= lowest || ctx.Err() != nil {
					mu.Unlock()
					return
				}
				next++
				own, cancel := context.WithCancel(ctx)
				cancels[at] = cancel
				mu.Unlock()

				s := candidates[at/len(seeds)]
				out, err := outcome{}, s.Check()
				if err == nil {
					out, err = j.oracle.play(own, s, seeds[at%len(seeds)])
				}
				mu.Lock()
				cancel()
				if err == nil && out.played {
					results[at] = result{out, true}
				}
				j.count()
				if out.fails && at < lowest {
					lowest = at
					for i := at + 1; i < len(cancels); i++ {
						if cancels[i] != nil {
							cancels[i]()
						}
					}
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	if lowest == len(results) || ctx.Err() != nil && !results[lowest].done {
		return 0, trial{}, false
	}
	return lowest / len(seeds), trial{candidates[lowest/len(seeds)], seeds[lowest%len(seeds)], results[lowest].outcome}, true
}

// count counts a run and tells how far the job is.
func (j *job) count() {
	j.tried++
	if j.opts.Progress != nil {
		j.opts.Progress(Progress{Doing: j.doing, Tried: j.tried, Now: j.size(j.best)})
	}
}

// otherSeeds are the seeds to try beside the best one's.
func (j *job) otherSeeds() []uint64 {
	seeds := []uint64{j.best.seed}
	for n := uint64(1); n <= uint64(j.opts.Seeds); n++ {
		if n != j.best.seed {
			seeds = append(seeds, n)
		}
	}
	return seeds
}
