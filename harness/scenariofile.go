package harness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

// file is how a scenario is written down: the keys of a scenario file.
type file struct {
	Name     string           `yaml:"name"`
	Why      string           `yaml:"why,omitempty"`
	Cluster  cluster.Spec     `yaml:"cluster,flow"`
	Config   cluster.Settings `yaml:"config,flow,omitempty"`
	Sentinel cluster.Settings `yaml:"sentinel,flow,omitempty"`
	Workload workload.Spec    `yaml:"workload,flow,omitempty"`
	Duration duration         `yaml:"duration,omitempty"`
	Faults   []string         `yaml:"faults,omitempty"`
	Draw     int              `yaml:"draw,omitempty"`
	Settle   duration         `yaml:"settle,omitempty"`
	Checks   []string         `yaml:"checks,flow,omitempty"`
	Limits   limits           `yaml:"limits,flow,omitempty"`
	Matrix   *matrix          `yaml:"matrix,omitempty"`
	Goals    []string         `yaml:"goals,flow,omitempty"`
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
	File string
	Line int // from 1; 0 if it is the file as a whole
	Err  error
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

// ReadScenario reads a scenario file, as [ParseScenario] reads its text.
func ReadScenario(path string) (Scenario, error) { return readScenario(path, ParseScenario) }

// ReadTrustedScenario reads a scenario file, as [ParseTrustedScenario] reads its text.
func ReadTrustedScenario(path string) (Scenario, error) {
	return readScenario(path, ParseTrustedScenario)
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
// are filled in. An error is a [*FileError].
func ParseScenario(name string, text []byte) (Scenario, error) {
	s, err := ParseTrustedScenario(name, text)
	if err == nil {
		err = s.distrust(name, text)
	}
	if err != nil {
		return Scenario{}, err
	}
	return s, nil
}

// ParseTrustedScenario is ParseScenario for a text that may do whatever servers can be configured to do.
func ParseTrustedScenario(name string, text []byte) (s Scenario, err error) {
	if err := bounded(name, text); err != nil {
		return Scenario{}, err
	}
	defer unbroken(name, &err)
	return parseScenario(name, text)
}

func parseScenario(name string, text []byte) (Scenario, error) {
	var f file
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict()); err != nil {
		return Scenario{}, yamlError(name, err)
	}
	s := Scenario{Name: f.Name, Why: f.Why, Cluster: f.Cluster, Config: cluster.Config{Server: f.Config, Sentinel: f.Sentinel},
		Workload: f.Workload, Duration: time.Duration(f.Duration), Draw: f.Draw, Settle: time.Duration(f.Settle), Checks: f.Checks, Goals: f.Goals}
	var err error
	if s.Limits, err = f.Limits.limits(); err != nil {
		return Scenario{}, &FileError{name, lineOf(text, "$.limits"), err}
	}
	if s.Matrix, err = f.Matrix.matrix(); err != nil {
		return Scenario{}, &FileError{name, lineOf(text, "$.matrix"), err}
	}
	for i, line := range f.Faults {
		step, err := nemesis.ParseStep(line)
		if err != nil {
			return Scenario{}, &FileError{name, lineOf(text, fmt.Sprintf("$.faults[%d]", i)), fmt.Errorf("%q: %w", line, err)}
		}
		s.Faults = append(s.Faults, step)
	}
	s = s.WithDefaults()
	if err := s.Check(); err != nil {
		return Scenario{}, located(name, text, err)
	}
	return s, nil
}

// located says where in a scenario file is what err is about.
func located(name string, text []byte, err error) *FileError {
	var step stepError
	var setting *cluster.SettingError
	switch {
	case errors.As(err, &step):
		return &FileError{name, lineOf(text, fmt.Sprintf("$.faults[%d]", step.index)), step.err}
	case errors.As(err, &setting):
		return &FileError{name, lineOf(text, "$."+setting.Section+".'"+setting.Name+"'"), err}
	}
	return &FileError{name, 0, err}
}

// yamlError is the position and the sentence of an error of the YAML library.
func yamlError(name string, err error) error {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		return &FileError{name, at.GetToken().Position.Line, errors.New(at.GetMessage())}
	}
	return &FileError{File: name, Err: err}
}

// lineOf is the line of what path leads to, 0 if it leads nowhere.
func lineOf(text []byte, path string) int {
	p, err := yaml.PathString(path)
	if err != nil {
		return 0
	}
	n, err := p.ReadNode(bytes.NewReader(text))
	if err != nil || n.GetToken() == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// YAML returns the scenario as a scenario file.
func (s Scenario) YAML() ([]byte, error) {
	f := file{Name: s.Name, Why: s.Why, Cluster: s.Cluster, Config: s.Config.Server, Sentinel: s.Config.Sentinel,
		Workload: s.Workload, Duration: duration(s.Duration), Draw: s.Draw, Settle: duration(s.Settle), Checks: s.Checks, Goals: s.Goals, Limits: limitsOf(s.Limits), Matrix: matrixOf(s.Matrix)}
	for _, step := range s.Faults {
		f.Faults = append(f.Faults, step.String())
	}
	return yaml.MarshalWithOptions(f, yaml.IndentSequence(true))
}
