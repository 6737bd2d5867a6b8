package checkers

import (
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// findStalls finds when this computer let a live run stand still. What took too long meanwhile, or was not seen, is the
// computer's doing: it is no evidence against anybody.
func (r *record) findStalls() {
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "stalled" && n.Took > 0 {
			r.stalls = append(r.stalls, life{n.Time, n.Time + n.Took})
		}
	}
}

// stalled is for how long the run stood still in [from, to]: in all, and at a time. A stall that reaches beyond counts
// with what lies within.
func (r *record) stalled(from, to time.Duration) (total, longest time.Duration) {
	for _, s := range r.stalls {
		if d := min(s.to, to) - max(s.from, from); d > 0 {
			total, longest = total+d, max(longest, d)
		}
	}
	return total, longest
}

// stoodStill says whether the run stood still in [from, to] for so long at a time that Sentinels may take anybody for
// down, or for so long in all that what took too long may have been in time on a quieter computer.
func (r *record) stoodStill(w watching, from, to time.Duration) bool {
	total, longest := r.stalled(from, to)
	return longest > 0 && longest >= w.downAfterLeast()/2 || total > (to-from)/10
}

// stalledAround says whether the run stood still at some moment of an operation or as shortly before or after it as the
// states by which it is judged.
func (r *record) stalledAround(op *histories.Operation) bool {
	total, _ := r.stalled(op.Invoked-slackLive, op.Returned+slackLive)
	return total > 0
}
