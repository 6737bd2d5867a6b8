package raft_test

import (
	"flag"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/harnesstest"
	"github.com/ordeal-go/ordeal/harness/live/serve"
	"github.com/ordeal-go/ordeal/harness/plain/raft"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

const comeAndGo, voterRestarts = "leaders-come-and-go", "voter-restarts"

var seeds = flag.Uint64("raft.seeds", 200, "how many seeds must be clean")

// The members of live runs are this program once more.
func TestMain(m *testing.M) {
	serve.Core(raft.Name, raft.Core)
	os.Exit(m.Run())
}

func scenario(t *testing.T, name, bug string) harness.Scenario {
	s, err := harness.Systems{raft.System{}}.ReadScenario("testdata/" + name + ".yaml")
	require.NoError(t, err)
	s.System = raft.System{Members: 3, Bug: bug}
	return s
}

func swept(t *testing.T, s harness.Scenario, last uint64, failures int) *sweep.Summary {
	summary, err := sweep.Run(t.Context(), []sweep.Plan{{Scenario: s}},
		sweep.Options{First: 1, Last: last, Workers: runtime.GOMAXPROCS(0), FailuresMax: failures, Out: t.TempDir()})
	require.NoError(t, err)
	return summary
}

func TestRaftIsLinearizable(t *testing.T) {
	for _, name := range []string{comeAndGo, voterRestarts} {
		summary := swept(t, scenario(t, name, ""), *seeds, 0)
		require.Empty(t, summary.Failures, name)
		require.EqualValues(t, *seeds, summary.Runs)
	}
}

func TestPlantedBugsAreFound(t *testing.T) {
	for _, bug := range []string{raft.ForgetfulDisk, raft.HastyLeader} {
		t.Run(bug, func(t *testing.T) {
			summary := swept(t, scenario(t, comeAndGo, bug), 500, 1)
			require.NotEmpty(t, summary.Failures, "in %d runs", summary.Runs)
			t.Logf("found after %d runs: %s", summary.Runs, summary.Failures[0].Why)
		})
	}
}

func TestSameSeedIsTheSameRun(t *testing.T) {
	first, err := harness.Run(t.Context(), scenario(t, comeAndGo, ""), harness.Options{Seed: 7})
	require.NoError(t, err)
	again, err := harness.Run(t.Context(), scenario(t, comeAndGo, ""), harness.Options{Seed: 7})
	require.NoError(t, err)
	require.Equal(t, first.Trace, again.Trace)
}

func TestRaftInProcessesOfItsOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some thirty seconds of real time")
	}
	harnesstest.TestWith(t, scenario(t, comeAndGo, ""), 1, harness.Options{World: harness.WorldLive})
}
