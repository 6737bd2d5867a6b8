package harness

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/ordeal-go/ordeal/harness/workload"
)

// file is how a scenario is written down: the keys of a scenario file that are not the system's. Those come after the
// head, which names it.
type file struct {
	head
	body
}

type head struct {
	Name   string `yaml:"name" about:"what the scenario is called: lower-case letters, digits and dashes" must:"yes"`
	Why    string `yaml:"why,omitempty" about:"one sentence: what the scenario shows"`
	System string `yaml:"system,omitempty" about:"what is put under test" otherwise:"redis"`
}

type body struct {
	Workload workload.Spec `yaml:"workload,flow,omitempty" about:"what the clients do: one work, or a list of works of which each client does its share" otherwise:"the system's first"`
	Duration duration      `yaml:"duration,omitempty" about:"how long the clients work, from the moment the cluster has formed, at most 24h" otherwise:"30s"`
	Faults   []string      `yaml:"faults,omitempty" about:"what happens to the machines, one line each (nemesis/FAULTS.md): at 2s kill m1 for 5s"`
	Draw     int           `yaml:"draw,omitempty" about:"so many more faults are drawn from the seed" range:"0..100"`
	Branches []string      `yaml:"branches,flow,omitempty" about:"where the run leaves the one that its seed would give (harness/DETERMINISM.md): at 7.2s seed 3"`
	Settle   duration      `yaml:"settle,omitempty" about:"how long the cluster may take to settle after the last fault is healed" otherwise:"2m"`
	Checks   []string      `yaml:"checks,flow,omitempty" about:"the checkers whose properties are held to, whatever happens (checkers/PROPERTIES.md)" otherwise:"all, as far as promised"`
	Limits   limits        `yaml:"limits,flow,omitempty" about:"what is accepted of what a run may cost"`
	Matrix   *Matrix       `yaml:"matrix,flow,omitempty" about:"settings to compare with each other, each with a list of values; ordeal compare plays them"`
	Goals    []string      `yaml:"goals,flow,omitempty" about:"situations that a sweep of the scenario must meet (ordeal list goals)"`
}

// duration is a time.Duration as "60s".
type duration time.Duration

// UnmarshalYAML reads "60s" or "1m30s".
func (d *duration) UnmarshalYAML(text []byte) error {
	word := string(bytes.Trim(bytes.TrimSpace(text), `"'`))
	v, err := time.ParseDuration(word)
	if err != nil {
		return fmt.Errorf("%q is no duration: write it as 60s, 500ms or 1m30s", word)
	}
	*d = duration(v)
	return nil
}

// MarshalYAML writes "1m0s".
func (d duration) MarshalYAML() (any, error) { return time.Duration(d).String(), nil }

// FileError says where in a scenario file something is wrong, and what.
type FileError struct {
	File         string
	Line, Column int // from 1; 0 if it is the file as a whole
	Err          error
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

// ReadScenario reads a scenario file, as [Systems.ParseScenario] reads its text.
func (all Systems) ReadScenario(path string) (Scenario, error) {
	return readScenario(path, all.ParseScenario)
}

// ReadTrustedScenario reads a scenario file, as [Systems.ParseTrustedScenario] reads its text.
func (all Systems) ReadTrustedScenario(path string) (Scenario, error) {
	return readScenario(path, all.ParseTrustedScenario)
}

func readScenario(path string, parse func(string, []byte) (Scenario, error)) (Scenario, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Scenario{}, &FileError{File: path, Err: errors.Unwrap(err)}
	}
	return parse(path, text)
}

// ParseScenario reads a scenario from text, which anybody may have written: what would run programs, reach files
// outside of the machines' folders or talk to other computers is refused. name is what errors call the file. Defaults
// are filled in. The error joins a [*FileError] for each thing that is wrong.
func (all Systems) ParseScenario(name string, text []byte) (Scenario, error) {
	return all.parse(name, text, false)
}

// ParseTrustedScenario is ParseScenario for a text that may do whatever servers can be configured to do.
func (all Systems) ParseTrustedScenario(name string, text []byte) (Scenario, error) {
	return all.parse(name, text, true)
}

func (all Systems) parse(name string, text []byte, trusted bool) (s Scenario, err error) {
	if err := bounded(name, text); err != nil {
		return Scenario{}, err
	}
	defer unbroken(name, &err)
	p := &parsing{name: name, systems: all}
	if s = p.scenario(text); !trusted && s.System != nil {
		p.distrust(s)
	}
	if p.errs != nil {
		return Scenario{}, p.all()
	}
	return s, nil
}

// all joins the errors, in the order of the file.
func (p *parsing) all() error {
	slices.SortStableFunc(p.errs, func(a, b error) int {
		var one, other *FileError
		if !errors.As(a, &one) || !errors.As(b, &other) {
			return 0
		}
		return cmp.Or(cmp.Compare(one.Line, other.Line), cmp.Compare(one.Column, other.Column))
	})
	return errors.Join(p.errs...)
}

// parsing is a scenario file on its way to a scenario.
type parsing struct {
	name    string
	systems Systems
	root    ast.Node   // a map
	bad     [][]string // where something is that cannot be read: the keys and numbers that lead there
	errs    []error
}

// wrong notes an error about what stands at node; nil is the file as a whole.
func (p *parsing) wrong(node ast.Node, err error) {
	e := &FileError{File: p.name, Err: err}
	var at yaml.Error
	switch {
	case errors.As(err, &at) && at.GetToken() != nil:
		e.Line, e.Column, e.Err = at.GetToken().Position.Line, at.GetToken().Position.Column, errors.New(at.GetMessage())
	case node != nil && node.GetToken() != nil:
		e.Line, e.Column = position(node)
	}
	p.errs = append(p.errs, e)
}

// position is where a node begins. The token of a map is that of its first value.
func position(node ast.Node) (line, column int) {
	at := node.GetToken()
	if m, isMap := node.(*ast.MappingNode); isMap && len(m.Values) > 0 && m.Start.Type != token.MappingStartType {
		at = m.Values[0].Key.GetToken()
	}
	return at.Position.Line, at.Position.Column
}

func (p *parsing) scenario(text []byte) Scenario {
	entries, ok := p.entries(text)
	if !ok {
		return Scenario{}
	}
	kind, err := p.kind()
	if err != nil {
		p.wrong(p.find("system"), err)
		return Scenario{}
	}
	p.shape(entries, fileSchema(kind))
	var f file
	fields := keys(reflect.ValueOf(&f.head).Elem(), reflect.ValueOf(&f.body).Elem())
	var rest []*ast.MappingValueNode // the system's
	for _, e := range p.wellShaped(text, entries) {
		into, own := fields[e.Key.String()]
		if !own {
			rest = append(rest, e)
			continue
		}
		if into.Kind() == reflect.Pointer {
			into.Set(reflect.New(into.Type().Elem()))
			into = into.Elem()
		}
		p.decode(e, into)
	}
	s := Scenario{Name: f.Name, Why: f.Why, Workload: f.Workload, Duration: time.Duration(f.Duration), Draw: f.Draw,
		Settle: time.Duration(f.Settle), Checks: f.Checks, Goals: f.Goals, System: p.system(kind, rest)}
	if s.Limits, err = f.Limits.limits(); err != nil {
		p.judge(err)
	}
	if f.Matrix != nil {
		s.Matrix = *f.Matrix
	}
	for i, line := range f.Faults {
		step, err := Language(s.System).ParseStep(line)
		if err != nil {
			p.wrong(p.find("faults", fmt.Sprint(i)), fmt.Errorf("%q: %w", line, err))
			p.bad = append(p.bad, []string{"faults", fmt.Sprint(i)})
		}
		s.Faults = append(s.Faults, step)
	}
	for i, line := range f.Branches {
		b, err := ParseBranch(line)
		if err != nil {
			p.wrong(p.find("branches", fmt.Sprint(i)), err)
			continue
		}
		s.Branches = append(s.Branches, b)
	}
	s = s.WithDefaults()
	p.judge(s.Check())
	return s
}

// kind is the system that the file names.
func (p *parsing) kind() (System, error) {
	name := ""
	if n := p.find("system"); n != nil {
		name = scalarText(n)
	}
	return p.systems.ByName(name)
}

// decode reads an entry of the file.
func (p *parsing) decode(e *ast.MappingValueNode, into reflect.Value) {
	if err := yaml.NodeToValue(e.Value, into.Addr().Interface(), yaml.Strict()); err != nil {
		p.wrong(e.Value, fmt.Errorf("%s: %w", e.Key, err))
		p.bad = append(p.bad, []string{e.Key.String()})
	}
}

// entries are what stands at the top of the file.
func (p *parsing) entries(text []byte) ([]*ast.MappingValueNode, bool) {
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		p.wrong(nil, err)
		return nil, false
	}
	for _, doc := range parsed.Docs {
		switch body := doc.Body.(type) {
		case *ast.MappingNode:
			p.root = body
			return body.Values, len(parsed.Docs) == 1 || p.no("several documents")
		case *ast.MappingValueNode:
			p.root = body
			return []*ast.MappingValueNode{body}, true
		case nil:
		default:
			return nil, p.no("a " + strings.ToLower(body.Type().String()))
		}
	}
	return nil, true
}

// no says that the file is something else than a scenario.
func (p *parsing) no(what string) bool {
	p.wrong(nil, fmt.Errorf("it is %s, and a scenario is a map: name: …, faults: …", what))
	return false
}

// keys are the fields of structs by their names in a file.
func keys(structs ...reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for _, v := range structs {
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			fields[name] = v.Field(i)
		}
	}
	return fields
}

// system reads the system's keys into a value of kind's type.
func (p *parsing) system(kind System, entries []*ast.MappingValueNode) System {
	into := reflect.New(reflect.TypeOf(kind)).Elem()
	fields := keys(into)
	for _, e := range entries {
		if field, known := fields[e.Key.String()]; known {
			p.decode(e, field)
		}
	}
	return into.Interface().(System)
}

// judge notes what is wrong with a scenario that could be read: each error where its first words lead to.
func (p *parsing) judge(err error) {
	if err == nil {
		return
	}
	if joined, several := err.(interface{ Unwrap() []error }); several {
		for _, one := range joined.Unwrap() {
			p.judge(one)
		}
		return
	}
	words := strings.Split(err.Error(), ": ")
	var entry entryError
	if errors.As(err, &entry) {
		words, err = []string{entry.key, fmt.Sprint(entry.index)}, entry.err
	}
	if node := p.find(words...); !p.follows(words) {
		p.wrong(node, err)
	}
}

// follows says whether an error to which words lead may come of what could not be read, and was noted then.
func (p *parsing) follows(words []string) bool {
	var path []string
	for at := p.root; len(path) < len(words); path = words[:len(path)+1] {
		if at = child(at, words[len(path)]); at == nil {
			break
		}
	}
	return slices.ContainsFunc(p.bad, func(bad []string) bool {
		common := min(len(bad), len(path))
		return slices.Equal(bad[:common], path[:common]) && (len(path) > 0 || bad[0] == words[0])
	})
}

// located says where in the text of a scenario file is what err is about.
func located(name string, text []byte, err error) error {
	p := &parsing{name: name}
	if _, ok := p.entries(text); !ok {
		return err
	}
	p.judge(err)
	return p.all()
}

// Misfits says which of a scenario's settings the servers that o names do not take: what they would say when they start.
// The error joins one for each setting, with its place if o's source is the scenario's file.
func (o Options) Misfits(plan Scenario) error { return o.withDefaults().fits(plan) }

// fits says which of the plan's settings the servers do not take: with its line, if the plan is of a file.
func (o Options) fits(plan Scenario) error {
	err := plan.System.Fits(o.Ours(), plan.Faults)
	if err == nil {
		return nil
	}
	text, unread := os.ReadFile(o.Source)
	if unread != nil {
		return err
	}
	return located(o.Source, text, err)
}

// find is the node that words lead to from the top, as far as they lead; nil if the first leads nowhere.
func (p *parsing) find(words ...string) ast.Node {
	var found ast.Node
	at := p.root
	for _, word := range words {
		next := child(at, word)
		if next == nil {
			break
		}
		found, at = next, next
	}
	return found
}

// child is what a map or a list has under a name or a number; nil: nothing.
func child(of ast.Node, name string) ast.Node {
	switch n := of.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if strings.Trim(v.Key.String(), `"'`) == name {
				return v.Value
			}
		}
	case *ast.MappingValueNode:
		if n.Key.String() == name {
			return n.Value
		}
	case *ast.SequenceNode:
		for i, v := range n.Values {
			if fmt.Sprint(i) == name {
				return v
			}
		}
	}
	return nil
}

// YAML returns the scenario as a scenario file.
func (s Scenario) YAML() ([]byte, error) {
	h := head{Name: s.Name, Why: s.Why, System: s.System.Name()}
	b := body{Workload: s.Workload, Duration: duration(s.Duration), Draw: s.Draw, Settle: duration(s.Settle), Checks: s.Checks,
		Goals: s.Goals, Limits: limitsOf(s.Limits)}
	if !s.Matrix.Empty() || s.Matrix.Seeds != "" {
		b.Matrix = &s.Matrix
	}
	for _, step := range s.Faults {
		b.Faults = append(b.Faults, step.String())
	}
	for _, branch := range s.Branches {
		b.Branches = append(b.Branches, branch.String())
	}
	var text []byte
	for _, part := range []any{h, s.System, b} {
		lines, err := yaml.MarshalWithOptions(part, yaml.IndentSequence(true))
		if err != nil {
			return nil, err
		}
		if string(lines) != "{}\n" {
			text = append(text, lines...)
		}
	}
	return text, nil
}
