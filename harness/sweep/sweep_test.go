package sweep_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

// plans are two short scenarios: one that holds, and one that breaks what nobody promised.
func plans(t *testing.T) []sweep.Plan {
	t.Helper()
	parse := func(text string) harness.Scenario {
		s, err := harness.Systems{redis.System{}}.ParseScenario("test", []byte(text))
		require.NoError(t, err)
		return s
	}
	return []sweep.Plan{
		{Source: "holds.yaml", Scenario: parse("name: holds\ncluster: {replicas: 1}\nduration: 4s\nchecks: [read-only, convergence]\n" +
			"workload: {kind: register, clients: 1, keys: 1, rate: 20, reads: 50%, probes: 50%}\n")},
		{Source: "breaks.yaml", Scenario: parse("name: breaks\ncluster: {replicas: 1}\nduration: 6s\nchecks: [linearizable]\n" +
			"workload: {kind: register, clients: 2, keys: 1, rate: 20, reads: 50%}\nfaults: [at 2s kill m1 for 2s]\n")},
	}
}

// without forgets how long things took, which differs from run to run.
func without(s *sweep.Summary) string {
	c := *s
	c.Took = 0
	text, _ := json.Marshal(c)
	return string(text)
}

func TestTheSummaryDependsOnTheSeedsAlone(t *testing.T) {
	var first string
	for _, workers := range []int{1, 4} {
		s, err := sweep.Run(t.Context(), plans(t), sweep.Options{First: 1, Last: 8, Workers: workers})
		require.NoError(t, err)
		require.Equal(t, 16, s.Runs)
		require.True(t, s.Complete)
		require.Equal(t, checkers.Invalid, s.Result())
		require.NotEmpty(t, s.Failures)
		for _, f := range s.Failures {
			require.Equal(t, "breaks", f.Scenario)
			require.Equal(t, []string{"linearizable"}, f.Checkers)
			require.Contains(t, f.Replay, "ordeal run breaks.yaml -seed ")
		}
		if first == "" {
			first = without(s)
		}
		require.Equal(t, first, without(s))
	}
}

func TestAnInterruptedSweepGoesOnWhereItStopped(t *testing.T) {
	whole, err := sweep.Run(t.Context(), plans(t), sweep.Options{First: 1, Last: 8, Workers: 2, Out: t.TempDir()})
	require.NoError(t, err)

	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	opts := sweep.Options{First: 1, Last: 8, Workers: 2, Out: dir}
	opts.Progress = func(p sweep.Progress) {
		require.Equal(t, 16, p.Of)
		if p.Done == 6 {
			cancel()
		}
	}
	part, err := sweep.Run(ctx, plans(t), opts)
	require.NoError(t, err)
	require.False(t, part.Complete)
	require.Less(t, part.Runs, 16)
	require.GreaterOrEqual(t, part.Runs, 6)

	// The program may have died in the middle of a line.
	path := filepath.Join(dir, sweep.StateFile)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(`{"scenario":"holds","se`)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	played := 0
	opts.Resume = true
	opts.Progress = func(p sweep.Progress) { played = p.Done }
	rest, err := sweep.Run(t.Context(), plans(t), opts)
	require.NoError(t, err)
	require.Equal(t, 16, played)
	require.True(t, rest.Complete)
	normal := func(s *sweep.Summary) string { // where failures are kept is another folder
		for i := range s.Failures {
			s.Failures[i].Dir = ""
		}
		return without(s)
	}
	require.Equal(t, normal(whole), normal(rest))

	again, err := sweep.Run(t.Context(), plans(t), opts)
	require.NoError(t, err)
	require.Equal(t, normal(whole), normal(again))

	_, err = sweep.Run(t.Context(), plans(t)[:1], opts)
	require.ErrorContains(t, err, "is of another sweep")
}

func TestAGoalThatIsMissedFailsTheSweep(t *testing.T) {
	p := plans(t)[:1]
	s, err := sweep.Run(t.Context(), p, sweep.Options{First: 1, Last: 2, Goals: []string{"full-sync", "tilt"}})
	require.NoError(t, err)
	require.Empty(t, s.Failures)
	require.Equal(t, checkers.Invalid, s.Result())
	require.Len(t, s.Missing, 1)
	require.Contains(t, s.Missing[0], "no run reached the goal tilt")

	p[0].Scenario.Goals = []string{"full-sync"}
	s, err = sweep.Run(t.Context(), p, sweep.Options{First: 1, Last: 2})
	require.NoError(t, err)
	require.Equal(t, checkers.Valid, s.Result())

	p[0].Scenario.Goals = []string{"odown"}
	s, err = sweep.Run(t.Context(), p, sweep.Options{First: 1, Last: 2})
	require.NoError(t, err)
	require.Contains(t, s.Missing[0], "no run of holds reached the goal odown")
}

func TestJUnitSaysWhichSeedsFailed(t *testing.T) {
	s, err := sweep.Run(t.Context(), plans(t), sweep.Options{First: 1, Last: 4, Workers: 2, Goals: []string{"tilt"}})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, s.WriteJUnit(&out))
	var doc struct {
		Tests  int `xml:"tests,attr"`
		Failed int `xml:"failures,attr"`
		Suites []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(out.Bytes(), &doc))
	require.Equal(t, 9, doc.Tests)
	require.Equal(t, len(s.Failures)+1, doc.Failed)
	require.Equal(t, "holds", doc.Suites[0].Name)
	require.Equal(t, "seed 1", doc.Suites[0].Cases[0].Name)
	failed := 0
	for _, c := range doc.Suites[1].Cases {
		if c.Failure != nil {
			failed++
			require.Contains(t, c.Failure.Message, "linearizable: ")
			require.Contains(t, c.Failure.Text, "replay: ordeal run breaks.yaml -seed ")
		}
	}
	require.Equal(t, len(s.Failures), failed)
	require.Equal(t, "goals", doc.Suites[2].Name)
	require.NotNil(t, doc.Suites[2].Cases[0].Failure)
}

func TestFailuresMaxStopsTheSweep(t *testing.T) {
	s, err := sweep.Run(t.Context(), plans(t)[1:], sweep.Options{First: 1, Last: 1000, FailuresMax: 1, Workers: 1})
	require.NoError(t, err)
	require.Len(t, s.Failures, 1)
	require.False(t, s.Complete)
	require.Less(t, s.Took, time.Hour)
}
