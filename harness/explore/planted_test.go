package explore_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/mutants"
)

// TestAPlantedBugIsFoundByItsShortestWay: two candidates, of which the one votes for the other as well. It takes three rounds
// of timers, until the master is found down and both stand: in two there is nothing to find. The
// search goes breadth first, so that no way has fewer moves than the one that it tells.
func TestAPlantedBugIsFoundByItsShortestWay(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds ordeal with a bug")
	}
	root, err := mutants.Root(t.Context())
	require.NoError(t, err)
	m, err := mutants.ByName("two-votes-in-an-epoch")
	require.NoError(t, err)
	program := filepath.Join(t.TempDir(), "ordeal")
	require.NoError(t, m.Build(t.Context(), root, "./harness/cmd/ordeal", program))
	explore := func(rounds string) (text string, status int) {
		cmd := exec.CommandContext(t.Context(), program, "explore", "--rounds", rounds)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	text, status := explore("2")
	require.Equal(t, 0, status, text)
	for _, rounds := range []string{"3", "5"} { // looking further finds nothing shorter
		text, status = explore(rounds)
		require.Equal(t, 1, status, text)
		require.Contains(t, text, "INVALID after 13 moves: s3 voted for s2 in epoch 1, after it had voted for s3")
		require.Equal(t, 3, strings.Count(text, "+sdown master"), "all three find the master down:\n%s", text)
		require.Equal(t, 2, strings.Count(text, "+try-failover"), "two stand:\n%s", text)
	}
}
