package harness_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
)

// TestScenarioOfTheREADMERuns: the first thing a newcomer copies must work.
func TestScenarioOfTheREADMERuns(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "```yaml\n")
	require.True(t, found)
	yaml, _, _ := strings.Cut(rest, "```")
	s, err := harness.Systems{redis.System{}}.ParseScenario("README.md", []byte(yaml))
	require.NoError(t, err)
	for seed := range uint64(5) {
		res, err := harness.Run(t.Context(), s, harness.Options{Seed: seed})
		require.NoError(t, err)
		require.Equal(t, checkers.Valid, res.Result(), "%s", res)
	}
}
