package harness

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// Matrix is what of a scenario is to be compared: each combination of settings and targets is a variant, and all are
// played with the same seeds. Only a comparison plays it.
type Matrix struct {
	Server, Sentinel []Axis   // settings of the servers, of the Sentinels
	Targets          []string // what the servers are, in the live world
	Seeds            string   // "1-50"; "": the comparison's
}

// Axis is a setting and the values that it is tried with.
type Axis struct {
	Name   string
	Values []string
}

// Empty says whether there is nothing to compare.
func (m Matrix) Empty() bool { return len(m.Server)+len(m.Sentinel)+len(m.Targets) == 0 }

// variantsMax is how many variants a matrix may have: nobody reads a larger table.
const variantsMax = 50

// Check says what is wrong with the matrix, or nil.
func (m Matrix) Check() error {
	n := max(1, len(m.Targets))
	for _, a := range slices.Concat(m.Server, m.Sentinel) {
		if len(a.Values) == 0 {
			return fmt.Errorf("matrix: %s has no values: write %s: [1, 2]", a.Name, a.Name)
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
	for _, a := range m.Server {
		all = along(all, a.Values, func(v *Variant, value string) {
			v.Scenario.Config.Server = set(v.Scenario.Config.Server, a.Name, value)
			v.name(a.Name, value)
		})
	}
	for _, a := range m.Sentinel {
		all = along(all, a.Values, func(v *Variant, value string) {
			v.Scenario.Config.Sentinel = set(v.Scenario.Config.Sentinel, a.Name, value)
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

// set is settings with another value for name; settings stays as it is.
func set(settings cluster.Settings, name, value string) cluster.Settings {
	return append(slices.Clone(settings), cluster.Setting{Name: name, Value: value}) // a later line overrides an earlier one
}

// matrix is a [Matrix] as a scenario file has it.
type matrix struct {
	Config   yaml.MapSlice `yaml:"config,flow,omitempty"`
	Sentinel yaml.MapSlice `yaml:"sentinel,flow,omitempty"`
	Targets  []string      `yaml:"targets,flow,omitempty"`
	Seeds    string        `yaml:"seeds,omitempty"`
}

func matrixOf(m Matrix) *matrix {
	if m.Empty() && m.Seeds == "" {
		return nil
	}
	return &matrix{Config: mapping(m.Server), Sentinel: mapping(m.Sentinel), Targets: m.Targets, Seeds: m.Seeds}
}

func mapping(axes []Axis) (out yaml.MapSlice) {
	for _, a := range axes {
		out = append(out, yaml.MapItem{Key: a.Name, Value: a.Values})
	}
	return out
}

func (f *matrix) matrix() (m Matrix, err error) {
	if f == nil {
		return m, nil
	}
	m = Matrix{Targets: f.Targets, Seeds: f.Seeds}
	if m.Server, err = axes(f.Config); err != nil {
		return m, err
	}
	m.Sentinel, err = axes(f.Sentinel)
	return m, err
}

func axes(from yaml.MapSlice) (out []Axis, err error) {
	for _, item := range from {
		a := Axis{Name: fmt.Sprint(item.Key)}
		values, list := item.Value.([]any)
		if !list {
			return nil, fmt.Errorf("matrix: %s: %v is no list: write %s: [%v]", a.Name, item.Value, a.Name, item.Value)
		}
		for _, v := range values {
			switch v := v.(type) {
			case bool:
				a.Values = append(a.Values, map[bool]string{true: "yes", false: "no"}[v])
			case uint64:
				a.Values = append(a.Values, strconv.FormatUint(v, 10))
			default:
				a.Values = append(a.Values, fmt.Sprint(v))
			}
		}
		out = append(out, a)
	}
	return out, nil
}
