package mutants

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestExploringFindsTheShortestWayToAPlantedBug: what a sweep finds in some seed, a search of everything finds with the
// fewest faults and moves there are.
func TestExploringFindsTheShortestWayToAPlantedBug(t *testing.T) {
	root, err := Root(t.Context())
	require.NoError(t, err)
	for _, c := range []struct {
		mutant        string
		args          []string
		finds         string
		faults, moves int
		long          bool
	}{
		{"two-votes-in-an-epoch", []string{"-rounds", "5"}, "after it had voted for", 0, 13, false},
		{"elected-by-quorum-alone", []string{"-rounds", "5", "-quorum", "1"}, "by 1 of the 2 votes needed", 0, 11, false},
		{"vote-not-persisted", []string{"-rounds", "13", "-faults", "1", "-kinds", "restart"}, "after it had voted for", 1, 53, true},
	} {
		t.Run(c.mutant, func(t *testing.T) {
			if c.long && !*every {
				t.Skip("it takes a million states: make mutants tries all")
			}
			m, err := ByName(c.mutant)
			require.NoError(t, err)
			dir := t.TempDir()
			program := filepath.Join(dir, "ordeal")
			require.NoError(t, m.Build(t.Context(), root, "./harness/cmd/ordeal", program))
			out, status := run(t, program, dir, append([]string{"explore", "-json"}, c.args...)...)
			require.Equal(t, 1, status)
			var r struct {
				Faults, Moves, States int
				Violation             string
				Path                  []string
			}
			require.NoError(t, json.Unmarshal(out, &r))
			require.Contains(t, r.Violation, c.finds)
			require.Equal(t, c.faults, r.Faults)
			require.LessOrEqual(t, r.Moves, c.moves)
			require.GreaterOrEqual(t, len(r.Path), r.Moves)
			t.Logf("%s: %d faults, %d moves, %d states", r.Violation, r.Faults, r.Moves, r.States)
		})
	}
}
