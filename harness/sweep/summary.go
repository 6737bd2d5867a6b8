package sweep

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
)

// Summary adds up the runs of a sweep.
type Summary struct {
	Scenarios []string      `json:"scenarios"`
	Runs      int           `json:"runs"`
	Virtual   time.Duration `json:"virtual_ns"` // time that passed in the runs, together
	Took      time.Duration `json:"took_ns"`    // real time
	Checkers  []*Tally      `json:"checkers"`
	Failures  []Failure     `json:"failures,omitempty"` // by scenario and seed
}

// Tally is what one checker said, and how much it saw, in all runs that it judged.
type Tally struct {
	Checker  string           `json:"checker"`
	Valid    int              `json:"valid"`
	Invalid  int              `json:"invalid"`
	Unknown  int              `json:"unknown"`
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

func newSummary(plans []Plan) *Summary {
	s := &Summary{}
	for _, p := range plans {
		s.Scenarios = append(s.Scenarios, p.Scenario.Name)
	}
	for _, name := range checkers.Names() {
		s.Checkers = append(s.Checkers, &Tally{Checker: name})
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

func (s *Summary) add(r *harness.Result) {
	s.Runs++
	s.Virtual += r.Elapsed
	failure := Failure{Scenario: r.Plan.Name, Seed: r.Seed, Replay: r.Replay, Dir: r.Dir}
	for _, v := range r.Verdicts {
		s.tally(v.Checker).add(v)
		if v.Result == checkers.Invalid {
			failure.Checkers = append(failure.Checkers, v.Checker)
			failure.Why = cmp.Or(failure.Why, v.Why)
		}
	}
	if len(failure.Checkers) > 0 {
		s.Failures = append(s.Failures, failure)
		slices.SortFunc(s.Failures, func(a, b Failure) int {
			return cmp.Or(cmp.Compare(a.Scenario, b.Scenario), cmp.Compare(a.Seed, b.Seed))
		})
	}
}

func (t *Tally) add(v checkers.Verdict) {
	switch v.Result {
	case checkers.Valid:
		t.Valid++
	case checkers.Invalid:
		t.Invalid++
	default:
		t.Unknown++
	}
	t.Allowed += len(v.Allowed) + v.MoreAllowed
	for _, c := range v.Evidence {
		t.see(c)
	}
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

// Result is invalid if any run broke a property, unknown if no checker could tell anything in any run.
func (s *Summary) Result() checkers.Result {
	if len(s.Failures) > 0 {
		return checkers.Invalid
	}
	for _, t := range s.Checkers {
		if t.Valid > 0 {
			return checkers.Valid
		}
	}
	return checkers.Unknown
}

// String is the summary for a person.
func (s *Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d runs of %s: %d failed, in %v", s.Runs, strings.Join(s.Scenarios, ", "), len(s.Failures), s.Took.Round(10*time.Millisecond))
	if s.Took > 0 && s.Runs > 0 {
		fmt.Fprintf(&b, " (%v of virtual time, %.0f times faster than real)", s.Virtual.Round(time.Second), float64(s.Virtual)/float64(s.Took))
	}
	b.WriteString("\n")
	for _, t := range s.Checkers {
		if t.Valid+t.Invalid+t.Unknown == 0 {
			continue
		}
		fmt.Fprintf(&b, "  %-22s valid %d, invalid %d, unknown %d", t.Checker, t.Valid, t.Invalid, t.Unknown)
		if t.Allowed > 0 {
			fmt.Fprintf(&b, ", allowed %d", t.Allowed)
		}
		for i, c := range t.Evidence {
			fmt.Fprintf(&b, "%s %s %d", []string{":", ","}[min(i, 1)], c.Name, c.N)
		}
		b.WriteString("\n")
	}
	for _, f := range s.Failures {
		fmt.Fprintf(&b, "FAILED %s, seed %d, %s: %s\n  replay: %s\n", f.Scenario, f.Seed, strings.Join(f.Checkers, ", "), f.Why, f.Replay)
		if f.Dir != "" {
			fmt.Fprintf(&b, "  kept in: %s\n", f.Dir)
		}
	}
	return b.String()
}
