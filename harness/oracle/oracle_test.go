package oracle

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunsThatCouldNotGoOnAreComparedByWhy(t *testing.T) {
	a := kind("machine m1 went down by itself at 12.5s: invariant broken: the backlog holds 120 bytes from 4 on")
	require.Equal(t, a, kind("machine r2 went down by itself at 1m3s: invariant broken: the backlog holds 7 bytes from 99 on\nits last log lines: x"))
	require.NotEqual(t, a, kind("machine m1 went down by itself at 12s: invariant broken: failover from idle to waitStart"))
}
