package mutants

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var traceLine = regexp.MustCompile(`trace[ :"]+([0-9a-f]{64})`)

// A build with all bugs in it of which none is chosen does what the honest one does, event for event; with one chosen, it
// is the build that has that one alone.
func TestASwitchThatIsOffChangesNothing(t *testing.T) {
	root, err := Root(t.Context())
	require.NoError(t, err)
	dir := t.TempDir()
	many, honest, alone := filepath.Join(dir, "many"), filepath.Join(dir, "honest"), filepath.Join(dir, "alone")
	others, err := BuildMany(t.Context(), root, "harness/cmd/ordeal", many, All())
	require.NoError(t, err)
	require.Less(t, len(others), len(All())/10, "what cannot be switched needs a build of its own")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", honest, "./harness/cmd/ordeal")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	m, err := ByName("replica-accepts-writes")
	require.NoError(t, err)
	require.NoError(t, m.Build(t.Context(), root, "./harness/cmd/ordeal", alone))

	trace := func(program, chosen, scenario, seed string) string {
		cmd := exec.CommandContext(t.Context(), program, "run", scenario, "-seed", seed, "-json")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), Chosen+"="+chosen)
		out, _ := cmd.Output() // its status says what was found
		found := traceLine.FindSubmatch(out)
		require.NotNil(t, found, "%s", out)
		return string(found[1])
	}
	for _, seed := range []string{"1", "2", "3"} {
		require.Equal(t, trace(honest, "", "every-kind", seed), trace(many, "", "every-kind", seed))
		require.Equal(t, trace(honest, "", "swarm", seed), trace(many, "", "swarm", seed))
		require.Equal(t, trace(alone, "", m.Scenario, seed), trace(many, m.Name, m.Scenario, seed))
	}
}
