package mutants

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// summary is what this test reads of the summary that a sweep prints as JSON.
type summary struct {
	Runs     int
	Failures []failure
}

type failure struct {
	Seed     uint64
	Checkers []string
	Replay   string
}

var (
	every = flag.Bool("every", false, "try every mutant, and shrink what they do; without it a sixth of them are tried")
	part  = flag.Int("part", 0, "which sixth, 0 to 5: .ci/run takes another one every day")
)

// parts is into how many parts the mutants are divided.
const parts = 6

// built is one program with all mutants that can be switched, and those that cannot.
type built struct {
	program string
	others  []Mutant
}

// switchable builds the program with all mutants once, in a folder of the test's.
func switchable(t *testing.T, root string) built {
	b := built{program: filepath.Join(t.TempDir(), "ordeal")}
	var err error
	b.others, err = BuildMany(t.Context(), root, "harness/cmd/ordeal", b.program, All())
	require.NoError(t, err)
	return b
}

// of is a program that has m in force, and what its environment needs beside.
func (b built) of(t *testing.T, root string, m Mutant) (program string, env []string) {
	if !slices.ContainsFunc(b.others, func(o Mutant) bool { return o.Name == m.Name }) {
		return b.program, []string{Chosen + "=" + m.Name}
	}
	program = filepath.Join(t.TempDir(), "ordeal")
	require.NoError(t, m.Build(t.Context(), root, "./harness/cmd/ordeal", program))
	return program, nil
}

// TestSweepFindsEveryMutant: at most 300 seeds of the mutant's scenario find it, by the checker that should, and the
// command that the sweep prints finds it again. What each one took is printed as a table.
func TestSweepFindsEveryMutant(t *testing.T) {
	root, err := Root(t.Context())
	require.NoError(t, err)
	all := switchable(t, root)
	var table []string
	for i, m := range All() {
		t.Run(m.Name, func(t *testing.T) {
			if i%parts != *part && !*every {
				t.Skip("its part's turn comes another day: make mutants tries all")
			}
			dir := t.TempDir()
			program, env := all.of(t, root, m)

			var found summary
			out, status, cpu := runIn(t, program, dir, env, "sweep", m.Scenario, "-seeds", "1-300", "-fail", "3", "-json")
			require.NoError(t, json.Unmarshal(out, &found))
			require.Equal(t, 1, status)
			require.NotEmpty(t, found.Failures, "no seed of %d found it", found.Runs)
			at := slices.IndexFunc(found.Failures, func(f failure) bool { return slices.Contains(f.Checkers, m.Checker) })
			require.GreaterOrEqual(t, at, 0, "it was found by others than %s: %v", m.Checker, found.Failures)
			f := found.Failures[at]
			table = append(table, fmt.Sprintf("%-48s %-22s %-22s seed %3d %7.1f s of CPU", m.Name, m.Checker, m.Scenario, f.Seed, cpu.Seconds()))

			words := strings.Fields(f.Replay)
			require.Equal(t, []string{"ordeal", "mutant", m.Name}, words[:3])
			out, status, _ = runIn(t, program, dir, env, append(words[3:], "-json")...)
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
	t.Logf("%d planted bugs found:\n%s", len(table), strings.Join(table, "\n"))
}

// A master that takes writes without the replicas it needs loses all of them, also those that no read ever shows.
func TestWhatAMasterTakesWithoutItsReplicasIsCountedAsLost(t *testing.T) {
	root, err := Root(t.Context())
	require.NoError(t, err)
	m, err := ByName("min-slaves-ignored")
	require.NoError(t, err)
	dir := t.TempDir()
	program := filepath.Join(dir, "ordeal")
	require.NoError(t, m.Build(t.Context(), root, "./harness/cmd/ordeal", program))
	out, status := run(t, program, dir, "run", "min-slaves-cut", "-seed", "1", "-json")
	require.Equal(t, 1, status)
	var found struct {
		Verdicts []struct {
			Checker string
			Figures map[string]float64
		}
	}
	require.NoError(t, json.Unmarshal(out, &found))
	for _, v := range found.Verdicts {
		if v.Checker == "lost-writes" {
			require.GreaterOrEqual(t, v.Figures["lost_min"], 2151.0)
			require.Equal(t, v.Figures["lost_min"], v.Figures["lost_max"])
			return
		}
	}
	t.Fatalf("lost-writes was not asked: %s", out)
}

// TestWhatMutantsBreakIsMadeSmall: a run of twenty faults and a thousand operations at least comes down to three faults
// and twenty operations at most, and the file that says so fails when it is run.
func TestWhatMutantsBreakIsMadeSmall(t *testing.T) {
	names := []string{"second-offset-short"}
	if *every {
		names = append(names, "replica-accepts-writes", "min-slaves-ignored", "history-of-the-rdb-on-a-master", "old-master-left-alone")
	}
	root, err := Root(t.Context())
	require.NoError(t, err)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			m, err := ByName(name)
			require.NoError(t, err)
			dir := t.TempDir()
			program := filepath.Join(dir, "ordeal")
			require.NoError(t, m.Build(t.Context(), root, "./harness/cmd/ordeal", program))
			long := filepath.Join(root, "harness", "mutants", "testdata", "many-faults.yaml")

			type size struct{ Faults, Operations int }
			var found struct {
				Seed     uint64
				From, To size
				Minimal  bool
			}
			for seed := 1; seed <= 10 && !found.Minimal; seed++ {
				cmd := exec.CommandContext(t.Context(), program, "shrink", long, "-seed", fmt.Sprint(seed), "-check", m.Checker, "-out", "shrunk.yaml", "-json")
				cmd.Dir = dir
				if out, _ := cmd.Output(); cmd.ProcessState.ExitCode() == 1 {
					require.NoError(t, json.Unmarshal(out, &found))
				}
			}
			require.True(t, found.Minimal)
			require.GreaterOrEqual(t, found.From.Faults, 20)
			require.GreaterOrEqual(t, found.From.Operations, 1000)
			require.LessOrEqual(t, found.To.Faults, 3)
			require.LessOrEqual(t, found.To.Operations, 20)
			out, status := run(t, program, dir, "run", "shrunk.yaml", "-seed", fmt.Sprint(found.Seed))
			require.Equal(t, 1, status)
			require.Contains(t, string(out), m.Checker+": invalid")
		})
	}
}

// TestDiffNamesTheEventWhereTwoBuildsPart: the first difference between the same run of an honest build and of one with
// a line changed is what that line did.
func TestDiffNamesTheEventWhereTwoBuildsPart(t *testing.T) {
	root, err := Root(t.Context())
	require.NoError(t, err)
	m, err := ByName("replica-accepts-writes")
	require.NoError(t, err)
	dir := t.TempDir()
	honest, mutant := filepath.Join(dir, "honest"), filepath.Join(dir, "mutant")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", honest, "./harness/cmd/ordeal")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NoError(t, m.Build(t.Context(), root, "./harness/cmd/ordeal", mutant))

	_, status := run(t, honest, dir, "run", m.Scenario, "-seed", "1", "-trace", "-out", "a")
	require.Equal(t, 0, status)
	_, status = run(t, mutant, dir, "run", m.Scenario, "-seed", "1", "-trace", "-out", "b")
	require.Equal(t, 1, status)
	out, status = run(t, honest, dir, "diff", "a", "b")
	require.Equal(t, 1, status)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	before, was, is := lines[len(lines)-3], lines[len(lines)-2], lines[len(lines)-1]
	require.Contains(t, before, "SET", "what led to it:\n%s", out)
	require.Contains(t, was, "readonly", "%s", out)
	require.NotContains(t, is, "readonly", "%s", out)
}

func run(t *testing.T, program, dir string, args ...string) (out []byte, status int) {
	t.Helper()
	out, status, _ = runIn(t, program, dir, nil, args...)
	return out, status
}

// runIn runs the program with env beside its environment, and says how much CPU it took.
func runIn(t *testing.T, program, dir string, env []string, args ...string) (out []byte, status int, cpu time.Duration) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = dir, &stdout, &stderr, append(os.Environ(), env...)
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	require.LessOrEqual(t, cmd.ProcessState.ExitCode(), 1, "%s", stderr.String())
	return stdout.Bytes(), cmd.ProcessState.ExitCode(), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
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
