package replication

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
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
func (Convergence) Check(r *checkers.Record) checkers.Verdict {
	var q checkers.Inquiry
	healed, open := lastHeal(r.History)
	settled := histories.Forever
	observed := 0
	for i := range r.Notes {
		n := &r.Notes[i]
		if n.From == checkers.ByObserver {
			observed++
		}
		if n.Kind == "stage" && n.Text == "settled" && n.Time >= healed && settled == histories.Forever {
			settled = n.Time
		}
	}
	q.Saw("observations", observed)
	q.Saw("servers", 0)
	q.Saw("equal digests", 0)
	servers := r.OfKind("server")
	switch {
	case observed == 0:
		return q.Verdict("nobody observed the cluster from outside", "")
	case len(servers) == 0:
		return q.Verdict("the history does not say which machines are servers", "")
	case open != nil && settled == histories.Forever:
		return q.Verdict(fmt.Sprintf("fault %d (%s) was never healed", open.ID, open.Text), "")
	case settled == histories.Forever && !r.Complete:
		return q.Verdict("the history ends before the run did", "")
	}
	if settled == histories.Forever && evidence.StoodStill(r, healed, r.End) {
		total, longest := r.Stalled(healed, r.End)
		return q.Verdict(fmt.Sprintf("the cluster did not settle in the %v after the last fault was healed, in which this computer let it stand still for %v, %v at a time: "+
			"run again on a quieter one", r.End-healed, total.Round(time.Millisecond), longest.Round(time.Millisecond)), "")
	}
	p := picture{r: r, g: evidence.Trace(r), q: &q, from: healed, at: r.End}
	if settled == histories.Forever {
		q.Breach(r.End, "", nil, "the cluster did not settle in the %v after the last fault was healed", r.End-healed)
	} else {
		p.at = settled
		q.Saw("max ms to settle", int((settled-healed)/time.Millisecond))
	}
	p.look(servers)
	p.sentinels()
	same := "the same"
	if why := evidence.Unseen(r, "digest"); why != "" {
		same = "at the same offset (the data was not compared: " + why + ")"
	}
	return q.Verdict("", fmt.Sprintf("one master, and every replica %s, %v after the last fault was healed", same, p.at-healed))
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

// picture is what the observer saw from a moment on, around the moment at.
type picture struct {
	r        *checkers.Record
	g        evidence.Genealogy
	q        *checkers.Inquiry
	from, at time.Duration
	master   string
}

// look finds the one master, and what is wrong with each of the other servers.
func (p *picture) look(servers []string) {
	states := map[string]*histories.Note{}
	for _, name := range servers {
		p.q.Saw("servers", 1)
		s := p.last(name)
		states[name] = s
		switch {
		case s == nil:
			p.q.Breach(p.at, name, nil, "did not answer the observer after the last fault was healed")
		case checkers.IsMaster(s) && p.master == "":
			p.master = name
		case checkers.IsMaster(s):
			p.q.Breach(s.Time, name, nil, "is a master, and so is %s", p.master)
		}
	}
	if p.master == "" {
		p.q.Breach(p.at, "", nil, "no server is a master")
		return
	}
	for _, name := range servers {
		if s := states[name]; s != nil && !checkers.IsMaster(s) {
			p.replica(name, s)
		}
	}
}

// last is the observer's last word of a server's state: up to the moment of the picture if there is one after the heal,
// else the first after it.
func (p *picture) last(name string) *histories.Note {
	seen := p.r.Of(name).Seen
	i := checkers.LastAt(seen, p.at)
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
	case s.Link != checkers.LinkUp:
		p.q.Breach(s.Time, name, nil, "has no link to its master %s", s.Peer)
		return
	case s.Peer != "" && s.Peer != p.master && p.r.Timelines[s.Peer] == nil:
		p.q.Breach(s.Time, name, nil, "replicates from %s and not from the master %s", s.Peer, p.master)
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
			p.q.Saw("equal digests", 1)
		} else {
			p.q.Breach(s.Time, name, nil, "has data %s at offset %d, where its master %s has %s", evidence.Short(digest), at.offset, p.master, evidence.Short(other))
		}
	}
	if !met {
		m := p.last(p.master)
		p.q.Breach(s.Time, name, nil, "is at offset %d of %s, and was never seen where its master %s is, at %d of %s",
			s.Offset, evidence.Short(s.ReplID), p.master, m.Offset, evidence.Short(m.ReplID))
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
	i := checkers.FirstFrom(p.r.Notes, p.from)
	for ; i < len(p.r.Notes); i++ {
		n := &p.r.Notes[i]
		if n.Machine != name || n.From != checkers.ByObserver || n.Kind != "state" && n.Kind != "digest" {
			continue
		}
		id, offset := p.g.Place(n.ReplID, n.Offset)
		at := offsetOf{id, offset}
		if n.Digest != "" || all[at] == "" {
			all[at] = n.Digest
		}
	}
	return all
}

// sentinels finds Sentinels that name another master, or none.
func (p *picture) sentinels() {
	if p.master == "" {
		return
	}
	said := map[string]*histories.Note{}
	for i := checkers.FirstFrom(p.r.Notes, p.from); i < len(p.r.Notes) && p.r.Notes[i].Time <= p.at; i++ {
		if n := &p.r.Notes[i]; n.Kind == "config" && n.From == checkers.ByObserver {
			said[n.Machine] = n
		}
	}
	for _, name := range p.r.OfKind("sentinel") {
		n := said[name]
		switch {
		case n == nil && len(said) > 0:
			p.q.Breach(p.at, name, nil, "did not tell the observer its master after the last fault was healed")
		case n != nil && n.Peer != p.master:
			p.q.Breach(n.Time, name, nil, "names %s as the master, which is %s", n.Peer, p.master)
		case n != nil:
			p.q.Saw("Sentinels that agree", 1)
		}
	}
}

func (Convergence) Promise(r *checkers.Record) checkers.Promise {
	return checkers.First(leftWrong(r), r.Ends("what is written to a replica stays there", "name=slave-read-only", "name=replica-read-only")).Whole()
}
