package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// sayErrors are the folders whose errors a person reads who runs the command.
var sayErrors = []string{"harness/cli", "harness", "harness/live", "harness/live/runs", "harness/oracle", "harness/shrink", "harness/why", "harness/sweep"}

// The page has each error text of the code, and none that the code does not have. go test prints those that are missing.
func TestEveryErrorTextHasItsEntry(t *testing.T) {
	page, err := os.ReadFile("TROUBLESHOOTING.md")
	require.NoError(t, err)
	explained := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^- `(.*)`$").FindAllStringSubmatch(string(page), -1) {
		explained[m[1]] = true
	}
	said := map[string]bool{}
	for _, folder := range sayErrors {
		files, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				errorTexts(t, file, said)
			}
		}
	}
	require.Greater(t, len(said), 50)
	var missing, stale []string
	for text := range said {
		if !explained[text] {
			missing = append(missing, "- `"+text+"`")
		}
	}
	for text := range explained {
		if !said[text] {
			stale = append(stale, text)
		}
	}
	slices.Sort(missing)
	slices.Sort(stale)
	require.Empty(t, missing, "TROUBLESHOOTING.md has no entry for what the code says:\n%s", strings.Join(missing, "\n"))
	require.Empty(t, stale, "TROUBLESHOOTING.md explains what no code says")
}

var verbs = regexp.MustCompile(`%[+#]?[a-z]`)

// errorTexts adds the texts of the errors that a file makes, with … for what differs. One that only puts a name before
// another error is none.
func errorTexts(t *testing.T, path string, to map[string]bool) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		call, is := n.(*ast.CallExpr)
		if !is || !makesErrors[nameOf(call.Fun)] {
			return true
		}
		for _, arg := range call.Args {
			literal, is := arg.(*ast.BasicLit)
			if !is || literal.Kind != token.STRING {
				continue
			}
			text, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			text, _, _ = strings.Cut(text, "\n")
			if sentence(text) {
				to[verbs.ReplaceAllString(strings.ReplaceAll(text, "%q", `"…"`), "…")] = true
			}
			break
		}
		return true
	})
}

// sentence says whether text says something by itself: three words, not counting names before colons.
func sentence(text string) bool {
	words := 0
	for _, word := range strings.Fields(verbs.ReplaceAllString(text, "")) {
		if strings.ContainsFunc(word, unicode.IsLetter) && !strings.HasSuffix(word, ":") {
			words++
		}
	}
	return words >= 3
}

// makesErrors are the functions that make errors of their first text.
var makesErrors = map[string]bool{"Errorf": true, "New": true, "wrongUsage": true, "wrong": true}

func nameOf(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if pkg, is := f.X.(*ast.Ident); is && (pkg.Name == "fmt" || pkg.Name == "errors") {
			return f.Sel.Name
		}
	}
	return ""
}
