package harnesstest_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/harnesstest"
	"github.com/ordeal-go/ordeal/harness/harnesstest/flags"
	"github.com/ordeal-go/ordeal/harness/redis"
)

// lossy holds an asynchronous cluster to more than it promises.
const lossy = `name: lossy
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

func scenario(t *testing.T) harness.Scenario {
	s, err := harness.Systems{redis.System{}}.ParseScenario("lossy.yaml", []byte(lossy))
	require.NoError(t, err)
	return s
}

// The failures of this test are what TestTheCommandOfAFailurePlaysThatRun looks at.
func TestThatFails(t *testing.T) {
	if os.Getenv("ORDEAL_FAILING_TEST") == "" {
		t.Skip("it fails on purpose, and another test plays it")
	}
	t.Run("in a sub-test (once)", func(t *testing.T) { harnesstest.TestWith(t, scenario(t), 2, harness.Options{}) })
}

// goTest types a command in a folder of the module.
func goTest(t *testing.T, dir, command string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", command+" -v")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ORDEAL_FAILING_TEST=1")
	out, err := cmd.CombinedOutput()
	var exited *exec.ExitError
	require.True(t, errors.As(err, &exited), "%s\n%s", command, out)
	return string(out)
}

func TestTheCommandOfAFailurePlaysThatRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs go test")
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	out := goTest(t, root, "go test ./harness/harnesstest -run TestThatFails")
	trace := regexp.MustCompile(`trace ([0-9a-f]{64})\n\s+replay: (.*)\n`).FindAllStringSubmatch(out, -1)
	require.NotEmpty(t, trace, "%s", out)
	last := trace[len(trace)-1]
	require.Contains(t, last[2], "go test github.com/ordeal-go/ordeal/harness/harnesstest -run '^TestThatFails$/^in_a_sub-test_\\(once\\)$' -ordeal.seed=")
	again := goTest(t, root, last[2])
	require.Equal(t, 1, strings.Count(again, "trace "), "one seed: %s", again)
	require.Contains(t, again, "trace "+last[1])
}

func TestTheEnvironmentSteersAndFlagsCountMore(t *testing.T) {
	t.Setenv("ORDEAL_SEEDS", "25")
	t.Setenv("ORDEAL_WORLD", "live")
	t.Setenv("ORDEAL_OUT", "kept")
	first, last := flags.Seeds(10)
	require.Equal(t, []uint64{1, 25}, []uint64{first, last})
	require.Equal(t, "live", flags.World(""))
	require.Equal(t, "kept", flags.Out())
	t.Setenv("ORDEAL_SEED", "7")
	first, last = flags.Seeds(10)
	require.Equal(t, []uint64{7, 7}, []uint64{first, last})
	t.Setenv("ORDEAL_SEED", "seven")
	require.PanicsWithValue(t, "ORDEAL_SEED=seven in the environment: write a whole number, as ORDEAL_SEED=7", func() { flags.Seeds(1) })
}
