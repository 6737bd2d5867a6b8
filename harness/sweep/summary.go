package sweep

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
)

// Summary adds up the runs of a sweep.
type Summary struct {
	Scenarios []string      `json:"scenarios"`
	Runs      int           `json:"runs"`
	Virtual   time.Duration `json:"virtual_ns"` // time that passed in the runs, together
	Took      time.Duration `json:"took_ns"`    // real time
	Checkers  []*Tally      `json:"checkers"`
	Failures  []Failure     `json:"failures,omitempty"` // by scenario and seed
	Goals     []*Reached    `json:"goals"`              // every goal, whether it was reached or not
	// Assertions are what systems under test asserted of themselves, in order of kind and message.
	Assertions []checkers.Assertion `json:"assertions,omitempty"`
	// Missing are sentences about goals that had to be reached and assertions that had to be met and were not, in a sweep
	// that came to its end.
	Missing  []string `json:"missing,omitempty"`
	Complete bool     `json:"complete"` // no run was left out

	required []requirement
	cases    []Case
}

// Reached says in how many runs a goal was reached.
type Reached struct {
	Goal     string `json:"goal"`
	Why      string `json:"why"`
	Runs     int    `json:"runs"`
	Scenario string `json:"scenario,omitempty"` // of the first run
	Seed     uint64 `json:"seed,omitempty"`     // of the first run
}

// requirement is a goal that must be reached, by the runs of one scenario or, if that is "", by any.
type requirement struct {
	scenario, goal string
	met            bool
}

// Tally is what one checker said, and how much it saw, in all runs that it judged.
type Tally struct {
	Checker  string           `json:"checker"`
	Valid    int              `json:"valid"`
	Invalid  int              `json:"invalid"`
	Unknown  int              `json:"unknown"`
	Not      int              `json:"not_promised,omitempty"` // in so many runs nobody promised it
	In       int              `json:"promised_in_part,omitempty"`
	Allowed  int              `json:"allowed,omitempty"` // findings within the promise, such as lost writes
	Evidence []checkers.Count `json:"evidence,omitempty"`
}

// Failure is a run in which a property was broken.
type Failure struct {
	Scenario string   `json:"scenario"`
	Seed     uint64   `json:"seed"`
	Checkers []string `json:"checkers"`
	Why      string   `json:"why"`
	Replay   string   `json:"replay"`
	Dir      string   `json:"dir,omitempty"`
}

func newSummary(plans []Plan, required []string) *Summary {
	s := &Summary{}
	for _, p := range plans {
		s.Scenarios = append(s.Scenarios, p.Scenario.Name)
		for _, goal := range p.Scenario.Goals {
			s.required = append(s.required, requirement{scenario: p.Scenario.Name, goal: goal})
		}
	}
	for _, goal := range required {
		s.required = append(s.required, requirement{goal: goal})
	}
	for _, p := range plans {
		for _, c := range p.Scenario.System.Checkers() {
			s.tally(c.Name())
		}
		for _, g := range p.Scenario.System.Goals().Goals {
			if !slices.ContainsFunc(s.Goals, func(r *Reached) bool { return r.Goal == g.Name }) {
				s.Goals = append(s.Goals, &Reached{Goal: g.Name, Why: g.Why})
			}
		}
	}
	return s
}

func (s *Summary) tally(name string) *Tally {
	for _, t := range s.Checkers {
		if t.Checker == name {
			return t
		}
	}
	t := &Tally{Checker: name}
	s.Checkers = append(s.Checkers, t)
	return t
}

func (s *Summary) add(r *Record) {
	s.Runs++
	s.Virtual += r.Elapsed
	for _, j := range r.Verdicts {
		s.tally(j.Checker).add(j)
	}
	for _, goal := range r.Goals {
		s.reach(goal, r)
	}
	s.Assertions = checkers.MergeAssertions(s.Assertions, r.Assertions)
	failure := r.failure()
	s.cases = append(s.cases, Case{r.Scenario, r.Seed, r.Took, failure})
	if failure == nil {
		return
	}
	s.Failures = append(s.Failures, *failure)
	slices.SortFunc(s.Failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Scenario, b.Scenario), cmp.Compare(a.Seed, b.Seed))
	})
}

// reach notes that r reached a goal.
func (s *Summary) reach(goal string, r *Record) {
	for _, g := range s.Goals {
		if g.Goal == goal {
			if g.Runs++; g.Runs == 1 {
				g.Scenario, g.Seed = r.Scenario, r.Seed
			}
		}
	}
	for i := range s.required {
		if q := &s.required[i]; q.goal == goal && (q.scenario == "" || q.scenario == r.Scenario) {
			q.met = true
		}
	}
}

// reached counts the goals that were reached.
func (s *Summary) reached() (n int) {
	for _, g := range s.Goals {
		if g.Runs > 0 {
			n++
		}
	}
	return n
}

// finish ends the summary. Goals are missed only by a sweep that was not cut short.
func (s *Summary) finish(complete bool) {
	s.Complete = complete
	for _, q := range s.required {
		if q.met || !complete {
			continue
		}
		who := "no run"
		if q.scenario != "" {
			who += " of " + q.scenario
		}
		s.Missing = append(s.Missing, fmt.Sprintf("%s reached the goal %s: play more seeds, or see what keeps it from happening", who, q.goal))
	}
	for _, a := range s.Assertions {
		if a.Open() && complete {
			s.Missing = append(s.Missing, fmt.Sprintf("%v was not met in any of %d runs: play more seeds, or see what keeps it from happening", a, s.Runs))
		}
	}
}

func (t *Tally) add(v Judgement) {
	switch v.Result {
	case checkers.Valid:
		t.Valid++
	case checkers.Invalid:
		t.Invalid++
	case checkers.NotPromised:
		t.Not++
	default:
		t.Unknown++
	}
	if v.InPart {
		t.In++
	}
	t.Allowed += v.Allowed
	for _, c := range v.Evidence {
		t.see(c)
	}
}

// Share is the share of the runs in which the property could be had at all in which it was judged, in percent.
func (t *Tally) Share() float64 {
	of := t.Valid + t.Invalid + t.Unknown
	if of == 0 {
		return 0
	}
	return 100 * float64(t.Valid+t.Invalid) / float64(of)
}

// see adds up evidence; of a maximum, the largest is kept.
func (t *Tally) see(c checkers.Count) {
	for i := range t.Evidence {
		if t.Evidence[i].Name == c.Name {
			if strings.HasPrefix(c.Name, "max ") {
				t.Evidence[i].N = max(t.Evidence[i].N, c.N)
			} else {
				t.Evidence[i].N += c.N
			}
			return
		}
	}
	t.Evidence = append(t.Evidence, c)
}

// Result is invalid if any run broke a property or a goal was missed that had to be reached, unknown if no checker could tell anything in any run.
func (s *Summary) Result() checkers.Result {
	if len(s.Failures) > 0 || len(s.Missing) > 0 {
		return checkers.Invalid
	}
	for _, t := range s.Checkers {
		if t.Valid > 0 {
			return checkers.Valid
		}
	}
	return checkers.Unknown
}
