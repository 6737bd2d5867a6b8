package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// ordeal runs the command in an empty folder.
func ordeal(t *testing.T, args ...string) (status int, out, err string) {
	t.Helper()
	var o, e bytes.Buffer
	status = dispatch(t.Context(), streams{&o, &e}, args)
	return status, o.String(), e.String()
}

func TestWrongUsageSaysWhatToDoAndExits2(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("bad.yaml", []byte("name: x\nfaults:\n  - at 2s kil m1\n"), 0o644))
	require.NoError(t, os.WriteFile("bad.jsonl", []byte("{\"ordeal\":1,\"scenario\":\"x\",\"seed\":1,\"world\":\"sim\"}\n{\"t\":nonsense}\n"), 0o644))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{}, "ordeal run"},
		{[]string{"rnu"}, `there is no command "rnu": did you mean run? (ordeal help shows the commands)`},
		{[]string{"-v", "swep", "chain", "-seeds", "1-2"}, `there is no command "swep": did you mean sweep?`},
		{[]string{"run"}, "an argument is missing: ordeal run SCENARIO"},
		{[]string{"run", "chain", "x"}, `"x" is one argument too many`},
		{[]string{"run", "chian"}, `there is no scenario "chian", nor a file of that name: did you mean chain? (ordeal list shows the scenarios)`},
		{[]string{"run", "zzzzzzzzzzzz"}, `there is no scenario "zzzzzzzzzzzz", nor a file of that name: ordeal list shows the scenarios`},
		{[]string{"run", "gone.yaml"}, "gone.yaml: no such file"},
		{[]string{"run", "bad.yaml"}, "bad.yaml:3:5: "},
		{[]string{"run", "chain", "-sed", "7"}, "there is no flag --sed: did you mean --seed? (ordeal run -h tells the flags)"},
		{[]string{"run", "chain", "-x"}, "there is no flag -x: ordeal run -h tells the flags"},
		{[]string{"run", "chain", "-seed", "x"}, "--seed x: a seed is a whole number from 0 to"},
		{[]string{"run", "chain", "-seed", "-1"}, "--seed -1: a seed is a whole number from 0 to"},
		{[]string{"run", "chain", "-seed"}, "--seed: the seed is missing"},
		{[]string{"run", "chain", "-max-lost", "few"}, "--max-lost few: write a whole number, as 10"},
		{[]string{"sweep", "chain", "-fail", "few"}, "--fail few: write a whole number, as 10"},
		{[]string{"check", "bad.jsonl", "-timeout", "5"}, "--timeout 5: write a time, as 500ms, 5s or 1m30s"},
		{[]string{"run", "chain", "-world", "moon"}, `there is no world "moon": there are sim and live`},
		{[]string{"run", "chain", "-target", "redis-server"}, "--target belongs to the live world, and this run is in the sim world"},
		{[]string{"sweep", "chain", "-target", "redis-server"}, "--target belongs to the live world"},
		{[]string{"run", "chain", "-record"}, "--record belongs to the live world"},
		{[]string{"run", "chain", "-world", "live", "-trace"}, "--trace belongs to the sim world"},
		{[]string{"sweep", "chain", "-seeds", "9-1"}, "write seeds as 7, or as 1-200"},
		{[]string{"check", "bad.jsonl"}, "line 2"},
		{[]string{"check", "gone.jsonl"}, "gone.jsonl"},
		{[]string{"check", "bad.jsonl", "-checks", "x"}, ""},
		{[]string{"replay", "."}, "history.jsonl"},
		{[]string{"mutant", "nobody"}, `there is no planted bug "nobody"`},
		{[]string{"help", "rnu"}, "did you mean run?"},
		{[]string{"completion", "fihs"}, "did you mean fish?"},
		{[]string{"list", "goal"}, "did you mean goals?"},
		{[]string{"open"}, "no run is kept in runs"},
	} {
		status, out, err := ordeal(t, c.args...)
		require.Equal(t, exitUsage, status, "%v", c.args)
		require.Empty(t, out, "%v", c.args)
		require.Contains(t, unwrapped(err), c.want, "%v", c.args)
	}
}

// unwrapped is text without the breaks that make its lines fit.
func unwrapped(text string) string { return regexp.MustCompile(`\n +`).ReplaceAllString(text, " ") }

func TestHelpIsNoError(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"run", "-h"}, {"sweep", "-help"}, {"check", "--help"}, {"version"}, {"--version"}, {"help", "run"}, {"mutant", "-h"}, {"help", "mutant"}, {"list"}} {
		status, out, err := ordeal(t, args...)
		require.Zero(t, status, "%v", args)
		require.NotEmpty(t, out, "%v", args)
		require.Empty(t, err, "%v", args)
	}
}

func TestRunCheckReportReplay(t *testing.T) {
	t.Chdir(t.TempDir())
	status, out, _ := ordeal(t, "run", "-seed", "7", "chain", "-json")
	require.Zero(t, status)
	var res struct {
		Trace, Replay, Dir string
		Verdicts           []struct{ Checker, Result string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &res))
	require.Len(t, res.Trace, 64)
	require.Equal(t, "ordeal run chain -seed 7", res.Replay)
	require.Equal(t, filepath.Join("runs", "chain-sim-7"), res.Dir)

	status, out, _ = ordeal(t, "run", "chain", "-seed", "7", "-out", "again")
	require.Zero(t, status)
	require.Contains(t, out, "trace "+res.Trace, "the same seed gives the same trace")
	require.Contains(t, out, "report: "+filepath.Join("again", "report.html"))

	for _, path := range []string{res.Dir, filepath.Join(res.Dir, "history.jsonl")} {
		status, out, _ = ordeal(t, "check", path)
		require.Zero(t, status, out)
		require.Contains(t, out, "linearizable: valid")
	}
	status, _, _ = ordeal(t, "check", res.Dir, "-checks", "min-slaves")
	require.Equal(t, exitUnknown, status, "min-slaves-to-write was never in force")

	require.NoError(t, os.WriteFile("app.jsonl", []byte(`{"antithesis_assert":{"hit":true,"must_hit":true,"assert_type":"always",`+
		`"message":"a token is given once","condition":false,"details":{"token":7}}}`+"\n"), 0o644))
	status, out, _ = ordeal(t, "check", res.Dir, "-assertions", "a1=app.jsonl")
	require.Equal(t, exitInvalid, status)
	require.Contains(t, out, `a1: always: "a token is given once" does not hold, {"token":7}`)
	status, _, problem := ordeal(t, "check", res.Dir, "-assertions", filepath.Join(res.Dir, "scenario.yaml"))
	require.Equal(t, exitUsage, status)
	require.Contains(t, problem, "scenario.yaml: line 1: this is no line of Antithesis' SDK")

	require.NoError(t, os.Remove(filepath.Join(res.Dir, "report.html")))
	status, _, _ = ordeal(t, "report", res.Dir)
	require.Zero(t, status)
	require.FileExists(t, filepath.Join(res.Dir, "report.html"))

	status, out, errText := ordeal(t, "replay", res.Dir)
	require.Zero(t, status)
	require.Contains(t, out, "trace "+res.Trace)
	require.NotContains(t, errText, "differs")
}

func TestBrokenHistoryIsInvalidAndExits1(t *testing.T) {
	t.Chdir(t.TempDir())
	text := `{"ordeal":1,"scenario":"x","seed":1,"world":"test"}
{"t":1000,"op":"invoke","process":"c1","f":"write","key":"k","value":"1","node":"m1"}
{"t":2000,"op":"ok","process":"c1"}
{"t":3000,"op":"invoke","process":"c1","f":"read","key":"k","node":"m1"}
{"t":4000,"op":"ok","process":"c1","value":null}
{"end":5000}
`
	require.NoError(t, os.WriteFile("h.jsonl", []byte(text), 0o644))
	status, out, _ := ordeal(t, "check", "h.jsonl", "-checks", "linearizable", "-page", "page.html")
	require.Equal(t, exitInvalid, status, out)
	require.Contains(t, out, "linearizable: invalid")
	require.FileExists(t, "page.html")
}

func TestInterruptedSweepStopsAndSaysSo(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var o, e bytes.Buffer
	status := dispatch(ctx, streams{&o, &e}, []string{"sweep", "chain", "-seeds", "1-100000"})
	require.Equal(t, exitUnknown, status)
	require.Contains(t, e.String(), "interrupted after 0 of 100000 runs")
}

func TestDiffNamesTheFirstEventThatDiffers(t *testing.T) {
	t.Chdir(t.TempDir())
	for dir, seed := range map[string]string{"a": "1", "b": "1", "c": "2"} {
		status, out, err := ordeal(t, "run", "chain", "-seed", seed, "-trace", "-out", dir)
		require.Zero(t, status, out+err)
	}
	status, out, _ := ordeal(t, "diff", "a", "b")
	require.Zero(t, status, out)
	require.Contains(t, out, "the runs are the same")
	status, out, _ = ordeal(t, "diff", "a", "c")
	require.Equal(t, exitInvalid, status)
	require.Contains(t, out, "differ from line")
	status, _, err := ordeal(t, "diff", "a", ".")
	require.Equal(t, exitUsage, status)
	require.Contains(t, err, "keep the run again with ordeal run … --trace")
}
