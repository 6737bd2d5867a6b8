package harness_test

import (
	"os/exec"
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

// guarded is a cluster of which every part asks for a password, whose master dies.
func guarded(server, sentinel cluster.Settings) harness.Scenario {
	schedule, _ := nemesis.ParseSchedule("at 1s kill m1 for 4s")
	return harness.Scenario{
		Name: "guarded", Faults: schedule, Duration: 7 * time.Second,
		System: redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
			Config:   append(cluster.Settings{{Name: "repl-diskless-sync-delay", Value: "0"}}, server...),
			Sentinel: append(cluster.Settings{{Name: "down-after-milliseconds", Value: "600"}, {Name: "failover-timeout", Value: "3000"}}, sentinel...)},
		Workload: workload.Spec{Clients: 3, Rate: 20, Mix: []workload.Work{{Keys: 3, Reads: 50, Probes: 20}}},
		Checks:   []string{"read-only", "lost-writes", "sentinel-safety", "convergence", "crashes"},
	}
}

var (
	serverPassword   = cluster.Settings{{Name: "requirepass", Value: `"open-sesame#1"`}, {Name: "masterauth", Value: `"open-sesame#1"`}}
	sentinelPassword = cluster.Settings{{Name: "auth-pass", Value: `"open-sesame#1"`}}
)

func TestClusterWithAPasswordFormsAndFailsOver(t *testing.T) {
	t.Parallel()
	for _, opts := range []harness.Options{{Seed: 1}, {Seed: 1, World: harness.WorldLive, Live: runs.Live{}}, {Seed: 1, World: harness.WorldLive, Live: runs.Live{}, Target: live.RedisServer}} {
		t.Run(opts.World+" "+opts.Target, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(live.RedisServer); err != nil && opts.Target == live.RedisServer {
				t.Skip("redis-server is not installed: apt-get install redis-server")
			}
			if testing.Short() && opts.World == harness.WorldLive {
				t.Skip("it takes some fifteen seconds of real time")
			}
			opts.Out = t.TempDir()
			res, err := harness.Run(t.Context(), guarded(serverPassword, sentinelPassword), opts)
			require.NoError(t, err)
			readBack(t, res)
			written := 0
			for _, op := range res.History.Ops {
				if op.Func == "write" && op.Outcome == "ok" {
					written++
				}
			}
			require.NotZero(t, written)
			for _, v := range res.Verdicts {
				require.Equal(t, checkers.Valid, v.Result, "%v", v)
			}
		})
	}
}

// What keeps a cluster from forming is said by whoever waits.
func TestClusterThatDoesNotFormSaysWhoWaitsForWhat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		server, sentinel cluster.Settings
		says             []string
	}{
		{"replicas without the password", serverPassword[:1], sentinelPassword,
			[]string{"the cluster is not linked after 1m0s\n  r1: its link to its master at 10.0.0.1:6379 is down\n  r2: its link"}},
		{"a command that is gone", cluster.Settings{{Name: "rename-command", Value: `INFO ""`}}, nil,
			[]string{"o1: m1 answers INFO with ERR unknown command"}},
		{"Sentinels without the password", serverPassword, nil, []string{"the cluster is not formed", "  s1: it knows 0 of 2 replicas"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := harness.Run(t.Context(), guarded(c.server, c.sentinel), harness.Options{Seed: 1})
			for _, says := range c.says {
				require.ErrorContains(t, err, says)
			}
		})
	}
}
