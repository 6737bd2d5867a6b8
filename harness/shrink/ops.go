package shrink

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/workload"
)

// op is one operation: number n of client c, both from 1.
type op struct{ client, n int }

// cutOps leaves out operations. They are taken in order of time, so that a half of them is a half of the run.
func (j *job) cutOps(ctx context.Context) bool {
	all := operations(j.best.scenario)
	same := func() []uint64 { return []uint64{j.best.seed} }
	return j.without(ctx, len(all), same, func(kept []int) harness.Scenario {
		s := j.best.scenario
		names := workload.Clients(s.Workload)
		ops := workload.Ops{}
		for _, i := range kept {
			ops = append(ops, workload.OpRange{Client: names[all[i].client-1], First: all[i].n, Last: all[i].n})
		}
		s.Workload.Ops = ops.Canonical().String()
		return s
	})
}

// operations lists what the workload may do, in order of time.
func operations(s harness.Scenario) []op {
	var all []op
	listed, _ := workload.ParseOps(s.Workload.Ops)
	most := workload.OpsMax(s.Workload, s.Duration)
	for i, name := range workload.Clients(s.Workload) {
		own := listed.Of(name)
		if own == nil {
			own = workload.Ops{{Client: name, First: 1, Last: most}}
		}
		for _, r := range own {
			for n := r.First; n <= min(r.Last, most); n++ {
				all = append(all, op{i + 1, n})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b op) int { return cmp.Compare(a.n, b.n) })
	return all
}

// cutWorkload makes what is left of the workload plainer: fewer keys, and none of the things that only a share of the
// operations does.
func (j *job) cutWorkload(ctx context.Context) bool {
	smaller := false
	for {
		s := j.best.scenario
		var candidates []harness.Scenario
		change := func(f func(*workload.Spec)) {
			plainer := s
			plainer.Workload.Mix = slices.Clone(s.Workload.Mix)
			f(&plainer.Workload)
			if !reflect.DeepEqual(plainer.Workload, s.Workload) {
				candidates = append(candidates, plainer)
			}
		}
		for i := range s.Workload.Mix {
			if len(s.Workload.Mix) > 1 {
				change(func(w *workload.Spec) { w.Mix = slices.Delete(w.Mix, i, i+1) })
			}
		}
		for i, work := range s.Workload.Mix {
			for _, keys := range []int{1, 2, work.Keys / 2} {
				if keys > 0 && keys < work.Keys {
					change(func(w *workload.Spec) { w.Mix[i].Keys = keys })
				}
			}
			for n := range work.Commands {
				if len(work.Commands) > 1 {
					change(func(w *workload.Spec) { w.Mix[i].Commands = slices.Delete(slices.Clone(work.Commands), n, n+1) })
				}
			}
			change(func(w *workload.Spec) { w.Mix[i].ReplicaReads = 0 })
			change(func(w *workload.Spec) { w.Mix[i].Probes = 0 })
		}
		// The tail of a run in which nothing happens any more.
		if length := s.Duration - time.Second; length > 0 {
			shorter := shortened(s, length)
			if len(shorter.Faults) == len(s.Faults) {
				candidates = append(candidates, shorter)
			}
		}
		if !j.try(ctx, candidates, j.best.seed) {
			return smaller
		}
		smaller = true
	}
}
