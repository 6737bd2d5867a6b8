package sweep

import (
	"maps"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
)

// Record is what a sweep keeps of one run: a line of its state file.
type Record struct {
	Scenario string        `json:"scenario"`
	Seed     uint64        `json:"seed"`
	Elapsed  time.Duration `json:"elapsed_ns"` // virtual
	Took     time.Duration `json:"took_ns"`    // real
	Trace    string        `json:"trace"`
	Verdicts []Judgement   `json:"verdicts"`
	Goals    []string      `json:"goals,omitempty"`
	// Assertions are what the system under test asserted of itself.
	Assertions []checkers.Assertion `json:"assertions,omitempty"`
	// Figures are what the checkers measured, by name.
	Figures map[string]float64 `json:"figures,omitempty"`
	Replay  string             `json:"replay"`
	Dir     string             `json:"dir,omitempty"` // where a failed run is kept
}

// Judgement is a verdict without its findings.
type Judgement struct {
	Checker  string           `json:"checker"`
	Result   checkers.Result  `json:"result"`
	Why      string           `json:"why,omitempty"`     // if it is invalid
	InPart   bool             `json:"in_part,omitempty"` // the property was promised of a part of the run only
	Allowed  int              `json:"allowed,omitempty"`
	Evidence []checkers.Count `json:"evidence,omitempty"`
}

// record is what is kept of res. scenario is what its plan is called.
func record(scenario string, res *harness.Result) *Record {
	r := &Record{Scenario: scenario, Seed: res.Seed, Elapsed: res.Elapsed, Took: res.Took, Trace: res.Trace,
		Goals: res.Plan.System.Goals().In(res.History), Assertions: checkers.AssertionsOf(res.History), Replay: res.Replay, Dir: res.Dir}
	r.Figures = map[string]float64{}
	for _, v := range res.Verdicts {
		maps.Copy(r.Figures, v.Figures)
		j := Judgement{Checker: v.Checker, Result: v.Result, InPart: v.Promised != nil, Allowed: len(v.Allowed) + v.MoreAllowed, Evidence: v.Evidence}
		if v.Result == checkers.Invalid {
			j.Why = v.Why
		}
		r.Verdicts = append(r.Verdicts, j)
	}
	return r
}

// failure is the run as a failure, or nil if it broke nothing.
func (r *Record) failure() *Failure {
	f := &Failure{Scenario: r.Scenario, Seed: r.Seed, Replay: r.Replay, Dir: r.Dir}
	for _, j := range r.Verdicts {
		if j.Result == checkers.Invalid {
			f.Checkers = append(f.Checkers, j.Checker)
			if f.Why == "" {
				f.Why = j.Why
			}
		}
	}
	if f.Checkers == nil {
		return nil
	}
	return f
}
