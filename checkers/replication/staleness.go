package replication

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// ages say how old what replicas answered was, of each read that was not fresh.
type ages struct {
	reads int
	stale []time.Duration // sorted
}

// staleness measures the reads at replicas. A read is stale if some write had been acknowledged before it was invoked that
// is newer than the one whose value it returned: invoked after that one had returned. It is as old as the first of these
// is acknowledged. Whether those writes were lost later plays no part: at that moment they were what the master had.
func staleness[K comparable](h *histories.History, vs checkers.Values, reads map[K][]int) ages {
	byKey := map[string][]int{} // the acknowledged writes of each key, in order of return
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Func == histories.FuncWrite && op.Outcome == histories.OK {
			byKey[op.Key] = append(byKey[op.Key], i)
		}
	}
	for _, writes := range byKey { // any order: each key is sorted by itself
		slices.SortStableFunc(writes, func(a, b int) int { return cmp.Compare(h.Ops[a].Returned, h.Ops[b].Returned) })
	}
	var a ages
	for _, list := range reads { // any order: what is found is sorted below
		for _, i := range list {
			a.reads++
			if old := age(h, vs, i, byKey[h.Ops[i].Key]); old > 0 {
				a.stale = append(a.stale, old)
			}
		}
	}
	slices.Sort(a.stale)
	return a
}

// age is how long before the read i the first write was acknowledged that it should have seen and had not; 0 if there is
// none. writes are those of its key, in order of return.
func age(h *histories.History, vs checkers.Values, i int, writes []int) time.Duration {
	read := &h.Ops[i]
	written := time.Duration(-1) // when what it found had been written, at the latest
	if read.Found() {
		w := &h.Ops[vs.Value(i).Write]
		if written = w.Returned; w.Outcome != histories.OK {
			return 0 // it may have been written at any time
		}
	}
	for j := sort.Search(len(writes), func(j int) bool { return h.Ops[writes[j]].Returned > written }); j < len(writes); j++ {
		w := &h.Ops[writes[j]]
		if w.Returned >= read.Invoked {
			return 0
		}
		if w.Invoked > written {
			return read.Invoked - w.Returned
		}
	}
	return 0
}

func (a ages) String() string {
	if len(a.stale) == 0 {
		return ""
	}
	return fmt.Sprintf("; %s of %s reads were stale: by %v (median), %v (95 of 100), %v at most", checkers.Thousands(len(a.stale)), checkers.Thousands(a.reads),
		checkers.Percentile(a.stale, 50).Round(time.Millisecond), checkers.Percentile(a.stale, 95).Round(time.Millisecond), checkers.Percentile(a.stale, 100).Round(time.Millisecond))
}

func (a ages) figures() map[string]float64 {
	if a.reads == 0 {
		return nil
	}
	f := map[string]float64{"replica_reads": float64(a.reads), "stale_reads": float64(len(a.stale)), "stale_share": float64(len(a.stale)) / float64(a.reads),
		"stale_max_ms": 0}
	if len(a.stale) > 0 {
		f["stale_median_ms"], f["stale_p95_ms"], f["stale_max_ms"] = checkers.Millis(checkers.Percentile(a.stale, 50)), checkers.Millis(checkers.Percentile(a.stale, 95)), checkers.Millis(checkers.Percentile(a.stale, 100))
	}
	return f
}
