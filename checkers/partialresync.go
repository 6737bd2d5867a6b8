package checkers

import (
	"strconv"
	"strings"
	"time"

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
func (PartialResync) Check(h *histories.History) Verdict {
	r := index(h)
	g := trace(r)
	var q inquiry
	q.saw("continues", 0)
	q.saw("full syncs refused a continue", 0)
	q.saw("full syncs asked for", 0)
	noted := false
	for i := range h.Notes {
		switch n := &h.Notes[i]; n.Kind {
		case "psync":
			noted = true
			q.decision(n, g)
			q.forgetful(n, r)
		case "promoted":
			if n.Offset2 != n.Offset+1 && n.Offset2 != 0 {
				q.breach(n.Time, n.Machine, nil, "was promoted at offset %d and says that the history it shares ends before %d: that is %d", n.Offset, n.Offset2, n.Offset+1)
			}
		}
	}
	if !noted {
		q.fromLogs(r, g)
	}
	q.ahead(r)
	missing := ""
	if q.count("continues")+q.count("full syncs refused a continue") == 0 {
		missing = "no replica asked to go on where it had stopped"
	}
	return q.verdict(missing, "continues were granted exactly when the histories agreed and the bytes were there")
}

// decision judges one answer to PSYNC, from the master's own note.
func (q *inquiry) decision(n *histories.Note, g genealogy) {
	asked := n.AskedID
	if n.Result != "continue" && (asked == "" || strings.HasPrefix(asked, "?")) {
		q.saw("full syncs asked for", 1)
		return
	}
	if n.M > 0 && n.M != n.Offset+1 {
		q.breach(n.Time, n.Machine, nil, "has a backlog up to offset %d and is itself at %d: the backlog does not hold the end of its history", n.M-1, n.Offset)
	}
	reason := refusal(n, n.Offset2)
	// What the second history really shares, by the word of the promotion, if there is one for this history.
	truth := reason
	// A server that had less of the old history when it joined the new one need not know that it shares more.
	if o, known := g[n.ReplID]; known && o.told && o.cut != wholly && strings.EqualFold(asked, o.parent) &&
		(n.Result == "continue" || n.Machine == o.machine) {
		truth = refusal(n, o.cut)
	}
	if n.Result == "continue" {
		q.saw("continues", 1)
		if truth != "" {
			q.breach(n.Time, n.Machine, nil, "let %s continue %s from offset %d, but %s", n.Peer, short(asked), n.AskedOffset, truth)
		}
		return
	}
	q.saw("full syncs refused a continue", 1)
	if truth == "" {
		q.breach(n.Time, n.Machine, nil, "needless full sync: %s asked to continue %s from offset %d, which is in the backlog (%d to %d) of the same history%s",
			n.Peer, short(asked), n.AskedOffset, n.N, n.M, because(n.Reason))
	} else if n.Reason != "" {
		q.saw("refused: "+n.Reason, 1)
	}
}

// forgetful finds a replica that asks for everything though its process has followed a history.
func (q *inquiry) forgetful(n *histories.Note, r *record) {
	t := r.machines[n.Peer]
	if t == nil || n.Result == "continue" || n.AskedID != "" && !strings.HasPrefix(n.AskedID, "?") {
		return
	}
	life := t.life(n.Time)
	for _, s := range t.own {
		if life >= 0 && isReplica(s) && s.Link == linkUp && s.Time < n.Time && t.life(s.Time) == life {
			q.breach(n.Time, n.Peer, nil, "asks %s for everything, and had followed %s up to offset %d since it was started: it has forgotten what it could go on from",
				n.Machine, short(s.ReplID), s.Offset)
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
	second := named(n.ReplID2) && strings.EqualFold(n.AskedID, n.ReplID2)
	switch {
	case strings.EqualFold(n.AskedID, n.ReplID):
	case !second:
		return "that is neither its history " + short(n.ReplID) + " nor the one before, " + short(n.ReplID2)
	case n.AskedOffset > offset2:
		return "it shares " + short(n.AskedID) + " only up to offset " + decimal(offset2)
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
func (q *inquiry) fromLogs(r *record, g genealogy) {
	type request struct {
		id     string
		offset int64
		at     time.Duration
	}
	open := map[string]*request{}  // machine → what it asked for and was not yet answered
	going := map[string]*request{} // machine → what it was granted; it may yet learn a new ID
	for i := range r.Logs {
		l := &r.Logs[i]
		if id, offset, ok := parseRequest(l.Text); ok {
			open[l.Machine], going[l.Machine] = &request{id, offset, l.Time}, nil
		} else if versions.Says(l.Text, versions.FullSync) || versions.Says(l.Text, versions.RDBChannelSync) {
			open[l.Machine] = nil
		} else if versions.Says(l.Text, versions.Continued) {
			q.saw("continues", 1)
			going[l.Machine], open[l.Machine] = open[l.Machine], nil
		} else if id := after(l.Text, versions.NewID); id != "" && going[l.Machine] != nil {
			asked := going[l.Machine]
			if o, known := g[id]; known && o.told && strings.EqualFold(o.parent, asked.id) && asked.offset > o.cut {
				q.breach(l.Time, l.Machine, nil, "was let continue %s from offset %d by %s, which shares it only up to offset %d",
					short(asked.id), asked.offset, o.machine, o.cut)
			}
		} else if asked, first, second, ok := parseMismatch(l.Text); ok {
			q.saw("full syncs refused a continue", 1)
			q.saw("refused: replid", 1)
			if strings.EqualFold(asked, first) || named(second) && strings.EqualFold(asked, second) {
				q.breach(l.Time, l.Machine, nil, "needless full sync: refused history %s as another than its own %s and %s", short(asked), short(first), short(second))
			}
		} else if asked, offset2, ok := parseSecondOffset(l.Text); ok {
			q.saw("full syncs refused a continue", 1)
			q.saw("refused: second-offset", 1)
			if asked <= offset2 {
				q.breach(l.Time, l.Machine, nil, "needless full sync: refused offset %d of its second history, which it shares up to %d", asked, offset2)
			}
		} else if versions.Says(l.Text, versions.NoBacklog) {
			q.saw("full syncs refused a continue", 1)
			q.saw("refused: backlog", 1)
		} else if versions.Says(l.Text, versions.FullSyncAsked) {
			q.saw("full syncs asked for", 1)
		}
	}
}

// ahead finds replicas that have more of a history than the master they have it from.
func (q *inquiry) ahead(r *record) {
	for _, name := range r.names {
		t := r.machines[name]
		blamed := false
		for _, n := range t.own {
			if blamed || !isReplica(n) || n.Link != linkUp || r.machines[n.Peer] == nil {
				continue
			}
			m := r.machines[n.Peer]
			for _, s := range r.after(m, n.Time) {
				if s != nil && s.ReplID == n.ReplID && s.Offset < n.Offset && !m.turned(n.Time-r.slack, s.Time) && !anyIn(m.resyncs, n.Time, s.Time) {
					blamed = true
					q.breach(n.Time, name, nil, "is at offset %d of %s, and its master %s at %v only at %d", n.Offset, short(n.ReplID), m.name, s.Time, s.Offset)
				}
			}
		}
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
