package shrink

import (
	"context"
	"sync"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/oracle"
)

// first plays candidates with the seeds given, several at a time, and returns the first of them, in order, that still
// fails. Later ones that are under way then are given up.
func (j *job) first(ctx context.Context, candidates []harness.Scenario, seeds ...uint64) (index int, found trial, ok bool) {
	type result struct {
		outcome oracle.Outcome
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
				out, err := oracle.Outcome{}, s.Check()
				if err == nil {
					out, err = j.oracle.Play(own, s, seeds[at%len(seeds)])
				}
				mu.Lock()
				cancel()
				if err == nil && out.Played {
					results[at] = result{out, true}
				}
				j.count()
				if out.Fails && at < lowest {
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
