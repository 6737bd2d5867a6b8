package tidy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// source is a package's own code, type-checked, with comments. What it imports is known by what the compiler exported.
type source struct {
	pkg   string // its folder in the module
	fset  *token.FileSet
	files []*ast.File
	names []string // of the files, below root, in the order of files
	info  *types.Info
	types *types.Package
}

// module's packages, and the compiler's word about every package that they or the test cases import.
type loader struct {
	fset    *token.FileSet
	exports map[string]string // import path → file of export data
	own     []listed          // the module's packages, by path
	std     types.Importer
}

// listed is what go list says about a package.
type listed struct {
	ImportPath, Dir, Export, Name string
	Standard                      bool
	GoFiles                       []string
	SFiles, CgoFiles              []string
}

// newLoader asks go list for the module's packages, and for more packages of the standard library that test cases import.
func newLoader(t *testing.T, more ...string) *loader {
	t.Helper()
	args := append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,Name,Standard,GoFiles,SFiles,CgoFiles", "./..."}, more...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, "%s", errs.String())
	l := &loader{fset: token.NewFileSet(), exports: map[string]string{}}
	for d := json.NewDecoder(bufio.NewReader(bytes.NewReader(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		l.exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, module) {
			l.own = append(l.own, p)
		}
	}
	l.std = importer.ForCompiler(l.fset, "gc", func(path string) (io.ReadCloser, error) {
		file, ok := l.exports[path]
		if !ok || file == "" {
			return nil, fmt.Errorf("go list told nothing of %s", path)
		}
		return os.Open(file)
	})
	slices.SortFunc(l.own, func(a, b listed) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	require.Greater(t, len(l.own), 20, "the module is not where this test looks for it")
	return l
}

// load type-checks the files of a package.
func (l *loader) load(t *testing.T, pkg string, files ...string) *source {
	t.Helper()
	s := &source{pkg: pkg, fset: l.fset, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
	for _, file := range files {
		f, err := parser.ParseFile(l.fset, file, nil, parser.ParseComments)
		require.NoError(t, err)
		s.files = append(s.files, f)
		s.names = append(s.names, strings.TrimPrefix(filepath.ToSlash(file), root+"/"))
	}
	conf := types.Config{Importer: l.std, Sizes: types.SizesFor("gc", "amd64")}
	var err error
	s.types, err = conf.Check(module+pkg, l.fset, s.files, s.info)
	require.NoError(t, err, "%s does not type-check", pkg)
	return s
}

// loadListed type-checks one of the module's packages.
func (l *loader) loadListed(t *testing.T, p listed) *source {
	t.Helper()
	var files []string
	for _, f := range p.GoFiles {
		files = append(files, filepath.Join(root, strings.TrimPrefix(p.ImportPath, module), f))
	}
	return l.load(t, strings.TrimPrefix(p.ImportPath, module), files...)
}

// imports are the import paths of a Go file.
func imports(t *testing.T, file string) (paths []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	require.NoError(t, err)
	for _, imp := range f.Imports {
		paths = append(paths, strings.Trim(imp.Path.Value, `"`))
	}
	return paths
}

func lines(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.Count(string(text), "\n")
}
