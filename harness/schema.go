package harness

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/workload"
)

// What can be written as text has a title, which says so, and a pattern.
const (
	timeTitle    = "a time, as 60s, 500ms or 1m30s"
	timePattern  = `^[+-]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+)$`
	shareTitle   = "a share, from 0% to 100%"
	sharePattern = `^(100(\.0*)?|\d{1,2}(\.\d*)?)%$`
	seedsTitle   = "seeds, as 1-50"
)

// Schema says what a scenario file may hold, for editors that complete and check. It is made from the types that files are
// read into: their fields' tags say what a key is about, its range and what it is otherwise. The keys of all systems stand
// side by side; which of them a file may have, its system says.
func (all Systems) Schema() *jsonschema.Schema {
	top := fileSchema(all[0])
	for _, system := range all[1:] {
		more := fileSchema(system)
		for _, name := range more.PropertyOrder {
			if top.Properties[name] == nil {
				own := more.Properties[name]
				own.Description += " (system: " + system.Name() + ")"
				top.Properties[name] = own
				top.PropertyOrder = append(top.PropertyOrder, name)
			}
		}
		for _, key := range []string{"checks", "goals"} {
			top.Properties[key].Items.Enum = union(top.Properties[key].Items.Enum, more.Properties[key].Items.Enum)
		}
		for i, kind := range kindsIn(top) {
			kind.Enum = union(kind.Enum, kindsIn(more)[i].Enum)
		}
	}
	top.Schema = "https://json-schema.org/draft/2020-12/schema"
	top.Title = "a scenario of ordeal"
	for _, system := range all {
		top.Properties["system"].Enum = append(top.Properties["system"].Enum, system.Name())
	}
	return top
}

func union(a, b []any) []any {
	for _, v := range b {
		if !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}

// fileSchema is what a file with a scenario of system may hold.
func fileSchema(system System) *jsonschema.Schema {
	top := structSchema(reflect.TypeFor[head](), reflect.TypeOf(system), reflect.TypeFor[body]())
	for _, c := range system.Checkers() {
		top.Properties["checks"].Items.Enum = append(top.Properties["checks"].Items.Enum, c.Name())
	}
	for _, name := range system.Goals().Names() {
		top.Properties["goals"].Items.Enum = append(top.Properties["goals"].Items.Enum, name)
	}
	for _, kind := range kindsIn(top) {
		for _, k := range system.Kinds() {
			kind.Enum = append(kind.Enum, k.Name)
		}
	}
	return top
}

// kindsIn are the schemas of a work's kind: of one work, and of each in a list.
func kindsIn(top *jsonschema.Schema) [2]*jsonschema.Schema {
	work := top.Properties["workload"].AnyOf
	return [2]*jsonschema.Schema{work[0].Properties["kind"], work[1].Items.Properties["kind"]}
}

// structSchema is a map with the fields of structs, in their order.
func structSchema(structs ...reflect.Type) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}, AdditionalProperties: nothing()}
	for _, t := range structs {
		for field := range t.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			if name == "" || name == "-" {
				continue
			}
			own := typeSchema(field.Type)
			describe(own, field.Tag)
			s.Properties[name] = own
			s.PropertyOrder = append(s.PropertyOrder, name)
			if field.Tag.Get("must") != "" {
				s.Required = append(s.Required, name)
			}
		}
	}
	return s
}

func nothing() *jsonschema.Schema { return &jsonschema.Schema{Not: &jsonschema.Schema{}} }

// describe takes what a field's tags say.
func describe(s *jsonschema.Schema, tag reflect.StructTag) {
	s.Description = tag.Get("about")
	if otherwise := tag.Get("otherwise"); otherwise != "" {
		s.Description += "; default: " + otherwise
		if n, err := strconv.Atoi(otherwise); err == nil {
			s.Default, _ = json.Marshal(n) // a number has no error
		}
	}
	least, most, _ := strings.Cut(tag.Get("range"), "..")
	s.Minimum, s.Maximum = bound(least), bound(most)
	if words := tag.Get("words"); words != "" {
		for word := range strings.SplitSeq(words, "|") {
			s.Enum = append(s.Enum, word)
		}
	}
}

func bound(text string) *float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil
	}
	return &n
}

func text(title, pattern string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Title: title, Pattern: pattern}
}

// typeSchema is what a value of type t is written as.
func typeSchema(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[duration]():
		return text(timeTitle, timePattern)
	case reflect.TypeFor[workload.Percent]():
		return text(shareTitle, sharePattern)
	case reflect.TypeFor[workload.Spec]():
		one, item := structSchema(reflect.TypeFor[workload.Entry]()), structSchema(reflect.TypeFor[workload.Entry]())
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{one, {Type: "array", Items: item}}}
	case reflect.TypeFor[cluster.Settings]():
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			scalar(), {Type: "array", Items: scalar()}}}}
	case reflect.TypeFor[Matrix]():
		values := &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "array", Items: scalar()}}
		return &jsonschema.Schema{Type: "object", AdditionalProperties: values, PropertyOrder: []string{"targets", "seeds"},
			Properties: map[string]*jsonschema.Schema{
				"targets": {AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "array", Items: &jsonschema.Schema{Type: "string"}}},
					Description: "the servers to compare, in the live world: ordeal-node, redis-server, or any command that takes a redis.conf"},
				"seeds": {Types: []string{"string", "integer"}, Title: seedsTitle, Pattern: seedsText.String(), Description: "the seeds to compare with"}}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeSchema(t.Elem())
	case reflect.Slice:
		return &jsonschema.Schema{Type: "array", Items: typeSchema(t.Elem())}
	case reflect.Struct:
		return structSchema(t)
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64:
		return &jsonschema.Schema{Type: "integer"}
	case reflect.Float64:
		return &jsonschema.Schema{Type: "number"}
	case reflect.String:
		return &jsonschema.Schema{Type: "string"}
	}
	return &jsonschema.Schema{} // a system's own type, with a form of its own
}

// scalar is the value of a directive.
func scalar() *jsonschema.Schema {
	return &jsonschema.Schema{Types: []string{"string", "number", "boolean", "null"}}
}
