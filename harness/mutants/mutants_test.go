package mutants

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// summary is what this test reads of the summary that a sweep prints as JSON.
type summary struct {
	Runs     int
	Failures []struct {
		Seed     uint64
		Checkers []string
		Replay   string
	}
}

// TestSweepFindsEveryMutant: at most 200 seeds of the mutant's scenario find it, by the checker that should, and the
// command that the sweep prints finds it again.
func TestSweepFindsEveryMutant(t *testing.T) {
	root, err := Root(t.Context())
	require.NoError(t, err)
	for _, m := range All() {
		t.Run(m.Name, func(t *testing.T) {
			dir := t.TempDir()
			program := filepath.Join(dir, "ordeal")
			require.NoError(t, m.Build(t.Context(), root, "./harness/cmd/ordeal", program))

			var found summary
			out, status := run(t, program, dir, "sweep", m.Scenario, "-seeds", "1-200", "-fail", "1", "-json")
			require.NoError(t, json.Unmarshal(out, &found))
			require.Equal(t, 1, status)
			require.NotEmpty(t, found.Failures, "no seed of %d found it", found.Runs)
			f := found.Failures[0]
			require.Contains(t, f.Checkers, m.Checker)
			t.Logf("found by seed %d after %d runs, by %s", f.Seed, found.Runs, strings.Join(f.Checkers, ", "))

			words := strings.Fields(f.Replay)
			require.Equal(t, []string{"ordeal", "mutant", m.Name}, words[:3])
			out, status = run(t, program, dir, append(words[3:], "-json")...)
			require.Equal(t, 1, status)
			var again struct {
				Verdicts []struct{ Checker, Result string }
			}
			require.NoError(t, json.Unmarshal(out, &again))
			require.True(t, slices.ContainsFunc(again.Verdicts, func(v struct{ Checker, Result string }) bool {
				return v.Checker == m.Checker && v.Result == "invalid"
			}), "%s: the printed command does not find it again", f.Replay)
		})
	}
}

func run(t *testing.T, program, dir string, args ...string) (out []byte, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	require.LessOrEqual(t, cmd.ProcessState.ExitCode(), 1, "%s", stderr.String())
	return stdout.Bytes(), cmd.ProcessState.ExitCode()
}

func TestPatchThatNoLongerFitsSaysSo(t *testing.T) {
	m, err := parse("x", "Why: a\nScenario: b\nChecker: c\n--- a/f.go\n+++ b/f.go\n@@\n one\n-two\n+three\n")
	require.NoError(t, err)
	got, err := m.edits[0].apply("zero\none\ntwo\nend\n")
	require.NoError(t, err)
	require.Equal(t, "zero\none\nthree\nend\n", got)
	_, err = m.edits[0].apply("one\nthree\n")
	require.ErrorContains(t, err, "out of date")
	_, err = parse("x", "Why: a\n")
	require.ErrorContains(t, err, "at least one hunk")
}
