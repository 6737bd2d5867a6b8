package checkers

import (
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// findStalls finds when this computer let a live run stand still. What took too long meanwhile, or was not seen, is the
// computer's doing: it is no evidence against anybody.
func (r *Record) findStalls() {
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "stalled" && n.Took > 0 {
			r.stalls = append(r.stalls, Life{n.Time, n.Time + n.Took})
		}
	}
}

// Stalled is for how long the run stood still in [from, to]: in all, and at a time. A stall that reaches beyond counts
// with what lies within.
func (r *Record) Stalled(from, to time.Duration) (total, longest time.Duration) {
	for _, s := range r.stalls {
		if d := min(s.To, to) - max(s.From, from); d > 0 {
			total, longest = total+d, max(longest, d)
		}
	}
	return total, longest
}

// StalledAround says whether the run stood still at some moment of an operation or as shortly before or after it as the
// states by which it is judged.
func (r *Record) StalledAround(op *histories.Operation) bool {
	total, _ := r.Stalled(op.Invoked-SlackLive, op.Returned+SlackLive)
	return total > 0
}
