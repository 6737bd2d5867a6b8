package harness_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTracesAreTheSameInEveryProcess plays 100 seeds in separate processes: twice with the same program, with one
// processor and with two, one run at a time and several, and with the race detector built in. All traces are equal.
func TestTracesAreTheSameInEveryProcess(t *testing.T) {
	plain := build(t, "ordeal")
	first := traces(t, plain, "GOMAXPROCS=2", "-workers", "2")
	require.Len(t, strings.Split(strings.TrimSpace(first), "\n"), 100)
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

// traces sweeps 100 seeds and returns their trace hashes, a line each.
func traces(t *testing.T, program, env string, flags ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "traces")
	args := append([]string{"sweep", "sentinel-failover", "-seeds", "1-100", "-traces", file}, flags...)
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
