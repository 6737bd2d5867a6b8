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

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

var (
	seeds  = flag.Int("determinism.seeds", 100, "how many seeds must give the same trace in every process")
	update = flag.Bool("update", false, "accept the traces of this build: write testdata/traces.golden")
)

// TestTracesAreTheSameInEveryProcess plays seeds in separate processes: twice with the same program, with one
// processor and with two, one run at a time and several, and with the race detector built in. All traces are equal.
func TestTracesAreTheSameInEveryProcess(t *testing.T) {
	plain := build(t, "ordeal")
	first := traces(t, plain, "GOMAXPROCS=2", "-workers", "2")
	require.Len(t, strings.Split(strings.TrimSpace(first), "\n"), *seeds)
	require.NotContains(t, first, " \n", "a run has no trace")
	requireSame(t, first, traces(t, plain, "GOMAXPROCS=1", "-workers", "1"), "with GOMAXPROCS=1")

	t.Run("race", func(t *testing.T) {
		if _, err := exec.LookPath("gcc"); err != nil {
			t.Skip("the race detector needs a C compiler: apt-get install gcc")
		}
		requireSame(t, first, traces(t, build(t, "ordeal-race", "-race"), "GOMAXPROCS=2", "-workers", "2"), "with -race")
	})
}

// build builds the command with more flags of go build.
func build(t *testing.T, name string, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	args := append(append([]string{"build"}, flags...), "-o", program, "./cmd/ordeal")
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// traces sweeps the seeds and returns their trace hashes, a line each.
func traces(t *testing.T, program, env string, flags ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "traces")
	args := append([]string{"sweep", "sentinel-failover", "-seeds", fmt.Sprintf("1-%d", *seeds), "-traces", file}, flags...)
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), env)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}

// requireSame names the first run whose trace differs.
func requireSame(t *testing.T, want, got, how string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	require.Len(t, g, len(w))
	for i := range w {
		require.Equal(t, w[i], g[i], "%s the run differs; find the first event with ordeal run … -trace, twice, and ordeal diff", how)
	}
}

// TestTracesAreThoseOfTheGoldenFile notices every change of behaviour, wanted or not: whoever changes what servers,
// Sentinels, clients or the simulator do accepts the new traces with -update, on purpose.
func TestTracesAreThoseOfTheGoldenFile(t *testing.T) {
	const golden = "testdata/traces.golden"
	var plans []sweep.Plan
	for _, s := range scenarios.All() {
		plans = append(plans, sweep.Plan{Scenario: s, Source: s.Name})
	}
	perScenario := (200 + len(plans) - 1) / len(plans)
	var lines []string
	_, err := sweep.Run(t.Context(), plans, sweep.Options{First: 1, Last: uint64(perScenario), Workers: 2, Each: func(r *sweep.Record) {
		lines = append(lines, fmt.Sprintf("%s %d %s", r.Scenario, r.Seed, r.Trace))
	}})
	require.NoError(t, err)
	slices.Sort(lines)
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	if got == string(want) {
		return
	}
	changed := 0
	wanted := strings.Split(string(want), "\n")
	for _, l := range lines {
		if !slices.Contains(wanted, l) {
			changed++
		}
	}
	t.Errorf("%d of %d traces are not those of %s: what the code does has changed. If that is on purpose, accept it with\n"+
		"go test ./harness -run TestTracesAreThoseOfTheGoldenFile -update", changed, len(lines), golden)
}
