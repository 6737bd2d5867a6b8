package sweep_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

const cut = `name: cut
why: the same cut under several settings
cluster: {replicas: 2, sentinels: 3, quorum: 2}
config: {min-slaves-max-lag: 2}
sentinel: {down-after-milliseconds: 2000, failover-timeout: 20000}
workload: {kind: register, clients: 3, keys: 3, rate: 20, reads: 50%, replica-reads: 20%}
duration: 25s
faults:
  - at 3s cut m1 | s1 s2 s3 r1 r2 for 10s
matrix:
  config: {min-slaves-to-write: [0, 1, 2]}
  seeds: 1-8
`

func sidesOf(t *testing.T, text string) (sides []sweep.Side) {
	s, err := harness.Systems{redis.System{}}.ParseScenario("cut.yaml", []byte(text))
	require.NoError(t, err)
	for _, v := range s.Variants() {
		sides = append(sides, sweep.Side{Label: v.Label, Plan: sweep.Plan{Scenario: v.Scenario, Source: "cut.yaml"}})
	}
	return sides
}

// What is known of the settings: the more replicas a master needs, the less it loses, and the longer it takes nothing.
func TestAComparisonShowsTheTrueOrderOfSettings(t *testing.T) {
	c, err := sweep.Compare(t.Context(), "cut", sidesOf(t, cut), sweep.Options{First: 1, Last: 8, Workers: 2})
	require.NoError(t, err)
	require.True(t, c.Complete)
	require.Empty(t, c.Failures)
	require.Len(t, c.Sides, 3)
	lost := func(i int) sweep.Spread { return c.Sides[i].Spreads["lost_max"] }
	require.Greater(t, lost(0).Median, 3*lost(1).Median)
	require.GreaterOrEqual(t, lost(1).Median, lost(2).Median)
	require.Equal(t, 8, lost(0).N)
	require.LessOrEqual(t, lost(0).Median, lost(0).P95)
	require.LessOrEqual(t, lost(0).P95, lost(0).Worst)
	words := strings.Join(c.Words, "\n")
	require.Contains(t, words, "writes lost: less with min-slaves-to-write 1 than with min-slaves-to-write 0")
	require.Contains(t, words, "writes refused: more with min-slaves-to-write 1 than with min-slaves-to-write 0")
	for _, text := range []string{c.String(), c.Markdown()} {
		for _, word := range []string{"min-slaves-to-write 2", "lost by split brain", "failovers per accident", "full syncs", "24 runs"} {
			require.Contains(t, text, word)
		}
	}
	var page strings.Builder
	require.NoError(t, c.WriteHTML(&page))
	require.Equal(t, 3, strings.Count(page.String(), "<th scope=\"col\">min-slaves-to-write"))
	require.Contains(t, page.String(), "<circle")
}

// Equal sides differ in nothing, and few runs tell nothing.
func TestAComparisonSaysWhenItCannotTell(t *testing.T) {
	same := strings.Replace(cut, "min-slaves-to-write: [0, 1, 2]", "repl-backlog-ttl: [3600, 7200]", 1)
	c, err := sweep.Compare(t.Context(), "same", sidesOf(t, same), sweep.Options{First: 1, Last: 7, Workers: 2})
	require.NoError(t, err)
	require.Empty(t, c.Words, "the setting changes nothing: every pair is equal")
	c, err = sweep.Compare(t.Context(), "few", sidesOf(t, cut), sweep.Options{First: 1, Last: 3, Workers: 2})
	require.NoError(t, err)
	require.Contains(t, strings.Join(c.Words, "\n"), "3 pairs of runs are too few to tell min-slaves-to-write 1 from min-slaves-to-write 0")
}

func TestAMatrixIsTheProductOfItsAxes(t *testing.T) {
	s, err := harness.Systems{redis.System{}}.ParseScenario("m.yaml", []byte(strings.Replace(cut, "  seeds: 1-8", "  sentinel: {down-after-milliseconds: [1000, 2000]}\n  targets: [ordeal-node, redis-server]\n  seeds: 1-8", 1)))
	require.NoError(t, err)
	variants := s.Variants()
	require.Len(t, variants, 12)
	require.Equal(t, "min-slaves-to-write 0, down-after-milliseconds 2000, redis-server", variants[3].Label)
	require.Equal(t, "redis-server", variants[3].Target)
	require.Equal(t, "2000", variants[3].Scenario.System.(redis.System).Sentinel.Get("down-after-milliseconds", ""))
	require.Equal(t, "cut-min-slaves-to-write-0-down-after-milliseconds-2000-redis-server", variants[3].Scenario.Name)
	require.NoError(t, variants[3].Scenario.Check())
	text, err := s.YAML()
	require.NoError(t, err)
	again, err := harness.Systems{redis.System{}}.ParseScenario("again.yaml", text)
	require.NoError(t, err, "%s", text)
	require.Equal(t, s.Matrix, again.Matrix)

	_, err = harness.Run(t.Context(), s, harness.Options{})
	require.ErrorContains(t, err, "ordeal compare does")
	_, err = harness.Systems{redis.System{}}.ParseScenario("m.yaml", []byte(strings.Replace(cut, "[0, 1, 2]", "1", 1)))
	require.ErrorContains(t, err, "matrix: config: min-slaves-to-write: found 1, expected a list")
}
