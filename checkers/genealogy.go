package checkers

import (
	"math"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// genealogy says which replication history goes on from which. A replica that becomes a master goes on from its old
// master's history, up to the byte that it had, under a new replication ID (Redis 4.0: replication.c,
// shiftReplicationId). A place in the stream thus has a name in each of the two.
type genealogy map[string]origin // by replication ID

// origin is where a history comes from.
type origin struct {
	parent string
	// cut is the first offset that the parent and the child do not share; wholly if the child goes on from everything
	// the parent ever had, as when a master takes a new ID because it got its first replica.
	cut     int64
	at      time.Duration
	machine string // who went on
	told    bool   // the machine said so at the moment itself
}

const wholly = math.MaxInt64

func trace(r *record) genealogy {
	g := genealogy{}
	for i := range r.Notes {
		switch n := &r.Notes[i]; {
		case n.Kind == "promoted" && named(n.ReplID) && named(n.ReplID2):
			// What it has is what it applied: the second offset that it claims is held against that elsewhere.
			cut := n.Offset2
			if n.Offset > 0 {
				cut = n.Offset + 1
			}
			g[n.ReplID] = origin{n.ReplID2, cut, n.Time, n.Machine, true}
		}
	}
	for i := range r.Logs {
		l := &r.Logs[i]
		if old, offset2, id, ok := parsePromotion(l.Text); ok && !g[id].told {
			g[id] = origin{old, offset2, l.Time, l.Machine, true}
		}
	}
	for _, name := range r.names {
		t := r.machines[name]
		g.states(t)
	}
	return g
}

// states learns from a server's states: both of its IDs, and a change of its ID while it is master all along.
func (g genealogy) states(t *timeline) {
	for _, notes := range [][]*histories.Note{t.own, t.seen} {
		for i, n := range notes {
			if i > 0 && n.ReplID == notes[i-1].ReplID && n.ReplID2 == notes[i-1].ReplID2 && n.Offset2 == notes[i-1].Offset2 {
				continue // it says the same again, as most do
			}
			g.state(t, n.ReplID, n.ReplID2, n.Offset2, n.Time)
			if i > 0 && isMaster(n) && isMaster(notes[i-1]) {
				g.renamed(t, notes[i-1].ReplID, n.ReplID, n.ReplID2, notes[i-1].Time, n.Time)
			}
		}
	}
}

func (g genealogy) state(t *timeline, id, id2 string, offset2 int64, at time.Duration) {
	if !named(id) || !named(id2) || offset2 <= 0 || id == id2 {
		return
	}
	o, known := g[id]
	switch {
	case known && (o.told || o.parent != id2):
	case known:
		// A replica that followed late shares less of the old history than the one that was promoted.
		if offset2 > o.cut {
			o.cut = offset2
			g[id] = o
		}
	default:
		g[id] = origin{id2, offset2, at, t.name, false}
	}
}

func (g genealogy) renamed(t *timeline, old, id, id2 string, from, to time.Duration) {
	if _, known := g[id]; known || old == id || !named(old) || !named(id) || named(id2) || t.turned(from, to) {
		return
	}
	g[id] = origin{old, wholly, to, t.name, false}
}

// named says whether id names a history: a server without a second one shows forty zeros.
func named(id string) bool { return strings.Trim(id, "0") != "" }

// place is the first name that the place offset of the history id had.
func (g genealogy) place(id string, offset int64) (string, int64) {
	for range len(g) { // a history that descends from itself is a lie, and must not hang us
		o, known := g[id]
		if !known || o.cut == wholly || offset >= o.cut {
			break
		}
		id = o.parent
	}
	return id, offset
}
