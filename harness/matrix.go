package harness

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
)

// Matrix is what of a scenario is to be compared: each combination of settings and targets is a variant, and all are
// played with the same seeds. Only a comparison plays it.
type Matrix struct {
	Axes    []Axis
	Targets []string // what the servers are, in the live world
	Seeds   string   // "1-50"; "": the comparison's
}

// Axis is a setting, of a section of the scenario file, and the values that it is tried with.
type Axis struct {
	Section, Name string
	Values        []string
}

// Empty says whether there is nothing to compare.
func (m Matrix) Empty() bool { return len(m.Axes)+len(m.Targets) == 0 }

// variantsMax is how many variants a matrix may have: nobody reads a larger table.
const variantsMax = 50

// Check says what is wrong with the matrix, or nil.
func (m Matrix) Check(system System) error {
	n := max(1, len(m.Targets))
	for _, a := range m.Axes {
		if len(a.Values) == 0 {
			return fmt.Errorf("matrix: %s has no values: write %s: [1, 2]", a.Name, a.Name)
		}
		if _, err := system.With(a.Section, a.Name, a.Values[0]); err != nil {
			return fmt.Errorf("matrix: %w", err)
		}
		n *= len(a.Values)
	}
	if n > variantsMax {
		return fmt.Errorf("matrix: %d combinations are more than the %d that can be compared: leave some values out", n, variantsMax)
	}
	if m.Seeds != "" && !seedsText.MatchString(m.Seeds) {
		return fmt.Errorf("matrix: seeds: %q is no range: write 1-50", m.Seeds)
	}
	return nil
}

var seedsText = regexp.MustCompile(`^\d+(-\d+)?$`)

// Variant is one scenario of a comparison.
type Variant struct {
	Scenario Scenario
	Target   string // "": the comparison's
	Label    string // what sets it apart: "min-slaves-to-write 0"
}

// Variants are the combinations of the scenario's matrix; of a scenario without one, itself.
func (s Scenario) Variants() []Variant {
	m := s.Matrix
	s.Matrix = Matrix{}
	all := []Variant{{Scenario: s}}
	for _, a := range m.Axes {
		all = along(all, a.Values, func(v *Variant, value string) {
			with, err := v.Scenario.System.With(a.Section, a.Name, value)
			node.Assert(err == nil, "a scenario was not checked: %v", err)
			v.Scenario.System = with
			v.name(a.Name, value)
		})
	}
	if len(m.Targets) > 0 {
		all = along(all, m.Targets, func(v *Variant, target string) {
			v.Target = target
			v.name("", target)
		})
	}
	return all
}

// along is each of all with each of values.
func along(all []Variant, values []string, apply func(*Variant, string)) (more []Variant) {
	for _, v := range all {
		for _, value := range values {
			w := v
			apply(&w, value)
			more = append(more, w)
		}
	}
	return more
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// name adds what sets the variant apart to its label and to its scenario's name.
func (v *Variant) name(setting, value string) {
	text := strings.TrimSpace(setting + " " + value)
	if v.Label != "" {
		text = v.Label + ", " + text
	}
	v.Label = text
	word := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(setting+"-"+value), "-"), "-")
	v.Scenario.Name += "-" + word
}

// MarshalYAML writes what UnmarshalYAML reads.
func (m Matrix) MarshalYAML() (any, error) {
	var out yaml.MapSlice
	for _, a := range m.Axes {
		if n := len(out); n == 0 || out[n-1].Key != a.Section {
			out = append(out, yaml.MapItem{Key: a.Section, Value: yaml.MapSlice{}})
		}
		last := &out[len(out)-1]
		last.Value = append(last.Value.(yaml.MapSlice), yaml.MapItem{Key: a.Name, Value: a.Values})
	}
	if len(m.Targets) > 0 {
		out = append(out, yaml.MapItem{Key: "targets", Value: m.Targets})
	}
	if m.Seeds != "" {
		out = append(out, yaml.MapItem{Key: "seeds", Value: m.Seeds})
	}
	return out, nil
}

// UnmarshalYAML reads {config: {min-slaves-to-write: [0, 1]}, targets: [redis-server], seeds: 1-50}.
func (m *Matrix) UnmarshalYAML(node ast.Node) error {
	var items yaml.MapSlice
	if err := yaml.NodeToValue(node, &items, yaml.UseOrderedMap()); err != nil {
		return err
	}
	*m = Matrix{}
	for _, item := range items {
		switch key := fmt.Sprint(item.Key); key {
		case "targets":
			for _, v := range asList(item.Value) {
				m.Targets = append(m.Targets, cluster.SettingText(v))
			}
		case "seeds":
			m.Seeds = cluster.SettingText(item.Value)
		default:
			settings, isMap := item.Value.(yaml.MapSlice)
			if !isMap {
				return fmt.Errorf("matrix: %s: %v is no map of settings: write %s: {name: [1, 2]}", key, item.Value, key)
			}
			axes, err := axes(key, settings)
			if err != nil {
				return err
			}
			m.Axes = append(m.Axes, axes...)
		}
	}
	return nil
}

func axes(section string, from yaml.MapSlice) (out []Axis, err error) {
	for _, item := range from {
		a := Axis{Section: section, Name: fmt.Sprint(item.Key)}
		if _, isList := item.Value.([]any); !isList {
			return nil, fmt.Errorf("matrix: %s: %v is no list: write %s: [%v]", a.Name, item.Value, a.Name, item.Value)
		}
		for _, v := range asList(item.Value) {
			a.Values = append(a.Values, cluster.SettingText(v))
		}
		out = append(out, a)
	}
	return out, nil
}

// asList is a YAML list, or one of a scalar.
func asList(v any) []any {
	if list, isList := v.([]any); isList {
		return list
	}
	return []any{v}
}
