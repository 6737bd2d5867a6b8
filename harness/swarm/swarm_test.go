package swarm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/swarm"
)

func TestWhatIsDrawnPrintsAndParses(t *testing.T) {
	for seed := range uint64(500) {
		s := swarm.Draw(seed)
		require.NoError(t, s.Check(), "seed %d", seed)
		text, err := s.YAML()
		require.NoError(t, err)
		again, err := harness.ParseScenario("drawn", text)
		require.NoError(t, err, "%s", text)
		require.Equal(t, s, again, "%s", text)
		require.Equal(t, s, swarm.Scenario().Drawn(seed), "a seed draws the same each time")
	}
}

func TestWhatIsPrintedRunsTheSame(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		drawn, err := harness.Run(t.Context(), swarm.Scenario(), harness.Options{Seed: seed})
		require.NoError(t, err)
		text, err := drawn.Plan.YAML()
		require.NoError(t, err)
		again, err := harness.ParseScenario("printed", text)
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
		s := swarm.Draw(seed)
		count("chain", s.Cluster.Chain)
		count("no Sentinels", s.Cluster.Sentinels == 0)
		count("7 Sentinels", s.Cluster.Sentinels == 7)
		count("5 replicas", s.Cluster.Replicas == 5)
		count("quorum", s.Cluster.Quorum != 0)
		count("no faults", len(s.Faults) == 0)
		for _, name := range []string{"repl-backlog-size", "repl-backlog-ttl", "min-slaves-to-write", "repl-diskless-sync", "slave-serve-stale-data", "save", "slave-priority"} {
			count(name, s.Config.Server.Get(name, "") != "")
		}
		count("parallel-syncs set", s.Config.Sentinel.Get("parallel-syncs", "") != "")
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
