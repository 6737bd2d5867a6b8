package primarybackup_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/harnesstest"
	"github.com/ordeal-go/ordeal/harness/live/serve"
	"github.com/ordeal-go/ordeal/harness/plain/primarybackup"
	"github.com/ordeal-go/ordeal/harness/shrink"
	"github.com/ordeal-go/ordeal/harness/sweep"
	"github.com/ordeal-go/ordeal/harness/workload"
)

var systems = harness.Systems{primarybackup.System{}}

// The servers of live runs are this program once more.
func TestMain(m *testing.M) {
	serve.Core(primarybackup.Name, primarybackup.Core)
	os.Exit(m.Run())
}

func scenario(t *testing.T) harness.Scenario {
	s, err := systems.ReadScenario("testdata/primary-loses-power.yaml")
	require.NoError(t, err)
	return s
}

func TestStoreKeepsWhatItAcknowledged(t *testing.T) {
	harnesstest.TestWith(t, scenario(t), 20, harness.Options{})
}

func TestStoreIsCleanUnderDrawnFaults(t *testing.T) {
	s := scenario(t)
	s.Faults, s.Draw, s.Settle = nil, 6, 20*time.Second
	summary, err := sweep.Run(t.Context(), []sweep.Plan{{Scenario: s}}, sweep.Options{First: 1, Last: 100, Workers: 2, Out: t.TempDir()})
	require.NoError(t, err)
	require.Empty(t, summary.Failures)
	require.Equal(t, 100, summary.Runs)
}

func TestPlantedLossIsFoundAndShrunk(t *testing.T) {
	s := scenario(t)
	s.System = primarybackup.System{Backups: 2, Hasty: true}
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 1, Out: t.TempDir()})
	require.NoError(t, err)
	require.Equal(t, checkers.Invalid, res.Result(), "%s", res)
	small, err := shrink.Scenario(t.Context(), s, shrink.Options{Seed: 1, Workers: 2})
	require.NoError(t, err)
	require.Equal(t, "linearizable", small.Check)
	require.Equal(t, 1, small.To.Faults, "the loss of power alone")
	require.Less(t, small.To.Ops, 20)
	text, err := small.Scenario.YAML()
	require.NoError(t, err)
	again, err := systems.ParseScenario("shrunk.yaml", text)
	require.NoError(t, err)
	require.Equal(t, small.Scenario, again)
}

// Works beside each other have keys of their own, and each is read in the end.
func TestEveryWorkOfAMixIsDone(t *testing.T) {
	s := scenario(t)
	s.Workload.Mix = append(s.Workload.Mix, workload.Work{Name: "other", Kind: "register", Weight: 2, Keys: 5, Reads: 10})
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 1})
	require.NoError(t, err)
	require.Equal(t, checkers.Valid, res.Result(), "%s", res)
	done, final := map[string]int{}, map[string]int{}
	for _, op := range res.History.Ops {
		if done[op.Workload]++; op.Final {
			final[op.Workload]++
		}
		require.True(t, strings.HasPrefix(op.Key, op.Workload+":"), "%v", op)
	}
	require.Greater(t, done["other"], done["register"])
	require.Equal(t, map[string]int{"register": 3, "other": 5}, final)
}

func TestStoreIsTheSameInProcessesOfItsOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some twenty seconds of real time")
	}
	s := scenario(t)
	s.Duration = 10 * time.Second
	s.Faults = s.Faults[:2]
	harnesstest.TestWith(t, s, 1, harness.Options{World: harness.WorldLive})
}

func TestWhatTheSystemDoesNotHaveIsRefusedWithItsPlace(t *testing.T) {
	for text, why := range map[string]string{
		"name: x\nsystem: primary-backup\nbackups: 9\n":                                        "x.yaml:3:10: backups: found 9, expected a whole number from 1 to 5",
		"name: x\nsystem: primary-backup\nbackups: 1\nfaults: [at 1s promote r1]\n":            `x.yaml:4:10: "at 1s promote r1": column 7: unknown fault "promote"`,
		"name: x\nsystem: primary-backup\nbackup: 1\n":                                         `x.yaml:3:1: unknown field "backup": did you mean backups?`,
		"name: x\nsystem: primary-backup\nbackups: 1\nchecks: [read-only]\n":                   `x.yaml:4:10: checks: found "read-only", expected one of linearizable, `,
		"name: x\nsystem: primary-backup\nbackups: 1\nworkload: {kind: bank}\n":                `x.yaml:4:18: workload: kind: found "bank", expected one of register`,
		"name: x\nsystem: primary-backup\nbackups: 1\nworkload: {kind: register, db: 3}\n":     "neither databases nor commands",
		"name: x\nsystem: primary-bakcup\nbackups: 1\n":                                        `x.yaml:2:9: there is no system "primary-bakcup"`,
		"name: x\nsystem: primary-backup\nbackups: 1\nmatrix: {config: {hz: [1, 2]}}\n":        "no settings to compare",
		"name: x\nsystem: primary-backup\nbackups: 1\nfaults: [at 1s kill m1, at 2s kil r1]\n": `x.yaml:4:25: "at 2s kil r1"`,
	} {
		_, err := systems.ParseScenario("x.yaml", []byte(text))
		require.ErrorContains(t, err, why, strings.ReplaceAll(text, "\n", "; "))
	}
}

// OWN-SYSTEM.md shows the code that is tested here, and no other.
func TestPageForNewcomersShowsThisCode(t *testing.T) {
	page, err := os.ReadFile("../OWN-SYSTEM.md")
	require.NoError(t, err)
	var code strings.Builder
	for _, file := range []string{"store.go", "system.go", "store_test.go", "testdata/primary-loses-power.yaml"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		code.Write(text)
	}
	parts := strings.Split(string(page), "```")
	require.Greater(t, len(parts), 10)
	for i := 1; i < len(parts); i += 2 {
		_, block, _ := strings.Cut(parts[i], "\n")
		require.Contains(t, code.String(), block)
	}
	lines := 0
	for _, file := range []string{"store.go", "system.go"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		_, after, _ := strings.Cut(string(text), "\n)\n") // the imports
		for line := range strings.Lines(after) {
			if line = strings.TrimSpace(line); line != "" && line != ")" && !strings.HasPrefix(line, "//") {
				lines++
			}
		}
	}
	require.LessOrEqual(t, lines, 150, "the example is no longer as short as its page says")
	t.Logf("%d lines of code", lines)
}
