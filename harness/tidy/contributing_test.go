package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever follows the recipes for contributors finds each file, folder, test and target that they name.
func TestRecipesNameWhatIsThere(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, ".github", "CONTRIBUTING.md"))
	require.NoError(t, err)
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	tests := allTests(t, root)
	named := 0
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(string(text), -1) {
		words := strings.Fields(m[1])
		switch {
		case words[0] == "make":
			named++
			require.Contains(t, string(makefile), "\n"+words[1]+":", "make has no target %s", words[1])
		case words[0] == "go":
			for _, pkg := range words[2:] {
				if pkg = strings.TrimSuffix(pkg, "/..."); strings.HasPrefix(pkg, "./") {
					named++
					require.DirExists(t, filepath.Join(root, pkg))
				}
			}
			if i := strings.Index(m[1], "-run Test"); i >= 0 {
				require.Contains(t, tests, strings.Fields(m[1][i+5:])[0])
			}
		case strings.HasPrefix(words[0], "Test"):
			named++
			require.Contains(t, tests, words[0])
		case strings.Contains(words[0], "/") || strings.HasSuffix(words[0], ".md"):
			named++
			_, err := os.Stat(filepath.Join(root, words[0]))
			require.NoError(t, err, "CONTRIBUTING.md names %s", words[0])
		}
	}
	require.Greater(t, named, 40)
}

// allTests are the names of all functions in the files of tests.
func allTests(t *testing.T, root string) map[string]bool {
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			if f, is := decl.(*ast.FuncDecl); is && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
		return nil
	})
	require.NoError(t, err)
	return names
}
