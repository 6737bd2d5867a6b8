package evidence

import (
	"math"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// Genealogy says which replication history goes on from which. A replica that becomes a master goes on from its old
// master's history, up to the byte that it had, under a new replication ID (Redis 4.0: replication.c,
// shiftReplicationId). A place in the stream thus has a name in each of the two.
type Genealogy map[string]Origin // by replication ID

// Origin is where a history comes from.
type Origin struct {
	Parent string
	// Cut is the first offset that the parent and the child do not share; wholly if the child goes on from everything
	// the parent ever had, as when a master takes a new ID because it got its first replica.
	Cut     int64
	At      time.Duration
	Machine string // who went on
	Told    bool   // the machine said so at the moment itself
	// Restart is set if the child begins with what a process loaded when it started; parent is then "" if that was nothing.
	// Offsets of the child need not go on from the parent's.
	Restart *restart
}

// restart is what is known of a start: what the process loaded.
type restart struct {
	Down     time.Duration // when the process before it ended
	Snapshot time.Duration // when the machine itself took what was loaded, by its own clock; -1 if it did not, or if that is not known
	Vague    bool          // what was loaded is not known
	// An append only file was loaded, in which certainly is what was acknowledged before kept; later writes may be in it.
	AppendOnly bool
	Kept       time.Duration
}

const Wholly = math.MaxInt64

// Trace reads which history of a record goes on from which.
func Trace(r *checkers.Record) Genealogy { return checkers.Derived(r, readGenealogy) }

func readGenealogy(r *checkers.Record) Genealogy {
	g := Genealogy{}
	for i := range r.Notes {
		switch n := &r.Notes[i]; {
		case n.Kind == "promoted" && Named(n.ReplID) && Named(n.ReplID2):
			// What it has is what it applied: the second offset that it claims is held against that elsewhere.
			cut := n.Offset2
			if n.Offset > 0 {
				cut = n.Offset + 1
			}
			g[n.ReplID] = Origin{Parent: n.ReplID2, Cut: cut, At: n.Time, Machine: n.Machine, Told: true}
		}
	}
	for i := range r.Logs {
		l := &r.Logs[i]
		if old, offset2, id, ok := parsePromotion(l.Text); ok && !g[id].Told {
			g[id] = Origin{Parent: old, Cut: offset2, At: l.Time, Machine: l.Machine, Told: true}
		}
	}
	for _, name := range r.Names {
		t := r.Timelines[name]
		g.states(t)
	}
	return g
}

// Restarts are the histories that begin with what a process loaded when it started, by replication ID. They are kept
// apart from a genealogy: a place in such a history is not one in the history that was loaded.
func Restarts(r *checkers.Record, g Genealogy) Genealogy {
	starts := Genealogy{}
	for i := range r.Notes {
		n := &r.Notes[i]
		if n.Kind != "loaded" || n.ReplID == n.ReplID2 {
			continue
		}
		o := Origin{Parent: n.ReplID2, Cut: n.Offset2 + 1, At: n.Time, Machine: n.Machine, Told: true, Restart: &restart{Snapshot: -1}}
		if t := r.Of(n.Machine); t.LifeAt(n.Time) > 0 {
			o.Restart.Down = t.Lives[t.LifeAt(n.Time)-1].To
		}
		if n.Reason == loadedAppendOnly {
			fromAppendOnly(r, &o, n)
		} else if s := snapshotBefore(r, n); s != nil {
			o.Parent, o.Cut, o.Restart.Snapshot = s.ReplID, s.Offset+1, s.Time
		} else if n.ReplID2 == "" && n.N > 0 {
			o.Restart.Vague = true
		}
		starts[n.ReplID] = o
	}
	for _, name := range r.Names {
		starts.observed(r, r.Timelines[name], g)
	}
	return starts
}

// snapshotBefore is the snapshot that the machine loaded, if it took it itself; else nil.
func snapshotBefore(r *checkers.Record, loaded *histories.Note) *histories.Note {
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
func (g Genealogy) observed(r *checkers.Record, t *checkers.Timeline, known Genealogy) {
	for k := 1; k < len(t.Lives); k++ {
		first, last := t.FirstState(t.Lives[k]), t.LastState(t.Lives[k-1])
		if first == nil || last == nil || !checkers.IsMaster(first) || !Named(first.ReplID) || !Named(last.ReplID) || first.ReplID == last.ReplID {
			continue
		}
		if _, told := g[first.ReplID]; told {
			continue
		}
		o := Origin{Parent: last.ReplID, Cut: Wholly, At: first.Time, Machine: t.Name, Restart: &restart{Down: t.Lives[k-1].To, Snapshot: -1}}
		if had, is := known[first.ReplID]; is {
			if had.Told || had.Machine != t.Name {
				continue // it was promoted before anybody looked
			}
			// Since 7.0 a master goes on in the history of its snapshot, which may be older than the one that it had.
			o.Parent, o.Cut = had.Parent, had.Cut
			g[first.ReplID] = o
			continue
		}
		loadedByLog(r, &o, t.Name, t.Lives[k])
		g[first.ReplID] = o
	}
}

// loadedByLog reads in the log what the process that started in life loaded.
func loadedByLog(r *checkers.Record, o *Origin, machine string, of checkers.Life) {
	o.Restart.Vague = true
	var begun, done time.Duration = -1, -1
	for i := range r.Logs {
		l := &r.Logs[i]
		if l.Machine != machine || l.Time > of.To {
			continue
		}
		switch {
		case l.Time < of.From:
			if versions.Says(l.Text, versions.SnapshotBegins) {
				begun = l.Time
			} else if versions.Says(l.Text, versions.SnapshotDone) && begun >= 0 {
				done = begun
			}
		case versions.Says(l.Text, versions.LoadedAppendOnly):
			o.Restart.Vague = false // a killed process has written all that it acknowledged
			return
		case versions.Says(l.Text, versions.LoadedSnapshot):
			o.Restart.Vague, o.Restart.Snapshot, o.Cut = done < 0, done, Wholly
			return
		case versions.Says(l.Text, versions.Serving):
			o.Parent, o.Restart.Vague = "", false
			return
		}
	}
}

// states learns from a server's states: both of its IDs, and a change of its ID while it is master all along.
func (g Genealogy) states(t *checkers.Timeline) {
	for _, notes := range [][]*histories.Note{t.Own, t.Seen} {
		for i, n := range notes {
			if i > 0 && n.ReplID == notes[i-1].ReplID && n.ReplID2 == notes[i-1].ReplID2 && n.Offset2 == notes[i-1].Offset2 {
				continue // it says the same again, as most do
			}
			g.state(t, n.ReplID, n.ReplID2, n.Offset2, n.Time)
			if i > 0 && checkers.IsMaster(n) && checkers.IsMaster(notes[i-1]) {
				g.renamed(t, notes[i-1].ReplID, n.ReplID, n.ReplID2, notes[i-1].Time, n.Time)
			}
		}
	}
}

func (g Genealogy) state(t *checkers.Timeline, id, id2 string, offset2 int64, at time.Duration) {
	if !Named(id) || !Named(id2) || offset2 <= 0 || id == id2 {
		return
	}
	o, known := g[id]
	switch {
	case known && (o.Told || o.Parent != id2):
	case known:
		// A replica that followed late shares less of the old history than the one that was promoted.
		if offset2 > o.Cut {
			o.Cut = offset2
			g[id] = o
		}
	default:
		g[id] = Origin{Parent: id2, Cut: offset2, At: at, Machine: t.Name}
	}
}

func (g Genealogy) renamed(t *checkers.Timeline, old, id, id2 string, from, to time.Duration) {
	if _, known := g[id]; known || old == id || !Named(old) || !Named(id) || Named(id2) || t.Turned(from, to) {
		return
	}
	g[id] = Origin{Parent: old, Cut: Wholly, At: to, Machine: t.Name}
}

// Named says whether id names a history: a server without a second one shows forty zeros.
func Named(id string) bool { return strings.Trim(id, "0") != "" }

// Place is the first name that the place offset of the history id had.
func (g Genealogy) Place(id string, offset int64) (string, int64) {
	for range len(g) { // a history that descends from itself is a lie, and must not hang us
		o, known := g[id]
		if !known || o.Cut == Wholly || offset >= o.Cut {
			break
		}
		id = o.Parent
	}
	return id, offset
}

// Short is enough of 40 hexadecimal digits to tell them apart by eye.
func Short(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}
