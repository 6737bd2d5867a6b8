package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// block is a part of a page that is code: a console, or a file that its first line names.
type block struct{ language, text string }

func blocksOf(t *testing.T, page string) (blocks []block) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, block{m[1], m[2]})
	}
	return blocks
}

// Whoever follows a page types what stands behind $ and sees the lines below it, of which … may be anything and a number any
// number.
func TestPagesForNewcomersAreTrue(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	for _, page := range []string{"harness/cli/FIRST-BUG.md", "harness/sweep/SETTINGS.md", "harness/shrink/REGRESSION.md"} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			blocks := blocksOf(t, filepath.Join(root, page))
			t.Chdir(t.TempDir())
			ours := "module example.com/ours\ngo 1.26.0\nrequire github.com/ordeal-go/ordeal v0.0.0\nreplace github.com/ordeal-go/ordeal => " + root + "\n"
			require.NoError(t, os.WriteFile("go.mod", []byte(ours), 0o644))
			typed := 0
			for _, b := range blocks {
				switch b.language {
				case "yaml":
					name, _, _ := strings.Cut(strings.TrimPrefix(b.text, "# "), "\n")
					require.NoError(t, os.WriteFile(name, []byte(b.text), 0o644))
				case "console":
					for command := range strings.SplitSeq("\n"+b.text, "\n$ ") {
						if command != "" {
							typed++
							follow(t, command)
						}
					}
				}
			}
			require.GreaterOrEqual(t, typed, 5)
		})
	}
}

// follow types the first line of a console, and expects the others.
func follow(t *testing.T, console string) {
	t.Helper()
	command, wanted, _ := strings.Cut(console, "\n")
	if testing.Short() && strings.HasPrefix(command, "ordeal mutant") {
		t.Skip("it builds the program")
	}
	status, out, errs := ordeal(t, strings.Fields(command)[1:]...)
	require.NotEqual(t, exitUsage, status, "%s\n%s%s", command, out, errs)
	plain := regexp.MustCompile(`\s+`).ReplaceAllString(masked(out), " ")
	for line := range strings.Lines(wanted) {
		line = regexp.MustCompile(`\s+`).ReplaceAllString(masked(strings.TrimSpace(line)), " ")
		if line == "" {
			continue
		}
		pattern := strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*")
		require.Regexp(t, pattern, plain, "%s", command)
	}
}

// masked writes every number as 0.
func masked(text string) string { return regexp.MustCompile(`\d+(\.\d+)?`).ReplaceAllString(text, "0") }

// Somebody who has just cloned types what the README shows; a test plays fewer seeds.
func TestCommandsOfTheREADMERun(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds programs and plays a live run")
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	ours := "module example.com/ours\ngo 1.26.0\nrequire github.com/ordeal-go/ordeal v0.0.0\nreplace github.com/ordeal-go/ordeal => " + root + "\n"
	require.NoError(t, os.WriteFile("go.mod", []byte(ours), 0o644))
	_, lossy, _ := strings.Cut(string(readme), "```yaml\n")
	lossy, _, _ = strings.Cut(lossy, "```")
	require.NoError(t, os.WriteFile("lossy.yaml", []byte(lossy), 0o644))
	commands := regexp.MustCompile(`(?m)^bin/ordeal (.*?)( +#.*)?$`).FindAllStringSubmatch(string(readme), -1)
	require.Greater(t, len(commands), 10)
	for _, m := range commands {
		line := regexp.MustCompile(`--seeds 1-\d+`).ReplaceAllString(m[1], "--seeds 1-3")
		status, out, errs := ordeal(t, strings.Fields(line)...)
		require.NotEqual(t, exitUsage, status, "ordeal %s\n%s%s", line, out, errs)
	}
}
