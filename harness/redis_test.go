package harness_test

import (
	"os/exec"
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
	"github.com/ordeal-go/ordeal/nemesis"
)

// A real Redis notes nothing of itself. What it shows to anybody is enough to judge it by, and the writes that it loses
// when its master is cut off with a client are counted.
func TestRealRedisIsJudgedAndItsLostWritesAreCounted(t *testing.T) {
	if _, err := exec.LookPath(live.RedisServer); err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	if testing.Short() {
		t.Skip("it takes some twenty seconds of real time")
	}
	t.Parallel()
	schedule, err := nemesis.ParseSchedule("at 1s cut m1 c1 | s1 s2 s3 r1 r2 c2 c3 for 4s")
	require.NoError(t, err)
	res, err := harness.Run(t.Context(), harness.Scenario{
		Name: "real-redis",
		System: redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
			Config:   cluster.Settings{{Name: "repl-diskless-sync-delay", Value: "0"}, {Name: "min-slaves-to-write", Value: "0"}},
			Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "600"}, {Name: "failover-timeout", Value: "3000"}}},
		Workload: workload.Spec{Clients: 3, Rate: 20, Mix: []workload.Work{{Keys: 3, Reads: 50, Probes: 20}}},
		Duration: 9 * time.Second,
		Faults:   schedule,
		Checks:   []string{"read-only", "partial-resync", "same-offset-same-data", "lost-writes", "sentinel-safety", "convergence"},
	}, harness.Options{World: harness.WorldLive, Live: runs.Live{}, Target: live.RedisServer, Seed: 1, Out: t.TempDir()})
	require.NoError(t, err)
	readBack(t, res)
	for _, v := range res.Verdicts {
		require.Equal(t, checkers.Valid, v.Result, "%v", v)
		if v.Checker == "lost-writes" {
			require.Contains(t, v.Why, "lost ", "the old master served c1 for 4 s")
		}
	}
	switched := map[string]bool{}
	for _, n := range res.History.Notes {
		if n.Kind == "event" && n.From == "observer" && n.Event == "+switch-master" {
			require.True(t, strings.HasPrefix(n.Text, redis.MasterName+" "), n.Text)
			switched[n.Machine] = true
		}
	}
	require.Len(t, switched, 3, "what the Sentinels publish is observed")
}
