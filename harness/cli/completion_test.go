package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// completed is what a shell is offered for the words of a command line, of which the last is still being written.
func completed(t *testing.T, words ...string) []string {
	t.Helper()
	status, out, _ := ordeal(t, append([]string{"__complete"}, words...)...)
	require.Zero(t, status)
	var names []string
	for line := range strings.Lines(out) {
		if name, _, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t"); !strings.HasPrefix(name, ":") {
			names = append(names, name)
		}
	}
	return names
}

func TestWhatThereIsIsCompleted(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, seed := range []string{"3", "77"} {
		status, _, errs := ordeal(t, "run", "chain", "--seed", seed, "-q")
		require.Zero(t, status, errs)
	}
	require.NoError(t, os.WriteFile("ours.yaml", []byte("name: ours\n"), 0o644))

	require.Subset(t, completed(t, ""), []string{"run", "sweep", "check", "open"})
	require.Subset(t, completed(t, "run", ""), []string{"chain", "old-master-keeps-writing", "swarm", "ours.yaml"})
	require.Equal(t, []string{"chain-below-a-failover", "chain"}, completed(t, "run", "chai"))
	require.Equal(t, []string{"--seed"}, completed(t, "run", "chain", "--see"))
	require.Equal(t, []string{"3", "77"}, completed(t, "run", "chain", "--seed", ""))
	require.Equal(t, []string{"3", "77"}, completed(t, "run", "chain", "-seed", ""), "as it was written")
	require.Empty(t, completed(t, "run", "min-slaves-cut", "--seed", ""))
	require.Equal(t, []string{"runs/chain-sim-3", "runs/chain-sim-77"}, completed(t, "replay", ""))
	require.Equal(t, []string{"sim", "live"}, completed(t, "sweep", "chain", "--world", ""))
	require.Contains(t, completed(t, "check", "h", "--checks", "linearizable,r"), "linearizable,read-only")
	require.Contains(t, completed(t, "sweep", "all", "--goals", "til"), "tilt")
	require.Contains(t, completed(t, "mutant", "min-sl"), "min-slaves-ignored")
	require.Equal(t, []string{"bash", "zsh", "fish"}, completed(t, "completion", ""))
}

// Each shell reads its script and offers what the program says.
func TestShellsComplete(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "ordeal")
	build := exec.Command("go", "build", "-o", bin, "../cmd/ordeal")
	text, err := build.CombinedOutput()
	require.NoError(t, err, "%s", text)
	for shell, script := range map[string]string{
		"bash": `source <("$1" completion bash)
COMP_WORDS=("$1" run chai); COMP_CWORD=2; COMP_LINE="$1 run chai"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
_get_comp_words_by_ref() { cur=chai; prev=run; words=("${COMP_WORDS[@]}"); cword=2; }
compopt() { :; }
__start_ordeal; printf '%s\n' "${COMPREPLY[@]}"`,
		"zsh": `autoload -Uz compinit && compinit -u -d "$HOME/zcompdump"
compadd() { :; }
_describe() { print -l ${(P)2}; }
source <("$1" completion zsh) && words=("$1" run chai) CURRENT=3 && _ordeal`,
		"fish": `ordeal completion fish | source; complete -C 'ordeal run chai'`,
	} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("%s is not installed", shell)
			}
			cmd := exec.Command(path, "-c", script, shell, bin)
			cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "PATH="+filepath.Dir(bin)+":"+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), "chain")
		})
	}
}
