package checkers

import (
	"strings"

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
func (ReadOnly) Check(h *histories.History) Verdict {
	r := index(h)
	f := functionsOf(h)
	var q inquiry
	q.saw("writes at replicas", 0)
	q.saw("refusals", 0)
	for i := range h.Ops {
		op := &h.Ops[i]
		if !f.writes(op) || op.Returned == histories.Forever {
			continue
		}
		refused := op.Outcome == histories.Fail && isError(op.Error, "READONLY")
		if refused {
			q.saw("refusals", 1)
		}
		t := r.machines[op.Node]
		switch {
		case refused:
			if r.always(t, op.Invoked, op.Returned, isMaster) {
				q.breach(op.Returned, op.Node, []int{i}, "refused %s as READONLY, and was master all the time", models.Describe(op))
			} else if r.always(t, op.Invoked, op.Returned, isReplica) {
				q.saw("writes at replicas", 1)
			}
		case r.always(t, op.Invoked, op.Returned, isReplica):
			q.saw("writes at replicas", 1)
			if f.changed(op) {
				q.breach(op.Returned, op.Node, []int{i}, "acknowledged %s by %s, and was a replica all the time", models.Describe(op), op.Process)
			}
		}
	}
	q.changedByClients(h)
	missing := ""
	if q.count("writes at replicas") == 0 && q.count("refusals") == 0 {
		missing = "no client is known to have written to a replica"
	}
	return q.verdict(missing, "replicas refused every write")
}

// changedByClients finds changes that a server noted as a client's while it was a replica: those of a transaction that was
// begun before, of a script, of a client that had waited.
func (q *inquiry) changedByClients(h *histories.History) {
	for i := range h.Places {
		if p := &h.Places[i]; p.Role == roleReplica {
			q.saw("writes at replicas", 1)
			q.breach(p.Time, p.Machine, nil, "let %s change %s, and was a replica", p.Peer, p.Key)
		}
	}
}

// isError says whether text is a Redis error of kind code, with or without the dash of the wire.
func isError(text, code string) bool {
	return strings.HasPrefix(strings.TrimPrefix(text, "-"), code)
}
