package cli

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOwnConfigurationFilesAreTakenAndWhatChangesIsSaid(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("redis.conf", []byte("port 7000\nmin-replicas-to-write 1\n"), 0o600))
	require.NoError(t, os.WriteFile("sentinel.conf", []byte("sentinel monitor cache 192.0.2.7 6380 2\nsentinel down-after-milliseconds cache 900\n"), 0o600))
	status, out, err := ordeal(t, "run", "min-slaves-cut", "-redis-conf", "redis.conf", "-sentinel-conf", "sentinel.conf")
	require.NotContains(t, []int{exitUsage, exitInvalid}, status, "%s%s", out, err)
	require.Contains(t, out, "replay: ordeal run min-slaves-cut -seed 1 -redis-conf redis.conf -sentinel-conf sentinel.conf\n")
	require.Contains(t, err, "changed: redis.conf:1: port 7000: every machine has an address of its own")
	require.Contains(t, err, "changed: sentinel.conf:1: sentinel monitor cache 192.0.2.7 6380 2: the master of the run is m1")
	plan, e := os.ReadFile("runs/min-slaves-cut-sim-1/scenario.yaml")
	require.NoError(t, e)
	require.Contains(t, string(plan), "min-replicas-to-write: \"1\"")
	require.Contains(t, string(plan), "down-after-milliseconds: \"900\"")

	require.NoError(t, os.WriteFile("redis.conf", []byte("io-threads 4\nhz 10\nacllog-max-len 1\n"), 0o600))
	status, _, err = ordeal(t, "sweep", "chain", "-seeds", "1-2", "-redis-conf", "redis.conf")
	require.Equal(t, exitUsage, status)
	require.Contains(t, err, "redis.conf:1: io-threads: ")
	require.Contains(t, err, "redis.conf:3: acllog-max-len: ")
	require.NotContains(t, err, "hz")
	status, _, err = ordeal(t, "run", "swarm", "-redis-conf", "redis.conf")
	require.Equal(t, exitUsage, status)
	require.Contains(t, err, "swarm draws the settings of each run")
}
