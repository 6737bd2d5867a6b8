package replication

import (
	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// ReadOnly holds replicas to slave-read-only yes, the default: a replica never acknowledges a client's write, and
// refuses it with READONLY; a master never does.
//
// A write counts only if the node's role is known for all of its time, by what the node noted or by what the observer
// saw. Redis 4.0: server.c, processCommand; redis.conf, slave-read-only.
type ReadOnly struct{}

// Name implements Checker.
func (ReadOnly) Name() string { return "read-only" }

// Check implements Checker.
func (ReadOnly) Check(r *checkers.Record) checkers.Verdict {
	f := checkers.FunctionsOf(r)
	var q checkers.Inquiry
	q.Saw("writes at replicas", 0)
	q.Saw("refusals", 0)
	for i := range r.Ops {
		op := &r.Ops[i]
		if !f.Writes(op) || op.Returned == histories.Forever {
			continue
		}
		refused := op.Outcome == histories.Fail && evidence.IsError(op.Error, "READONLY")
		if refused {
			q.Saw("refusals", 1)
		}
		t := r.Timelines[op.Node]
		switch {
		case refused:
			if r.Always(t, op.Invoked, op.Returned, checkers.IsMaster) {
				q.Breach(op.Returned, op.Node, []int{i}, "refused %s as READONLY, and was master all the time", models.Describe(op))
			} else if r.Always(t, op.Invoked, op.Returned, checkers.IsReplica) {
				q.Saw("writes at replicas", 1)
			}
		case r.Always(t, op.Invoked, op.Returned, checkers.IsReplica):
			q.Saw("writes at replicas", 1)
			if f.Changed(op) {
				q.Breach(op.Returned, op.Node, []int{i}, "acknowledged %s by %s, and was a replica all the time", models.Describe(op), op.Process)
			}
		}
	}
	changedByClients(&q, r.History)
	missing := ""
	if q.Count("writes at replicas") == 0 && q.Count("refusals") == 0 {
		missing = "no client is known to have written to a replica"
	}
	return q.Verdict(missing, "replicas refused every write")
}

// changedByClients finds changes that a server noted as a client's while it was a replica: those of a transaction that was
// begun before, of a script, of a client that had waited.
func changedByClients(q *checkers.Inquiry, h *histories.History) {
	for i := range h.Places {
		if p := &h.Places[i]; p.Role == checkers.RoleReplica {
			q.Saw("writes at replicas", 1)
			q.Breach(p.Time, p.Machine, nil, "let %s change %s, and was a replica", p.Peer, p.Key)
		}
	}
}

func (ReadOnly) Promise(r *checkers.Record) checkers.Promise {
	return r.Ends("replicas may be written to", "run-as", "name=slave-read-only", "name=replica-read-only")
}
