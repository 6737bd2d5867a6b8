package swarm_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/swarm"
)

func TestWhatIsDrawnPrintsAndParses(t *testing.T) {
	for seed := range uint64(500) {
		s := swarm.Of(redis.System{}, seed)
		require.NoError(t, s.Check(), "seed %d", seed)
		text, err := s.YAML()
		require.NoError(t, err)
		again, err := harness.Systems{redis.System{}}.ParseScenario("drawn", text)
		require.NoError(t, err, "%s", text)
		require.Equal(t, s, again, "%s", text)
		require.Equal(t, s, swarm.Scenario(redis.System{}).Drawn(seed), "a seed draws the same each time")
	}
}

func TestWhatIsPrintedRunsTheSame(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		drawn, err := harness.Run(t.Context(), swarm.Scenario(redis.System{}), harness.Options{Seed: seed})
		require.NoError(t, err)
		text, err := drawn.Plan.YAML()
		require.NoError(t, err)
		again, err := harness.Systems{redis.System{}}.ParseScenario("printed", text)
		require.NoError(t, err)
		printed, err := harness.Run(t.Context(), again, harness.Options{Seed: seed})
		require.NoError(t, err)
		require.NotEmpty(t, drawn.Trace)
		require.Equal(t, drawn.Trace, printed.Trace, "seed %d", seed)
	}
}

// Every knob is turned both ways within a few hundred seeds: nothing is always there, nothing never.
func TestSeedsDifferInEverything(t *testing.T) {
	const seeds = 400
	seen := map[string]int{}
	count := func(what string, yes bool) {
		if yes {
			seen[what]++
		}
	}
	for seed := range uint64(seeds) {
		s := swarm.Of(redis.System{}, seed)
		r := s.System.(redis.System)
		count("chain", r.Cluster.Chain)
		count("no Sentinels", r.Cluster.Sentinels == 0)
		count("7 Sentinels", r.Cluster.Sentinels == 7)
		count("5 replicas", r.Cluster.Replicas == 5)
		count("quorum", r.Cluster.Quorum != 0)
		count("no faults but the opening", len(s.Faults) == 1)
		count("no opening", len(s.Faults) == 0 || s.Faults[0].At > 3*time.Second)
		for _, name := range []string{"repl-backlog-size", "repl-backlog-ttl", "min-slaves-to-write", "repl-diskless-sync", "slave-serve-stale-data", "save", "slave-priority"} {
			count(name, r.Config.Get(name, "") != "")
		}
		count("parallel-syncs set", r.Sentinel.Get("parallel-syncs", "") != "")
		for _, verb := range []string{"cut", "latency", "kill", "pause"} {
			has := false
			for _, step := range s.Faults {
				has = has || string(step.Fault.Verb) == verb
			}
			count(verb, has)
		}
		for _, w := range s.Workload.Mix {
			count(w.Kind, true)
		}
		require.Empty(t, s.Checks, "all are asked, as far as they are promised")
	}
	require.GreaterOrEqual(t, len(seen), 25)
	for what, n := range seen {
		require.GreaterOrEqual(t, n, 5, what)
		if what != "register" {
			require.Less(t, n, seeds-5, what)
		}
	}
}
