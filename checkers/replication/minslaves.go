package replication

import (
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
	"github.com/ordeal-go/ordeal/models"
)

// MinSlaves holds masters to min-slaves-to-write: a write is acknowledged only while at least that many good replicas
// are attached, and refused with NOREPLICAS only while there are fewer.
//
// By the master's own count of good replicas: the promise is about what it knows. Where only the
// observer's samples tell it, with what CONFIG GET answers, a write within a second of the loss of a replica is not
// judged: the end of a cut may bring a master an acknowledgement, and the end of the connection right behind it, between
// two samples. Where somebody listens to what servers say to each other, that is held against the master's word: whoever
// has not acknowledged for longer than min-slaves-max-lag is no good replica. Redis 4.0: server.c, processCommand; replication.c, refreshGoodSlavesCount.
type MinSlaves struct{}

// Name implements Checker.
func (MinSlaves) Name() string { return "min-slaves" }

// Check implements Checker.
func (MinSlaves) Check(r *checkers.Record) checkers.Verdict {
	asked := map[string]bool{} // machines that the observer asked for the setting: INFO does not tell it
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "settings" && n.From == checkers.ByObserver && n.Key == "min-slaves-to-write" {
			asked[n.Machine] = true
		}
	}
	known := func(n *histories.Note) bool {
		return checkers.IsMaster(n) && (n.From != checkers.ByObserver || n.M > 0 || asked[n.Machine])
	}
	tooFew := func(n *histories.Note) bool { return known(n) && n.M > 0 && n.N < n.M }
	enough := func(n *histories.Note) bool { return known(n) && (n.M == 0 || n.N >= n.M) }
	lost := replicasLost(r)
	blinked := func(t *checkers.Timeline, op *histories.Operation) bool {
		return len(t.Own) == 0 && checkers.AnyIn(lost[op.Node], op.Invoked-time.Second, op.Returned+time.Second)
	}
	inForce := false
	var q checkers.Inquiry
	f := checkers.FunctionsOf(r)
	q.Saw("writes acknowledged with enough replicas", 0)
	q.Saw("refusals", 0)
	q.Saw("refusals with too few replicas", 0)
	for i := range r.Notes {
		n := &r.Notes[i]
		inForce = inForce || n.Kind == "state" && n.M > 0
		if n.Kind == "refused" && n.Reason == "noreplicas" {
			inForce = true
			if n.N >= n.M {
				q.Breach(n.Time, n.Machine, nil, "refused a write of %s for lack of replicas with %d good ones, and needs %d", n.Key, n.N, n.M)
			}
		}
	}
	for i := range r.Ops {
		op := &r.Ops[i]
		if !f.Writes(op) || op.Returned == histories.Forever || !inForce {
			continue
		}
		t := r.Timelines[op.Node]
		if t == nil || blinked(t, op) || r.StalledAround(op) {
			continue
		}
		switch refused := op.Outcome == histories.Fail && evidence.IsError(op.Error, "NOREPLICAS"); {
		case refused:
			q.Saw("refusals", 1)
			if r.Always(t, op.Invoked, op.Returned, tooFew) {
				q.Saw("refusals with too few replicas", 1)
			} else if r.Always(t, op.Invoked, op.Returned, enough) && !r.Ever(t, op.Invoked, op.Returned, tooFew) {
				q.Breach(op.Returned, op.Node, []int{i}, "refused %s for lack of replicas, and had enough all the time", models.Describe(op))
			}
		case f.Changed(op):
			// A replica may come and go between two looks of the observer: then the master's own word is all there is.
			if r.Always(t, op.Invoked, op.Returned, tooFew) && !r.Ever(t, op.Invoked, op.Returned, enough) {
				s := t.Before(op.Invoked)
				n := s[0]
				if n == nil || !tooFew(n) {
					n = s[1]
				}
				q.Breach(op.Returned, op.Node, []int{i}, "acknowledged %s with %d good replicas, and needs %d", models.Describe(op), n.N, n.M)
			} else if r.Always(t, op.Invoked, op.Returned, func(n *histories.Note) bool { return enough(n) && n.M > 0 }) {
				q.Saw("writes acknowledged with enough replicas", 1)
			}
		}
	}
	if inForce {
		goodnessOf(r).overheard(&q, f)
	}
	missing := ""
	switch {
	case !inForce && evidence.Unseen(r, "settings") != "":
		missing = "nobody knows which min-slaves-to-write is in force: " + evidence.Unseen(r, "settings") + "; it takes a user that may ask CONFIG GET"
	case !inForce:
		missing = "min-slaves-to-write was never in force"
	case q.Count("writes acknowledged with enough replicas")+q.Count("refusals with too few replicas") == 0:
		missing = "no write is known to have met a master whose count of good replicas stayed the same meanwhile"
	}
	return q.Verdict(missing, "writes were acknowledged with enough replicas only, and refused only without")
}

// replicasLost are the moments at which masters log that a replica's connection is gone, by machine.
func replicasLost(r *checkers.Record) map[string][]time.Duration {
	lost := map[string][]time.Duration{}
	for i := range r.Logs {
		if l := &r.Logs[i]; strings.HasSuffix(l.Text, " lost.") && versions.Says(l.Text, versions.ReplicaLost) {
			lost[l.Machine] = append(lost[l.Machine], l.Time)
		}
	}
	return lost
}

func (MinSlaves) Promise(r *checkers.Record) checkers.Promise {
	if evidence.Unseen(r, "settings") == "" && !slices.ContainsFunc(r.Notes, func(n histories.Note) bool {
		return n.Kind == "state" && n.M > 0 || n.Kind == "refused" && n.Reason == "noreplicas"
	}) {
		return checkers.Nobody("min-slaves-to-write was never in force")
	}
	return r.Ends("an operator changed the settings", "run-as", "name=min-slaves-to-write", "name=min-slaves-max-lag",
		"name=min-replicas-to-write", "name=min-replicas-max-lag")
}
