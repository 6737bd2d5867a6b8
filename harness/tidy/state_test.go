package tidy

import (
	"go/ast"
	"go/token"
	"go/types"
	"iter"
	"maps"
	"slices"
	"strings"
)

func keys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }

// writes are the package-level variables that the packages write anywhere but where they are declared and in init:
// "folder.name". A write is an assignment to the variable, to a field or an element of it, taking its address, calling a
// method that gets its address, delete, clear and copy into it.
func writes(all []*source) map[string]bool {
	w := map[string]bool{}
	for _, s := range all {
		for _, f := range s.files {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && !(fn.Recv == nil && fn.Name.Name == "init") {
					s.writesIn(fn, w)
				}
			}
		}
	}
	return w
}

func (s *source) writesIn(fn *ast.FuncDecl, w map[string]bool) {
	target := func(e ast.Expr) {
		s.typesWritten(e, w)
		if v := s.packageVariable(e); v != "" {
			w[v] = true
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, l := range n.Lhs {
					target(l)
				}
			}
			for _, r := range n.Rhs { // an alias of a map or slice is as good as the variable
				s.alias(r, w)
			}
		case *ast.IncDecStmt:
			target(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				target(n.Key)
				target(n.Value)
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				target(n.X)
			}
		case *ast.CallExpr:
			s.writesByCall(n, target)
		}
		return true
	})
}

// typesWritten takes down the types whose values a write to e changes: of k and k.limits in k.limits.max = 3. What a
// package-level pointer leads to is constant if nobody writes to values of its type.
func (s *source) typesWritten(e ast.Expr, w map[string]bool) {
	for e != nil {
		switch x := ast.Unparen(e).(type) {
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			w[typeKey(s.info.TypeOf(x))] = true
			e = x.X
		case *ast.SelectorExpr:
			w[typeKey(s.info.TypeOf(x.X))] = true
			e = x.X
		default:
			return
		}
	}
}

// typeKey names a type, or what a pointer leads to.
func typeKey(t types.Type) string {
	if t == nil {
		return ""
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	return "type " + types.TypeString(t, (*types.Package).Path)
}

// alias takes a bare map as written: m := table, then m[k] = v.
func (s *source) alias(e ast.Expr, w map[string]bool) {
	if id, ok := ast.Unparen(e).(*ast.Ident); ok {
		if t := s.info.TypeOf(id); t != nil {
			if _, isMap := t.Underlying().(*types.Map); isMap {
				if v := s.packageVariable(id); v != "" {
					w[v] = true
				}
			}
		}
	}
}

// writesByCall finds the variables that a call may write: built-in functions, and methods of *T called on a T.
func (s *source) writesByCall(n *ast.CallExpr, target func(ast.Expr)) {
	switch fun := ast.Unparen(n.Fun).(type) {
	case *ast.Ident:
		if b, ok := s.info.Uses[fun].(*types.Builtin); ok && len(n.Args) > 0 && slices.Contains([]string{"delete", "clear", "copy"}, b.Name()) {
			target(n.Args[0])
		}
	case *ast.SelectorExpr:
		sel := s.info.Selections[fun]
		if sel == nil || sel.Kind() != types.MethodVal {
			return
		}
		recv := sel.Obj().(*types.Func).Signature().Recv().Type()
		if _, wants := recv.(*types.Pointer); !wants {
			return
		}
		if _, has := sel.Recv().Underlying().(*types.Pointer); !has {
			target(fun.X)
		}
	}
}

// packageVariable is the package-level variable at the root of an expression: x of x.f[i].g. "" if it has none.
func (s *source) packageVariable(e ast.Expr) string {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SelectorExpr:
			if v := s.variable(x.Sel); v != "" {
				return v
			}
			e = x.X
		case *ast.Ident:
			return s.variable(x)
		default:
			return ""
		}
	}
}

func (s *source) variable(id *ast.Ident) string {
	v, ok := s.info.Uses[id].(*types.Var)
	if !ok || v.IsField() || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() {
		return ""
	}
	return strings.TrimPrefix(v.Pkg().Path(), module) + "." + v.Name()
}

// packageVariables refuses variables of a package that are no constants in all but name: what is written anywhere, what
// is empty and so only there to be filled, and pointers, behind which anything may change.
func (g *guard) packageVariables(spec *ast.ValueSpec) {
	const help = "runs would share it: make it a field, or a table that is never written"
	for i, id := range spec.Names {
		g.in = id.Name
		switch {
		case id.Name == "_":
		case g.written[g.pkg+"."+id.Name]:
			g.report(id.Pos(), ruleState, "written variable", help)
		case len(spec.Values) > i && g.onlyToBeFilled(spec.Values[i]):
			g.report(id.Pos(), ruleState, "empty table", help)
		case g.mutableBehind(g.info.Defs[id].Type()):
			g.report(id.Pos(), ruleState, "pointer", help)
		}
	}
}

// onlyToBeFilled says whether a variable begins as an empty map or slice, or as new memory.
func (g *guard) onlyToBeFilled(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		switch g.info.TypeOf(e).Underlying().(type) {
		case *types.Map, *types.Slice:
			return len(e.Elts) == 0
		}
	case *ast.CallExpr:
		pkg, name := g.callee(e)
		return pkg == "builtin" && (name == "make" || name == "new")
	}
	return false
}

// immutable are types of the standard library whose pointers lead to what nobody can change.
var immutable = []string{"regexp.Regexp", "strings.Replacer", "hash/crc64.Table", "hash/crc32.Table", "time.Location"}

// mutableBehind says whether a variable of type t leads to memory that somebody may change: of ours, a struct that
// somewhere is written to; of others, all but what is known to be immutable.
func (g *guard) mutableBehind(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		named, ok := types.Unalias(u.Elem()).(*types.Named)
		if ok && named.Obj().Pkg() != nil && strings.HasPrefix(named.Obj().Pkg().Path(), module) {
			return g.written[typeKey(t)]
		}
		return !slices.Contains(immutable, types.TypeString(u.Elem(), (*types.Package).Path))
	case *types.Chan:
		return true
	}
	return false
}
