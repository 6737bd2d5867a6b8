package why_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/why"
)

func scenario(t *testing.T, faults string) harness.Scenario {
	s, err := harness.Systems{redis.System{}}.ParseScenario("failing", []byte(`
name: failing
why: a master is not linearizable over a failover
cluster: {replicas: 2, sentinels: 3, quorum: 2}
sentinel: {down-after-milliseconds: 1000, failover-timeout: 5000}
workload: {kind: register, clients: 3, keys: 3, rate: 20, reads: 50%}
duration: 20s
checks: [linearizable]
faults: [`+faults+`]`))
	require.NoError(t, err)
	return s
}

func named(changes []why.Change, part string) *why.Change {
	for i := range changes {
		if strings.Contains(changes[i].What, part) {
			return &changes[i]
		}
	}
	return nil
}

func TestTheFaultThatItTookIsNamedAndWhatWouldHaveSavedTheRun(t *testing.T) {
	s := scenario(t, "at 3s pause r2 for 1s, at 6s cut m1 | r1 r2 s1 s2 s3 for 6s, at 15s slow-cpu s1 factor=20 for 2s")
	a, err := why.Ask(t.Context(), s, why.Options{Seed: 6, Workers: 2, Branches: 4})
	require.NoError(t, err)
	require.Equal(t, "linearizable", a.Check)
	require.Nil(t, named(a.Causes, "pause"))
	require.Nil(t, named(a.Causes, "slow-cpu"))
	cut := named(a.Causes, "cut")
	require.NotNil(t, cut)
	require.InDelta(t, 1, cut.Effect(), 0.01)
	sooner := named(a.Saved, "sooner")
	require.NotNil(t, sooner, "%+v", a.Saved)

	// What it would have taken is a scenario that shows it.
	res, err := harness.Run(t.Context(), sooner.Scenario, harness.Options{Seed: 6})
	require.NoError(t, err)
	require.NotEqual(t, "invalid", string(res.Result()))
	require.GreaterOrEqual(t, a.Runs, 4*len(a.Curve))
}

// A master is cut off and loses its power. If it acknowledged nothing in between, nothing was lost: until then it may go
// well, and then not.
func TestThePointOfNoReturnIsTheDeathOfTheMaster(t *testing.T) {
	s := scenario(t, "at 6.1s cut m1 | r1 r2 for 300ms, at 6.14s powerloss m1 for 8s")
	s.Workload.Mix[0].Reads = 80 // whatever is lost is missed
	a, err := why.Ask(t.Context(), s, why.Options{Seed: failingSeed(t, s), Workers: 2, Branches: 12})
	require.NoError(t, err)
	require.NotNil(t, a.Turn, "%+v", a.Curve)
	require.Less(t, a.Turn.Before.At, 6200*time.Millisecond)
	require.Greater(t, a.Turn.After.At, 6*time.Second)
	require.NotNil(t, named(a.Causes, "cut"))
	require.NotNil(t, named(a.Causes, "powerloss"))
}

func failingSeed(t *testing.T, s harness.Scenario) uint64 {
	for seed := range uint64(50) {
		res, err := harness.Run(t.Context(), s, harness.Options{Seed: seed})
		require.NoError(t, err)
		if res.Result() == "invalid" {
			return seed
		}
	}
	t.Fatal("no seed of 50 breaks it")
	return 0
}

func TestARunThatBreaksNothingHasNoReason(t *testing.T) {
	_, err := why.Ask(t.Context(), scenario(t, "at 3s pause r2 for 1s"), why.Options{Seed: 1, Workers: 2})
	require.ErrorContains(t, err, "seed 1 of failing breaks nothing: there is nothing to ask about")
}

func TestTheIntervalIsWilsons(t *testing.T) {
	for _, c := range []struct {
		runs, failed int
		low, high    float64
	}{{20, 0, 0, 0.161}, {20, 20, 0.839, 1}, {20, 10, 0.299, 0.701}, {100, 1, 0.002, 0.054}} {
		low, high := why.Share{Runs: c.runs, Failed: c.failed}.Interval()
		require.InDelta(t, c.low, low, 0.001)
		require.InDelta(t, c.high, high, 0.001)
	}
}
