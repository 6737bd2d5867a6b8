package sentinel

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestProtocolNamesWhatIsThere: every file, function, test, session and transcript in PROTOCOL.md's table of rules.
func TestProtocolNamesWhatIsThere(t *testing.T) {
	text, err := os.ReadFile("../PROTOCOL.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "### Rule by rule\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n### ")
	tests := ""
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	more, err := filepath.Glob("scripts/*_test.go")
	files = append(files, more...)
	require.NoError(t, err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		tests += string(source)
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
				b, err := os.ReadFile(name[1])
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
			switch {
			case strings.HasPrefix(name[1], "Test"):
				require.Contains(t, tests, "\nfunc "+name[1]+"(", line)
			case strings.HasSuffix(name[1], ".txt"):
				require.FileExists(t, filepath.Join("transcripts", name[1]), line)
			default:
				require.FileExists(t, filepath.Join("testdata", "sessions", name[1]), line)
			}
		}
	}
	require.Greater(t, rows, 50)
}
