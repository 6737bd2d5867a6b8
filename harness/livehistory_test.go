package harness_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	redischeckers "github.com/ordeal-go/ordeal/checkers/redis"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live/runs"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
)

// readBack wants the history that a run has left on disk to be the one it was judged by.
func readBack(t *testing.T, res *harness.Result) {
	t.Helper()
	kept, err := histories.ReadFile(filepath.Join(res.Dir, harness.HistoryFile))
	require.NoError(t, err)
	require.True(t, kept.Complete)
	require.Equal(t, len(res.History.Ops), len(kept.Ops))
	for i := range kept.Ops {
		require.Equal(t, res.History.Ops[i], kept.Ops[i])
	}
	require.Equal(t, res.History.Faults, kept.Faults)
	require.Equal(t, len(res.History.Notes), len(kept.Notes))
	require.Equal(t, len(res.History.Logs), len(kept.Logs))
	verdicts, err := redischeckers.RunAsked(kept, res.Plan.Checks)
	require.NoError(t, err)
	require.Equal(t, res.Verdicts[:len(verdicts)], verdicts)
}

// Every part of the harness that writes a history is busy here: clients, the observer, servers with notes and logs,
// Sentinels, the nemesis with machines, links, clocks and an operator, and the progress line. make race plays it under
// the race detector.
func TestLiveHistoryIsWholeWhateverWritesIt(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some twenty seconds of real time")
	}
	t.Parallel()
	schedule, err := harness.Language(redis.System{}).ParseSchedule(`at 500ms latency c1 | m1 delay=5ms jitter=5ms for 4s
at 700ms reset_peer c2 -> m1 timeout=60000 for 1s
at 1s pause r1 for 500ms
at 1200ms clock-jump r2 by=1s
at 1500ms slow-cpu r2 factor=2 for 2s
at 2s config-set m1 name=min-slaves-to-write value=0
at 2s kill m1 for 3s
at 6s terminate r2 for 1s
at 7s heal`)
	require.NoError(t, err)
	played := 0
	res, err := harness.Run(t.Context(), harness.Scenario{
		Name: "everything-writes",
		System: redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
			Config:   cluster.Settings{{Name: "repl-diskless-sync-delay", Value: "0"}},
			Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "600"}, {Name: "failover-timeout", Value: "3000"}}},
		Workload: workload.Spec{Clients: 5, Rate: 50, Mix: []workload.Work{{Keys: 4, Reads: 50, ReplicaReads: 30, Probes: 10}}},
		Duration: 8 * time.Second, Faults: schedule,
		Checks: []string{"read-only", "partial-resync", "same-offset-same-data", "sentinel-safety", "crashes"},
	}, harness.Options{World: harness.WorldLive, Live: runs.Live{}, Seed: 1, Out: t.TempDir(), Progress: func(p harness.Progress) { played = max(played, p.Ops) }})
	require.NoError(t, err)
	require.NotZero(t, played)
	require.Nil(t, res.NotDone, "%v", res.NotDone)
	for _, v := range res.Verdicts {
		require.NotEqual(t, checkers.Invalid, v.Result, "%v", v)
	}
	readBack(t, res)
}
