package harness_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/live/runs"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
)

// played is a run's history as text, up to a moment and from there on.
func played(t *testing.T, s harness.Scenario, at time.Duration) (before, after string) {
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 3})
	require.NoError(t, err)
	var b strings.Builder
	h := res.History
	i := 0
	for ; i < len(h.Notes) && h.Notes[i].Time <= res.Formed+at; i++ {
		b.WriteString(h.Notes[i].Kind + h.Notes[i].Machine + h.Notes[i].Time.String() + "\n")
	}
	before = b.String()
	b.Reset()
	for ; i < len(h.Notes); i++ {
		b.WriteString(h.Notes[i].Kind + h.Notes[i].Machine + h.Notes[i].Time.String() + "\n")
	}
	return before, b.String()
}

func TestABranchIsTheSameUpToItsMomentAndAnotherRunAfterIt(t *testing.T) {
	s, ok := scenarios.ByName("sentinel-failover")
	require.True(t, ok)
	const at = 2500 * time.Millisecond
	before, after := played(t, s, at)
	ways := map[string]bool{after: true}
	for n := range uint64(3) {
		b, a := played(t, s.Branched(harness.Branch{At: at, Seed: n}), at)
		require.Equal(t, before, b)
		ways[a] = true
		again, more := played(t, s.Branched(harness.Branch{At: at, Seed: n}), at)
		require.Equal(t, b+a, again+more, "the same branch is the same run")
	}
	require.Len(t, ways, 4)
}

func TestABranchIsALineOfAScenarioFile(t *testing.T) {
	const text = "name: two-ways\nwhy: it may go otherwise\ncluster: {replicas: 1}\nduration: 10s\nbranches: ["
	systems := harness.Systems{redis.System{}}
	s, err := systems.ParseScenario("two.yaml", []byte(text+"at 2s seed 7, at 4.5s seed 1]"))
	require.NoError(t, err)
	require.Equal(t, []harness.Branch{{At: 2 * time.Second, Seed: 7}, {At: 4500 * time.Millisecond, Seed: 1}}, s.Branches)
	written, err := s.YAML()
	require.NoError(t, err)
	again, err := systems.ParseScenario("again.yaml", written)
	require.NoError(t, err)
	require.Equal(t, s.Branches, again.Branches)

	for line, want := range map[string]string{
		"7.2s seed 3":                 `two.yaml:5:12: "7.2s seed 3" is no branch: write it as "at 7.2s seed 3"`,
		"at noon seed 3":              `"noon" is no moment: write it as 7.2s or 1m30s`,
		"at 2s seed -1":               `a seed is a number from 0 on, not "-1"`,
		"at 12s seed 1":               `two.yaml:5:12: "at 12s seed 1" is not within the run's 10s`,
		"at 4s seed 1, at 2s seed 1]": `comes before the one that it branches off from, "at 4s seed 1"`,
	} {
		_, err := systems.ParseScenario("two.yaml", []byte(text+strings.TrimSuffix(line, "]")+"]"))
		require.ErrorContains(t, err, want)
	}
	_, err = harness.Run(t.Context(), s, harness.Options{World: harness.WorldLive, Live: runs.Live{}})
	require.ErrorContains(t, err, "only a simulated run is the same up to a moment")
}
