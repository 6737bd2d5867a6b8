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

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/swarm"
	"github.com/ordeal-go/ordeal/nemesis"
)

var (
	plays = flag.Int("determinism.runs", 100, "how many `runs` must have the same trace in every process, half of them "+
		"drawn by the swarm, half of the catalogue; a fifth of them on other machines")
	emulate = flag.Bool("determinism.arm64", false, "play on arm64, too, which qemu-aarch64-static emulates")
)

// span says what is played: the whole catalogue with seeds 1 to catalogue, and the swarm with seeds 1 to swarm.
type span struct{ catalogue, swarm int }

// spanOf spreads runs over the catalogue and the swarm; the catalogue is never left out.
func spanOf(runs int) span {
	return span{max(1, runs/2/len(scenarios.All())), max(1, runs/2)}
}

// TestTracesAreTheSameInEveryProcess plays the catalogue and the swarm in separate processes: twice with the same
// program, with one processor and with two, one run at a time and several, and with the race detector built in. All
// traces are equal.
func TestTracesAreTheSameInEveryProcess(t *testing.T) {
	what := spanOf(*plays)
	requireEveryKindOfFault(t, what)
	plain := build(t, "ordeal", nil)
	first := traces(t, what, []string{plain}, "GOMAXPROCS=2", "-workers", "2")
	require.Len(t, first, what.catalogue*len(scenarios.All())+what.swarm)
	requireSame(t, first, traces(t, what, []string{plain}, "GOMAXPROCS=1", "-workers", "1"), "with GOMAXPROCS=1")

	t.Run("race", func(t *testing.T) {
		if _, err := exec.LookPath("gcc"); err != nil {
			t.Skip("the race detector needs a C compiler: apt-get install gcc")
		}
		raced := build(t, "ordeal-race", nil, "-race")
		requireSame(t, first, traces(t, what, []string{raced}, "GOMAXPROCS=2", "-workers", "2"), "with -race")
	})
}

// TestTracesAreTheSameOnEveryMachine plays a part of those runs as WebAssembly under node, and as a program for
// another processor, arm64, under qemu: other instructions, rounding, memory and scheduler, the same traces.
func TestTracesAreTheSameOnEveryMachine(t *testing.T) {
	what := spanOf(*plays / 5)
	native := traces(t, what, []string{build(t, "ordeal", nil)}, "GOMAXPROCS=2", "-workers", "2")

	t.Run("wasm", func(t *testing.T) {
		if _, err := exec.LookPath("node"); err != nil {
			t.Skip("WebAssembly needs a runtime: apt-get install nodejs")
		}
		program := build(t, "ordeal.wasm", []string{"GOOS=js", "GOARCH=wasm"})
		goroot, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
		require.NoError(t, err)
		start := filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec_node.js")
		under := []string{"node", "--stack-size=8192", start, program}
		requireSame(t, native, traces(t, what, under, "GOMAXPROCS=1", "-workers", "1"), "as WebAssembly")
	})
	t.Run("arm64", func(t *testing.T) {
		if !*emulate {
			t.Skip("an emulated processor takes minutes: make determinism-arm64 plays on one")
		}
		emulator, err := exec.LookPath("qemu-aarch64-static")
		require.NoError(t, err, "arm64 needs an emulator: apt-get install qemu-user-static")
		program := build(t, "ordeal-arm64", []string{"GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0"})
		requireSame(t, native, traces(t, what, []string{emulator, program}, "GOMAXPROCS=2", "-workers", "2"), "on arm64")
	})
}

// families are the kinds of faults that a proof of determinism must have played, each by a part of the simulator and
// of the servers that the others do not touch.
var families = map[string][]nemesis.Verb{
	"links":   {nemesis.Cut, nemesis.Drop, nemesis.Isolate, nemesis.Halves, nemesis.Bridge, nemesis.HalfOpen, nemesis.Flap},
	"toxics":  {nemesis.Latency, nemesis.Bandwidth, nemesis.SlowClose, nemesis.Timeout, nemesis.ResetPeer, nemesis.Slicer, nemesis.LimitData},
	"lives":   {nemesis.Kill, nemesis.Restart, nemesis.Terminate, nemesis.PowerLoss, nemesis.Pause, nemesis.Stall, nemesis.Storm},
	"disks":   {nemesis.LyingFsync, nemesis.TornTail, nemesis.EIOWrite, nemesis.EIOSync, nemesis.DiskFull, nemesis.SlowDisk},
	"clocks":  {nemesis.ClockJump, nemesis.ClockDrift, nemesis.ClockOffset},
	"orders":  {redis.Promote, redis.SlaveOf, redis.ConfigSet, redis.ClientKill, redis.BGSave, redis.SentinelFailover},
	"members": {redis.SentinelAdd, redis.SentinelRemove, redis.ReplicaAdd, redis.ReplicaRemove},
}

// requireEveryKindOfFault fails if what is played leaves out a family of faults: the proof would not say what it says.
func requireEveryKindOfFault(t *testing.T, what span) {
	t.Helper()
	var verbs []nemesis.Verb
	count := func(s harness.Scenario, seeds int) {
		for seed := 1; seed <= seeds; seed++ {
			for _, step := range s.Drawn(uint64(seed)).Faults {
				verbs = append(verbs, step.Fault.Verb)
			}
		}
	}
	for _, s := range scenarios.All() {
		count(s, what.catalogue)
	}
	count(swarm.Scenario(redis.System{}), what.swarm)
	for name, family := range families {
		require.True(t, slices.ContainsFunc(family, func(v nemesis.Verb) bool { return slices.Contains(verbs, v) }),
			"of %d swarm seeds and the catalogue, no run has faults of %s: play more with -determinism.runs", what.swarm, name)
	}
}

// build builds the command, for another system if env says so.
func build(t *testing.T, name string, env []string, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	args := append(append([]string{"build"}, flags...), "-o", program, "./cmd/ordeal")
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// traces plays what with a program and returns a line for each run: scenario, seed, trace.
func traces(t *testing.T, what span, program []string, env string, flags ...string) (lines []string) {
	t.Helper()
	for scenario, seeds := range map[string]int{"all": what.catalogue, swarm.Name: what.swarm} {
		dir := t.TempDir()
		args := append(slices.Clone(program[1:]), "sweep", scenario, "-seeds", fmt.Sprintf("1-%d", seeds), "-fail", "0", "-traces", "traces")
		cmd := exec.CommandContext(t.Context(), program[0], append(args, flags...)...)
		cmd.Env = append(os.Environ(), env)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		text, missing := os.ReadFile(filepath.Join(dir, "traces"))
		require.NoError(t, missing, "%v: %v\n%s", cmd, err, out) // a run that breaks a property has a trace, too
		lines = append(lines, strings.Split(strings.TrimSpace(string(text)), "\n")...)
	}
	for _, l := range lines {
		require.Len(t, strings.Fields(l), 3, "a run has no trace")
	}
	slices.Sort(lines)
	return lines
}

// requireSame names the first run whose trace differs.
func requireSame(t *testing.T, want, got []string, how string) {
	t.Helper()
	require.Len(t, got, len(want), "%s, there are other runs", how)
	for i := range want {
		require.Equal(t, want[i], got[i], "%s the run differs; find the first event with ordeal run … -trace -out DIR, twice, and ordeal diff", how)
	}
}
