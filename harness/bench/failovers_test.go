package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/histories"
)

// BenchmarkFailovers kills a master, at a moment of its own in every run, and measures what it takes until another one
// serves: make failovers. Its figures are in milliseconds from the kill, or failovers per kill, which must be exactly 1.
// Where Sentinels are far from each other, 60 ms each way, they become candidates before they hear of another one, and
// votes split: "split" are the runs in which an election was won by nobody.
func BenchmarkFailovers(b *testing.B) {
	for _, sentinels := range []int{3, 5, 7} {
		for _, downAfter := range []int{500, 1000, 2000} {
			b.Run(fmt.Sprintf("near/sentinels=%d/down-after=%d", sentinels, downAfter), func(b *testing.B) { failovers(b, sentinels, downAfter, 0) })
		}
		b.Run(fmt.Sprintf("far/sentinels=%d/down-after=1000", sentinels), func(b *testing.B) { failovers(b, sentinels, 1000, 60*time.Millisecond) })
	}
}

func failovers(b *testing.B, sentinels, downAfter int, apart time.Duration) {
	harness.TuneCollector()
	var (
		seed atomic.Uint64
		mu   sync.Mutex
		all  takings
	)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := seed.Add(1)
			res, err := harness.Run(b.Context(), killing(b, n, sentinels, downAfter, apart), harness.Options{Seed: n})
			if err != nil || res.Result() == checkers.Invalid {
				b.Errorf("seed %d: %v %v", n, err, res)
				return
			}
			mu.Lock()
			if problem := all.add(res.History); problem != "" {
				b.Errorf("seed %d: %s", n, problem)
			}
			mu.Unlock()
		}
	})
	all.report(b)
}

// killing is the plan of a run: the kill comes anywhere between two ticks of anybody.
func killing(b *testing.B, seed uint64, sentinels, downAfter int, apart time.Duration) harness.Scenario {
	at := time.Second + time.Duration(rand.New(rand.NewPCG(seed, 2)).IntN(3_000_000))*time.Microsecond
	far := ""
	for i := 1; i < sentinels && apart > 0; i++ {
		others := ""
		for j := i + 1; j <= sentinels; j++ {
			others += fmt.Sprintf(" s%d", j)
		}
		far += fmt.Sprintf("  - at 0s latency s%d |%s delay=%v\n", i, others, apart)
	}
	s, err := harness.Systems{redis.System{}}.ParseScenario("failovers", []byte(fmt.Sprintf(`
name: failovers
why: how long a dead master is missed, and by how many failovers it is replaced
cluster: {replicas: 2, sentinels: %d}
sentinel: {down-after-milliseconds: %d, failover-timeout: 10000}
workload: {kind: register, clients: 2, keys: 2, rate: 20, reads: 0%%}
duration: 14s
faults:
%s  - at %v kill m1 for 9s
checks: [sentinel-safety, crashes]
`, sentinels, downAfter, far, at)))
	require.NoError(b, err)
	return s
}

// takings are the times that failovers took.
type takings struct {
	kills, failovers, splits int
	written, switched, split []time.Duration // from the kill
}

// add measures one run, and says what is wrong with it.
func (t *takings) add(h *histories.History) (problem string) {
	kill := h.Faults[len(h.Faults)-1].Start
	t.kills++
	var promoted []string
	var switched time.Duration
	split := false
	for i := range h.Notes {
		n := &h.Notes[i]
		switch {
		case n.Time < kill:
		case n.Event == "+promoted-slave":
			promoted = append(promoted, fmt.Sprintf("%v %s", n.Time, n.Text))
		case n.Event == "+switch-master" && switched == 0:
			switched = n.Time - kill
		case n.Event == "-failover-abort-not-elected" && switched == 0:
			split = true
		}
	}
	t.failovers += len(promoted)
	if split {
		t.splits++
	}
	var written time.Duration
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Outcome == histories.OK && op.Func == histories.FuncWrite && op.Invoked > kill && op.Node != "m1" {
			written = op.Returned - kill
			break
		}
	}
	if switched == 0 || written == 0 {
		return "no new master"
	}
	t.switched, t.written = append(t.switched, switched), append(t.written, written)
	if split {
		t.split = append(t.split, written)
	}
	if len(promoted) != 1 {
		return fmt.Sprintf("killed at %v and replaced %d times: %s", kill, len(promoted), strings.Join(promoted, "; "))
	}
	return ""
}

func (t *takings) report(b *testing.B) {
	b.ReportMetric(float64(t.failovers)/float64(t.kills), "failovers/kill")
	b.ReportMetric(float64(t.splits), "splits")
	b.ReportMetric(0, "ns/op")
	for _, of := range []struct {
		name  string
		times []time.Duration
	}{{"write", t.written}, {"switch", t.switched}, {"split", t.split}} {
		if len(of.times) == 0 {
			continue
		}
		slices.Sort(of.times)
		for _, percent := range []int{50, 99, 100} {
			at := of.times[min(len(of.times)*percent/100, len(of.times)-1)]
			b.ReportMetric(float64(at.Milliseconds()), fmt.Sprintf("ms-%s-p%d", of.name, percent))
		}
	}
}
