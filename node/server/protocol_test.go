package server_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shownIn are the folders of what PROTOCOL.md names beside tests.
var shownIn = []string{"testdata", "transcripts", "../../harness/walkthroughs/testdata", "../../harness/scenarios"}

// TestProtocolNamesWhatIsThere: every file, function, test, session, transcript, walkthrough and scenario in PROTOCOL.md's table
// of the rules of replication.
func TestProtocolNamesWhatIsThere(t *testing.T) {
	text, err := os.ReadFile("../PROTOCOL.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "### Replication, rule by rule\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\nNot done")
	tests := ""
	for _, glob := range []string{"../*/*_test.go", "../../harness/*/*_test.go"} {
		files, err := filepath.Glob(glob)
		require.NoError(t, err)
		for _, file := range files {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			tests += string(source)
		}
	}
	rows := 0
	quoted := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 4 || strings.HasPrefix(cells[0], " Of") {
			continue
		}
		rows++
		source := ""
		for _, name := range quoted.FindAllStringSubmatch(cells[2], -1) {
			if strings.HasSuffix(name[1], ".go") {
				b, err := os.ReadFile(filepath.Join("..", name[1]))
				require.NoError(t, err, line)
				source = string(b)
				continue
			}
			require.Regexp(t, `(?m)^func (\([^)]*\) )?`+name[1]+`\(`, source, line)
		}
		require.NotEmpty(t, source, line)
		shown := quoted.FindAllStringSubmatch(cells[3], -1)
		require.NotEmpty(t, shown, line)
		for _, name := range shown {
			if strings.HasPrefix(name[1], "Test") || strings.HasPrefix(name[1], "Fuzz") {
				require.Contains(t, tests, "\nfunc "+name[1]+"(", line)
				continue
			}
			require.True(t, isIn(name[1], shownIn), line)
		}
	}
	require.Greater(t, rows, 60)
}

// isIn says whether one of the folders has a file called name.
func isIn(name string, folders []string) bool {
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			return true
		}
	}
	return false
}
