package sim_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/sim"
)

func TestFirstDifferenceNamesTheLine(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"", "", ""},
		{"x\ny\n", "x\ny\n", ""},
		{"x\ny\n", "x\nz\n", "the traces differ from line 2 on:\n    x\n  - y\n  + z\n"},
		{"x\n", "x\nz\n", "the traces differ from line 2 on:\n    x\n  - (the trace ends)\n  + z\n"},
		{"0\n1\n2\n3\n4\n5\n6\na", "0\n1\n2\n3\n4\n5\n6\nb", "the traces differ from line 8 on:\n    2\n    3\n    4\n    5\n    6\n  - a\n  + b\n"},
	} {
		got, err := sim.FirstDifference(strings.NewReader(c.a), strings.NewReader(c.b))
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
}

func TestTraceLogsOfOneRunAreEqualAndOfTwoSeedsAreNot(t *testing.T) {
	trace := func(seed uint64) *bytes.Buffer {
		var log bytes.Buffer
		chaos(t, seed, time.Second, func(c *sim.Config) { c.TraceLog = &log })
		return &log
	}
	diff, err := sim.FirstDifference(trace(1), trace(1))
	require.NoError(t, err)
	require.Empty(t, diff)
	diff, err = sim.FirstDifference(trace(1), trace(2))
	require.NoError(t, err)
	require.Contains(t, diff, "the traces differ from line")
}
