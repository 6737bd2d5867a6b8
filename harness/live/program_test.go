package live_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/live"
)

func TestAnyCommandThatTakesAConfigurationFileIsATarget(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath(live.RedisServer)
	if err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	machines, lease := alone(t)
	w, r := openProcesses(t, machines, lease, path+" --loglevel verbose")
	require.NoError(t, w.Start(t.Context(), "m1"))
	answers(t, w, r, &machines[0], "PING", "+PONG")
	answers(t, w, r, &machines[0], "CONFIG GET loglevel", "*2")
	require.True(t, strings.HasPrefix(info(&machines[0], "redis_version"), "7."))
	answers(t, w, r, &machines[0], "DEBUG SLEEP 0", "+OK")
}

func TestTargetThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for target, why := range map[string]string{"no-such-server": "no-such-server", "go": "go"} {
		machines, lease := alone(t)
		_, err := live.Open(t.Context(), live.Config{Machines: machines, Lease: lease, Sink: &record{}, Target: target})
		require.ErrorContains(t, err, why)
	}
}

func TestRecordedNodesLeaveTheirLives(t *testing.T) {
	t.Parallel()
	machines, lease := alone(t)
	r := &record{}
	w, err := live.Open(t.Context(), live.Config{Machines: machines, Lease: lease, Sink: r, Record: true})
	require.NoError(t, err)
	defer w.Close()
	require.NoError(t, w.Start(t.Context(), "m1"))
	answers(t, w, r, &machines[0], "PING", "+PONG")
	inflict(t, w, 1, "kill m1")
	lift(t, w, 1)
	answers(t, w, r, &machines[0], "PING", "+PONG")
	w.Close()
	for _, life := range []string{"1", "2"} {
		text, err := os.ReadFile(filepath.Join(machines[0].Dir, "m1.record."+life))
		require.NoError(t, err)
		require.NotEmpty(t, text)
	}
}
