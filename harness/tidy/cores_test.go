package tidy

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pure are the packages whose code runs inside a core, and the simulator: what they do may depend on nothing but what
// they are told.
var pure = []string{"node", "node/glob", "node/resp", "node/rdb", "node/conf", "node/pubsub", "node/table", "node/value",
	"node/keyspace", "node/front", "node/commands", "node/server", "node/sentinel", "harness/workload", "harness/sim",
	"harness/sim/toxics", "harness/cluster", "harness/seed"}

// forbiddenImports do I/O, or depend on the machine.
var forbiddenImports = []string{"os", "net", "net/http", "syscall", "os/exec", "os/signal", "crypto/rand", "math/rand",
	"runtime", "sync", "sync/atomic", "unsafe", "io/ioutil", "hash/maphash"}

// allowedImports are exceptions, each with its reason.
var allowedImports = map[string]map[string]string{
	"harness/cluster": {"net": "JoinHostPort only"},
	"harness/sim":     {},
	"node/table":      {"unsafe": "a string looked at as bytes"},
	"node/value":      {"unsafe": "one pointer to a value of any type; strings and bytes looked at as each other"},
}

// forbiddenCalls read the clock or a global random source.
var forbiddenCalls = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
	"math/rand/v2": {"Int", "IntN", "Int32", "Int32N", "Int64", "Int64N", "Uint32", "Uint32N", "Uint64", "Uint64N", "Uint", "UintN",
		"N", "Float32", "Float64", "ExpFloat64", "NormFloat64", "Perm", "Shuffle"},
	"runtime": {"NumGoroutine", "GC", "Gosched"},
}

func TestCoresAndTheSimulatorReadNoClockAndStartNoGoroutine(t *testing.T) {
	check := newTypes(t)
	for _, pkg := range pure {
		files, info := check.load(pkg)
		for _, f := range files {
			for _, imp := range f.Imports {
				name := strings.Trim(imp.Path.Value, `"`)
				_, allowed := allowedImports[pkg][name]
				for _, bad := range forbiddenImports {
					if name == bad && !allowed {
						t.Errorf("%s imports %s: a core does no I/O and knows no machine", check.at(imp.Pos()), name)
					}
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					t.Errorf("%s starts a goroutine", check.at(n.Pos()))
				case *ast.SelectStmt, *ast.SendStmt:
					t.Errorf("%s uses a channel", check.at(n.Pos()))
				case *ast.RangeStmt:
					if _, isMap := info.TypeOf(n.X).Underlying().(*types.Map); isMap && !anyOrder(check.fset, f, n) {
						t.Errorf("%s ranges over a map: walk slices.Sorted(maps.Keys(m)) or a list kept beside it, or say in a comment \"any order: …\" why it does not matter", check.at(n.Pos()))
					}
				case *ast.CallExpr:
					checkCall(t, check, info, n)
				}
				return true
			})
		}
	}
}

// anyOrder says whether a comment on the loop's line, or on the line above, gives the reason why its order is all one.
func anyOrder(fset *token.FileSet, f *ast.File, loop *ast.RangeStmt) bool {
	line := fset.Position(loop.Pos()).Line
	for _, group := range f.Comments {
		last := fset.Position(group.End()).Line
		if strings.Contains(group.Text(), "any order: ") && (last == line || last == line-1) {
			return true
		}
	}
	return false
}

// checkCall finds calls of the clock, of the global random source, and of map iterators that are not sorted at once.
func checkCall(t *testing.T, check *typeCheck, info *types.Info, call *ast.CallExpr) {
	pkg, name := callee(info, call)
	for _, bad := range forbiddenCalls[pkg] {
		if name == bad {
			t.Errorf("%s calls %s.%s: time and chance are arguments", check.at(call.Pos()), pkg, name)
		}
	}
	for _, arg := range call.Args {
		inner, ok := arg.(*ast.CallExpr)
		if !ok {
			continue
		}
		if p, _ := callee(info, inner); p == "maps" && !(pkg == "slices" && strings.HasPrefix(name, "Sorted")) && !(pkg == "maps") {
			t.Errorf("%s walks a map in its own order: sort its keys first", check.at(call.Pos()))
		}
	}
}

// callee is the package and the name of the function that call calls, if it is one of a package.
func callee(info *types.Info, call *ast.CallExpr) (pkg, name string) {
	fun := call.Fun
	if index, ok := fun.(*ast.IndexExpr); ok {
		fun = index.X
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	fn, ok := info.Uses[sel.Sel].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Signature().Recv() != nil {
		return "", ""
	}
	return fn.Pkg().Path(), fn.Name()
}

// typeCheck type-checks the module's packages from their source.
type typeCheck struct {
	t      *testing.T
	fset   *token.FileSet
	std    types.Importer
	loaded map[string]*loadedPackage
}

type loadedPackage struct {
	files []*ast.File
	info  *types.Info
	types *types.Package
}

func newTypes(t *testing.T) *typeCheck {
	fset := token.NewFileSet()
	return &typeCheck{t: t, fset: fset, std: importer.ForCompiler(fset, "source", nil), loaded: map[string]*loadedPackage{}}
}

func (c *typeCheck) at(p token.Pos) string { return c.fset.Position(p).String() }

// Import implements types.Importer.
func (c *typeCheck) Import(path string) (*types.Package, error) {
	if pkg, ok := strings.CutPrefix(path, module); ok {
		c.load(pkg)
		return c.loaded[pkg].types, nil
	}
	if !standard(path) {
		return types.NewPackage(path, filepath.Base(path)), nil // a library: its calls are not judged
	}
	return c.std.Import(path)
}

func (c *typeCheck) load(pkg string) ([]*ast.File, *types.Info) {
	if p, ok := c.loaded[pkg]; ok {
		return p.files, p.info
	}
	dir := filepath.Join(root, pkg)
	pkgs, err := parser.ParseDir(c.fset, dir, func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, parser.ParseComments)
	require.NoError(c.t, err)
	p := &loadedPackage{info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}}
	for _, parsed := range pkgs {
		for _, f := range parsed.Files {
			p.files = append(p.files, f)
		}
	}
	conf := types.Config{Importer: c, FakeImportC: true, Error: func(err error) {
		// What comes from a library that was not loaded is unknown; everything else must check.
		if text := err.Error(); !strings.Contains(text, "undefined: yaml.") && !strings.Contains(text, "yaml") {
			c.t.Errorf("%s does not type-check: %v", pkg, err)
		}
	}}
	p.types, _ = conf.Check(module+pkg, c.fset, p.files, p.info)
	c.loaded[pkg] = p
	return p.files, p.info
}

func lines(t *testing.T, file string) int {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.Count(string(text), "\n")
}
