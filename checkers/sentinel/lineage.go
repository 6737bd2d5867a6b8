package sentinel

import (
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Lineage holds Sentinels to whose data it is: what is promoted goes on, by replication ID and offset, from the data of
// the master that it replaces, so that nothing is lost but what had not been replicated; and a server that follows another
// group's master by now, with another group's data, is left alone.
//
// A replica descends from its master if it has a part of one of the histories that the master had while it was the master,
// or of what those went on from, up to where they did; or if it went on from one of them itself, as one that was promoted
// once and given up. A leader that may never have heard the master itself is not judged. A stale master with later writes of its own, an empty server and a stranger do not. Who belongs to
// another group has, since before the Sentinel's last INFO, been linked to a server that is none of the cluster and has no history in common
// with any of its masters. Redis 4.0 promises none of this: sentinel.c, sentinelSelectSlave, looks neither at replication
// IDs nor at roles.
type Lineage struct{}

// Name implements Checker.
func (Lineage) Name() string { return "lineage" }

// Check implements Checker.
func (Lineage) Check(r *checkers.Record) checkers.Verdict {
	l := heirs{r: r, q: &checkers.Inquiry{}, reigns: map[string]time.Duration{}}
	for _, name := range []string{"promotions", "of the master's lineage", "reconfigurations", "of other groups' servers", "not judged"} {
		l.q.Saw(name, 0)
	}
	l.names = evidence.ByAddress(l.r)
	all := evidence.Events(l.r)
	if len(l.r.OfKind("sentinel")) > 0 {
		l.g = evidence.Trace(l.r)
		for i := range all {
			l.event(&all[i])
		}
	}
	missing := ""
	if l.q.Count("of the master's lineage")+l.q.Count("reconfigurations") == 0 {
		missing = "nothing is known of the data of what was promoted or reconfigured"
	}
	return l.q.Verdict(missing, "what was promoted went on from what it replaced")
}

type heirs struct {
	r      *checkers.Record
	q      *checkers.Inquiry
	g      evidence.Genealogy
	names  map[string]string
	reigns map[string]time.Duration // machine → since when it is the master, 0 from the beginning
	heads  []string                 // histories of all masters so far
	// reigned is since when the master has been one that is being replaced, 0 from the beginning.
	reigned time.Duration
}

func (l *heirs) event(e *evidence.Event) {
	switch e.Name {
	case "+promoted-slave":
		_, addr := e.Master()
		l.promoted(e, l.names[addr], l.names[e.Instance()])
	case "+switch-master":
		if w := e.Words; len(w) == 5 {
			l.reign(l.names[w[3]+":"+w[4]], e.At)
		}
	case "+slave-reconf-sent", "+slave-reconf-sent-be", "+fix-slave-config", "+convert-to-slave":
		_, addr := e.Master()
		l.reconfigured(e, l.names[addr], l.names[e.Instance()])
	}
}

// reign begins for a machine, unless it has already. That of the one before is over when it is replaced itself.
func (l *heirs) reign(machine string, at time.Duration) {
	if machine != "" && l.reigns[machine] == 0 {
		l.reigns = map[string]time.Duration{machine: at}
	}
}

// promoted judges whom a leader made the master.
func (l *heirs) promoted(e *evidence.Event, old, heir string) {
	l.q.Saw("promotions", 1)
	l.reigned = l.reigns[old]
	had := l.histories(old, l.reigned, e.At)
	id, offset := l.before(heir, e.At)
	if heir != "" {
		l.reign(heir, e.At)
	}
	if len(had) == 0 || id == "" {
		return
	}
	if slices.ContainsFunc(had, func(head string) bool { return l.g.Descends(id, offset, head) }) {
		l.q.Saw("of the master's lineage", 1)
		return
	}
	if since := l.reigned; since > 0 && l.unheard(e.Machine, old, since, e.At) {
		l.q.Saw("not judged", 1)
		return
	}
	l.q.Breach(e.At, e.Machine, nil, "promoted %s, which had offset %d of %s, in the place of %s, whose data was %s: it does not go on from that",
		heir, offset, evidence.Short(id), old, evidence.Short(had[len(had)-1]))
}

// unheard says whether a leader may never have heard the master that it replaces: what that had, it cannot know then.
func (l *heirs) unheard(leader, master string, from, to time.Duration) bool {
	return slices.ContainsFunc(l.r.Faults, func(f histories.Fault) bool {
		return f.Start <= to && (f.Stop == histories.Forever || f.Stop+faultLingers >= from) && parts(&f, leader, master)
	}) || !l.r.Of(leader).Steady(from, to)
}

// histories are those that a machine had as master in [from, to], and what it has at the end even if it is a replica by
// then; they are kept for later.
func (l *heirs) histories(machine string, from, to time.Duration) []string {
	var had []string
	t := l.r.Of(machine)
	for _, notes := range [][]*histories.Note{t.Own, t.Seen} {
		for i := max(checkers.LastAt(notes, from), 0); i < len(notes) && notes[i].Time <= to; i++ {
			if n := notes[i]; checkers.IsMaster(n) && evidence.Named(n.ReplID) && !slices.Contains(had, n.ReplID) {
				had = append(had, n.ReplID)
			}
		}
	}
	if n := l.last(machine, to); n != nil && evidence.Named(n.ReplID) && !slices.Contains(had, n.ReplID) {
		had = append(had, n.ReplID)
	}
	for _, id := range had {
		if !slices.Contains(l.heads, id) {
			l.heads = append(l.heads, id)
		}
	}
	return had
}

// before is what a machine had when it became a master, the last time until at; "" if nobody knows.
func (l *heirs) before(machine string, at time.Duration) (id string, offset int64) {
	n := l.last(machine, at)
	if n == nil || !evidence.Named(n.ReplID) {
		return "", 0
	}
	if !checkers.IsMaster(n) || !evidence.Named(n.ReplID2) || n.Offset2 <= 0 {
		return n.ReplID, n.Offset
	}
	if o := l.g[n.ReplID]; o.Told && o.Machine == machine {
		return o.Parent, o.Cut - 1
	}
	return n.ReplID2, n.Offset2 - 1
}

// last is the last state of a machine until at: by itself, or else by the observer.
func (l *heirs) last(machine string, at time.Duration) *histories.Note {
	found := l.r.Of(machine).Before(at)
	if found[0] != nil {
		return found[0]
	}
	return found[1]
}

// reconfigured wants servers of other groups to be left alone.
func (l *heirs) reconfigured(e *evidence.Event, master, machine string) {
	n := l.last(machine, e.At)
	heads := append(slices.Clone(l.heads), l.histories(master, l.reigns[master], e.At)...)
	if n == nil || len(heads) == 0 || !evidence.Named(n.ReplID) {
		return
	}
	l.q.Saw("reconfigurations", 1)
	stranger := l.r.Stranger(n.Peer)
	if !checkers.IsReplica(n) || n.Link != checkers.LinkUp || !stranger || slices.ContainsFunc(heads, func(head string) bool { return l.g.Related(n.ReplID, head) }) {
		return
	}
	since := e.At - 2*time.Second // what was found right now, in INFO
	if strings.HasPrefix(e.Name, "+slave-reconf") {
		since -= infoPeriod
	}
	if l.r.Ever(l.r.Of(machine), since, e.At, func(n *histories.Note) bool {
		return !checkers.IsReplica(n) || n.Link != checkers.LinkUp || !l.r.Stranger(n.Peer)
	}) {
		return // the Sentinel may not have heard of it
	}
	l.q.Saw("of other groups' servers", 1)
	l.q.Breach(e.At, e.Machine, nil, "told %s to follow %s (%s), and it had belonged to %s for long, with data %s of which %s never had any",
		machine, master, e.Name, n.Peer, evidence.Short(n.ReplID), master)
}
func (Lineage) Promise(r *checkers.Record) checkers.Promise { return withSentinels(r) }
