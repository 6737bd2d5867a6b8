package checkers

import (
	"math"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
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
	// restart is set if the child begins with what a process loaded when it started; parent is then "" if that was nothing.
	// Offsets of the child need not go on from the parent's.
	restart *restart
}

// restart is what is known of a start: what the process loaded.
type restart struct {
	down     time.Duration // when the process before it ended
	snapshot time.Duration // when the machine itself took what was loaded, by its own clock; -1 if it did not, or if that is not known
	vague    bool          // what was loaded is not known
	// An append only file was loaded, in which certainly is what was acknowledged before kept; later writes may be in it.
	appendOnly bool
	kept       time.Duration
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
			g[n.ReplID] = origin{parent: n.ReplID2, cut: cut, at: n.Time, machine: n.Machine, told: true}
		}
	}
	for i := range r.Logs {
		l := &r.Logs[i]
		if old, offset2, id, ok := parsePromotion(l.Text); ok && !g[id].told {
			g[id] = origin{parent: old, cut: offset2, at: l.Time, machine: l.Machine, told: true}
		}
	}
	for _, name := range r.names {
		t := r.machines[name]
		g.states(t)
	}
	return g
}

// restarts are the histories that begin with what a process loaded when it started, by replication ID. They are kept
// apart from a genealogy: a place in such a history is not one in the history that was loaded.
func restarts(r *record, g genealogy) genealogy {
	starts := genealogy{}
	for i := range r.Notes {
		n := &r.Notes[i]
		if n.Kind != "loaded" || n.ReplID == n.ReplID2 {
			continue
		}
		o := origin{parent: n.ReplID2, cut: n.Offset2 + 1, at: n.Time, machine: n.Machine, told: true, restart: &restart{snapshot: -1}}
		if t := r.of(n.Machine); t.life(n.Time) > 0 {
			o.restart.down = t.lives[t.life(n.Time)-1].to
		}
		if n.Reason == loadedAppendOnly {
			r.fromAppendOnly(&o, n)
		} else if s := r.snapshotBefore(n); s != nil {
			o.parent, o.cut, o.restart.snapshot = s.ReplID, s.Offset+1, s.Time
		} else if n.ReplID2 == "" && n.N > 0 {
			o.restart.vague = true
		}
		starts[n.ReplID] = o
	}
	for _, name := range r.names {
		starts.observed(r, r.machines[name], g)
	}
	return starts
}

// snapshotBefore is the snapshot that the machine loaded, if it took it itself; else nil.
func (r *record) snapshotBefore(loaded *histories.Note) *histories.Note {
	var found *histories.Note
	for i := range r.Notes {
		n := &r.Notes[i]
		if n.Time > loaded.Time {
			break
		}
		if n.Machine == loaded.Machine && n.Kind == "snapshot" && loaded.N > 0 &&
			(loaded.ReplID2 == "" || n.ReplID == loaded.ReplID2 && n.Offset == loaded.Offset2) {
			found = n
		}
	}
	return found
}

// observed learns what a machine that notes nothing loaded: its log says whether it was an append only file, a snapshot
// or nothing, and when its snapshots were taken.
func (g genealogy) observed(r *record, t *timeline, known genealogy) {
	for k := 1; k < len(t.lives); k++ {
		first, last := t.firstState(t.lives[k]), t.lastState(t.lives[k-1])
		if first == nil || last == nil || !isMaster(first) || !named(first.ReplID) || !named(last.ReplID) || first.ReplID == last.ReplID {
			continue
		}
		if _, told := g[first.ReplID]; told {
			continue
		}
		o := origin{parent: last.ReplID, cut: wholly, at: first.Time, machine: t.name, restart: &restart{down: t.lives[k-1].to, snapshot: -1}}
		if had, is := known[first.ReplID]; is {
			if had.told || had.machine != t.name {
				continue // it was promoted before anybody looked
			}
			// Since 7.0 a master goes on in the history of its snapshot, which may be older than the one that it had.
			o.parent, o.cut = had.parent, had.cut
			g[first.ReplID] = o
			continue
		}
		r.fromLog(&o, t.name, t.lives[k])
		g[first.ReplID] = o
	}
}

// fromLog reads in the log what the process that started in life loaded.
func (r *record) fromLog(o *origin, machine string, of life) {
	o.restart.vague = true
	var begun, done time.Duration = -1, -1
	for i := range r.Logs {
		l := &r.Logs[i]
		if l.Machine != machine || l.Time > of.to {
			continue
		}
		switch {
		case l.Time < of.from:
			if versions.Says(l.Text, versions.SnapshotBegins) {
				begun = l.Time
			} else if versions.Says(l.Text, versions.SnapshotDone) && begun >= 0 {
				done = begun
			}
		case versions.Says(l.Text, versions.LoadedAppendOnly):
			o.restart.vague = false // a killed process has written all that it acknowledged
			return
		case versions.Says(l.Text, versions.LoadedSnapshot):
			o.restart.vague, o.restart.snapshot, o.cut = done < 0, done, wholly
			return
		case versions.Says(l.Text, versions.Serving):
			o.parent, o.restart.vague = "", false
			return
		}
	}
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
		g[id] = origin{parent: id2, cut: offset2, at: at, machine: t.name}
	}
}

func (g genealogy) renamed(t *timeline, old, id, id2 string, from, to time.Duration) {
	if _, known := g[id]; known || old == id || !named(old) || !named(id) || named(id2) || t.turned(from, to) {
		return
	}
	g[id] = origin{parent: old, cut: wholly, at: to, machine: t.name}
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
