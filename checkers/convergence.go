package checkers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// Convergence holds the cluster to its repair: after the last fault was healed, it settles before the run ends, with
// exactly one master, every other server its replica with the link up and the same data at the same offset, and every
// Sentinel naming that master.
//
// Only the observer is believed, who asks from outside. When it saw all of that, it says that the cluster settled; what
// it saw is checked again here. Redis 4.0: sentinel.c; the time allowed is the scenario's.
type Convergence struct{}

// Name implements Checker.
func (Convergence) Name() string { return "convergence" }

// Check implements Checker.
func (Convergence) Check(h *histories.History) Verdict {
	r := index(h)
	var q inquiry
	healed, open := lastHeal(h)
	settled := histories.Forever
	observed := 0
	for i := range h.Notes {
		n := &h.Notes[i]
		if n.From == byObserver {
			observed++
		}
		if n.Kind == "stage" && n.Text == "settled" && n.Time >= healed && settled == histories.Forever {
			settled = n.Time
		}
	}
	q.saw("observations", observed)
	q.saw("servers", 0)
	q.saw("equal digests", 0)
	servers := r.kind("server")
	switch {
	case observed == 0:
		return q.verdict("nobody observed the cluster from outside", "")
	case len(servers) == 0:
		return q.verdict("the history does not say which machines are servers", "")
	case open != nil && settled == histories.Forever:
		return q.verdict(fmt.Sprintf("fault %d (%s) was never healed", open.ID, open.Text), "")
	case settled == histories.Forever && !h.Complete:
		return q.verdict("the history ends before the run did", "")
	}
	if settled == histories.Forever && r.stoodStill(watchingOf(h), healed, h.End) {
		total, longest := r.stalled(healed, h.End)
		return q.verdict(fmt.Sprintf("the cluster did not settle in the %v after the last fault was healed, in which this computer let it stand still for %v, %v at a time: "+
			"run again on a quieter one", h.End-healed, total.Round(time.Millisecond), longest.Round(time.Millisecond)), "")
	}
	p := picture{r: r, g: trace(r), q: &q, from: healed, at: h.End}
	if settled == histories.Forever {
		q.breach(h.End, "", nil, "the cluster did not settle in the %v after the last fault was healed", h.End-healed)
	} else {
		p.at = settled
		q.saw("max ms to settle", int((settled-healed)/time.Millisecond))
	}
	p.look(servers)
	p.sentinels()
	same := "the same"
	if why := unseen(r, "digest"); why != "" {
		same = "at the same offset (the data was not compared: " + why + ")"
	}
	return q.verdict("", fmt.Sprintf("one master, and every replica %s, %v after the last fault was healed", same, p.at-healed))
}

// lastHeal is when the last fault ended, and a fault that never did.
func lastHeal(h *histories.History) (time.Duration, *histories.Fault) {
	var healed time.Duration
	var open *histories.Fault
	for i := range h.Faults {
		f := &h.Faults[i]
		if f.Stop == histories.Forever {
			open = f
			healed = max(healed, f.Start)
		} else {
			healed = max(healed, f.Stop)
		}
	}
	return healed, open
}

// kind lists the machines of a kind by name, in the header's order.
func (r *record) kind(kind string) []string {
	var names []string
	for _, m := range r.Machines {
		if m.Kind == kind && !(m.Spare && (neverUp(r.Notes, m.Name) || r.tenant(m.Name))) {
			names = append(names, m.Name)
		}
	}
	return names
}

// neverUp says whether a machine was started at no time.
func neverUp(notes []histories.Note, machine string) bool {
	return !slices.ContainsFunc(notes, func(n histories.Note) bool { return n.Kind == "up" && n.Machine == machine })
}

// picture is what the observer saw from a moment on, around the moment at.
type picture struct {
	r        *record
	g        genealogy
	q        *inquiry
	from, at time.Duration
	master   string
}

// look finds the one master, and what is wrong with each of the other servers.
func (p *picture) look(servers []string) {
	states := map[string]*histories.Note{}
	for _, name := range servers {
		p.q.saw("servers", 1)
		s := p.last(name)
		states[name] = s
		switch {
		case s == nil:
			p.q.breach(p.at, name, nil, "did not answer the observer after the last fault was healed")
		case isMaster(s) && p.master == "":
			p.master = name
		case isMaster(s):
			p.q.breach(s.Time, name, nil, "is a master, and so is %s", p.master)
		}
	}
	if p.master == "" {
		p.q.breach(p.at, "", nil, "no server is a master")
		return
	}
	for _, name := range servers {
		if s := states[name]; s != nil && !isMaster(s) {
			p.replica(name, s)
		}
	}
}

// last is the observer's last word of a server's state: up to the moment of the picture if there is one after the heal,
// else the first after it.
func (p *picture) last(name string) *histories.Note {
	seen := p.r.of(name).seen
	i := lastAt(seen, p.at)
	if i >= 0 && seen[i].Time >= p.from {
		return seen[i]
	}
	if i+1 < len(seen) {
		return seen[i+1]
	}
	return nil
}

func (p *picture) replica(name string, s *histories.Note) {
	switch {
	case s.Link != linkUp:
		p.q.breach(s.Time, name, nil, "has no link to its master %s", s.Peer)
		return
	case s.Peer != "" && s.Peer != p.master && p.r.machines[s.Peer] == nil:
		p.q.breach(s.Time, name, nil, "replicates from %s and not from the master %s", s.Peer, p.master)
		return
	}
	mine, theirs := p.places(name), p.places(p.master)
	met := false
	for _, at := range slices.SortedFunc(maps.Keys(mine), offsetOf.compare) {
		other, both := theirs[at]
		met = met || both
		if digest := mine[at]; !both || digest == "" || other == "" {
			continue
		} else if digest == other {
			p.q.saw("equal digests", 1)
		} else {
			p.q.breach(s.Time, name, nil, "has data %s at offset %d, where its master %s has %s", short(digest), at.offset, p.master, short(other))
		}
	}
	if !met {
		m := p.last(p.master)
		p.q.breach(s.Time, name, nil, "is at offset %d of %s, and was never seen where its master %s is, at %d of %s",
			s.Offset, short(s.ReplID), p.master, m.Offset, short(m.ReplID))
	}
}

type offsetOf struct {
	id     string
	offset int64
}

func (a offsetOf) compare(b offsetOf) int {
	return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.offset, b.offset))
}

// places are where the observer saw a server in its stream since the heal, with the digest of its data if it was taken.
func (p *picture) places(name string) map[offsetOf]string {
	all := map[offsetOf]string{}
	i := firstFrom(p.r.Notes, p.from)
	for ; i < len(p.r.Notes); i++ {
		n := &p.r.Notes[i]
		if n.Machine != name || n.From != byObserver || n.Kind != "state" && n.Kind != "digest" {
			continue
		}
		id, offset := p.g.place(n.ReplID, n.Offset)
		at := offsetOf{id, offset}
		if n.Digest != "" || all[at] == "" {
			all[at] = n.Digest
		}
	}
	return all
}

// firstFrom returns the index of the first note at or after at.
func firstFrom(notes []histories.Note, at time.Duration) int {
	i, j := 0, len(notes)
	for i < j {
		if m := (i + j) / 2; notes[m].Time < at {
			i = m + 1
		} else {
			j = m
		}
	}
	return i
}

// sentinels finds Sentinels that name another master, or none.
func (p *picture) sentinels() {
	if p.master == "" {
		return
	}
	said := map[string]*histories.Note{}
	for i := firstFrom(p.r.Notes, p.from); i < len(p.r.Notes) && p.r.Notes[i].Time <= p.at; i++ {
		if n := &p.r.Notes[i]; n.Kind == "config" && n.From == byObserver {
			said[n.Machine] = n
		}
	}
	for _, name := range p.r.kind("sentinel") {
		n := said[name]
		switch {
		case n == nil && len(said) > 0:
			p.q.breach(p.at, name, nil, "did not tell the observer its master after the last fault was healed")
		case n != nil && n.Peer != p.master:
			p.q.breach(n.Time, name, nil, "names %s as the master, which is %s", n.Peer, p.master)
		case n != nil:
			p.q.saw("Sentinels that agree", 1)
		}
	}
}
