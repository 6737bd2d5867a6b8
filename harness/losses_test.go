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
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
)

// verdictOf plays a scenario and returns what one checker says.
func verdictOf(t *testing.T, s harness.Scenario, opts harness.Options, checker string) checkers.Verdict {
	t.Helper()
	res, err := harness.Run(t.Context(), s, opts)
	require.NoError(t, err)
	for _, v := range res.Verdicts {
		if v.Checker == checker {
			return v
		}
	}
	t.Fatalf("%s was not asked: %v", checker, res)
	return checkers.Verdict{}
}

// An old master that goes on taking writes loses them all, also those that it overwrote itself: of these, no read tells.
func TestOverwrittenLossesAreCounted(t *testing.T) {
	s, _ := scenarios.ByName("old-master-keeps-writing")
	v := verdictOf(t, s, harness.Options{Seed: 7}, "lost-writes")
	require.Equal(t, checkers.Valid, v.Result, "%v", v)
	require.GreaterOrEqual(t, v.Figures["lost_min"], 500.0, "%v", v)
	require.Equal(t, v.Figures["lost_min"], v.Figures["lost_max"])
	require.Greater(t, v.Figures["saved_min_slaves_lag_1"], v.Figures["saved_min_slaves_lag_10"], "%v", v)
	require.Greater(t, v.Figures["saved_min_slaves_lag_10"], 100.0, "%v", v)
	require.Greater(t, v.Figures["lost_min"], 1.5*float64(v.Saw("shown by reads")), "reads show some of them only: %v", v)
}

// The same cut, the same seed: the more replicas a master needs to write, the less is lost.
func TestAStricterSettingNeverLosesMore(t *testing.T) {
	schedule, err := harness.Language(redis.System{}).ParseSchedule("at 3s cut m1 | s1 s2 s3 r1 r2 for 10s")
	require.NoError(t, err)
	for seed := range uint64(5) {
		var lost []float64
		for _, needed := range []string{"0", "1", "2"} {
			s := harness.Scenario{Name: "stricter", System: redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
				Config:   cluster.Settings{{Name: "min-slaves-to-write", Value: needed}, {Name: "min-slaves-max-lag", Value: "2"}},
				Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "2000"}, {Name: "failover-timeout", Value: "20000"}}},
				Workload: workload.Spec{Clients: 5, Rate: 50, Mix: []workload.Work{{Keys: 3, Reads: 50}}}, Duration: 25 * time.Second, Faults: schedule, Checks: []string{"lost-writes"}}
			v := verdictOf(t, s, harness.Options{Seed: seed + 1}, "lost-writes")
			require.Equal(t, v.Figures["lost_min"], v.Figures["lost_max"], "%v", v)
			lost = append(lost, v.Figures["lost_max"])
		}
		require.GreaterOrEqual(t, lost[0], lost[1], "seed %d: %v", seed+1, lost)
		require.GreaterOrEqual(t, lost[1], lost[2], "seed %d: %v", seed+1, lost)
		require.Greater(t, lost[0], 2*lost[1], "seed %d: %v", seed+1, lost)
	}
}

// wiped is a master without persistence that is back before the Sentinels miss it.
func wiped(t *testing.T, keys int) harness.Scenario {
	schedule, err := harness.Language(redis.System{}).ParseSchedule("at 8s kill m1 for 2s")
	require.NoError(t, err)
	return harness.Scenario{Name: "wiped", System: redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
		Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "5000"}}},
		Workload: workload.Spec{Clients: 5, Rate: 20, Mix: []workload.Work{{Keys: keys, Reads: 50}}}, Duration: 15 * time.Second, Faults: schedule,
		Checks: []string{"lost-writes", "availability"}}
}

func TestATotalWipeIsCountedAndNeverGreen(t *testing.T) {
	for _, keys := range []int{3, 1000} {
		res, err := harness.Run(t.Context(), wiped(t, keys), harness.Options{Seed: 1})
		require.NoError(t, err)
		require.Equal(t, checkers.Invalid, res.Result(), "%v", res)
		lost, _ := res.Verdicts.Figure("lost_min")
		gone, _ := res.Verdicts.Figure("wiped")
		require.Greater(t, lost, 300.0, "%v", res)
		require.GreaterOrEqual(t, lost, gone, "all of what there was, and what the master took until its replicas had synced")
		byWipe, _ := res.Verdicts.Figure("lost_wiped_by_its_master_min")
		require.Greater(t, byWipe, 0.9*lost, "%v", res)
		require.Equal(t, "limits", res.Verdicts[len(res.Verdicts)-1].Checker)
	}
}

// With an append only file the same accident costs nothing: the master comes back with all that it had.
func TestAnAppendOnlyFileSavesWhatAWipeWouldCost(t *testing.T) {
	s := wiped(t, 3)
	system := s.System.(redis.System)
	system.Config = cluster.Settings{{Name: "appendonly", Value: "yes"}, {Name: "appendfsync", Value: "everysec"}}
	s.System = system
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 1})
	require.NoError(t, err)
	require.Equal(t, checkers.Valid, res.Result(), "%v", res)
	lost, _ := res.Verdicts.Figure("lost_max")
	require.Zero(t, lost, "%v", res)
	acknowledged, _ := res.Verdicts.Figure("acknowledged")
	require.Greater(t, acknowledged, 300.0)
}

// A share of the acknowledged writes that replication may lose is more than an operator accepts, if he says so.
func TestALimitTurnsWhatIsAllowedIntoAFailure(t *testing.T) {
	s, _ := scenarios.ByName("old-master-keeps-writing")
	share := 0.05
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 7, Limits: checkers.Limits{LostShare: &share}})
	require.NoError(t, err)
	require.Equal(t, checkers.Invalid, res.Result())
	require.Contains(t, res.Replay, "-max-lost-share 5%")
}

// A setting is what the server says that it is, whatever the scenario began with.
func TestMinSlavesSetAtRunTimeOnARealRedis(t *testing.T) {
	if _, err := exec.LookPath(live.RedisServer); err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	if testing.Short() {
		t.Skip("it takes some twelve seconds of real time")
	}
	t.Parallel()
	schedule, err := harness.Language(redis.System{}).ParseSchedule("at 1s config-set m1 name=min-slaves-to-write value=0\nat 2s cut m1 | r1 r2 for 4s")
	require.NoError(t, err)
	s := harness.Scenario{Name: "set-at-run-time", System: redis.System{Cluster: redis.Spec{Replicas: 2},
		Config: cluster.Settings{{Name: "min-slaves-to-write", Value: "1"}, {Name: "min-slaves-max-lag", Value: "1"}}},
		Workload: workload.Spec{Clients: 3, Rate: 20, Mix: []workload.Work{{Keys: 3, Reads: 50}}}, Duration: 8 * time.Second, Faults: schedule, Checks: []string{"min-slaves"}}
	v := verdictOf(t, s, harness.Options{Seed: 1, World: harness.WorldLive, Live: runs.Live{}, Target: live.RedisServer}, "min-slaves")
	require.Equal(t, checkers.Valid, v.Result, "%v %v", v, v.Findings)
}

// What an operator flushes is lost by his order, whether a read on the way, the last read or nothing but its place tells.
func TestAFlushIsJudgedAndExplained(t *testing.T) {
	s, err := harness.Systems{redis.System{}}.ParseScenario("flushed", []byte(`
name: flushed
why: an operator flushes a master before, during and after it is cut off
cluster: {replicas: 2, sentinels: 3, quorum: 2}
config: {repl-diskless-sync-delay: 0}
sentinel: {down-after-milliseconds: 800, failover-timeout: 4000}
workload: {kind: register, clients: 5, rate: 30, keys: 40, reads: 50%, replica-reads: 20%, probes: 20%}
duration: 14s
faults: [at 2s flushall master, at 4s isolate m1 for 4s, at 5s flushall m1, at 9s flushall master]
`))
	require.NoError(t, err)
	for seed := range uint64(10) {
		v := verdictOf(t, s, harness.Options{Seed: seed}, "lost-writes")
		require.Equal(t, checkers.Valid, v.Result, "seed %d: %v %v", seed, v, v.Findings)
		require.Equal(t, v.Figures["lost_min"], v.Figures["lost_max"], "seed %d", seed)
		require.Greater(t, v.Figures["lost_operator_min"], 100.0, "seed %d: %v", seed, v)
		require.NotZero(t, v.Figures["lost_split_brain_min"], "seed %d: %v", seed, v)
	}
}

// What a real master acknowledged while it was cut off with its clients is counted by hand from the history: all of it is
// lost.
func TestWhatACutOffRealMasterTakesIsLost(t *testing.T) {
	if _, err := exec.LookPath(live.RedisServer); err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	if testing.Short() {
		t.Skip("it takes some thirty seconds of real time")
	}
	schedule, err := harness.Language(redis.System{}).ParseSchedule("at 2s cut m1 | s1 s2 s3 r1 r2 for 8s")
	require.NoError(t, err)
	for _, needed := range []string{"0", "1"} {
		t.Run("min-replicas-to-write "+needed, func(t *testing.T) {
			t.Parallel()
			s := harness.Scenario{Name: "cut-off", System: redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
				Config:   cluster.Settings{{Name: "min-replicas-to-write", Value: needed}, {Name: "min-replicas-max-lag", Value: "2"}, {Name: "repl-diskless-sync-delay", Value: "0"}},
				Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "1500"}, {Name: "failover-timeout", Value: "10000"}}},
				Workload: workload.Spec{Clients: 5, Rate: 60, Mix: []workload.Work{{Keys: 3, Reads: 0}}}, Duration: 12 * time.Second, Faults: schedule, Checks: []string{"lost-writes"}}
			res, err := harness.Run(t.Context(), s, harness.Options{Seed: 1, World: harness.WorldLive, Live: runs.Live{}, Target: live.RedisServer})
			require.NoError(t, err)
			require.NotEmpty(t, res.History.Faults)
			cut, most := res.History.Faults[0], 0
			for _, op := range res.History.Ops {
				if op.Node == "m1" && op.Func == "write" && op.Outcome == histories.OK && op.Returned >= cut.Start && op.Invoked <= cut.Stop {
					most++
				}
			}
			v := res.Verdicts[0]
			t.Logf("%d acknowledged beyond the cut; %v", most, v)
			require.Equal(t, checkers.Valid, v.Result, "%v", v)
			require.GreaterOrEqual(t, most, 300)
			require.GreaterOrEqual(t, v.Figures["lost_min"], 0.95*float64(most), "the others are on the way when the cut comes")
			require.GreaterOrEqual(t, v.Figures["lost_max"], float64(most)-30)
		})
	}
}

// Nothing is accepted that would change nothing: a target that does not run, a file that is not written.
func TestWhatWouldHaveNoEffectIsRefused(t *testing.T) {
	s := harness.Scenario{Name: "quiet", System: redis.System{Config: cluster.Settings{{Name: "io-threads", Value: "4"}}}}
	_, err := harness.Run(t.Context(), s, harness.Options{})
	require.ErrorContains(t, err, "config: io-threads: ")
}
