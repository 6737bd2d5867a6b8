package mutants

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write PLANTED.md anew")

// The table of planted bugs is that of the patches.
func TestTheTableOfPlantedBugsIsThatOfThePatches(t *testing.T) {
	var b strings.Builder
	found, lost := All(), Survivors()
	fmt.Fprintf(&b, "# Planted bugs\n\nEach is a patch in this folder. `ordeal mutant NAME sweep SCENARIO -seeds 1-300` plants it and finds it; `make mutants`\n"+
		"does so for all, and prints seeds and CPU time. This table is written by `go test ./harness/mutants -run TestTheTable -update`.\n\n"+
		"## Found: %d\n\n| bug | what a server that has it does | found by | in | source |\n|---|---|---|---|---|\n", len(found))
	for _, m := range found {
		require.Empty(t, m.Survives, m.Name)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", m.Name, m.Why, m.Checker, m.Scenario, m.Source)
	}
	fmt.Fprintf(&b, "\n## Not found yet: %d\n\n| bug | what a server that has it does | who should find it | why it survives |\n|---|---|---|---|\n", len(lost))
	for _, m := range lost {
		require.NotEmpty(t, m.Survives, "%s: say why no sweep finds it", m.Name)
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.Name, m.Why, m.Checker, m.Survives)
	}
	if *update {
		require.NoError(t, os.WriteFile("PLANTED.md", []byte(b.String()), 0o644))
	}
	table, err := os.ReadFile("PLANTED.md")
	require.NoError(t, err)
	require.Equal(t, b.String(), string(table))
}
