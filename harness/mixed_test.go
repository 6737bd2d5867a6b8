package harness_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live"
	"github.com/ordeal-go/ordeal/harness/live/runs"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
)

var mixedRuns = flag.Int("mixed.runs", 0, "how many times each mixed cluster is made to fail over in each way")

// mixture is a cluster of which some Sentinels are another program than the servers and the other Sentinels.
type mixture struct {
	name   string
	target string // the servers, and the Sentinels that are not strangers
	others int    // how many of the three Sentinels are strangers: of the other program
}

var mixtures = []mixture{
	{"ordeal-node alone", live.OrdealNode, 0},
	{"redis alone", live.RedisServer, 0},
	{"3 Sentinels of ours, redis-server", live.RedisServer, 3},
	{"3 redis-sentinel, servers of ours", live.OrdealNode, 3},
	{"2 Sentinels of ours and redis-sentinel, servers of ours", live.OrdealNode, 1},
	{"1 Sentinel of ours and 2 redis-sentinel, servers of ours", live.OrdealNode, 2},
	{"2 Sentinels of ours and redis-sentinel, redis-server", live.RedisServer, 2},
	{"1 Sentinel of ours and 2 redis-sentinel, redis-server", live.RedisServer, 1},
}

// ways are those in which a master is to be replaced.
var ways = []struct{ name, fault string }{
	{"SIGKILL", "at 8s kill m1 for 9s"},
	{"order", "at 8s sentinel-failover s1"},
	{"cut", "at 8s cut m1 | s1 s2 s3 r1 r2 c1 c2 for 9s"},
}

// mixed is a system whose last Sentinels are another program.
type mixed struct {
	redis.System
	strangers map[string]func(m *cluster.Machine) []string
}

func (s mixed) Nodes(addr cluster.Addressing) []cluster.Machine {
	nodes := s.System.Nodes(addr)
	for i := range nodes {
		if command := s.strangers[nodes[i].Name]; command != nil {
			nodes[i].Process = command(&nodes[i])
		}
	}
	return nodes
}

func redisSentinel(m *cluster.Machine) []string {
	return []string{"redis-sentinel", m.ConfigPath, "--protected-mode", "no", "--bind-source-addr", m.Host}
}

func (k mixture) system(node string) mixed {
	s := mixed{strangers: map[string]func(*cluster.Machine) []string{}, System: redis.System{
		Cluster:  redis.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
		Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "1000"}, {Name: "failover-timeout", Value: "10000"}}}}
	command := redisSentinel
	if k.target == live.RedisServer {
		command = func(m *cluster.Machine) []string { return []string{node, m.ConfigPath, "--sentinel"} }
	}
	for i := range k.others {
		s.strangers[fmt.Sprintf("s%d", 3-i)] = command
	}
	return s
}

// TestMixedClustersFailOver: Sentinels of ours and of Redis vote together, over servers of either kind, and whichever leads,
// a master that dies, is cut off or is to be replaced is replaced, safely, and all agree afterwards. With -mixed.runs each
// cluster is made to in each way so many times, and what it took is told: make mixed.
func TestMixedClustersFailOver(t *testing.T) {
	if _, err := exec.LookPath(live.RedisServer); err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	if testing.Short() {
		t.Skip("it takes some twenty seconds of real time for each cluster")
	}
	node, err := live.BuildNode(t.Context())
	require.NoError(t, err)
	if *mixedRuns == 0 {
		for way, k := range mixtures[4:6] { // both kinds vote together, and either may lead; an order is ours
			t.Run(k.name, func(t *testing.T) {
				t.Parallel()
				failsOver(t, k, node, ways[way].fault, 1)
			})
		}
		return
	}
	for _, k := range mixtures {
		for _, way := range ways {
			t.Run(k.name+"/"+way.name, func(t *testing.T) {
				t.Parallel()
				var all []replaced
				for n := range *mixedRuns {
					all = append(all, failsOver(t, k, node, way.fault, uint64(n+1)))
				}
				tell(t, all)
			})
		}
	}
}

// replaced is what the replacement of a master took.
type replaced struct {
	failovers int           // replicas that were promoted
	switched  time.Duration // until a Sentinel gave another address
	written   time.Duration // until a write to another master was acknowledged
}

func failsOver(t *testing.T, k mixture, node, fault string, seed uint64) replaced {
	schedule, err := harness.Language(redis.System{}).ParseSchedule(fault)
	require.NoError(t, err)
	out := t.TempDir()
	res, err := harness.Run(t.Context(), harness.Scenario{
		Name:     "mixed",
		System:   k.system(node),
		Workload: workload.Spec{Clients: 2, Rate: 20, Mix: []workload.Work{{Keys: 2, Reads: 0}}},
		Duration: 20 * time.Second,
		Faults:   schedule,
		Checks:   []string{"sentinel-safety", "sentinel-conduct", "crashes", "convergence"},
	}, harness.Options{World: harness.WorldLive, Live: runs.Live{}, Target: k.target, Seed: seed, Out: out})
	require.NoError(t, err)
	for _, v := range res.Verdicts {
		require.NotEqual(t, checkers.Invalid, v.Result, "%v\n%v", v, v.Findings)
	}
	took := tookToReplace(res.History)
	took.failovers = promotions(t, out)
	require.Positive(t, took.failovers, "nobody was promoted")
	require.NotZero(t, took.switched, "no Sentinel gave another address")
	if fault != ways[1].fault { // a master that is replaced by order serves its clients until it is a replica
		require.NotZero(t, took.written, "no write to another master was acknowledged")
	}
	return took
}

// promotions counts the replicas that Sentinels of any kind say in their logs that they have promoted.
func promotions(t *testing.T, out string) (n int) {
	logs, err := filepath.Glob(filepath.Join(out, "machines", "s?", "*.log"))
	require.NoError(t, err)
	require.NotEmpty(t, logs)
	for _, log := range logs {
		text, err := os.ReadFile(log)
		require.NoError(t, err)
		n += strings.Count(string(text), " +promoted-slave ")
	}
	return n
}

// tookToReplace reads from what Sentinels log, and from what clients were told.
func tookToReplace(h *histories.History) (r replaced) {
	from := h.Faults[len(h.Faults)-1].Start
	for i := range h.Logs {
		if l := &h.Logs[i]; l.Time > from && strings.Contains(l.Text, " +switch-master ") {
			r.switched = l.Time - from
			break
		}
	}
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Outcome == histories.OK && op.Func == histories.FuncWrite && op.Invoked > from && op.Node != "m1" {
			r.written = op.Returned - from
			return r
		}
	}
	return r
}

// tell logs figures of runs of the same kind.
func tell(t *testing.T, all []replaced) {
	failovers, more := 0, 0
	var switched, written []time.Duration
	for _, r := range all {
		failovers += r.failovers
		if r.failovers > 1 {
			more++
		}
		switched, written = append(switched, r.switched), append(written, r.written)
	}
	text := func(times []time.Duration) string {
		slices.Sort(times)
		return fmt.Sprintf("median %d ms, p99 %d ms", times[len(times)/2].Milliseconds(), times[min(len(times)-1, len(times)*99/100)].Milliseconds())
	}
	t.Log(strings.Join([]string{fmt.Sprintf("%d runs, %.2f failovers each, %d runs with more than one", len(all), float64(failovers)/float64(len(all)), more),
		"another address: " + text(switched), "first write there: " + text(written)}, "; "))
}
