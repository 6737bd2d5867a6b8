package live

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// Since 7.0 a master that is asked to end waits up to shutdown-timeout for replicas that lag.
func TestProcessMayTakeAsLongToEndAsItsSettingsAllow(t *testing.T) {
	for config, patience := range map[string]time.Duration{"": 20 * time.Second, "shutdown-timeout 0\n": 10 * time.Second,
		"shutdown-timeout 5\nshutdown-timeout 30\n": 40 * time.Second, "# shutdown-timeout 5\n": 20 * time.Second} {
		m := &machine{spec: cluster.Machine{Kind: cluster.Server, ConfigPath: "c", Files: map[string]string{"c": config}}, world: &World{program: program{major: 7}}}
		require.Equal(t, patience, (&process{machine: m}).patience(), config)
		m.world.program.major = 4
		require.Equal(t, 10*time.Second, (&process{machine: m}).patience(), "4.0 does not wait")
		m.spec.Kind, m.world.program.major = cluster.Sentinel, 7
		require.Equal(t, 10*time.Second, (&process{machine: m}).patience(), "a Sentinel has nobody to wait for")
	}
}
