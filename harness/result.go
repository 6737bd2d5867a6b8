package harness

import (
	"fmt"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// Result is what a run came to.
type Result struct {
	Plan     Scenario           `json:"-"`
	Seed     uint64             `json:"seed"`
	World    string             `json:"world"`
	History  *histories.History `json:"-"`
	Verdicts checkers.Verdicts  `json:"verdicts"`
	NotDone  *histories.NotDone `json:"not_done,omitempty"` // faults of the schedule; nil: all were done
	Stalls   *Stalls            `json:"stalls,omitempty"`   // live: nil: none
	Watching *Watching          `json:"watching,omitempty"` // live: what the observer's questions cost the servers
	Trace    string             `json:"trace,omitempty"`    // of the simulation
	Formed   time.Duration      `json:"-"`                  // when the clients began
	Elapsed  time.Duration      `json:"elapsed_ns"`         // of the run, virtual or real
	Took     time.Duration      `json:"took_ns"`            // real time, with judging
	Judging  time.Duration      `json:"judging_ns"`         // real time of the checkers
	Steps    uint64             `json:"steps,omitempty"`    // of the simulation: the events that its cores were given
	Dir      string             `json:"dir,omitempty"`      // where it is kept
	Replay   string             `json:"replay"`             // the command that runs it again
}

// Result merges the verdicts.
func (r *Result) Result() checkers.Result { return r.Verdicts.Result() }

// String is the result for a person: the verdicts with their evidence, what they found, and the command that replays
// the run.
func (r *Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, seed %d, %s world: %s\n", r.Plan.Name, r.Seed, r.World, r.Result())
	for _, v := range r.Verdicts {
		fmt.Fprintf(&b, "  %v\n", v)
		if v.Result == checkers.Invalid {
			for _, f := range v.Findings[:min(len(v.Findings), 5)] {
				fmt.Fprintf(&b, "    %v\n", f)
			}
			if more := len(v.Findings) + v.MoreFindings - 5; more > 0 {
				fmt.Fprintf(&b, "    … and %d more\n", more)
			}
		}
	}
	if r.NotDone != nil {
		b.WriteString(r.NotDone.String())
	}
	if r.Stalls != nil {
		b.WriteString(r.Stalls.String())
	}
	if r.Watching != nil {
		b.WriteString(r.Watching.String())
	}
	if r.Trace != "" {
		fmt.Fprintf(&b, "trace %s\n", r.Trace)
	}
	if r.Replay != "" { // what another tool recorded cannot be played again
		fmt.Fprintf(&b, "replay: %s\n", r.Replay)
	}
	return b.String()
}
