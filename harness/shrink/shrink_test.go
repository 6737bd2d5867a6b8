package shrink

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/oracle"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

// failing is a long run that breaks a property on correct servers: a master is not linearizable over a failover.
func failing(t *testing.T) harness.Scenario {
	t.Helper()
	s, err := harness.Systems{redis.System{}}.ParseScenario("failing", []byte(`
name: failing
cluster: {replicas: 2, sentinels: 3, quorum: 2}
config: {repl-timeout: 6, repl-ping-slave-period: 1, repl-backlog-size: 64kb}
sentinel: {down-after-milliseconds: 1000, failover-timeout: 5000}
workload: {kind: register, clients: 3, keys: 3, rate: 20, reads: 50%, replica-reads: 20%, probes: 5%}
duration: 60s
draw: 25
settle: 3m
checks: [linearizable]
`))
	require.NoError(t, err)
	return s
}

func TestShrunkRunBreaksTheSamePropertyAndHasNothingToSpare(t *testing.T) {
	s := failing(t)
	res, err := Scenario(t.Context(), s, Options{Seed: 6, Workers: 2, Seeds: 2})
	require.NoError(t, err)
	require.True(t, res.Minimal)
	require.Equal(t, "linearizable", res.Check)
	require.GreaterOrEqual(t, res.From.Faults, 20)
	require.GreaterOrEqual(t, res.From.Ops, 1000)
	require.LessOrEqual(t, res.To.Faults, 3)
	require.LessOrEqual(t, res.To.Ops, 20)

	// What it wrote down fails when it is read back and run.
	text, err := res.Scenario.YAML()
	require.NoError(t, err)
	again, err := harness.Systems{redis.System{}}.ParseScenario("shrunk", text)
	require.NoError(t, err, "%s", text)
	o := oracle.Oracle{Check: res.Check}
	out, err := o.Play(t.Context(), again, res.Seed)
	require.NoError(t, err)
	require.True(t, out.Fails)
	require.Equal(t, res.To.Ops, out.Ops)

	// And nothing can be left out of it, tried here one by one by other means than those of the search.
	fails := func(s harness.Scenario) bool {
		if s.Check() != nil {
			return false
		}
		out, _ := o.Play(t.Context(), s, res.Seed)
		return out.Fails
	}
	for i := range again.Faults {
		less := again
		less.Faults = append(append(nemesis.Schedule{}, again.Faults[:i]...), again.Faults[i+1:]...)
		require.False(t, fails(less), "without %s", again.Faults[i])
	}
	all := operations(again)
	for i := range all {
		less := again
		ops := workload.Ops{}
		for k, o := range all {
			if k != i {
				ops = append(ops, workload.OpRange{Client: workload.Clients(again.Workload)[o.client-1], First: o.n, Last: o.n})
			}
		}
		less.Workload.Ops = ops.Canonical().String()
		require.False(t, fails(less), "without %v", all[i])
	}
	for i, part := range again.System.Parts() {
		less := again
		less.System = again.System.Keep(func(j int) bool { return i != j })
		require.False(t, fails(less), "without %v", part)
	}
	for _, kind := range []string{"r", "s"} {
		for i := count(again, kind); i > 0; i-- {
			require.False(t, fails(dropped(again, kind, i)), "without %s%d", kind, i)
		}
	}
}

func TestTheNumberOfWorkersChangesNothing(t *testing.T) {
	s := failing(t)
	var first *Result
	for _, workers := range []int{1, 3} {
		res, err := Scenario(t.Context(), s, Options{Seed: 2, Workers: workers})
		require.NoError(t, err)
		if first == nil {
			first = res
		}
		require.Equal(t, first.To.Faults, res.To.Faults)
		require.True(t, res.Minimal)
	}
}

func TestInterruptedItKeepsTheBestSoFar(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var kept Result
	res, err := Scenario(ctx, failing(t), Options{Seed: 6, Workers: 2, Better: func(r Result) {
		kept = r
		if r.To.Faults < 8 {
			cancel()
		}
	}})
	require.NoError(t, err)
	require.False(t, res.Minimal)
	require.Less(t, res.To.Faults, res.From.Faults)
	require.Equal(t, kept.Scenario, res.Scenario, "the last that was told is the one that is returned")
	out, err := oracle.Oracle{Check: res.Check}.Play(t.Context(), res.Scenario, res.Seed)
	require.NoError(t, err)
	require.True(t, out.Fails)
}

func TestARunThatBreaksNothingCannotBeShrunk(t *testing.T) {
	s := failing(t)
	system := s.System.(redis.System)
	system.Cluster.Sentinels, system.Cluster.Quorum, system.Sentinel = 0, 0, nil
	s.System, s.Draw, s.Duration = system, 0, 3*time.Second
	_, err := Scenario(t.Context(), s, Options{Seed: 1})
	require.ErrorContains(t, err, "breaks nothing: there is nothing to shrink")
	_, err = Scenario(t.Context(), s, Options{Seed: 1, Check: "linearizable"})
	require.ErrorContains(t, err, "does not break linearizable")
}

func TestMachinesThatMoveUpAreCalledByTheirNewNames(t *testing.T) {
	s := failing(t)
	s.Draw = 0
	var err error
	s.Faults, err = nemesis.ParseSchedule("at 1s cut r1 s2 | m1 c2\nat 2s kill r1\nat 3s pause r2 for 1s\nat 4s cut r1 | c3\nat 5s kill master")
	require.NoError(t, err)
	s.Workload.Ops = "c1/1 c2/2 c3/3-5"
	require.Equal(t, "at 1s cut s2 | m1 c2\nat 3s pause r1 for 1s\nat 5s kill master\n", dropped(s, "r", 1).Faults.String())
	less := dropped(s, "c", 2)
	require.Equal(t, "at 1s cut r1 s2 | m1\nat 2s kill r1\nat 3s pause r2 for 1s\nat 4s cut r1 | c2\nat 5s kill master\n", less.Faults.String())
	require.Equal(t, "c1/1 c2/3-5", less.Workload.Ops)
	require.Equal(t, 2, less.Workload.Clients)
	require.NoError(t, less.Check())
	s.Faults, err = nemesis.ParseSchedule("when r1 synced kill m1\nwhen r2 synced then at write 3 of r2's disk kill it\nwhen promoted kill r2")
	require.NoError(t, err)
	require.Equal(t, "when r1 synced then at write 3 of r1's disk kill it\nwhen promoted kill r1\n", dropped(s, "r", 1).Faults.String())
	none := fewer(s, "s", 3)
	system := none.System.(redis.System)
	require.Zero(t, system.Cluster.Sentinels+system.Cluster.Quorum+len(system.Sentinel))
	require.NoError(t, none.Check())
	require.Equal(t, "none", fewer(s, "c", 3).Workload.Ops)
}
