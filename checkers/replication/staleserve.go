package replication

import (
	"strings"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// servesStale holds replicas to slave-serve-stale-data: without a link to their master they answer reads if it is yes, the
// default, and refuse them if it is no; with a link they answer. Redis 4.0: server.c, processCommand.
func servesStale(q *checkers.Inquiry, r *checkers.Record, f *checkers.Functions) {
	set := evidence.SettingsOf(r)
	if set.Missing(r.OfKind("server")) != "" {
		return // whether they may, nobody knows
	}
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "order" && strings.Contains(n.Text, "-serve-stale-data") {
			return // an operator changed it
		}
	}
	for i := range r.Ops {
		op := &r.Ops[i]
		if !f.Reads(op) || op.Returned == histories.Forever {
			continue
		}
		t := r.Timelines[op.Node]
		refused := op.Outcome == histories.Fail && evidence.IsError(op.Error, "MASTERDOWN")
		if op.Outcome == histories.Fail && !refused {
			continue
		}
		down := func(n *histories.Note) bool { return checkers.IsReplica(n) && n.Link != checkers.LinkUp }
		up := func(n *histories.Note) bool { return checkers.IsReplica(n) && n.Link == checkers.LinkUp }
		switch {
		case refused && r.Always(t, op.Invoked, op.Returned, up):
			q.Breach(op.Returned, op.Node, []int{i}, "refused %s because its master is down, and had the link to it all the time", models.Describe(op))
		case r.Always(t, op.Invoked, op.Returned, down):
			q.Saw("reads at replicas without a link", 1)
			no := !set.Is(op.Node, "slave-serve-stale-data", true, op.Invoked)
			if refused != no {
				q.Breach(op.Returned, op.Node, []int{i}, "%s %s without a link to its master, although slave-serve-stale-data is %s",
					map[bool]string{true: "refused", false: "answered"}[refused], models.Describe(op), map[bool]string{true: "no", false: "yes"}[no])
			}
		}
	}
}
