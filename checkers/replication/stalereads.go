package replication

import (
	"cmp"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// StaleReads holds reads at replicas to what a replica is: a prefix of its master's history that only grows. A read
// there may be old, but returns what somebody wrote, and never something older than an earlier read at the same replica
// returned, unless a full sync replaced its data in between.
//
// One write is older than another if it had returned before the other was invoked. Values must be unique per key; a
// value that was written twice is not judged. Redis 4.0: replication is a stream in execution order
// (replication.c, replicationFeedSlaves).
type StaleReads struct{}

// Name implements Checker.
func (StaleReads) Name() string { return "stale-reads" }

// Check implements Checker.
func (StaleReads) Check(r *checkers.Record) checkers.Verdict {
	vs := checkers.ValuesOf(r)
	f := checkers.FunctionsOf(r)
	type register struct{ node, key string }
	reads := map[register][]int{}
	var registers []register
	var q checkers.Inquiry
	q.Saw("reads at replicas", 0)
	q.Saw("pairs in order", 0)
	for i := range r.Ops {
		op := &r.Ops[i]
		if !f.Reads(op) || op.Outcome != histories.OK || !r.Always(r.Timelines[op.Node], op.Invoked, op.Returned, checkers.IsReplica) {
			continue
		}
		q.Saw("reads at replicas", 1)
		if op.Found() && !wasWritten(&q, r.History, vs, i) {
			continue
		}
		at := register{op.Node, op.Key}
		if reads[at] == nil {
			registers = append(registers, at)
		}
		reads[at] = append(reads[at], i)
	}
	for _, at := range registers {
		monotonic(&q, r.History, vs, r.Timelines[at.node], reads[at])
	}
	servesStale(&q, r, f)
	old := staleness(r.History, vs, reads)
	missing := ""
	if q.Count("reads at replicas") == 0 {
		missing = "no read is known to have been answered by a replica"
	}
	v := q.Verdict(missing, "replicas never went back"+old.String())
	v.Figures = old.figures()
	return v
}

// wasWritten says whether the read i returned what somebody had begun to write, and is a breach if not.
func wasWritten(q *checkers.Inquiry, h *histories.History, vs checkers.Values, i int) bool {
	op := &h.Ops[i]
	j := vs.Value(i).Write
	switch {
	case j == checkers.Never:
		q.Breach(op.Returned, op.Node, []int{i}, "read %s=%s, which nobody wrote", op.Key, op.Word())
	case j == checkers.Twice:
		return false
	case h.Ops[j].Outcome == histories.Fail:
		q.Breach(op.Returned, op.Node, []int{j, i}, "read %s=%s, whose write had failed: %s", op.Key, op.Word(), h.Ops[j].Error)
	case h.Ops[j].Invoked > op.Returned:
		q.Breach(op.Returned, op.Node, []int{i, j}, "read %s=%s, which was written only at %v", op.Key, op.Word(), h.Ops[j].Invoked)
	default:
		return true
	}
	return false
}

// monotonic judges the reads of one key at one replica.
func monotonic(q *checkers.Inquiry, h *histories.History, vs checkers.Values, t *checkers.Timeline, reads []int) {
	byReturn := slices.Clone(reads)
	slices.SortStableFunc(byReturn, func(a, b int) int { return cmp.Compare(h.Ops[a].Returned, h.Ops[b].Returned) })
	breaks := t.Breaks()
	newest := -1 // of the reads that returned before, since the last break, the one whose value was written last
	var newestWritten time.Duration
	var since time.Duration
	next := 0
	for _, i := range reads { // in order of invocation
		op := &h.Ops[i]
		for ; next < len(byReturn) && h.Ops[byReturn[next]].Returned < op.Invoked; next++ {
			before := byReturn[next]
			if b := &h.Ops[before]; b.Found() && (newest < 0 || breaks.Touch(since, b.Invoked) || vs.Invoked(h, before) > newestWritten) {
				newest, newestWritten, since = before, vs.Invoked(h, before), b.Invoked
			}
		}
		if newest < 0 || breaks.Touch(since, op.Returned) {
			continue
		}
		q.Saw("pairs in order", 1)
		old := &h.Ops[newest]
		if !op.Found() {
			q.Breach(op.Returned, op.Node, []int{newest, i}, "read that %s is missing, after %s at %v", op.Key, old.Word(), old.Returned)
		} else if j := vs.Value(i).Write; h.Ops[j].Outcome == histories.OK && h.Ops[j].Returned < newestWritten {
			q.Breach(op.Returned, op.Node, []int{newest, i}, "read %s=%s after %s at %v, which was written later", op.Key, op.Word(), old.Word(), old.Returned)
		}
	}
}

func (StaleReads) Promise(r *checkers.Record) checkers.Promise {
	return r.Ends("data was changed by hand", checkers.HandsOn...)
}
