package harness

import (
	"fmt"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node"
)

// Stalls is how a live run stood still because its computer was busy with something else. What servers did and clients
// saw meanwhile is the computer's doing.
type Stalls struct {
	Times   int           `json:"times"`
	Longest time.Duration `json:"longest_ns"`
	Total   time.Duration `json:"total_ns"`
	// Over are the settings under test that are shorter than the longest stall: what they decide may not be evidence.
	Over []string `json:"over,omitempty"`
}

// stallsOf finds what h says of stalls; nil if there were none.
func stallsOf(h *histories.History, plan Scenario) *Stalls {
	var s Stalls
	for i := range h.Notes {
		if n := &h.Notes[i]; n.Kind == string(node.NoteStalled) {
			s.Times++
			s.Total += n.Took
			s.Longest = max(s.Longest, n.Took)
		}
	}
	if s.Times == 0 {
		return nil
	}
	s.Over = plan.shorterThan(s.Longest)
	return &s
}

// shorterThan are the settings under test that a pause of so long touches.
func (s Scenario) shorterThan(pause time.Duration) (names []string) {
	for _, limit := range s.System.Patience() {
		if limit.For <= pause {
			names = append(names, fmt.Sprintf("%s (%v)", limit.Name, limit.For))
		}
	}
	return names
}

func (s *Stalls) String() string {
	text := fmt.Sprintf("this computer let the run stand still %d times, for %v at most", s.Times, s.Longest.Round(time.Millisecond))
	if len(s.Over) > 0 {
		text += ", which is longer than " + strings.Join(s.Over, ", ") + ": what these settings decide may be its doing; run again on a quieter computer"
	}
	return text + "\n"
}
