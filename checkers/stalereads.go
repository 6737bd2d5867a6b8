package checkers

import (
	"cmp"
	"slices"
	"sort"
	"time"

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
func (StaleReads) Check(h *histories.History) Verdict {
	r := index(h)
	vs := valuesOf(h)
	f := functionsOf(h)
	type register struct{ node, key string }
	reads := map[register][]int{}
	var registers []register
	var q inquiry
	q.saw("reads at replicas", 0)
	q.saw("pairs in order", 0)
	for i := range h.Ops {
		op := &h.Ops[i]
		if !f.reads(op) || op.Outcome != histories.OK || !r.always(r.machines[op.Node], op.Invoked, op.Returned, isReplica) {
			continue
		}
		q.saw("reads at replicas", 1)
		if op.Found() && !q.written(h, vs, i) {
			continue
		}
		at := register{op.Node, op.Key}
		if reads[at] == nil {
			registers = append(registers, at)
		}
		reads[at] = append(reads[at], i)
	}
	for _, at := range registers {
		q.monotonic(h, vs, r.machines[at.node], reads[at])
	}
	q.servesStale(r, f)
	old := staleness(h, vs, reads)
	missing := ""
	if q.count("reads at replicas") == 0 {
		missing = "no read is known to have been answered by a replica"
	}
	v := q.verdict(missing, "replicas never went back"+old.String())
	v.Figures = old.figures()
	return v
}

// written says whether the read i returned what somebody had begun to write, and is a breach if not.
func (q *inquiry) written(h *histories.History, vs values, i int) bool {
	op := &h.Ops[i]
	j := vs.value(i).write
	switch {
	case j == never:
		q.breach(op.Returned, op.Node, []int{i}, "read %s=%s, which nobody wrote", op.Key, op.Word())
	case j == twice:
		return false
	case h.Ops[j].Outcome == histories.Fail:
		q.breach(op.Returned, op.Node, []int{j, i}, "read %s=%s, whose write had failed: %s", op.Key, op.Word(), h.Ops[j].Error)
	case h.Ops[j].Invoked > op.Returned:
		q.breach(op.Returned, op.Node, []int{i, j}, "read %s=%s, which was written only at %v", op.Key, op.Word(), h.Ops[j].Invoked)
	default:
		return true
	}
	return false
}

// monotonic judges the reads of one key at one replica.
func (q *inquiry) monotonic(h *histories.History, vs values, t *timeline, reads []int) {
	byReturn := slices.Clone(reads)
	slices.SortStableFunc(byReturn, func(a, b int) int { return cmp.Compare(h.Ops[a].Returned, h.Ops[b].Returned) })
	breaks := t.breaks()
	newest := -1 // of the reads that returned before, since the last break, the one whose value was written last
	var newestWritten time.Duration
	var since time.Duration
	next := 0
	for _, i := range reads { // in order of invocation
		op := &h.Ops[i]
		for ; next < len(byReturn) && h.Ops[byReturn[next]].Returned < op.Invoked; next++ {
			before := byReturn[next]
			if b := &h.Ops[before]; b.Found() && (newest < 0 || breaks.touch(since, b.Invoked) || vs.invoked(h, before) > newestWritten) {
				newest, newestWritten, since = before, vs.invoked(h, before), b.Invoked
			}
		}
		if newest < 0 || breaks.touch(since, op.Returned) {
			continue
		}
		q.saw("pairs in order", 1)
		old := &h.Ops[newest]
		if !op.Found() {
			q.breach(op.Returned, op.Node, []int{newest, i}, "read that %s is missing, after %s at %v", op.Key, old.Word(), old.Returned)
		} else if j := vs.value(i).write; h.Ops[j].Outcome == histories.OK && h.Ops[j].Returned < newestWritten {
			q.breach(op.Returned, op.Node, []int{newest, i}, "read %s=%s after %s at %v, which was written later", op.Key, op.Word(), old.Word(), old.Returned)
		}
	}
}

// breaks are the times when a replica may go back: its data is replaced, its process starts with older files, or it was
// a master meanwhile. A change of history counts in case it was by a full sync that nobody noted.
func (t *timeline) breaks() spans {
	var all []life
	for _, at := range slices.Concat(t.resyncs, t.turns) {
		all = append(all, life{at, at})
	}
	for _, notes := range [][]*histories.Note{t.own, t.seen} {
		for i := 1; i < len(notes); i++ {
			if a, b := notes[i-1], notes[i]; a.Role != b.Role || a.ReplID != b.ReplID || b.Offset < a.Offset {
				all = append(all, life{a.Time, b.Time})
			}
		}
	}
	slices.SortFunc(all, func(a, b life) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(all); i++ {
		all[i].to = max(all[i].to, all[i-1].to) // so far
	}
	return all
}

// spans are times in order of their beginnings, each to the latest end so far.
type spans []life

// touch says whether one of the spans has a moment in common with [from, to].
func (s spans) touch(from, to time.Duration) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i].from > to }) - 1
	return i >= 0 && s[i].to >= from
}

// invoked is when the value that the read i returned was begun to be written.
func (vs values) invoked(h *histories.History, i int) time.Duration {
	return h.Ops[vs.value(i).write].Invoked
}
