package election

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestThePromisesAreKeptInEveryState: of three Sentinels that restart at will, and two replicas to choose from.
func TestThePromisesAreKeptInEveryState(t *testing.T) {
	f := Search(Rules{Needed: 2}, Bounds{Sentinels: 3, Epochs: 1, Replicas: 2, Restarts: true})
	require.Empty(t, f.Broken, "%v", f.Path)
	require.Greater(t, f.States, 5000)
	t.Logf("one epoch: %d states, %d steps, %d deep", f.States, f.Steps, f.Depth)
	f = Search(Rules{Needed: 2}, Bounds{Sentinels: 2, Epochs: 2, Replicas: 2, Restarts: true})
	require.Empty(t, f.Broken, "%v", f.Path)
	require.Greater(t, f.States, 5000)
	t.Logf("two epochs of two Sentinels: %d states, %d steps, %d deep", f.States, f.Steps, f.Depth)
}

// TestEachRuleIsNeeded: without it the search finds the shortest way to a promise that is broken.
func TestEachRuleIsNeeded(t *testing.T) {
	three := Bounds{Sentinels: 3, Epochs: 1, Replicas: 2, Restarts: true}
	two := Bounds{Sentinels: 2, Epochs: 2, Replicas: 1, Restarts: true}
	for _, c := range []struct {
		rule   string
		rules  Rules
		bounds Bounds
		want   string
		steps  int
	}{
		{"a vote is given once", Rules{Needed: 2, VoteAgain: true}, three, "voted twice", 4},
		{"a vote survives a restart", Rules{Needed: 2, ForgetVotes: true}, three, "voted twice", 5},
		{"a majority elects", Rules{Needed: 1}, three, "two leaders", 6},
		{"votes count in their epoch", Rules{Needed: 2, VotesOfAnyAge: true}, two, "two leaders", 12},
		{"a newer configuration stays", Rules{Needed: 2, AdoptOlder: true}, two, "fell from configuration epoch", 16},
	} {
		f := Search(c.rules, c.bounds)
		t.Logf("%s: %s after %v", c.rule, f.Broken, f.Path)
		require.Contains(t, f.Broken, c.want, c.rule)
		require.LessOrEqual(t, len(f.Path), c.steps, c.rule)
	}
}

// TestTwoOrdersInOneEpochMakeTwoMasters: no votes are asked for, so nothing forbids it. It is known of Redis's Sentinel too.
func TestTwoOrdersInOneEpochMakeTwoMasters(t *testing.T) {
	f := Search(Rules{Needed: 2}, Bounds{Sentinels: 2, Epochs: 1, Replicas: 2, Orders: true})
	require.Contains(t, f.Broken, "two masters")
}
