package mutants

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// Many bugs in one build, one of which is chosen when it runs: each function that a patch changes stands there once more
// under another name, and the honest one begins by asking whether it is that one's turn. A table over hundreds of bugs
// then takes one build. What is no function, such as a constant or a type, cannot be switched; such a bug has a build of
// its own.

// switched is a file with the changed functions of several mutants beside its own.
type switched struct {
	name    string // of the file
	text    string // as it is on disk
	file    *ast.File
	set     *token.FileSet
	inserts []insert // into text
	added   []string // functions, behind the end
	imports map[string]bool
}

// insert is text to stand at an offset, in the place of the next drop bytes.
type insert struct {
	at, drop int
	text     string
}

// parseSwitched reads a file as it is on disk.
func parseSwitched(name, text string) (*switched, error) {
	s := &switched{name: name, text: text, set: token.NewFileSet(), imports: map[string]bool{}}
	var err error
	s.file, err = parser.ParseFile(s.set, name, text, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, i := range s.file.Imports {
		s.imports[i.Path.Value] = true
	}
	return s, nil
}

// declared is what a declaration is called, unique in its package, and its text.
type declared struct {
	name string
	fn   *ast.FuncDecl // nil: no function
	text string
}

// declarations lists what a file declares, imports apart.
func declarations(set *token.FileSet, file *ast.File, text string) []declared {
	var all []declared
	offset := func(p token.Pos) int { return set.Position(p).Offset }
	for _, d := range file.Decls {
		one := declared{text: text[offset(d.Pos()):offset(d.End())]}
		switch d := d.(type) {
		case *ast.FuncDecl:
			one.fn, one.name = d, d.Name.Name
			if d.Recv != nil {
				of := d.Recv.List[0].Type
				one.name = text[offset(of.Pos()):offset(of.End())] + "." + one.name
			}
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				continue
			}
			one.name = fmt.Sprint(d.Tok, " ", one.text) // found again only if it is the same
		}
		all = append(all, one)
	}
	return all
}

// add puts what mutant number n makes of the file beside it.
func (s *switched) add(n int, patched string) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, s.name, patched, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return err
	}
	before, after := declarations(s.set, s.file, s.text), declarations(set, file, patched)
	var inserts []insert
	var added []string
	for _, d := range after {
		i := slices.IndexFunc(before, func(b declared) bool { return b.name == d.name })
		switch {
		case i >= 0 && before[i].text == d.text:
		case i < 0 && d.fn == nil:
			return fmt.Errorf("%s: a patch of something that is no function has a build of its own", s.name)
		case i < 0:
			added = append(added, d.text)
		case d.fn == nil || before[i].fn.Type.TypeParams != nil:
			return fmt.Errorf("%s: %s cannot be switched", s.name, d.name)
		default:
			name := d.fn.Name.Name + "Planted" + strconv.Itoa(n)
			at := set.Position(d.fn.Name.Pos()).Offset - set.Position(d.fn.Pos()).Offset
			added = append(added, d.text[:at]+name+d.text[at+len(d.fn.Name.Name):])
			inserts = append(inserts, s.turn(before[i].fn, name, n)...)
		}
	}
	for _, b := range before {
		if !slices.ContainsFunc(after, func(d declared) bool { return d.name == b.name }) {
			return fmt.Errorf("%s: a patch that takes something away has a build of its own", s.name)
		}
	}
	s.inserts, s.added = append(s.inserts, inserts...), append(s.added, added...)
	for _, i := range file.Imports {
		if !s.imports[i.Path.Value] {
			s.imports[i.Path.Value] = true
			s.inserts = append(s.inserts, insert{at: s.afterPackage(), text: "\nimport " + i.Path.Value + "\n"})
		}
	}
	return nil
}

func (s *switched) offset(p token.Pos) int { return s.set.Position(p).Offset }

func (s *switched) afterPackage() int { return s.offset(s.file.Name.End()) }

// turn makes fn hand over to the function called name if it is n's turn.
func (s *switched) turn(fn *ast.FuncDecl, name string, n int) []insert {
	var inserts []insert
	var args []string
	for i, p := range fn.Type.Params.List {
		if len(p.Names) == 0 { // a parameter without a name: all are
			args = append(args, "planted"+strconv.Itoa(i))
			inserts = append(inserts, insert{at: s.offset(p.Type.Pos()), text: args[len(args)-1] + " "})
		}
		for j, id := range p.Names {
			arg := id.Name
			if arg == "_" {
				arg = fmt.Sprintf("planted%d_%d", i, j)
				inserts = append(inserts, insert{at: s.offset(id.Pos()), drop: 1, text: arg})
			}
			args = append(args, arg)
		}
		if _, rest := p.Type.(*ast.Ellipsis); rest {
			args[len(args)-1] += "..."
		}
	}
	if fn.Recv != nil {
		of := fn.Recv.List[0]
		self := "planted"
		if len(of.Names) > 0 && of.Names[0].Name != "_" {
			self = of.Names[0].Name
		} else if len(of.Names) == 0 {
			inserts = append(inserts, insert{at: s.offset(of.Type.Pos()), text: self + " "})
		} else {
			inserts = append(inserts, insert{at: s.offset(of.Names[0].Pos()), drop: 1, text: self})
		}
		name = self + "." + name
	}
	call := name + "(" + strings.Join(args, ", ") + ")"
	if fn.Type.Results != nil {
		call = "return " + call
	} else {
		call += "; return"
	}
	body := fmt.Sprintf(" if plantedbugs.On == %d { %s }; ", n, call)
	return append(inserts, insert{at: s.offset(fn.Body.Lbrace) + 1, text: body})
}

// String is the file with all that was added.
func (s *switched) String() string {
	var b strings.Builder
	all := append(slices.Clone(s.inserts), insert{at: s.afterPackage(),
		text: "\nimport plantedbugs " + strconv.Quote(module+"/"+switchFolder) + "\n"})
	slices.SortStableFunc(all, func(x, y insert) int { return x.at - y.at })
	from := 0
	for i, in := range all {
		if in.drop > 0 && i > 0 && all[i-1].at == in.at && all[i-1].drop > 0 {
			continue // the same parameter was given its name before
		}
		if i > 0 && in == all[i-1] && strings.HasPrefix(in.text, "planted") {
			continue
		}
		b.WriteString(s.text[from:in.at])
		b.WriteString(in.text)
		from = in.at + in.drop
	}
	b.WriteString(s.text[from:])
	for _, text := range s.added {
		b.WriteString("\n" + text + "\n")
	}
	return b.String()
}
