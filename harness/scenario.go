package harness

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/seed"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

// Scenario is the plan of a run: which cluster, configured how, worked on by whom, hurt how, judged by what. The same
// scenario runs in every world. Its zero values are sane, but for the system, which it must have: five clients, no faults,
// every checker of the system.
type Scenario struct {
	Name     string           // letters, digits and dashes: "old-master-keeps-writing"
	Why      string           // one sentence: what the scenario shows
	System   System           // what is under test, laid out and configured
	Workload workload.Spec    //
	Duration time.Duration    // how long the clients work, from the moment the cluster has formed; 0: 30 s
	Faults   nemesis.Schedule // from that same moment
	Draw     int              // so many more faults are drawn from the seed
	Branches []Branch         // in order of time: where the run leaves the one that its seed would give
	Settle   time.Duration    // how long the cluster may take to settle after the last fault is healed; 0: 2 min
	Checks   []string         // names of checkers, whose properties are held to whatever happens; none: all, as far as promised
	Limits   checkers.Limits  // what is accepted of what the run may cost; the verdict "limits" says whether it was kept

	// Matrix is what to vary, and to compare: only a comparison plays a scenario that has one.
	Matrix Matrix

	// Goals are names of situations (package goals) that a sweep of the scenario must have met; a single run need not.
	Goals []string

	// Make draws the whole scenario from the seed of a run, which then does not depend on the other fields but Name.
	// A scenario file has no such thing: what is kept of a run is what was drawn.
	Make func(seed uint64) Scenario
}

// WithDefaults fills in what the scenario leaves out.
func (s Scenario) WithDefaults() Scenario {
	if s.System != nil {
		s.Workload = s.Workload.WithDefaults(s.System.Kinds())
	}
	if s.Duration == 0 {
		s.Duration = 30 * time.Second
	}
	if s.Settle == 0 {
		s.Settle = 2 * time.Minute
	}
	return s
}

var scenarioName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Check says what is wrong with the scenario, or nil. It expects the defaults filled in.
func (s Scenario) Check() error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(s.Name == "", "name: there is none: write name: my-scenario at the top")
	wrong(s.Name != "" && !scenarioName.MatchString(s.Name), "name: %q is no name: use lower-case letters, digits and dashes", s.Name)
	wrong(s.Duration < 0 || s.Duration > 24*time.Hour, "duration: %v is not between 0 and 24h", s.Duration)
	wrong(s.Settle < 0, "settle: %v is negative", s.Settle)
	wrong(s.Draw < 0 || s.Draw > 100, "draw: %d is not between 0 and 100 faults", s.Draw)
	if s.System == nil {
		return errors.Join(append(errs, errors.New("system: there is none: say what is under test"))...)
	}
	laidOut := s.System.Check()
	errs = append(errs, laidOut, s.Workload.Check(s.System.Kinds()), s.Limits.Check(), s.Matrix.Check(s.System))
	errs = append(errs, s.checkBranches()...)
	for i, step := range s.Faults {
		if laidOut != nil { // the system cannot be asked for its machines
			break
		}
		if err := s.checkStep(step); err != nil {
			errs = append(errs, entryError{"faults", i, err})
		}
	}
	for i, name := range s.Checks {
		if _, err := checkers.Set(s.System.Checkers()).ByName(name); err != nil {
			errs = append(errs, entryError{"checks", i, err})
		}
	}
	for i, name := range s.Goals {
		if _, err := s.System.Goals().ByName(name); err != nil {
			errs = append(errs, entryError{"goals", i, err})
		}
	}
	return errors.Join(errs...)
}

// entryError says which entry of a list is wrong: line i of the schedule, from 0, or a name of another key.
type entryError struct {
	key   string
	index int
	err   error
}

func (e entryError) Error() string {
	if e.key == "faults" {
		return fmt.Sprintf("faults: line %d: %v", e.index+1, e.err)
	}
	return fmt.Sprintf("%s: %v", e.key, e.err)
}

func (e entryError) Unwrap() error { return e.err }

func (s Scenario) checkStep(step nemesis.Step) error {
	if step.At > s.Duration {
		return fmt.Errorf("%q starts after the run's %v", step, s.Duration)
	}
	if err := Language(s.System).Validate(step); err != nil {
		return err
	}
	names := s.view()
	for _, target := range step.Fault.Targets() {
		if !names.Knows(target) {
			return fmt.Errorf("%q: there is no machine %q here: there are %s, and the roles", step, target, names)
		}
	}
	return s.checkTriggers(step, names)
}

// view is who there is before anything has happened.
func (s Scenario) view() view {
	var v view
	for _, m := range s.System.Nodes(cluster.SimAddressing()) {
		switch {
		case m.Spare && m.Kind == cluster.Sentinel:
			v.SpareSentinels = append(v.SpareSentinels, m.Name)
		case m.Spare:
			v.Spares = append(v.Spares, m.Name)
		case m.Kind == cluster.Sentinel:
			v.Sentinels = append(v.Sentinels, m.Name)
		default:
			v.Servers = append(v.Servers, m.Name)
		}
	}
	for i := range s.Workload.Clients {
		v.Clients = append(v.Clients, fmt.Sprintf("c%d", i+1))
	}
	return v
}

// Drawn returns the scenario with every draw of the seed made, so that it can be printed, edited and run again.
func (s Scenario) Drawn(runSeed uint64) Scenario {
	if s.Make != nil {
		return s.Make(runSeed).Drawn(runSeed)
	}
	s = s.WithDefaults()
	if s.Draw == 0 {
		return s
	}
	v := s.view()
	drawn := nemesis.Generate(seed.Stream(runSeed, "nemesis"), nemesis.GeneratorOptions{
		Servers: v.Servers, Sentinels: v.Sentinels, Clients: v.Clients, Spares: len(v.Spares), SpareSentinels: len(v.SpareSentinels),
		Duration: s.Duration, Quiet: time.Second, Faults: s.Draw, Orders: s.System.OrderDraws(), Language: Language(s.System),
	})
	s.Faults = append(s.Faults[:len(s.Faults):len(s.Faults)], drawn...)
	s.Faults.Sort()
	s.Draw = 0
	return s
}
