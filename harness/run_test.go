package harness_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	redischeckers "github.com/ordeal-go/ordeal/checkers/redis"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/harnesstest"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/nemesis"
)

// TestCatalogueHolds plays every scenario with some seeds: no property is broken, and every checker saw something.
func TestCatalogueHolds(t *testing.T) {
	for _, s := range scenarios.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			harnesstest.TestWith(t, s, 5, harness.Options{})
		})
	}
}

func TestPromotionByHandIsToldByTheLogsInOrder(t *testing.T) {
	s, _ := scenarios.ByName("promotion-by-hand")
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 3})
	require.NoError(t, err)
	require.Equal(t, checkers.Valid, res.Result(), "%s", res)
	requireInOrder(t, res.History, "r1",
		"Setting secondary replication ID to ", "Discarding previously cached master state.", "MASTER MODE enabled",
		"asks for synchronization", "Partial resynchronization request from")
	requireInOrder(t, res.History, "r2",
		"SLAVE OF ", "Connecting to MASTER", "Trying a partial resynchronization", "Successful partial resynchronization with master.",
		"Master replication ID changed to ", "MASTER <-> SLAVE sync: Master accepted a Partial Resynchronization.")
}

// requireInOrder looks for the texts in the machine's log, each after the one before.
func requireInOrder(t *testing.T, h *histories.History, machine string, texts ...string) {
	t.Helper()
	for _, l := range h.Logs {
		if l.Machine == machine && len(texts) > 0 && contains(l.Text, texts[0]) {
			texts = texts[1:]
		}
	}
	require.Empty(t, texts, "the log of %s does not go on with %q", machine, texts)
}

func TestKeptRunReadsBackAndIsJudgedTheSame(t *testing.T) {
	s, _ := scenarios.ByName("old-master-keeps-writing")
	dir := t.TempDir()
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 2, Out: dir})
	require.NoError(t, err)
	h, err := histories.ReadFile(dir + "/" + harness.HistoryFile)
	require.NoError(t, err)
	require.True(t, h.Complete)
	require.Equal(t, res.Trace, h.Trace)
	again, err := redischeckers.RunAsked(h, s.Checks)
	require.NoError(t, err)
	require.Equal(t, res.Verdicts, again)
	plan, err := harness.Systems{redis.System{}}.ReadScenario(dir + "/" + harness.ScenarioFile)
	require.NoError(t, err)
	replayed, err := harness.Run(t.Context(), plan, harness.Options{Seed: 2})
	require.NoError(t, err)
	require.Equal(t, res.Trace, replayed.Trace)
	for _, file := range []string{harness.ReportFile, harness.PageFile, harness.VerdictsFile} {
		require.FileExists(t, dir+"/"+file)
	}
}

func TestFaultsAimAtWhoeverIsMasterByThen(t *testing.T) {
	s := harness.Scenario{
		Name: "kill-the-master-twice",
		System: redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
			Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "1000"}, {Name: "failover-timeout", Value: "3000"}}},
		Workload: workload.Spec{Clients: 3},
		Duration: 60 * time.Second,
		Faults: nemesis.Schedule{
			{At: 2 * time.Second, Fault: nemesis.Fault{Verb: nemesis.Kill, A: []string{nemesis.RoleMaster}}, For: 10 * time.Second},
			{At: 40 * time.Second, Fault: nemesis.Fault{Verb: nemesis.Kill, A: []string{nemesis.RoleMaster}}, For: 10 * time.Second},
		},
		Checks: []string{"convergence", "sentinel-safety"},
	}
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 1})
	require.NoError(t, err)
	require.Equal(t, checkers.Valid, res.Result(), "%s", res)
	require.Len(t, res.History.Faults, 2)
	require.Equal(t, "kill m1", res.History.Faults[0].Text)
	require.Equal(t, "kill master", res.History.Faults[0].Asked)
	require.NotEqual(t, "kill m1", res.History.Faults[1].Text, "m1 is no longer the master")
}

// A cluster that never settles and clients that are never answered leave nothing for porcupine: the run is reported all
// the same.
func TestRunWithoutAnswersIsReported(t *testing.T) {
	dir := t.TempDir()
	h := &histories.History{Header: histories.Header{Version: histories.Version, Scenario: "nobody-answers", World: "sim"}}
	require.NoError(t, harness.WriteReport(dir, h, &harness.Result{Verdicts: checkers.Verdicts{{Checker: "convergence", Result: checkers.Invalid, Why: "x"}}}))
	page, err := os.ReadFile(dir + "/" + harness.ReportFile)
	require.NoError(t, err)
	require.NotContains(t, string(page), harness.PageFile)
	require.NoFileExists(t, dir+"/"+harness.PageFile)
}
