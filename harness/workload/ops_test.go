package workload_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/harness/redis/callers"
	"github.com/ordeal-go/ordeal/harness/workload"
)

func TestOperationsPrintAsTheyAreRead(t *testing.T) {
	for _, text := range []string{"", "none", "c1/3", "c1/3 c1/17-20 c2/9"} {
		ops, err := workload.ParseOps(text)
		require.NoError(t, err)
		require.Equal(t, text, ops.String())
	}
	for _, text := range []string{"c1", "c1/", "c1/0", "c1/5-4", "/3", "c1/x", "none c1/3", "c1/1,2"} {
		_, err := workload.ParseOps(text)
		require.ErrorContains(t, err, "write the client and its numbers", text)
	}
	ops, err := workload.ParseOps("")
	require.NoError(t, err)
	require.True(t, ops.Has("c7", 99), "no list is all of them")
	require.False(t, workload.Ops{}.Has("c1", 1))
}

func TestCanonicalOperationsAreTheSameOperations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		client := rapid.SampledFrom([]string{"c1", "c2", "c10"})
		ops := workload.Ops{}
		for range rapid.IntRange(0, 12).Draw(t, "ranges") {
			first := rapid.IntRange(1, 30).Draw(t, "first")
			ops = append(ops, workload.OpRange{Client: client.Draw(t, "client"), First: first, Last: first + rapid.IntRange(0, 5).Draw(t, "more")})
		}
		canonical := ops.Canonical()
		again, err := workload.ParseOps(canonical.String())
		require.NoError(t, err)
		require.Equal(t, canonical, again)
		total := 0
		for _, name := range []string{"c1", "c2", "c10"} {
			for n := range 40 {
				require.Equal(t, ops.Has(name, n), canonical.Has(name, n))
				require.Equal(t, ops.Has(name, n), ops.Of(name).Has(name, n))
				if ops.Has(name, n) {
					total++
				}
			}
		}
		require.Equal(t, total, canonical.Len())
	})
}

func TestAnOperationOfNobodyIsRefused(t *testing.T) {
	s := workload.Spec{Clients: 2, Ops: "c3/1"}.WithDefaults(callers.Works())
	require.ErrorContains(t, s.Check(callers.Works()), `there is no client "c3": there are c1 to c2`)
}
