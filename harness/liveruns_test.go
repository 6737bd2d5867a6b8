package harness_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	redischeckers "github.com/ordeal-go/ordeal/checkers/redis"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/live"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/swarm"
	"github.com/ordeal-go/ordeal/histories"
)

var (
	liveRuns  = flag.Int("live.runs", 0, "how many live runs in a row to play")
	liveFirst = flag.Int("live.first", 0, "the number of the first of them")
)

// liveRun is one of the runs in a row: catalogue and swarm by turns, on ordeal-node and on a real Redis, beside busy loops
// in half of them, and by a program with the race detector in each fifth.
type liveRun struct {
	n                 int
	scenario          harness.Scenario
	target            string
	busy, race        bool
	dir, plan, output string
	status            int
}

func newLiveRun(t *testing.T, n int, dir string) *liveRun {
	r := &liveRun{n: n, target: live.OrdealNode, busy: n/4%2 == 1, race: n%5 == 0, dir: filepath.Join(dir, fmt.Sprint(n))}
	if n%4 >= 2 {
		r.target = live.RedisServer
	}
	if all := scenarios.All(); n%2 == 0 {
		r.scenario = all[n/2%len(all)].Drawn(uint64(n))
	} else {
		r.scenario = swarm.Scenario(redis.System{}).Drawn(uint64(n))
	}
	r.scenario.Settle = min(r.scenario.Settle, time.Minute) // what will not settle has nobody who promises that it does
	text, err := r.scenario.YAML()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	r.plan = r.dir + ".yaml"
	require.NoError(t, os.WriteFile(r.plan, text, 0o600))
	return r
}

// play runs it in a process of its own.
func (r *liveRun) play(t *testing.T, programs map[bool]string) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if r.busy {
		for range 2 {
			loop := exec.CommandContext(ctx, "sh", "-c", "while :; do :; done")
			require.NoError(t, loop.Start())
			defer func() { loop.Process.Kill(); loop.Wait() }()
		}
	}
	run := exec.CommandContext(ctx, programs[r.race], "run", r.plan, "-world", "live", "-target", r.target, "-seed", fmt.Sprint(r.n), "-out", r.dir)
	out, err := run.CombinedOutput()
	r.output = string(out)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	r.status = run.ProcessState.ExitCode()
}

// judge wants the run to have come to an end of its own, and its history to be read and judged as it was at once.
func (r *liveRun) judge(t *testing.T) checkers.Verdicts {
	for _, sign := range []string{"DATA RACE", "panic:", "goroutine ", "broke down"} {
		require.NotContains(t, r.output, sign)
	}
	require.Contains(t, []int{0, 1, 3}, r.status, r.output)
	h, err := histories.ReadFile(filepath.Join(r.dir, harness.HistoryFile))
	require.NoError(t, err)
	require.True(t, h.Complete)
	verdicts, err := redischeckers.RunWithin(h, r.scenario.Limits, r.scenario.Checks...)
	require.NoError(t, err)
	if result := verdicts.Result(); result != checkers.Unknown && r.status != 3 { // 3 is also for faults that could not be done
		require.Equal(t, map[checkers.Result]int{checkers.Valid: 0, checkers.Invalid: 1}[result], r.status, r.output)
	}
	for _, v := range verdicts {
		if v.Result == checkers.Invalid {
			require.True(t, r.confirmed(h, v), "run %d, kept in %s: %v\n%v", r.n, r.dir, v, v.Findings)
			t.Logf("confirmed by the servers' logs: %v", v)
		}
	}
	return verdicts
}

var (
	elected  = regexp.MustCompile(`^was elected to replace (\w+),`)
	switched = regexp.MustCompile(`\+switch-master \S+ \S+ \d+ (\S+) (\d+)$`)
	downLine = regexp.MustCompile(`\+sdown master \S+ (\S+) (\d+)$`)
)

// confirmed says whether the servers' own logs, or what clients asked them, show what an invalid verdict says. What is
// known of a real Redis: a Sentinel dials once a second, and so calls a new master down, with a down-after below that,
// before it has dialled it: its log has the switch to that master, and less than down-after and two seconds later +sdown.
// And a replica that is asked for PFCOUNT keeps the estimate, as its master does not. That everything is gone is no
// accusation, but what lost-writes found.
func (r *liveRun) confirmed(h *histories.History, v checkers.Verdict) bool {
	patience := r.scenario.System.(redis.System).Sentinel.Millis("down-after-milliseconds", 30*time.Second)
	switch {
	case v.Checker == checkers.LimitsName:
		return true
	case r.target != live.RedisServer:
		return false
	case v.Checker == "same-offset-same-data":
		return !slices.ContainsFunc(v.Findings, func(f checkers.Finding) bool { return !estimated(h, f) })
	case v.Checker != "needless-failover" || patience >= time.Second:
		return false
	}
	return !slices.ContainsFunc(v.Findings, func(f checkers.Finding) bool {
		replaced := elected.FindStringSubmatch(f.Text)
		at := slices.IndexFunc(h.Machines, func(m histories.Machine) bool { return replaced != nil && m.Name == replaced[1] })
		return at < 0 || !slices.ContainsFunc(h.Machines, func(m histories.Machine) bool {
			return m.Kind == "sentinel" && tooEarly(h, m.Name, h.Machines[at].Addr, f.Time, patience)
		})
	})
}

// estimated says whether a server other than the master had been asked for PFCOUNT before the finding.
func estimated(h *histories.History, f checkers.Finding) bool {
	return slices.ContainsFunc(h.Ops, func(op histories.Operation) bool {
		return op.Invoked < f.Time && op.Node == f.Machine && op.Outcome == histories.OK && strings.HasPrefix(op.Arg.String(), `["PFCOUNT"`)
	})
}

// tooEarly says whether a Sentinel's log has it call the master at addr down right after it was told of it.
func tooEarly(h *histories.History, sentinel, addr string, until, patience time.Duration) bool {
	told := time.Duration(-1)
	for _, l := range h.Logs {
		if l.Machine != sentinel || l.Time > until {
			continue
		}
		if m := switched.FindStringSubmatch(l.Text); m != nil && m[1]+":"+m[2] == addr {
			told = l.Time
		}
		if m := downLine.FindStringSubmatch(l.Text); m != nil && m[1]+":"+m[2] == addr && told >= 0 && l.Time-told < patience+2*time.Second {
			return true
		}
	}
	return false
}

// TestLiveRunsInARow plays as many as -live.runs says. What failed is kept in runs/live.
func TestLiveRunsInARow(t *testing.T) {
	if *liveRuns == 0 {
		t.Skip("it takes half a minute for each run: make live-runs")
	}
	if _, err := exec.LookPath(live.RedisServer); err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	dir, err := filepath.Abs("../runs/live")
	require.NoError(t, err)
	programs := map[bool]string{false: buildPrograms(t), true: buildPrograms(t, "-race")}
	var mu sync.Mutex
	counted := map[string]int{}
	t.Run("run", func(t *testing.T) {
		for n := *liveFirst; n < *liveFirst+*liveRuns; n++ {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				r := newLiveRun(t, n, dir)
				r.play(t, programs)
				verdicts := r.judge(t)
				mu.Lock()
				defer mu.Unlock()
				for _, what := range []string{"runs", string(verdicts.Result()), "on " + r.target, map[bool]string{true: "beside busy loops"}[r.busy],
					map[bool]string{true: "with the race detector"}[r.race]} {
					if what == "" {
						continue
					}
					counted[what]++
				}
				require.NoError(t, errors.Join(os.RemoveAll(r.dir), os.Remove(r.plan)))
			})
		}
	})
	t.Logf("without a race, a panic, an unreadable history or a false alarm: %v", counted)
}

// buildPrograms builds ordeal and ordeal-node into one folder, and returns the path of ordeal.
func buildPrograms(t *testing.T, flags ...string) string {
	dir := t.TempDir() + string(filepath.Separator)
	args := append(append([]string{"build"}, flags...), "-o", dir, "./cmd/ordeal", "../node/cmd/ordeal-node")
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	require.NoError(t, err, strings.TrimSpace(string(bytes.TrimSpace(out))))
	return filepath.Join(dir, "ordeal")
}
