package tidy

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// finding is a place where a run could depend on something other than the scenario, the seed and the code.
type finding struct {
	rule string
	file string // below root
	line int
	in   string // the function or variable it is in; "": the file
	what string // what is used there
	help string
}

func (f finding) String() string {
	in := ""
	if f.in != "" {
		in = " in " + f.in
	}
	return fmt.Sprintf("%s:%d%s: %s (%s): %s", f.file, f.line, in, f.what, f.rule, f.help)
}

// The guard's rules.
const (
	ruleImport    = "import"        // a package that does I/O, or knows the machine
	ruleClock     = "clock"         // the time of the computer
	ruleChance    = "chance"        // a random source that is not made from the seed
	ruleGoroutine = "goroutine"     // a second thread of events
	ruleChannel   = "channel"       // who comes first is the scheduler's to say
	ruleMapOrder  = "map order"     // Go walks a map in another order each time
	ruleState     = "package state" // what an earlier run, or one beside this, left behind
	rulePointer   = "pointer"       // an address as text
	ruleFloat     = "float"         // rounded otherwise on another processor
	ruleLinkname  = "linkname"      // code that types do not show
)

// guard reads one package.
type guard struct {
	*source
	written map[string]bool // package-level variables that are written anywhere: "folder.name"
	at      string          // the file being read
	in      string          // the declaration being read
	parents []ast.Node      // of the node being read, outermost first
	orders  map[int]bool    // lines of the file on which a comment "any order: …" ends, true once it is used
	found   []finding
}

// inspect returns what the guard finds in a package. written is what all packages together write: [writes].
func inspect(s *source, written map[string]bool) []finding {
	g := &guard{source: s, written: written}
	for i, f := range s.files {
		g.at = s.names[i]
		g.file(f)
	}
	return g.found
}

func (g *guard) report(at token.Pos, rule, what, help string) {
	line := g.fset.Position(at).Line
	g.found = append(g.found, finding{rule, g.at, line, g.in, what, help})
}

func (g *guard) file(f *ast.File) {
	g.in = ""
	g.orders = map[int]bool{}
	for _, group := range f.Comments {
		if strings.Contains(group.Text(), "any order: ") {
			g.orders[g.fset.Position(group.End()).Line] = false
		}
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:linkname") {
				g.report(c.Pos(), ruleLinkname, "go:linkname", "reach nothing behind the back of the types")
			}
		}
	}
	for _, imp := range f.Imports {
		g.checkImport(imp)
	}
	for _, d := range f.Decls {
		g.declaration(d)
	}
	g.in = ""
	for _, line := range slices.Sorted(keys(g.orders)) {
		if !g.orders[line] {
			g.found = append(g.found, finding{ruleMapOrder, g.at, line, "", "any order:", "the comment stands on no loop over a map: remove it"})
		}
	}
}

// declaration walks what a declaration holds, and names it for the findings.
func (g *guard) declaration(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		g.in = nameOf(d)
		g.walk(d)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			v, isValue := spec.(*ast.ValueSpec)
			g.in = ""
			if isValue {
				g.in = v.Names[0].Name
				if d.Tok == token.VAR {
					g.packageVariables(v)
				}
			}
			if _, isImport := spec.(*ast.ImportSpec); !isImport {
				g.walk(spec)
			}
		}
	}
}

// nameOf is a function's name, with its receiver's type: "(*Server).Step".
func nameOf(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	return types.ExprString(d.Recv.List[0].Type) + "." + d.Name.Name
}

func (g *guard) walk(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			g.parents = g.parents[:len(g.parents)-1]
			return true
		}
		g.node(n)
		g.parents = append(g.parents, n)
		return true
	})
}

func (g *guard) node(n ast.Node) {
	const single = "events come one at a time, as arguments of a call"
	switch n := n.(type) {
	case *ast.GoStmt:
		g.report(n.Pos(), ruleGoroutine, "go", single)
	case *ast.SelectStmt:
		g.report(n.Pos(), ruleChannel, "select", single)
	case *ast.SendStmt:
		g.report(n.Pos(), ruleChannel, "send", single)
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			g.report(n.Pos(), ruleChannel, "receive", single)
		}
	case *ast.ChanType:
		g.report(n.Pos(), ruleChannel, "chan", single)
	case *ast.RangeStmt:
		g.rangeOver(n)
	case *ast.CallExpr:
		g.call(n)
	case *ast.Ident:
		g.use(n)
	case *ast.BasicLit:
		g.literal(n)
	case *ast.BinaryExpr:
		g.arithmetic(n)
	}
}

// ---- imports

// forbidden are packages that do I/O, know the machine, or join goroutines; "/…" takes in all below.
var forbidden = []string{"os/…", "net/…", "syscall/…", "crypto/rand", "math/rand", "runtime/…", "sync/…", "unsafe", "io/ioutil",
	"hash/maphash", "log/…", "plugin", "testing/…", "flag", "database/sql/…", "internal/…", "C", "weak", "unique", "expvar"}

func (g *guard) checkImport(imp *ast.ImportSpec) {
	name := strings.Trim(imp.Path.Value, `"`)
	for _, bad := range forbidden {
		if covers(bad, name) && name != "net/netip" && name != "net/url" { // those two only read and write addresses
			g.report(imp.Pos(), ruleImport, name, "what decides a run does no I/O, joins no goroutines and knows no machine")
		}
	}
}

// ---- what is used

// clocks and sources of chance are refused by name, called or passed on.
var (
	clocks = map[string][]string{
		"time":                              {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local", "LoadLocation"},
		"context":                           {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause", "AfterFunc"},
		"github.com/anishathalye/porcupine": {"CheckOperationsTimeout", "CheckOperationsVerbose", "CheckEventsTimeout", "CheckEventsVerbose"},
	}
	// made of math/rand/v2 are what a seed goes into; everything else there is the global source.
	made = []string{"New", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "PCG", "ChaCha8", "Source", "Zipf"}
	// rounded are functions of math with a faster form on some processors, which may differ in the last bit.
	rounded = []string{"Acos", "Acosh", "Asin", "Asinh", "Atan", "Atan2", "Atanh", "Cbrt", "Cos", "Cosh", "Erf", "Erfc", "Exp", "Exp2",
		"Expm1", "Gamma", "Hypot", "Lgamma", "Log", "Log10", "Log1p", "Log2", "Pow", "Sin", "Sincos", "Sinh", "Tan", "Tanh"}
	mapOrder = []string{"MapRange", "MapKeys", "Seq", "Seq2"}
	address  = []string{"Pointer", "UnsafePointer", "UnsafeAddr"}
)

// use looks at a name of another package, or at a method.
func (g *guard) use(id *ast.Ident) {
	obj := g.info.Uses[id]
	if obj == nil || obj.Pkg() == nil {
		return
	}
	pkg, name := obj.Pkg().Path(), obj.Name()
	method := false
	if fn, ok := obj.(*types.Func); ok {
		method = fn.Signature().Recv() != nil
	}
	switch {
	case method && pkg == "reflect" && slices.Contains(mapOrder, name):
		g.report(id.Pos(), ruleMapOrder, "reflect."+name, "walk sorted keys")
	case method && pkg == "reflect" && slices.Contains(address, name):
		g.report(id.Pos(), rulePointer, "reflect."+name, "an address is another one in each process")
	case method && pkg == "time" && name == "Local":
		g.report(id.Pos(), ruleClock, "time.Local", "the computer's time zone: use UTC")
	case method:
	case slices.Contains(clocks[pkg], name):
		g.report(id.Pos(), ruleClock, pkg+"."+name, "time is an argument")
	case pkg == "math/rand/v2" && obj.Exported() && !slices.Contains(made, name):
		g.report(id.Pos(), ruleChance, pkg+"."+name, "draw from a stream of the run's seed")
	case pkg == "math" && slices.Contains(rounded, name):
		g.report(id.Pos(), ruleFloat, pkg+"."+name, "the last bit differs between processors: keep it out of what decides")
	case pkg == "maps":
		g.mapIterator(id, name)
	}
}

// sorting and gathering are what may take a map's iterator: what they make does not depend on its order.
var takesIterator = map[string][]string{
	"slices": {"Sorted", "SortedFunc", "SortedStableFunc"},
	"maps":   {"Collect", "Insert"},
}

// mapIterator allows maps.Keys, Values and All only as an argument of what sorts or gathers them.
func (g *guard) mapIterator(id *ast.Ident, name string) {
	switch name {
	case "DeleteFunc", "EqualFunc":
		if !g.anyOrder(id.Pos()) {
			g.report(id.Pos(), ruleMapOrder, "maps."+name, "it asks in the map's own order: walk sorted keys, or say \"any order: why\"")
		}
		return
	case "Keys", "Values", "All":
	default:
		return
	}
	// parents: …, the taker's call, the iterator's call, its function maps.Keys (and [K, V], if it is instantiated).
	if n := len(g.parents); n > 0 {
		rest := g.parents[:n]
		for len(rest) > 0 && !isCall(rest[len(rest)-1]) {
			if _, ok := rest[len(rest)-1].(ast.Expr); !ok {
				break
			}
			rest = rest[:len(rest)-1]
		}
		if len(rest) > 1 && isCall(rest[len(rest)-1]) && !within(rest[len(rest)-1].(*ast.CallExpr).Args, id) {
			if taker, ok := rest[len(rest)-2].(*ast.CallExpr); ok {
				pkg, by := g.callee(taker)
				if slices.Contains(takesIterator[pkg], by) {
					return
				}
			}
		}
	}
	g.report(id.Pos(), ruleMapOrder, "maps."+name, "walk slices.Sorted(maps.Keys(m)) or a list kept beside the map")
}

func isCall(n ast.Node) bool { _, ok := n.(*ast.CallExpr); return ok }

func within(args []ast.Expr, n ast.Node) bool {
	return slices.ContainsFunc(args, func(a ast.Expr) bool { return a.Pos() <= n.Pos() && n.End() <= a.End() })
}

// callee is the package and the name of the function that call calls; "", "" if it is no function of a package.
func (g *guard) callee(call *ast.CallExpr) (pkg, name string) {
	fun := ast.Unparen(call.Fun)
	switch index := fun.(type) {
	case *ast.IndexExpr:
		fun = index.X
	case *ast.IndexListExpr:
		fun = index.X
	}
	var id *ast.Ident
	switch fun := fun.(type) {
	case *ast.SelectorExpr:
		id = fun.Sel
	case *ast.Ident:
		id = fun
	default:
		return "", ""
	}
	switch obj := g.info.Uses[id].(type) {
	case *types.Builtin:
		return "builtin", obj.Name()
	case *types.Func:
		if obj.Pkg() != nil && obj.Signature().Recv() == nil {
			return obj.Pkg().Path(), obj.Name()
		}
	}
	return "", ""
}

// ---- loops

func (g *guard) rangeOver(n *ast.RangeStmt) {
	switch under(g.info.TypeOf(n.X)).(type) {
	case *types.Map:
		if !g.anyOrder(n.Pos()) {
			g.report(n.Pos(), ruleMapOrder, "range", "walk slices.Sorted(maps.Keys(m)) or a list kept beside the map, "+
				"or say in a comment \"any order: …\" why it does not matter")
		}
	case *types.Chan:
		g.report(n.Pos(), ruleChannel, "range", "events come one at a time, as arguments of a call")
	}
}

// under is what a type is made of; of a type parameter, its core type if it has one.
func under(t types.Type) types.Type {
	p, ok := types.Unalias(t).(*types.TypeParam)
	if !ok {
		return t.Underlying()
	}
	constraint := p.Constraint().Underlying().(*types.Interface)
	for i := range constraint.NumEmbeddeds() {
		switch e := constraint.EmbeddedType(i).(type) {
		case *types.Union:
			return e.Term(0).Type().Underlying()
		default:
			return e.Underlying()
		}
	}
	return t.Underlying()
}

// anyOrder says whether a comment on the line of at, or on the line above, gives the reason why its order is all one.
func (g *guard) anyOrder(at token.Pos) bool {
	line := g.fset.Position(at).Line
	for _, l := range []int{line, line - 1} {
		if _, there := g.orders[l]; there {
			g.orders[l] = true
			return true
		}
	}
	return false
}

// ---- calls and text

func (g *guard) call(n *ast.CallExpr) {
	pkg, name := g.callee(n)
	switch {
	case pkg == "builtin" && name == "make":
		if _, ok := under(g.info.TypeOf(n)).(*types.Chan); ok {
			g.report(n.Pos(), ruleChannel, "make", "events come one at a time, as arguments of a call")
		}
	case pkg == "builtin" && name == "close":
		g.report(n.Pos(), ruleChannel, "close", "events come one at a time, as arguments of a call")
	case pkg == "builtin" && (name == "print" || name == "println"):
		g.report(n.Pos(), ruleImport, name, "it writes to the process's standard error")
	case pkg == "fmt":
		if strings.HasPrefix(name, "Print") || strings.HasPrefix(name, "Scan") {
			g.report(n.Pos(), ruleImport, "fmt."+name, "it uses the process's standard output or input")
		}
		for _, arg := range n.Args {
			if t := g.info.TypeOf(arg); t != nil && !strings.HasPrefix(name, "Sscan") && !strings.HasPrefix(name, "Fscan") && printsAddress(t, 0) {
				g.report(arg.Pos(), rulePointer, "fmt."+name, "it prints the address in a "+types.TypeString(t, (*types.Package).Name))
			}
		}
	}
}

// printsAddress says whether fmt prints a value of type t with an address in it: fmt follows one pointer, at the top.
func printsAddress(t types.Type, depth int) bool {
	if depth > 4 || printsItself(t) {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Chan, *types.Signature:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	case *types.Pointer:
		switch e := u.Elem().Underlying().(type) {
		case *types.Struct, *types.Map, *types.Slice, *types.Array:
			return depth > 0 || printsAddress(e, depth+1)
		}
		return true
	case *types.Slice:
		return printsAddress(u.Elem(), depth+1)
	case *types.Array:
		return printsAddress(u.Elem(), depth+1)
	case *types.Map:
		return printsAddress(u.Key(), depth+1) || printsAddress(u.Elem(), depth+1)
	case *types.Struct:
		for i := range u.NumFields() {
			if printsAddress(u.Field(i).Type(), depth+1) {
				return true
			}
		}
	}
	return false
}

// printsItself says whether fmt asks the value for its text. Formatter, Stringer and error are known by their method.
func printsItself(t types.Type) bool {
	set := types.NewMethodSet(t)
	for _, name := range []string{"Error", "String", "Format"} {
		if set.Lookup(nil, name) != nil {
			return true
		}
	}
	return false
}

var pointerVerb = regexp.MustCompile(`(?:^|[^%])(?:%%)*%[-+# 0-9.*\[\]]*p`)

func (g *guard) literal(n *ast.BasicLit) {
	if v := g.info.Types[n].Value; v != nil && v.Kind() == constant.String && pointerVerb.MatchString(constant.StringVal(v)) {
		g.report(n.Pos(), rulePointer, "%p", "an address is another one in each process")
	}
}

// arithmetic refuses x*y + z in floats: some processors round it once, others twice. float64(x*y) + z is rounded twice
// everywhere (the Go specification, Floating-point operators).
func (g *guard) arithmetic(n *ast.BinaryExpr) {
	t, ok := under(g.info.TypeOf(n)).(*types.Basic)
	if !ok || t.Info()&types.IsFloat == 0 || n.Op != token.ADD && n.Op != token.SUB || g.info.Types[n].Value != nil {
		return
	}
	for _, side := range []ast.Expr{n.X, n.Y} {
		if mul, ok := ast.Unparen(side).(*ast.BinaryExpr); ok && mul.Op == token.MUL && g.info.Types[mul].Value == nil {
			g.report(n.Pos(), ruleFloat, "x*y + z", "processors with a fused multiply-add round it otherwise: write float64(x*y) + z")
		}
	}
}
