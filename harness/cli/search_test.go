package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatDrawPrintsRunsTheSame(t *testing.T) {
	t.Chdir(t.TempDir())
	status, text, _ := ordeal(t, "draw", "swarm", "-seed", "3")
	require.Zero(t, status)
	require.NoError(t, os.WriteFile("drawn.yaml", []byte(text), 0o644))
	trace := func(name string) string {
		_, out, _ := ordeal(t, "run", name, "-seed", "3", "-json", "-out", "out-"+name)
		var res struct{ Trace string }
		require.NoError(t, json.Unmarshal([]byte(out), &res))
		require.Len(t, res.Trace, 64)
		return res.Trace
	}
	require.Equal(t, trace("swarm"), trace("drawn.yaml"))
}

const failingScenario = `name: failing
cluster: {replicas: 2, sentinels: 3, quorum: 2}
config: {repl-timeout: 6, repl-ping-slave-period: 1}
sentinel: {down-after-milliseconds: 1000, failover-timeout: 5000}
workload: {kind: register, clients: 3, keys: 3, rate: 20, reads: 50%}
duration: 20s
faults:
  - at 1s latency m1 | r1 delay=5ms for 2s
  - at 2s kill m1 for 12s
  - at 9s pause r1 for 2s
settle: 3m
checks: [linearizable]
`

func TestShrunkFileFailsWhenItIsRun(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("failing.yaml", []byte(failingScenario), 0o644))
	status, _, _ := ordeal(t, "run", "failing.yaml", "-seed", "2", "-out", "kept")
	require.Equal(t, exitInvalid, status)

	status, out, errs := ordeal(t, "shrink", "kept", "-json")
	require.Equal(t, exitInvalid, status, errs)
	var res struct {
		Seed     uint64
		Minimal  bool
		From, To struct{ Faults, Operations int }
		Replay   string
	}
	require.NoError(t, json.Unmarshal([]byte(out), &res))
	require.True(t, res.Minimal)
	require.Equal(t, 3, res.From.Faults)
	require.LessOrEqual(t, res.To.Faults, 1)
	require.LessOrEqual(t, res.To.Operations, 20)
	require.Contains(t, res.Replay, "ordeal run kept/shrunk.yaml -seed ")

	args := append(bytesFields(res.Replay)[1:], "-out", "again")
	status, _, _ = ordeal(t, args...)
	require.Equal(t, exitInvalid, status)

	status, _, errs = ordeal(t, "shrink", "chain")
	require.Equal(t, exitUsage, status)
	require.Contains(t, errs, "there is nothing to shrink")
}

func bytesFields(text string) (words []string) {
	for _, w := range bytes.Fields([]byte(text)) {
		words = append(words, string(w))
	}
	return words
}

func TestAnInterruptedSweepSaysHowToGoOn(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	var o, e bytes.Buffer
	status := dispatch(ctx, streams{&o, &e}, []string{"sweep", "swarm", "-seeds", "1-100000", "-fail", "0"})
	require.Contains(t, []int{exitValid, exitUnknown}, status)
	require.Contains(t, e.String(), "--resume goes on")
	require.Contains(t, o.String(), "goals reached: ")

	status, out, errs := ordeal(t, "sweep", "swarm", "-seeds", "1-3", "-resume", "-goals", "tilt,glory")
	require.Equal(t, exitUsage, status, out)
	require.Contains(t, errs, `there is no goal "glory"`)
	status, out, _ = ordeal(t, "sweep", "swarm", "-seeds", "1-3", "-resume", "-junit", "out/j.xml", "-goals", "full-sync")
	require.Zero(t, status, out)
	require.FileExists(t, "out/j.xml")
	status, _, errs = ordeal(t, "sweep", "chain", "-seeds", "1-3", "-resume")
	require.Equal(t, exitUsage, status)
	require.Contains(t, errs, "is of another sweep")
	status, _, errs = ordeal(t, "sweep", "chain", "chain")
	require.Equal(t, exitUsage, status)
	require.Contains(t, errs, "both called chain")
}
