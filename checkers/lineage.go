package checkers

import (
	"slices"
	"strings"
	"time"

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
func (Lineage) Check(h *histories.History) Verdict {
	l := heirs{r: index(h), q: &inquiry{}, reigns: map[string]time.Duration{}}
	for _, name := range []string{"promotions", "of the master's lineage", "reconfigurations", "of other groups' servers", "not judged"} {
		l.q.saw(name, 0)
	}
	l.names = l.r.byAddress()
	all := l.r.happenings()
	if len(l.r.kind("sentinel")) > 0 {
		l.g = trace(l.r)
		for i := range all {
			l.event(&all[i])
		}
	}
	missing := ""
	if l.q.count("of the master's lineage")+l.q.count("reconfigurations") == 0 {
		missing = "nothing is known of the data of what was promoted or reconfigured"
	}
	return l.q.verdict(missing, "what was promoted went on from what it replaced")
}

type heirs struct {
	r      *record
	q      *inquiry
	g      genealogy
	names  map[string]string
	reigns map[string]time.Duration // machine → since when it is the master, 0 from the beginning
	heads  []string                 // histories of all masters so far
	// reigned is since when the master has been one that is being replaced, 0 from the beginning.
	reigned time.Duration
}

func (l *heirs) event(e *happening) {
	switch e.name {
	case "+promoted-slave":
		_, addr := e.master()
		l.promoted(e, l.names[addr], l.names[e.instance()])
	case "+switch-master":
		if w := e.words; len(w) == 5 {
			l.reign(l.names[w[3]+":"+w[4]], e.at)
		}
	case "+slave-reconf-sent", "+slave-reconf-sent-be", "+fix-slave-config", "+convert-to-slave":
		_, addr := e.master()
		l.reconfigured(e, l.names[addr], l.names[e.instance()])
	}
}

// reign begins for a machine, unless it has already. That of the one before is over when it is replaced itself.
func (l *heirs) reign(machine string, at time.Duration) {
	if machine != "" && l.reigns[machine] == 0 {
		l.reigns = map[string]time.Duration{machine: at}
	}
}

// promoted judges whom a leader made the master.
func (l *heirs) promoted(e *happening, old, heir string) {
	l.q.saw("promotions", 1)
	l.reigned = l.reigns[old]
	had := l.histories(old, l.reigned, e.at)
	id, offset := l.before(heir, e.at)
	if heir != "" {
		l.reign(heir, e.at)
	}
	if len(had) == 0 || id == "" {
		return
	}
	if slices.ContainsFunc(had, func(head string) bool { return l.g.descends(id, offset, head) }) {
		l.q.saw("of the master's lineage", 1)
		return
	}
	if since := l.reigned; since > 0 && l.unheard(e.machine, old, since, e.at) {
		l.q.saw("not judged", 1)
		return
	}
	l.q.breach(e.at, e.machine, nil, "promoted %s, which had offset %d of %s, in the place of %s, whose data was %s: it does not go on from that",
		heir, offset, short(id), old, short(had[len(had)-1]))
}

// unheard says whether a leader may never have heard the master that it replaces: what that had, it cannot know then.
func (l *heirs) unheard(leader, master string, from, to time.Duration) bool {
	return slices.ContainsFunc(l.r.Faults, func(f histories.Fault) bool {
		return f.Start <= to && (f.Stop == histories.Forever || f.Stop+faultLingers >= from) && parts(&f, leader, master)
	}) || !l.r.of(leader).steady(from, to)
}

// histories are those that a machine had as master in [from, to], and what it has at the end even if it is a replica by
// then; they are kept for later.
func (l *heirs) histories(machine string, from, to time.Duration) []string {
	var had []string
	t := l.r.of(machine)
	for _, notes := range [][]*histories.Note{t.own, t.seen} {
		for i := max(lastAt(notes, from), 0); i < len(notes) && notes[i].Time <= to; i++ {
			if n := notes[i]; isMaster(n) && named(n.ReplID) && !slices.Contains(had, n.ReplID) {
				had = append(had, n.ReplID)
			}
		}
	}
	if n := l.last(machine, to); n != nil && named(n.ReplID) && !slices.Contains(had, n.ReplID) {
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
	if n == nil || !named(n.ReplID) {
		return "", 0
	}
	if !isMaster(n) || !named(n.ReplID2) || n.Offset2 <= 0 {
		return n.ReplID, n.Offset
	}
	if o := l.g[n.ReplID]; o.told && o.machine == machine {
		return o.parent, o.cut - 1
	}
	return n.ReplID2, n.Offset2 - 1
}

// last is the last state of a machine until at: by itself, or else by the observer.
func (l *heirs) last(machine string, at time.Duration) *histories.Note {
	found := l.r.of(machine).before(at)
	if found[0] != nil {
		return found[0]
	}
	return found[1]
}

// reconfigured wants servers of other groups to be left alone.
func (l *heirs) reconfigured(e *happening, master, machine string) {
	n := l.last(machine, e.at)
	heads := append(slices.Clone(l.heads), l.histories(master, l.reigns[master], e.at)...)
	if n == nil || len(heads) == 0 || !named(n.ReplID) {
		return
	}
	l.q.saw("reconfigurations", 1)
	stranger := l.r.stranger(n.Peer)
	if !isReplica(n) || n.Link != linkUp || !stranger || slices.ContainsFunc(heads, func(head string) bool { return l.g.related(n.ReplID, head) }) {
		return
	}
	since := e.at - 2*time.Second // what was found right now, in INFO
	if strings.HasPrefix(e.name, "+slave-reconf") {
		since -= infoPeriod
	}
	if l.r.ever(l.r.of(machine), since, e.at, func(n *histories.Note) bool { return !isReplica(n) || n.Link != linkUp || !l.r.stranger(n.Peer) }) {
		return // the Sentinel may not have heard of it
	}
	l.q.saw("of other groups' servers", 1)
	l.q.breach(e.at, e.machine, nil, "told %s to follow %s (%s), and it had belonged to %s for long, with data %s of which %s never had any",
		machine, master, e.name, n.Peer, short(n.ReplID), master)
}

// stranger says whether a machine, or an address that is none's, is no member of the cluster: it was laid out as a spare one
// and never added.
func (r *record) stranger(name string) bool {
	if name == "" {
		return false
	}
	for _, m := range r.Machines {
		if m.Name == name {
			return m.Spare && !slices.ContainsFunc(r.Faults, func(f histories.Fault) bool {
				return slices.Contains(f.Targets, name) && strings.HasPrefix(f.Text, "replica-add")
			})
		}
	}
	return true
}

// tenant says whether a spare machine became the master of another group.
func (r *record) tenant(name string) bool {
	return slices.ContainsFunc(r.Faults, func(f histories.Fault) bool {
		return slices.Contains(f.Targets, name) && strings.HasPrefix(f.Text, "tenant-add")
	})
}

// descends says whether who has a history id up to offset has nothing but what head, or what went before it, had; or went
// on from head.
func (g genealogy) descends(id string, offset int64, head string) bool {
	if g.within(id, offset, head) {
		return true
	}
	for range len(g) {
		o, known := g[id]
		if !known {
			return false
		}
		if id = o.parent; id == head {
			return true
		}
	}
	return false
}

// within says whether place offset of history id lies on the line that leads to head.
func (g genealogy) within(id string, offset int64, head string) bool {
	end := int64(wholly)
	for range len(g) + 1 {
		if head == id {
			return offset < end
		}
		o, known := g[head]
		if !known {
			return false
		}
		head, end = o.parent, min(end, o.cut)
	}
	return false
}

// related says whether two histories have anything in common.
func (g genealogy) related(a, b string) bool {
	line := g.line(a)
	return slices.ContainsFunc(g.line(b), func(id string) bool { return slices.Contains(line, id) })
}

// line is a history and all that it went on from.
func (g genealogy) line(id string) []string {
	line := []string{id}
	for range len(g) {
		o, known := g[id]
		if !known || slices.Contains(line, o.parent) {
			break
		}
		id = o.parent
		line = append(line, id)
	}
	return line
}
