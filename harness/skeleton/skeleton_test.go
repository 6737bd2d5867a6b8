package skeleton_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/skeleton"
)

func TestAScenarioRunsAsItIsWritten(t *testing.T) {
	dir := t.TempDir()
	written, err := skeleton.Write(dir, "scenario", "my-first")
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "my-first.yaml")}, written)
	s, err := harness.Systems{redis.System{}}.ReadScenario(written[0])
	require.NoError(t, err)
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 1})
	require.NoError(t, err)
	require.Nil(t, res.NotDone, "%v", res.NotDone)
	require.Len(t, res.History.Faults, len(s.Faults))
	require.NotEqual(t, checkers.Invalid, res.Result(), "%s", res)
}

// Each is a module of its own here, which a workspace leads to this one.
func TestSystemAndWorkloadPassTheirTestsAsTheyAreWritten(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs")
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	for _, kind := range []string{"system", "workload"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			written, err := skeleton.Write(dir, kind, "my-own")
			require.NoError(t, err)
			require.Contains(t, written, filepath.Join(dir, "my-own", "go.mod"))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "go.work"), []byte("go 1.26.0\n\nuse (\n\t./my-own\n\t"+root+"\n)\n"), 0o644))
			formatted, err := exec.Command("gofmt", "-l", dir).CombinedOutput()
			require.NoError(t, err, "%s", formatted)
			require.Empty(t, string(formatted))
			for _, args := range [][]string{{"vet", "./..."}, {"test", "-count=1", "./..."}} {
				cmd := exec.CommandContext(t.Context(), "go", args...)
				cmd.Dir, cmd.Env = filepath.Join(dir, "my-own"), append(os.Environ(), "GOWORK="+filepath.Join(dir, "go.work"), "GOFLAGS=-mod=readonly")
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, "go %s:\n%s", strings.Join(args, " "), out)
			}
		})
	}
}

func TestNothingIsOverwrittenAndNothingElseIsWritten(t *testing.T) {
	dir := t.TempDir()
	for _, kind := range skeleton.Kinds() {
		_, err := skeleton.Write(dir, kind, kind)
		require.NoError(t, err)
		_, err = skeleton.Write(dir, kind, kind)
		require.ErrorContains(t, err, "is there already: choose another name, or remove it")
	}
	_, err := skeleton.Write(dir, "sytem", "x")
	require.ErrorContains(t, err, `there is no skeleton of a "sytem": there are scenario, system, workload`)
	for _, name := range []string{"", "My", "../x", "a b", "1x", "x-"} {
		_, err := skeleton.Write(dir, "system", name)
		require.ErrorContains(t, err, "is no name: use lower-case letters", name)
	}
}

// In a module the folder is a package of it.
func TestInAModuleTheFolderBelongsToIt(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/shop\n"), 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "stores"), 0o755))
	written, err := skeleton.Write(filepath.Join(dir, "stores"), "system", "my-own")
	require.NoError(t, err)
	require.NotContains(t, written, filepath.Join(dir, "stores", "my-own", "go.mod"))
	text, err := os.ReadFile(filepath.Join(dir, "stores", "my-own", "system_test.go"))
	require.NoError(t, err)
	require.Contains(t, string(text), `"example.com/shop/stores/my-own"`)
}
