package commands

import (
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// Wait holds WAIT to its reply: that n replicas acknowledged the write means that n replicas have it, and where no fault
// is in force, replicas that have it are counted before the time is up.
//
// The write's place in the stream lies behind the master's offset before its invocation, and before or at its offset at
// any moment after it was executed. A replica whose first state after the reply is not behind the former does not have
// the write. Redis 4.0: replication.c, waitCommand, replicationCountAcksByOffset.
type Wait struct{}

// ackSlack is how long a replica that has a write may take to be counted while nothing hurts the cluster: the question
// for acknowledgements follows the write at once.
const ackSlack = 60 * time.Millisecond

// Name implements Checker.
func (Wait) Name() string { return "wait" }

// Check implements Checker.
func (Wait) Check(r *checkers.Record) checkers.Verdict {
	w := waits{r: r}
	w.q.Saw("replies of WAIT", 0)
	w.q.Saw("acknowledgements by replicas", 0)
	w.q.Saw("waits cut short with everybody reachable", 0)
	for i := range r.Ops {
		op := &r.Ops[i]
		if op.Outcome != histories.OK || op.Func != histories.FuncWrite || len(op.Result.Elems()) != 3 {
			continue
		}
		acked, _ := op.Result.Elem(0).Int64()
		asked, _ := op.Result.Elem(1).Int64()
		limit, _ := op.Result.Elem(2).Int64()
		w.q.Saw("replies of WAIT", 1)
		w.tooMany(i, acked)
		w.tooLate(i, asked)
		if acked < asked {
			w.tooFew(i, acked, asked, time.Duration(limit)*time.Millisecond)
		}
	}
	missing := ""
	if w.q.Count("acknowledgements by replicas")+w.q.Count("waits cut short with everybody reachable") == 0 {
		missing = "no WAIT was answered by a server whose offset is known"
	}
	return w.q.Verdict(missing, "whoever was counted had the write")
}

type waits struct {
	r *checkers.Record
	q checkers.Inquiry
}

// tooMany holds the number of replicas that were counted against those that can have had the write.
func (w *waits) tooMany(i int, acked int64) {
	op := &w.r.Ops[i]
	t := w.r.Timelines[op.Node]
	if t == nil || acked == 0 {
		return
	}
	at := checkers.LastAt(t.Own, op.Invoked)
	if at < 0 || t.Turned(t.Own[at].Time, op.Returned) || !checkers.IsMaster(t.Own[at]) {
		return
	}
	before := t.Own[at]
	w.q.Saw("acknowledgements by replicas", int(acked))
	var able int64
	for _, name := range w.r.Names {
		if name != op.Node && w.canHave(w.r.Timelines[name], before, op.Returned) {
			able++
		}
	}
	if able < acked {
		w.q.Breach(op.Returned, op.Node, []int{i}, "WAIT counted %d replicas that have the write, whose place is behind offset %d: not more than %d can have it",
			acked, before.Offset, able)
	}
}

// canHave says whether the machine can have had, at the time at, what its master put behind the state before.
func (w *waits) canHave(t *checkers.Timeline, before *histories.Note, at time.Duration) bool {
	if len(t.Own)+len(t.Seen) == 0 {
		return false // no server
	}
	next := w.r.After(t, at)[0]
	if next == nil || next.ReplID != before.ReplID || !checkers.IsReplica(next) {
		return true // nobody knows
	}
	return next.Offset > before.Offset || t.Turned(at, next.Time)
}

// tooFew holds a reply that came when the time was up against the replicas that had the write well before that.
func (w *waits) tooFew(i int, acked, asked int64, limit time.Duration) {
	op := &w.r.Ops[i]
	t := w.r.Timelines[op.Node]
	done := op.Returned - limit // by then at the latest the write had been executed
	if t == nil || w.r.Slack > 0 || w.r.StalledAround(op) || done < op.Invoked || hurt(w.r, op.Invoked-time.Second, op.Returned) {
		return
	}
	at := checkers.LastAt(t.Own, done) + 1
	if at >= len(t.Own) || t.Own[at].Time > op.Returned || !checkers.IsMaster(t.Own[at]) || t.Turned(op.Invoked, op.Returned) {
		return
	}
	master := t.Own[at]
	var had int64
	for _, name := range w.r.Names {
		r := w.r.Timelines[name]
		n := checkers.LastAt(r.Own, op.Returned-ackSlack)
		if name == op.Node || n < 0 || r.Turned(op.Invoked, op.Returned) {
			continue
		}
		if s := r.Own[n]; checkers.IsReplica(s) && s.Link == checkers.LinkUp && s.Peer == op.Node && s.ReplID == master.ReplID && s.Offset >= master.Offset &&
			w.r.Always(r, op.Invoked, op.Returned, func(n *histories.Note) bool { return checkers.IsReplica(n) && n.Link == checkers.LinkUp }) {
			had++
		}
	}
	if had >= asked {
		w.q.Saw("waits cut short with everybody reachable", 1)
		w.q.Breach(op.Returned, op.Node, []int{i}, "WAIT counted %d replicas in %v, although %d were at offset %d, behind the write, %v before it gave up",
			acked, limit, had, master.Offset, ackSlack)
	}
}

// tooLate finds a WAIT that took its time although as many replicas as it asked for were linked all the while and nothing
// hurt them: the first acknowledgements end it.
func (w *waits) tooLate(i int, asked int64) {
	op := &w.r.Ops[i]
	if op.Returned-op.Invoked <= ackSlack || w.r.Slack > 0 || w.r.FaultNear(op.Invoked-checkers.Undisturbed, op.Returned) {
		return
	}
	var linked int64
	for _, name := range w.r.Names {
		if t := w.r.Timelines[name]; name != op.Node && !t.Turned(max(op.Invoked-checkers.Undisturbed, checkers.Begun), op.Returned) &&
			w.r.Always(t, op.Invoked-2*time.Second, op.Returned, func(n *histories.Note) bool {
				return checkers.IsReplica(n) && n.Link == checkers.LinkUp && n.Peer == op.Node
			}) {
			linked++
		}
	}
	if linked >= asked {
		w.q.Breach(op.Returned, op.Node, []int{i}, "WAIT for %d replicas took %v, although %d were linked all the while and nothing hurt them", asked, op.Returned-op.Invoked, linked)
	}
}

// hurt says whether a fault was in force at some moment of [from, to], or may still have been felt: TCP tries again after
// times that grow as long as the outage.
func hurt(r *checkers.Record, from, to time.Duration) bool {
	for i := range r.Faults {
		f := &r.Faults[i]
		if f.Start <= to && (f.Stop == histories.Forever || f.Stop+(f.Stop-f.Start)+time.Second >= from) {
			return true
		}
	}
	return false
}

func (Wait) Promise(r *checkers.Record) checkers.Promise {
	for i := range r.Workloads {
		if r.Workloads[i].Kind == "wait" {
			return checkers.Unbroken()
		}
	}
	return checkers.Nobody("nobody waits for replicas")
}
