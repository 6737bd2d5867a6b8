package losses

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// line is what survived of each of a survivor's forebears: going back from the history of the machine that answered a
// read, each was left for the next at an offset, and what lies beyond was not passed on.
type line struct {
	id    string        // of the survivor itself
	since time.Duration // when somebody was first seen with it; histories.Forever if nobody was
	left  map[string]survival
	root  string           // the oldest history
	from  *evidence.Origin // how that began, if a process began it with what it loaded, and that was nothing or is not known
}

// survival is the first offset of a history that did not survive.
type survival struct {
	cut  int64
	by   *evidence.Origin // who went on from there; nil if it was never left
	age  int              // how many histories came after it
	next string           // the history that went on
	// Writes that were acknowledged later than kept may be gone all the same: an append only file that was loaded since
	// need not have them.
	kept time.Duration
}

// fate is what became of a write.
type fate uint8

const (
	kept fate = iota
	gone
	perhaps // gone or not: its place, or what a process loaded, is not known well enough
)

// lineOf follows the histories back from the machine that answered a read; nil if its history is not known.
func (l *losses) lineOf(read *histories.Operation) *line {
	t := l.r.Timelines[read.Node]
	if t == nil {
		return nil
	}
	before, after := t.Before(read.Invoked), l.r.After(t, read.Returned)
	for _, n := range []*histories.Note{before[0], before[1], after[0], after[1]} {
		if n != nil && evidence.Named(n.ReplID) && !t.Turned(min(n.Time, read.Invoked), max(n.Time, read.Returned)) {
			return l.lineBack(n.ReplID)
		}
	}
	return nil
}

func (l *losses) lineBack(id string) *line {
	if known := l.lines[id]; known != nil {
		return known
	}
	found := &line{id: id, since: firstSeen(l.r, id), left: map[string]survival{id: {cut: evidence.Wholly, next: id, kept: histories.Forever}}, root: id}
	l.lines[id] = found
	cut, since := int64(evidence.Wholly), time.Duration(histories.Forever)
	for at, age := id, 1; ; age++ {
		o, known := l.starts[at]
		if !known {
			o, known = l.g[at]
		}
		found.root = at
		if !known {
			return found
		}
		if o.Restart != nil && (o.Restart.Vague || o.Parent == "") {
			found.from = &o
			return found
		}
		if _, again := found.left[o.Parent]; again {
			return found
		}
		if o.Restart != nil && o.Restart.AppendOnly {
			since = min(since, o.Restart.Kept)
		}
		s := survival{cut: min(cut, o.Cut), by: found.left[at].by, age: age, next: at, kept: since}
		if o.Restart != nil {
			s.cut = o.Cut // the child's offsets are others
		}
		if o.Cut < cut || o.Restart != nil {
			s.by = &o
		}
		found.left[o.Parent] = s
		cut, at = s.cut, o.Parent
	}
}

// fateOf says what became of the write i by its place. Of several possible places, all must agree.
func (l *losses) fateOf(i int) (fate, spot) {
	op := &l.r.Ops[i]
	if p := l.places[i]; p != nil && l.survivor != nil {
		s := spotAt(p)
		return l.fateAt(op, &s), s
	}
	spots := l.spots(i)
	if l.survivor == nil || len(spots) == 0 {
		if _, _, event := l.upheaval(op.Invoked); event != "" {
			return perhaps, spot{}
		}
		return kept, spot{}
	}
	verdict := l.fateAt(op, &spots[0])
	for j := range spots[1:] {
		if l.fateAt(op, &spots[j+1]) != verdict {
			return perhaps, spots[0]
		}
	}
	return verdict, spots[0]
}

func (l *losses) fateAt(op *histories.Operation, s *spot) fate {
	if s.place != nil && s.place.Role == checkers.RoleReplica {
		return l.fateAtReplica(s.place)
	}
	survived, forebear := l.survivor.left[s.id]
	if !forebear {
		return l.fateElsewhere(op, s)
	}
	if f := l.fateAtCut(op, s, survived); f != kept {
		return f
	}
	return l.fateAtFlush(op, s, l.survivor, survived)
}

// fateAtCut compares a write with where its history was left.
func (l *losses) fateAtCut(op *histories.Operation, s *spot, survived survival) fate {
	if op.Returned+l.r.Slack > survived.kept {
		return perhaps
	}
	switch by := survived.by; {
	case by != nil && by.Restart != nil && by.Restart.Snapshot >= 0 && by.Machine == op.Node:
		return l.fateAtSnapshot(op, s, by)
	case survived.cut == evidence.Wholly:
		return kept
	case s.from+1 >= survived.cut:
		return gone
	case s.to >= survived.cut:
		return perhaps
	}
	return kept
}

// fateAtSnapshot compares a write with the moment at which its own server took the snapshot that it loaded later.
func (l *losses) fateAtSnapshot(op *histories.Operation, s *spot, by *evidence.Origin) fate {
	at := by.Restart.Snapshot
	switch {
	case s.exactly() && (s.place.Time > at || s.to >= by.Cut), op.Invoked > at+l.r.Slack:
		return gone
	case s.exactly(), op.Returned+l.r.Slack < at:
		return kept
	}
	return perhaps
}

// fateElsewhere is that of a write in a history that is not among the survivor's forebears. It was given up as a whole,
// if the survivor's own history had begun by then, which has only what was written in itself since; or if the line goes
// back to where the two parted, or to a process that began with nothing.
func (l *losses) fateElsewhere(op *histories.Operation, s *spot) fate {
	from := l.survivor.from
	switch {
	case op.Invoked > l.survivor.since:
		return gone
	case from != nil && from.Restart.Vague:
		return perhaps
	case s.exactly(), from != nil, l.branch(s.id) != "":
		return gone
	}
	return perhaps
}

// firstSeen is when a server was first seen in the history id; Forever if none was.
func firstSeen(r *checkers.Record, id string) time.Duration {
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "state" && n.ReplID == id {
			return n.Time
		}
	}
	return histories.Forever
}

// branch is the history of the survivor's line from which id branched off, "" if none is known.
func (l *losses) branch(id string) string {
	for range len(l.g) + len(l.starts) + 1 {
		if _, forebear := l.survivor.left[id]; forebear {
			return id
		}
		o, known := l.starts[id]
		if !known {
			o, known = l.g[id]
		}
		if !known || o.Parent == "" {
			return ""
		}
		id = o.Parent
	}
	return ""
}

// fateAtReplica is that of a write which a writable replica took: it is in no history, and goes with the next full sync,
// or with its process.
func (l *losses) fateAtReplica(p *histories.Place) fate {
	t := l.r.Timelines[p.Machine]
	if p.Machine != l.reader || t == nil || checkers.AnyIn(t.Resyncs, p.Time, histories.Forever-1) || t.Turned(p.Time, histories.Forever-1) {
		return gone
	}
	return kept
}

// flush is a FLUSHALL or FLUSHDB: all that came before it in its history is gone.
type flush struct {
	spot
	invoked, returned time.Duration
	machine           string
	done              bool // it is known to have been carried out
}

// findFlushes finds those that servers noted, and those that the operator gave to servers that note nothing.
func (l *losses) findFlushes() {
	noted := map[string]bool{}
	for i := range l.r.Places {
		p := &l.r.Places[i]
		noted[p.Machine] = true
		if p.Key == "" && (p.Word == "flushall" || p.Word == "flushdb" && !ofSession(l.r, p)) {
			s := spot{id: p.ReplID, from: p.Offset - 1, to: p.Offset, place: p}
			l.flushes = append(l.flushes, flush{s, p.Time, p.Time, p.Machine, true})
		}
	}
	for i := range l.r.Notes {
		n := &l.r.Notes[i]
		if n.Kind != "order" || n.Text != "FLUSHALL" || noted[n.Machine] || strings.HasPrefix(n.Result, "-") {
			continue
		}
		t := l.r.Of(n.Machine)
		invoked := l.orderedAt(n)
		done := strings.TrimPrefix(n.Result, "+") == "OK" // else nobody knows what came of it
		for _, before := range t.Before(invoked) {
			if before != nil && checkers.IsMaster(before) && evidence.Named(before.ReplID) {
				s := spot{id: before.ReplID, from: before.Offset}
				l.flushes = append(l.flushes, flush{s, invoked, n.Time, n.Machine, done})
				break
			}
		}
	}
}

// orderedAt is when the operator began to give the order whose end n tells: not before the harness had him.
func (l *losses) orderedAt(n *histories.Note) time.Duration {
	at := n.Time - checkers.SlackLive
	for i := range l.r.Faults {
		if f := &l.r.Faults[i]; f.Start <= n.Time && strings.HasPrefix(f.Text, "flushall") && slices.Contains(f.Targets, n.Machine) {
			at = f.Start // the last one
		}
	}
	return at
}

// fateAtFlush is that of a write which the line has, unless its data was flushed later.
func (l *losses) fateAtFlush(op *histories.Operation, s *spot, line *line, survived survival) fate {
	found := kept
	for i := range l.flushes {
		f := &l.flushes[i]
		at, forebear := line.left[f.id]
		if !forebear || f.from+1 >= at.cut || at.age > survived.age {
			continue // that was before, or did not survive itself
		}
		switch {
		case !f.done:
			found = perhaps
		case at.age < survived.age, op.Returned < f.invoked:
			return gone
		case s.exactly() && f.exactly() && f.machine == op.Node:
			if s.place.Time < f.place.Time || s.to < f.to {
				return gone
			}
		case op.Invoked <= f.returned:
			found = perhaps
		}
	}
	return found
}

// tell is a write for a finding.
func tell(op *histories.Operation) string {
	word := op.Word()
	if op.Func != histories.FuncWrite {
		word = op.Func + " " + op.Arg.String()
	}
	return fmt.Sprintf("%s=%s by %s, acknowledged", op.Key, word, op.Process)
}

// loadedBy is who began with the append only file from which the line comes.
func (l *line) loadedBy() string {
	for _, s := range l.left { // any order: the latest is one
		if s.by != nil && s.by.Restart != nil && s.by.Restart.AppendOnly {
			return s.by.Machine
		}
	}
	return "a server"
}

// ofSession says whether a change was part of a session, which empties only databases that it has for itself.
func ofSession(r *checkers.Record, p *histories.Place) bool {
	i := sort.Search(len(r.Ops), func(i int) bool { return r.Ops[i].Invoked > p.Time+r.Slack })
	for i--; i >= 0; i-- { // an operation without an answer may be carried out long after the client has gone on
		if op := &r.Ops[i]; op.Process == p.Peer && op.Func == models.FuncSession && op.Node == p.Machine && names(op, p.Word) {
			return op.Returned+r.Slack >= p.Time || op.Outcome != histories.OK
		}
	}
	return false
}

// names says whether one of the commands of a session's operation is called name.
func names(op *histories.Operation, name string) bool {
	return slices.ContainsFunc(op.Arg.Elems(), func(words histories.Value) bool { return strings.EqualFold(words.Elem(0).Str(), name) })
}
