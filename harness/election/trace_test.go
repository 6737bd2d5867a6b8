package election_test

import (
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/election"
	"github.com/ordeal-go/ordeal/harness/mutants"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/swarm"
	"github.com/ordeal-go/ordeal/histories"
)

var seeds = flag.Int("election.seeds", 60, "how many seeds of the swarm to hold against the specification")

var first = flag.Int("election.first", 1, "the first of them")

var planted = flag.Bool("election.planted", false, "try every planted bug, and not just one")

// TestSimulatedElectionsKeepToTheSpecification: whatever the swarm draws and does to the cluster.
func TestSimulatedElectionsKeepToTheSpecification(t *testing.T) {
	harness.TuneCollector()
	total := election.Trace{Kinds: map[election.Kind]int{}}
	held := 0
	for seed := uint64(*first); seed < uint64(*first+*seeds); seed++ {
		s := swarm.Scenario(redis.System{}).Drawn(seed)
		res, err := harness.Run(t.Context(), s, harness.Options{Seed: seed})
		require.NoError(t, err)
		trace := election.Hold(res.History)
		for _, f := range trace.Findings {
			t.Errorf("seed %d: %v", seed, f)
		}
		if trace.Steps > 0 {
			held++
		}
		total.Steps += trace.Steps
		for kind, n := range trace.Kinds {
			total.Kinds[kind] += n
		}
	}
	t.Logf("%d histories with Sentinels, %d steps: %v", held, total.Steps, total.Kinds)
	for _, kind := range []election.Kind{election.Hear, election.Stand, election.Vote, election.Elect, election.Choose, election.Promote, election.End, election.Adopt} {
		require.Positive(t, total.Kinds[kind], fmt.Sprint(kind))
	}
}

// TestWhatASpecificationForbidsIsFoundInATrace: a history of a failover, with one thing in it told otherwise.
func TestWhatASpecificationForbidsIsFoundInATrace(t *testing.T) {
	s, ok := scenarios.ByName("sentinel-failover")
	require.True(t, ok)
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 1})
	require.NoError(t, err)
	good := res.History
	require.Empty(t, election.Hold(good).Findings)
	require.Greater(t, election.Hold(good).Steps, 10)
	for _, c := range []struct {
		name, want string
		change     func(notes []histories.Note) []histories.Note
	}{
		{"a vote given twice", "after it has voted in", func(notes []histories.Note) []histories.Note {
			at := slices.IndexFunc(notes, func(n histories.Note) bool { return n.Kind == "vote" })
			return slices.Insert(notes, at, notes[at])
		}},
		{"votes that were never given", "of the 2 votes needed", func(notes []histories.Note) []histories.Note {
			return slices.DeleteFunc(notes, func(n histories.Note) bool { return n.Kind == "vote" && n.ID != n.Leader })
		}},
		{"a vote in an epoch that it is not in", "it votes in epoch", func(notes []histories.Note) []histories.Note {
			at := slices.IndexFunc(notes, func(n histories.Note) bool { return n.Kind == "vote" })
			notes[at].Epoch += 3
			return notes
		}},
		{"an epoch that is not the next", "which is not the next", func(notes []histories.Note) []histories.Note {
			at := slices.IndexFunc(notes, func(n histories.Note) bool { return n.Event == "+try-failover" })
			notes[at].Epoch += 3
			return notes
		}},
		{"a promotion without a choice", "it promotes while elected", func(notes []histories.Note) []histories.Note {
			return slices.DeleteFunc(notes, func(n histories.Note) bool { return n.Event == "+selected-slave" })
		}},
		{"a master that nobody has made", "that nobody has made", func(notes []histories.Note) []histories.Note {
			for i := len(notes) - 1; ; i-- {
				if notes[i].Kind == "config" && notes[i].From == "" && notes[i].Epoch > 0 {
					notes[i].Epoch += 3
					return notes
				}
			}
		}},
	} {
		bad := *good
		bad.Notes = c.change(slices.Clone(good.Notes))
		findings := election.Hold(&bad).Findings
		require.NotEmpty(t, findings, c.name)
		require.Contains(t, findings[0].Text, c.want, c.name)
	}
	live := *good
	live.World = "live"
	require.Zero(t, election.Hold(&live).Steps, "what several processes note has no common order")
}

// TestPlantedBugsDoWhatTheSpecificationForbids: in the run that a sweep of the mutant keeps.
func TestPlantedBugsDoWhatTheSpecificationForbids(t *testing.T) {
	root, err := mutants.Root(t.Context())
	require.NoError(t, err)
	for name, want := range map[string]string{
		"two-votes-in-an-epoch":   "after it has voted in",
		"elected-by-quorum-alone": "votes needed",
		"vote-not-persisted":      "after it has voted in",
	} {
		t.Run(name, func(t *testing.T) {
			if name != "two-votes-in-an-epoch" && !*planted {
				t.Skip("it takes a build and a sweep: make specification tries all")
			}
			m, err := mutants.ByName(name)
			require.NoError(t, err)
			dir := t.TempDir()
			program := filepath.Join(dir, "ordeal")
			require.NoError(t, m.Build(t.Context(), root, "./harness/cmd/ordeal", program))
			cmd := exec.CommandContext(t.Context(), program, "sweep", m.Scenario, "-seeds", "1-300", "-fail", "1")
			cmd.Dir = dir
			out, _ := cmd.CombinedOutput()
			require.Equal(t, 1, cmd.ProcessState.ExitCode(), "%s", out)
			kept, err := filepath.Glob(filepath.Join(dir, "runs", "sweep", "*", "history.jsonl"))
			require.NoError(t, err)
			require.NotEmpty(t, kept, "%s", out)
			h, err := histories.ReadFile(kept[0])
			require.NoError(t, err)
			findings := election.Hold(h).Findings
			require.NotEmpty(t, findings)
			require.Contains(t, fmt.Sprint(findings), want)
			t.Logf("seed %d: %v", h.Seed, findings[0])
		})
	}
}
