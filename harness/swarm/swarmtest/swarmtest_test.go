package swarmtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/swarm/swarmtest"
)

func TestDrawnScenariosBreakNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("plays dozens of scenarios")
	}
	rapid.Check(t, swarmtest.Property(redis.System{}))
}

func TestDrawnScenariosPrintAndParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := swarmtest.Scenario(redis.System{}).Draw(t, "scenario")
		text, err := s.YAML()
		require.NoError(t, err)
		again, err := harness.Systems{redis.System{}}.ParseScenario("drawn", text)
		require.NoError(t, err, "%s", text)
		require.Equal(t, s, again)
	})
}

func FuzzScenarios(f *testing.F) { swarmtest.Fuzz(f, redis.System{}) }
