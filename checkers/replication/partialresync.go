package replication

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// PartialResync holds masters to PSYNC's rule: +CONTINUE if and only if the replica's history is the master's up to the
// byte asked for, and that byte and those after it are in the backlog. A continue that should not be corrupts the
// replica; a full sync that need not be costs minutes in production.
//
// A replica asks for everything only if it has nothing to go on from: one whose process has followed a history goes on from
// where it stopped, whatever broke its link or the answer to its PSYNC. (Redis 4.0 forgets: #10726, #9398.)
//
// The master's decision is computed again from what it says of itself, and then held against what it has no hand in:
// where the promotion says that the old history ends, and how far the replica gets. Without notes, the log that a real
// Redis writes is judged. Redis 4.0: replication.c, masterTryPartialResynchronization.
type PartialResync struct{}

// Name implements Checker.
func (PartialResync) Name() string { return "partial-resync" }

// Check implements Checker.
func (PartialResync) Check(r *checkers.Record) checkers.Verdict {
	g := evidence.Trace(r)
	var q checkers.Inquiry
	q.Saw("continues", 0)
	q.Saw("full syncs refused a continue", 0)
	q.Saw("full syncs asked for", 0)
	noted := false
	for i := range r.Notes {
		switch n := &r.Notes[i]; n.Kind {
		case "psync":
			noted = true
			decision(&q, n, g)
			forgetful(&q, n, r)
		case "promoted":
			if n.Offset2 != n.Offset+1 && n.Offset2 != 0 {
				q.Breach(n.Time, n.Machine, nil, "was promoted at offset %d and says that the history it shares ends before %d: that is %d", n.Offset, n.Offset2, n.Offset+1)
			}
		}
	}
	if !noted {
		fromLogs(&q, r, g)
	}
	ahead(&q, r)
	missing := ""
	if q.Count("continues")+q.Count("full syncs refused a continue") == 0 {
		missing = "no replica asked to go on where it had stopped"
	}
	return q.Verdict(missing, "continues were granted exactly when the histories agreed and the bytes were there")
}

// decision judges one answer to PSYNC, from the master's own note.
func decision(q *checkers.Inquiry, n *histories.Note, g evidence.Genealogy) {
	asked := n.AskedID
	if n.Result != "continue" && (asked == "" || strings.HasPrefix(asked, "?")) {
		q.Saw("full syncs asked for", 1)
		return
	}
	if n.M > 0 && n.M != n.Offset+1 {
		q.Breach(n.Time, n.Machine, nil, "has a backlog up to offset %d and is itself at %d: the backlog does not hold the end of its history", n.M-1, n.Offset)
	}
	reason := refusal(n, n.Offset2)
	// What the second history really shares, by the word of the promotion, if there is one for this history.
	truth := reason
	// A server that had less of the old history when it joined the new one need not know that it shares more.
	if o, known := g[n.ReplID]; known && o.Told && o.Cut != evidence.Wholly && strings.EqualFold(asked, o.Parent) &&
		(n.Result == "continue" || n.Machine == o.Machine) {
		truth = refusal(n, o.Cut)
	}
	if n.Result == "continue" {
		q.Saw("continues", 1)
		if truth != "" {
			q.Breach(n.Time, n.Machine, nil, "let %s continue %s from offset %d, but %s", n.Peer, evidence.Short(asked), n.AskedOffset, truth)
		}
		return
	}
	q.Saw("full syncs refused a continue", 1)
	if truth == "" {
		q.Breach(n.Time, n.Machine, nil, "needless full sync: %s asked to continue %s from offset %d, which is in the backlog (%d to %d) of the same history%s",
			n.Peer, evidence.Short(asked), n.AskedOffset, n.N, n.M, because(n.Reason))
	} else if n.Reason != "" {
		q.Saw("refused: "+n.Reason, 1)
	}
}

// forgetful finds a replica that asks for everything though its process has followed a history.
func forgetful(q *checkers.Inquiry, n *histories.Note, r *checkers.Record) {
	t := r.Timelines[n.Peer]
	if t == nil || n.Result == "continue" || n.AskedID != "" && !strings.HasPrefix(n.AskedID, "?") {
		return
	}
	life := t.LifeAt(n.Time)
	for _, s := range t.Own {
		if life >= 0 && checkers.IsReplica(s) && s.Link == checkers.LinkUp && s.Time < n.Time && t.LifeAt(s.Time) == life {
			q.Breach(n.Time, n.Peer, nil, "asks %s for everything, and had followed %s up to offset %d since it was started: it has forgotten what it could go on from",
				n.Machine, evidence.Short(s.ReplID), s.Offset)
			return
		}
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return "; the reason given was " + reason
}

// refusal says why the request in n must be refused by a master whose second history ends before offset2; "" if it
// must be granted.
func refusal(n *histories.Note, offset2 int64) string {
	second := evidence.Named(n.ReplID2) && strings.EqualFold(n.AskedID, n.ReplID2)
	switch {
	case strings.EqualFold(n.AskedID, n.ReplID):
	case !second:
		return "that is neither its history " + evidence.Short(n.ReplID) + " nor the one before, " + evidence.Short(n.ReplID2)
	case n.AskedOffset > offset2:
		return "it shares " + evidence.Short(n.AskedID) + " only up to offset " + decimal(offset2)
	}
	switch {
	case n.M == 0:
		return "it has no backlog"
	case n.AskedOffset < n.N || n.AskedOffset > n.M:
		return "its backlog goes from " + decimal(n.N) + " to " + decimal(n.M)
	}
	return ""
}

// fromLogs judges the lines that a Redis logs. They do not tell the backlog's bounds.
func fromLogs(q *checkers.Inquiry, r *checkers.Record, g evidence.Genealogy) {
	type request struct {
		id     string
		offset int64
		at     time.Duration
	}
	open := map[string]*request{}  // machine → what it asked for and was not yet answered
	going := map[string]*request{} // machine → what it was granted; it may yet learn a new ID
	for i := range r.Logs {
		l := &r.Logs[i]
		if id, offset, ok := evidence.ParseRequest(l.Text); ok {
			open[l.Machine], going[l.Machine] = &request{id, offset, l.Time}, nil
		} else if versions.Says(l.Text, versions.FullSync) || versions.Says(l.Text, versions.RDBChannelSync) {
			open[l.Machine] = nil
		} else if versions.Says(l.Text, versions.Continued) {
			q.Saw("continues", 1)
			going[l.Machine], open[l.Machine] = open[l.Machine], nil
		} else if id := evidence.After(l.Text, versions.NewID); id != "" && going[l.Machine] != nil {
			asked := going[l.Machine]
			if o, known := g[id]; known && o.Told && strings.EqualFold(o.Parent, asked.id) && asked.offset > o.Cut {
				q.Breach(l.Time, l.Machine, nil, "was let continue %s from offset %d by %s, which shares it only up to offset %d",
					evidence.Short(asked.id), asked.offset, o.Machine, o.Cut)
			}
		} else if asked, first, second, ok := evidence.ParseMismatch(l.Text); ok {
			q.Saw("full syncs refused a continue", 1)
			q.Saw("refused: replid", 1)
			if strings.EqualFold(asked, first) || evidence.Named(second) && strings.EqualFold(asked, second) {
				q.Breach(l.Time, l.Machine, nil, "needless full sync: refused history %s as another than its own %s and %s", evidence.Short(asked), evidence.Short(first), evidence.Short(second))
			}
		} else if asked, offset2, ok := evidence.ParseSecondOffset(l.Text); ok {
			q.Saw("full syncs refused a continue", 1)
			q.Saw("refused: second-offset", 1)
			if asked <= offset2 {
				q.Breach(l.Time, l.Machine, nil, "needless full sync: refused offset %d of its second history, which it shares up to %d", asked, offset2)
			}
		} else if versions.Says(l.Text, versions.NoBacklog) {
			q.Saw("full syncs refused a continue", 1)
			q.Saw("refused: backlog", 1)
		} else if versions.Says(l.Text, versions.FullSyncAsked) {
			q.Saw("full syncs asked for", 1)
		}
	}
}

// ahead finds replicas that have more of a history than the master they have it from.
func ahead(q *checkers.Inquiry, r *checkers.Record) {
	for _, name := range r.Names {
		t, linked := r.Timelines[name], linkedAt(r, name)
		blamed := false
		for _, n := range t.Own {
			if blamed || !checkers.IsReplica(n) || n.Link != checkers.LinkUp || r.Timelines[n.Peer] == nil {
				continue
			}
			m, since := r.Timelines[n.Peer], lastOf(linked, n.Time)
			for _, s := range r.After(m, n.Time) {
				if s != nil && s.ReplID == n.ReplID && s.Offset < n.Offset && !m.Turned(min(since, n.Time-r.Slack), s.Time) && !checkers.AnyIn(m.Resyncs, n.Time, s.Time) {
					blamed = true
					q.Breach(n.Time, name, nil, "is at offset %d of %s, and its master %s at %v only at %d", n.Offset, evidence.Short(n.ReplID), m.Name, s.Time, s.Offset)
				}
			}
		}
	}
}

// linkedAt are the moments at which a replica was granted a link to its master. It may not know yet that the process at
// the other end is gone.
func linkedAt(r *checkers.Record, replica string) (at []time.Duration) {
	for i := range r.Logs {
		if l := &r.Logs[i]; l.Machine == replica && (versions.Says(l.Text, versions.FullSync) ||
			versions.Says(l.Text, versions.RDBChannelSync) || versions.Says(l.Text, versions.Continued)) {
			at = append(at, l.Time)
		}
	}
	return at
}

// lastOf is the last of times, which are sorted, that is not after at; at if there is none.
func lastOf(times []time.Duration, at time.Duration) time.Duration {
	if i, found := slices.BinarySearch(times, at); !found && i > 0 {
		return times[i-1]
	}
	return at
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func (PartialResync) Promise(r *checkers.Record) checkers.Promise {
	return r.Ends("data was changed by hand", "restore-rdb", "run-as", "name=slave-read-only", "name=replica-read-only")
}
