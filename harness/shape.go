package harness

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/google/jsonschema-go/jsonschema"

	"github.com/ordeal-go/ordeal/models"
)

// shape holds what a file says to the schema of its keys, and notes each thing that is not of the kind, in the range or
// of the form that is expected, where it stands.
func (p *parsing) shape(entries []*ast.MappingValueNode, top *jsonschema.Schema) {
	for _, e := range entries {
		p.entry(e, top, nil)
	}
}

// entry holds one entry of a map to the map's schema. path leads to the map.
func (p *parsing) entry(e *ast.MappingValueNode, of *jsonschema.Schema, path []string) {
	name := keyText(e)
	path = append(slices.Clone(path), name)
	own := of.Properties[name]
	if own == nil && of.AdditionalProperties != nil && of.AdditionalProperties.Not == nil {
		own = of.AdditionalProperties
	}
	if own == nil {
		known := of.PropertyOrder
		err := fmt.Errorf("unknown field %q: there are %s", name, strings.Join(known, ", "))
		if near := models.Nearest(name, known); near != "" {
			err = fmt.Errorf("unknown field %q: did you mean %s?", name, near)
		}
		p.misshaped(e.Key, path, err)
		return
	}
	p.value(e.Value, own, path)
}

// value holds what stands at node to a schema.
func (p *parsing) value(node ast.Node, s *jsonschema.Schema, path []string) {
	if len(s.AnyOf) > 0 {
		s = alternative(node, s.AnyOf)
	}
	switch n := node.(type) {
	case *ast.MappingNode:
		if s.Type == "object" {
			for _, e := range n.Values {
				p.entry(e, s, path)
			}
			return
		}
	case *ast.MappingValueNode:
		if s.Type == "object" {
			p.entry(n, s, path)
			return
		}
	case *ast.SequenceNode:
		if s.Type == "array" {
			for i, v := range n.Values {
				p.value(v, s.Items, append(slices.Clone(path), strconv.Itoa(i)))
			}
			return
		}
	default:
		if fits(node, s) {
			return
		}
	}
	if s.Type == "" && len(s.Types) == 0 { // a system's own form
		return
	}
	if meant := meant(node, s); meant != "" {
		p.misshaped(node, path, fmt.Errorf("%s: found %s: did you mean %s?", called(path), found(node), meant))
		return
	}
	p.misshaped(node, path, fmt.Errorf("%s: found %s, expected %s", called(path), found(node), expects(s)))
}

// called is what path leads to in words. Which item of a list it is, the place says.
func called(path []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(path), func(word string) bool {
		_, err := strconv.Atoi(word)
		return err == nil
	}), ": ")
}

func (p *parsing) misshaped(node ast.Node, path []string, err error) {
	p.wrong(node, err)
	p.bad = append(p.bad, path)
}

// alternative is the one of several schemas that node is most likely meant for.
func alternative(node ast.Node, schemas []*jsonschema.Schema) *jsonschema.Schema {
	want := "string"
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		want = "object"
	case *ast.SequenceNode:
		want = "array"
	}
	for _, s := range schemas {
		if s.Type == want || slices.Contains(s.Types, want) {
			return s
		}
	}
	return schemas[0]
}

// fits says whether a scalar is what a schema wants. Text is anything that is written down: 5 is a name too.
func fits(node ast.Node, s *jsonschema.Schema) bool {
	word := scalarText(node)
	switch s.Type {
	case "boolean":
		_, is := node.(*ast.BoolNode)
		return is
	case "integer":
		n, err := strconv.ParseInt(strings.ReplaceAll(word, "_", ""), 0, 64)
		_, is := node.(*ast.IntegerNode)
		return is && err == nil && (s.Minimum == nil || float64(n) >= *s.Minimum) && (s.Maximum == nil || float64(n) <= *s.Maximum)
	case "object", "array":
		return false
	}
	if _, empty := node.(*ast.NullNode); empty && s.Type == "string" {
		return false
	}
	if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(word) {
		return false
	}
	return len(s.Enum) == 0 || slices.Contains(s.Enum, any(word))
}

// found says what stands at node.
func found(node ast.Node) string {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a map"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return scalarText(node)
	}
	return strconv.Quote(scalarText(node))
}

// expects says what a schema wants.
func expects(s *jsonschema.Schema) string {
	switch {
	case s.Title != "":
		return s.Title
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, e := range s.Enum {
			words[i] = fmt.Sprint(e)
		}
		return "one of " + strings.Join(words, ", ")
	}
	switch s.Type {
	case "boolean":
		return "true or false"
	case "integer":
		return "a whole number" + within(s)
	case "number":
		return "a number" + within(s)
	case "array":
		return "a list: [" + sample(s.Items) + "]"
	case "object":
		if len(s.PropertyOrder) > 0 {
			return "a map: {" + s.PropertyOrder[0] + ": …}"
		}
		return "a map: {name: value}"
	}
	return "text"
}

func sample(of *jsonschema.Schema) string {
	if len(of.Enum) > 0 {
		return fmt.Sprint(of.Enum[0]) + ", …"
	}
	return "…"
}

func within(s *jsonschema.Schema) string {
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		return fmt.Sprintf(" from %v to %v", *s.Minimum, *s.Maximum)
	case s.Minimum != nil:
		return fmt.Sprintf(" of at least %v", *s.Minimum)
	}
	return ""
}

// meant is the word, of those that a schema knows, that was meant; "" if none is near.
func meant(node ast.Node, s *jsonschema.Schema) string {
	var words []string
	for _, e := range s.Enum {
		words = append(words, fmt.Sprint(e))
	}
	return models.Nearest(scalarText(node), words)
}

// scalarText is what a scalar says, without its quotes.
func scalarText(node ast.Node) string {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	}
	if t := node.GetToken(); t != nil {
		return t.Value
	}
	return node.String()
}

func keyText(e *ast.MappingValueNode) string { return strings.Trim(e.Key.String(), `"'`) }

// wellShaped are the entries of a file without what is of no use: the rest of the file is judged all the same.
func (p *parsing) wellShaped(text []byte, entries []*ast.MappingValueNode) []*ast.MappingValueNode {
	if len(p.bad) == 0 {
		return entries
	}
	again, err := parser.ParseBytes(text, 0) // entries stay as they are, for the places of errors
	if err != nil || len(again.Docs) == 0 {
		return nil
	}
	switch top := again.Docs[0].Body.(type) {
	case *ast.MappingNode:
		for _, path := range p.bad {
			prune(top, path)
		}
		return top.Values
	case *ast.MappingValueNode:
		if !slices.ContainsFunc(p.bad, func(path []string) bool { return len(path) > 0 }) {
			return []*ast.MappingValueNode{top}
		}
	}
	return nil
}

// prune takes what path leads to out of a map. Of a list with a wrong item nothing is left: the others' numbers would
// no longer be those of the file.
func prune(top *ast.MappingNode, path []string) {
	at := ast.Node(top)
	for i, name := range path {
		m, isMap := at.(*ast.MappingNode)
		if !isMap {
			return
		}
		next := child(m, name)
		_, further := next.(*ast.MappingNode)
		if last := i == len(path)-1; last || !further {
			m.Values = slices.DeleteFunc(m.Values, func(e *ast.MappingValueNode) bool { return keyText(e) == name })
			return
		}
		at = next
	}
}
