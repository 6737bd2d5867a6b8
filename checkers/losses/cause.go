package losses

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Cause is why acknowledged writes were lost.
type Cause string

// The causes of losses.
const (
	ByFailover   Cause = "failover"                 // a replica was promoted that had not received them
	BySplitBrain Cause = "split brain"              // the old master took them after the promotion
	ByRestart    Cause = "restart without data"     // a master's process began with less than the one before had
	ByWipe       Cause = "wiped by its master"      // replicas had them, and took over the data of a master that did not
	ByOperator   Cause = "operator"                 // FLUSHALL, SLAVEOF, SLAVEOF NO ONE
	ByDisk       Cause = "disk"                     // a restart, after the nemesis had been at the disk
	AtReplica    Cause = "written to a replica"     // which was writable
	Unexplained  Cause = "nothing that is known of" // reads show it, and that is all
)

// Causes lists the causes in the order in which they are told.
func Causes() []Cause {
	return []Cause{ByFailover, BySplitBrain, ByRestart, ByWipe, ByOperator, ByDisk, AtReplica, Unexplained}
}

// causeOf says why the write i, which lies at s, was lost, and when.
func (l *losses) causeOf(i int, s *spot) (Cause, time.Duration) {
	op := &l.r.Ops[i]
	if l.survivor == nil || s.id == "" {
		at, _, _ := l.upheaval(op.Invoked)
		return Unexplained, max(at, op.Returned)
	}
	if s.place != nil && s.place.Role == checkers.RoleReplica {
		return AtReplica, l.givenUpAt(op)
	}
	if survived, forebear := l.survivor.left[s.id]; forebear {
		if survived.by == nil || l.fateAtCut(op, s, survived) == kept {
			return ByOperator, l.flushedAt(op) // all that can take what is before the cut
		}
		return l.causeBy(op, s, survived.by)
	}
	if id := l.branch(s.id); id != "" {
		if by := l.survivor.left[id].by; by != nil {
			return l.causeBy(op, s, by)
		}
		return BySplitBrain, l.givenUpAt(op) // the survivor's history was never left: the other master's was
	}
	if from := l.survivor.from; from != nil {
		if op.Returned > from.At {
			return BySplitBrain, l.givenUpAt(op)
		}
		return l.causeOfRestart(op, s, from)
	}
	if l.ordered(op.Returned, histories.Forever, "SLAVEOF") {
		return ByOperator, l.givenUpAt(op)
	}
	return BySplitBrain, l.givenUpAt(op)
}

// causeBy is the cause of the loss of a write that by, who went on, did not take along.
func (l *losses) causeBy(op *histories.Operation, s *spot, by *evidence.Origin) (Cause, time.Duration) {
	switch {
	case by.Restart != nil && op.Returned > by.At:
		return BySplitBrain, l.givenUpAt(op)
	case by.Restart != nil:
		return l.causeOfRestart(op, s, by)
	case op.Returned > by.At:
		return BySplitBrain, l.givenUpAt(op)
	case l.orderedOf(by.Machine, by.At-checkers.SlackLive, by.At+2*checkers.SlackLive, "SLAVEOF NO ONE"):
		return ByOperator, by.At
	}
	return ByFailover, by.At
}

// causeOfRestart tells apart what only the process that ended had, and what replicas had too.
func (l *losses) causeOfRestart(op *histories.Operation, s *spot, by *evidence.Origin) (Cause, time.Duration) {
	if evidence.DiskHurt(l.r, by.Machine, by.At, diskFaults...) {
		return ByDisk, max(by.Restart.Down, op.Returned)
	}
	if l.heldElsewhere(s, by.Machine) {
		return ByWipe, max(l.wipedAfter(by.At), op.Returned)
	}
	return ByRestart, max(by.Restart.Down, op.Returned)
}

// diskFaults are faults after which a disk may not hold what it was given, and restarts with old files.
var diskFaults = []string{"lying-fsync", "torn-tail", "eio-read", "eio-write", "eio-sync", "disk-full", "slow-disk", "file-gone", "restore-rdb"}

// heldElsewhere says whether another machine than the write's, and than the one that restarted, certainly had it.
func (l *losses) heldElsewhere(s *spot, but string) bool {
	id, offset := s.id, s.to
	for range len(l.g) + 1 {
		for _, h := range l.holders[id] {
			if h.machine != but && h.offset >= offset && (s.place == nil || h.machine != s.place.Machine) {
				return true
			}
		}
		// A history that only changed its name goes on as it was, but that a master without a backlog had counted nothing.
		next := l.renamed[id]
		if next == "" {
			return false
		}
		id = next
	}
	return false
}

// holder is how far a replica came in a history.
type holder struct {
	machine string
	offset  int64
}

// findHolders notes how far each machine came in each history as a replica, and when any did: what one of them has is
// not lost with its master.
func (l *losses) findHolders() {
	l.holders, l.reached, l.renamed = map[string][]holder{}, map[string][]reach{}, map[string]string{}
	for id, o := range l.g { // any order: each history has one parent
		if o.Cut == evidence.Wholly && o.Parent != "" {
			l.renamed[o.Parent] = id
		}
	}
	type mastered struct{ machine, id string }
	var last mastered
	var at *holder
	masters := map[mastered]bool{} // an old master that is told to follow still has what it took alone
	for i := range l.r.Notes {
		n := &l.r.Notes[i]
		if n.Kind == "state" && checkers.IsMaster(n) {
			masters[mastered{n.Machine, n.ReplID}] = true
		}
		if n.Kind != "state" && n.Kind != "resync" && n.Kind != "promoted" || n.Kind == "state" && !checkers.IsReplica(n) {
			continue
		}
		id := n.ReplID
		if n.Kind == "promoted" {
			id = n.ReplID2
		}
		if !evidence.Named(id) || masters[mastered{n.Machine, id}] {
			continue
		}
		if at == nil || last.machine != n.Machine || last.id != id {
			last.machine, last.id, at = n.Machine, id, l.holder(id, n.Machine)
		}
		at.offset = max(at.offset, n.Offset)
		if far := l.reached[id]; len(far) == 0 || far[len(far)-1].offset < n.Offset {
			l.reached[id] = append(far, reach{n.Time, n.Offset})
		}
	}
}

func (l *losses) holder(id, machine string) *holder {
	for i, h := range l.holders[id] {
		if h.machine == machine {
			return &l.holders[id][i]
		}
	}
	l.holders[id] = append(l.holders[id], holder{machine: machine, offset: -1})
	return &l.holders[id][len(l.holders[id])-1]
}

// reach is when a replica first had a history up to an offset.
type reach struct {
	at     time.Duration
	offset int64
}

// replicatedAt is when, at the latest, a replica had the write at s; Forever if none is known to have had it.
func (l *losses) replicatedAt(s *spot) time.Duration {
	id := s.id
	for range len(l.g) + 1 {
		far := l.reached[id]
		if i := sort.Search(len(far), func(i int) bool { return far[i].offset >= s.to }); i < len(far) {
			return far[i].at
		}
		next := l.renamed[id]
		if survived, ok := l.survivor.left[id]; next == "" && ok && s.to < survived.cut && survived.next != id {
			next = survived.next
		}
		if next == "" {
			break
		}
		id = next
	}
	return histories.Forever
}

// lastInTouch is when a replica was last known to have received anything of the history id.
func (l *losses) lastInTouch(id string) time.Duration {
	if far := l.reached[id]; len(far) > 0 {
		return far[len(far)-1].at
	}
	return 0
}

// givenUpAt is when the server of a write gave up what it had acknowledged: by a full sync, or with its process.
func (l *losses) givenUpAt(op *histories.Operation) time.Duration {
	t := l.r.Timelines[op.Node]
	if t == nil {
		return op.Returned
	}
	at := histories.Forever
	for _, times := range [][]time.Duration{t.Resyncs, t.Turns} {
		if i := sort.Search(len(times), func(i int) bool { return times[i] >= op.Returned }); i < len(times) {
			at = min(at, times[i])
		}
	}
	if at == histories.Forever {
		return op.Returned
	}
	return at
}

// wipedAfter is the first full sync of anybody from at on.
func (l *losses) wipedAfter(at time.Duration) time.Duration {
	first := histories.Forever
	for _, t := range l.r.Timelines { // any order: the earliest counts
		if i := sort.Search(len(t.Resyncs), func(i int) bool { return t.Resyncs[i] >= at }); i < len(t.Resyncs) {
			first = min(first, t.Resyncs[i])
		}
	}
	if first == histories.Forever {
		return at
	}
	return first
}

// flushedAt is the first flush after the write.
func (l *losses) flushedAt(op *histories.Operation) time.Duration {
	for i := range l.flushes {
		if f := &l.flushes[i]; f.returned >= op.Invoked {
			return max(f.returned, op.Returned)
		}
	}
	return op.Returned
}

// ordered says whether the operator gave anybody a command that begins so.
func (l *losses) ordered(from, to time.Duration, command string) bool {
	return l.orderedOf("", from, to, command)
}

func (l *losses) orderedOf(machine string, from, to time.Duration, command string) bool {
	return slices.ContainsFunc(l.orders, func(n *histories.Note) bool {
		return n.Time >= from && n.Time <= to && (machine == "" || n.Machine == machine) && strings.HasPrefix(n.Text, command)
	})
}
