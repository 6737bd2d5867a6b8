package checkers

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// LostWrites accounts for acknowledged writes that did not survive. Redis replicates after it acknowledges, so a
// failover may lose the end of what the old master acknowledged: every lost write must lie there, or it is a bug.
//
// A write is lost if the final read of its key finds the key missing, or finds a value that had been written before the
// lost write was invoked: its own write had returned, or somebody had read it. (Nothing is said of writes that a later one overwrote: the number is a lower bound.)
//
// Where the end begins, the replication IDs tell. Going back from the machine that answered the final read, each
// history was left for the next at an offset, the cut: what lies beyond was not passed on. The write's place is between
// the last state of its master before its invocation and the first after its return. If even the latter is before the
// cut, the promoted replica had the write, and lost it: invalid. Likewise if the write's history was never left at all,
// or if the promoted replica had been read with the value. A history that is not among the survivor's forebears was
// given up whole, which only a promotion, a full sync, or a restart explains.
//
// Values must be unique per key. Redis 4.0: replication.c, shiftReplicationId; sentinel.c; README of Redis Sentinel on
// asynchronous replication.
type LostWrites struct{}

// Name implements Checker.
func (LostWrites) Name() string { return "lost-writes" }

// Check implements Checker.
func (LostWrites) Check(h *histories.History) Verdict {
	l := losses{r: index(h), q: &inquiry{}}
	l.g = trace(l.r)
	for _, name := range []string{"writes acknowledged", "final reads", "lost"} {
		l.q.saw(name, 0)
	}
	final := map[string]int{}
	for i, op := range h.Ops {
		switch {
		case op.Func == histories.FuncWrite && op.Outcome == histories.OK:
			l.q.saw("writes acknowledged", 1)
		case op.Func == histories.FuncRead && op.Final && op.Outcome == histories.OK:
			l.q.saw("final reads", 1)
			if j, known := final[op.Key]; !known || h.Ops[j].Invoked < op.Invoked {
				final[op.Key] = i
			}
		}
	}
	switch {
	case len(final) == 0:
		return l.q.verdict("no final read says what survived", "")
	case l.q.count("writes acknowledged") == 0:
		return l.q.verdict("no write was acknowledged", "")
	}
	l.judge(final)
	lost := l.q.count("lost")
	why := "no acknowledged write is known to be lost"
	if lost > 0 {
		l.q.saw("oldest lost write, ms before the promotion", int(l.oldest/time.Millisecond))
		why = fmt.Sprintf("lost %d, all allowed", lost)
	}
	return l.q.verdict("", why)
}

type losses struct {
	r      *record
	g      genealogy
	q      *inquiry
	oldest time.Duration
	lines  map[string]line // final reads' machine and history → what survived of each history
}

// line is what survived of each of a survivor's forebears: the first offset that did not.
type line map[string]survival

type survival struct {
	cut int64
	by  *origin // who went on from there; nil for the survivor's own history
	end string  // the history that went on
}

func (l *losses) judge(final map[string]int) {
	h := l.r.History
	w := writesOf(h)
	l.lines = map[string]line{}
	witness := l.witnesses()
	limits := map[string]time.Duration{} // key → writes invoked after that are lost
	for key, i := range final {
		if op := &h.Ops[i]; !op.Found {
			limits[key] = -1
		} else if j, known := w[keyValue{key, op.Value}]; !known {
			l.q.breach(op.Returned, op.Node, []int{i}, "the final read of %s found %s, which nobody wrote", key, op.Value)
		} else if j != twice && h.Ops[j].Outcome == histories.Fail {
			l.q.breach(op.Returned, op.Node, []int{j, i}, "the final read of %s found %s, whose write had failed: %s", key, op.Value, h.Ops[j].Error)
		} else if j != twice {
			// A write without an answer had happened, at the latest, when its value was first read.
			if limit := h.Ops[witness[keyValue{key, op.Value}][0]].Returned; h.Ops[j].Outcome == histories.OK {
				limits[key] = min(limit, h.Ops[j].Returned)
			} else {
				limits[key] = limit
			}
		}
	}
	for i, op := range h.Ops {
		limit, judged := limits[op.Key]
		if !judged || op.Func != histories.FuncWrite || op.Outcome != histories.OK || op.Invoked <= limit {
			continue
		}
		f := final[op.Key]
		if op.Returned >= h.Ops[f].Invoked {
			continue // the read was not final for this one
		}
		l.q.saw("lost", 1)
		l.account(i, f, witness)
	}
}

// witnesses are the reads, by key and value, that found the value: indexes into Ops, in order of return.
func (l *losses) witnesses() map[keyValue][]int {
	all := map[keyValue][]int{}
	for i, op := range l.r.Ops {
		if op.Func == histories.FuncRead && op.Outcome == histories.OK && op.Found {
			at := keyValue{op.Key, op.Value}
			all[at] = append(all[at], i)
		}
	}
	for _, reads := range all {
		slices.SortStableFunc(reads, func(a, b int) int { return cmp.Compare(l.r.Ops[a].Returned, l.r.Ops[b].Returned) })
	}
	return all
}

// account explains the loss of the write i, which the final read f shows.
func (l *losses) account(i, f int, witness map[keyValue][]int) {
	op, read := &l.r.Ops[i], &l.r.Ops[f]
	a := l.r.machines[op.Node]
	line := l.line(read)
	spot := l.spot(a, op)
	if line == nil || len(spot) == 0 {
		l.unplaced(i, f)
		return
	}
	// The master's ID may have changed meanwhile: the write is innocent if it is so under any of them.
	var worst string
	for _, s := range spot {
		why, allowed := l.at(i, f, s, line, witness)
		if allowed {
			l.q.allow(op.Returned, op.Node, []int{i, f}, "%s", why)
			return
		}
		worst = why
	}
	l.q.breach(op.Returned, op.Node, []int{i, f}, "%s", worst)
}

// spot is where a write may lie: after offset from, and at most up to offset to, of the history id.
type spot struct {
	id       string
	from, to int64
	toAt     time.Duration
}

// spot brackets a write by its master's states before and after.
func (l *losses) spot(a *timeline, op *histories.Operation) []spot {
	if a == nil {
		return nil
	}
	var spots []spot
	find := func(id string) *spot {
		for i := range spots {
			if spots[i].id == id {
				return &spots[i]
			}
		}
		spots = append(spots, spot{id: id, to: math.MaxInt64})
		return &spots[len(spots)-1]
	}
	for _, n := range a.before(op.Invoked) {
		if named(n.ReplID) && !a.turned(n.Time, op.Invoked) {
			s := find(n.ReplID)
			if isMaster(n) {
				s.from = max(s.from, n.Offset)
			}
		}
	}
	for _, n := range l.r.after(a, op.Returned) {
		if !named(n.ReplID) || a.turned(op.Invoked, n.Time) {
			continue
		}
		if s := find(n.ReplID); isMaster(n) && n.Offset < s.to {
			s.to, s.toAt = n.Offset, n.Time
		}
	}
	return spots
}

// line follows the histories back from the machine that answered a final read.
func (l *losses) line(read *histories.Operation) line {
	t := l.r.machines[read.Node]
	if t == nil {
		return nil
	}
	notes := append(t.before(read.Invoked), l.r.after(t, read.Returned)...)
	id := ""
	for _, n := range notes {
		if named(n.ReplID) && !t.turned(min(n.Time, read.Invoked), max(n.Time, read.Returned)) {
			id = n.ReplID
			break
		}
	}
	if id == "" {
		return nil
	}
	if known := l.lines[id]; known != nil {
		return known
	}
	found := line{id: {cut: wholly, end: id}}
	l.lines[id] = found
	cut := int64(wholly)
	for at := id; ; {
		o, known := l.g[at]
		if !known {
			return found
		}
		if _, again := found[o.parent]; again {
			return found
		}
		s := survival{cut: min(cut, o.cut), by: found[at].by, end: at}
		if o.cut < cut {
			s.by = &o
		}
		found[o.parent] = s
		cut, at = s.cut, o.parent
	}
}

// at explains the loss of write i if it lies at s; allowed says whether asynchronous replication may lose it there.
func (l *losses) at(i, f int, s spot, line line, witness map[keyValue][]int) (why string, allowed bool) {
	op := &l.r.Ops[i]
	what := fmt.Sprintf("%s=%s by %s, acknowledged", op.Key, op.Value, op.Process)
	survived, forebear := line[s.id]
	if !forebear {
		return l.givenUp(i, s.id, what)
	}
	if survived.cut == wholly {
		return fmt.Sprintf("%s under %s, was lost, and nothing explains it: that history was never left", what, short(s.id)), false
	}
	by := survived.by
	if s.to < survived.cut {
		return fmt.Sprintf("%s by offset %d (%v), was lost, although %s had all of %s before offset %d when it was promoted at %v",
			what, s.to, s.toAt, by.machine, short(s.id), survived.cut, by.at), false
	}
	if j := l.hadBy(by, op, witness); j >= 0 {
		return fmt.Sprintf("%s, was lost, although %s had it: it was read there at %v, before its promotion at %v",
			what, by.machine, l.r.Ops[j].Returned, by.at), false
	}
	age := by.at - op.Returned
	if age < 0 {
		l.q.saw("acknowledged after the promotion", 1)
		return fmt.Sprintf("%s %v after %s had been promoted: the old master still served", what, -age, by.machine), true
	}
	l.oldest = max(l.oldest, age)
	if s.from+1 < survived.cut {
		return fmt.Sprintf("%s %v before %s was promoted, which had not, or may not have, received it", what, age, by.machine), true
	}
	return fmt.Sprintf("%s %v before %s was promoted, which had not received it", what, age, by.machine), true
}

// hadBy finds a read of the write's value at the promoted replica before its promotion, with its data not replaced
// since, or returns -1.
func (l *losses) hadBy(by *origin, op *histories.Operation, witness map[keyValue][]int) int {
	t := l.r.machines[by.machine]
	if t == nil || !by.told {
		return -1
	}
	for _, j := range witness[keyValue{op.Key, op.Value}] {
		read := &l.r.Ops[j]
		if read.Node == by.machine && read.Returned <= by.at && !anyIn(t.resyncs, read.Invoked, by.at) && !t.turned(read.Invoked, by.at) {
			return j
		}
	}
	return -1
}

// givenUp explains a loss from a history that is not among the survivor's forebears: it was given up as a whole.
func (l *losses) givenUp(i int, id, what string) (string, bool) {
	op := &l.r.Ops[i]
	if at, machine, event := l.upheaval(op.Invoked); event != "" {
		l.oldest = max(l.oldest, at-op.Returned)
		return fmt.Sprintf("%s under %s, which was given up: %s %s at %v", what, short(id), machine, event, at), true
	}
	return fmt.Sprintf("%s under %s, was lost, and nothing explains it: no promotion, full sync or restart followed", what, short(id)), false
}

// unplaced explains a loss where replication IDs are not known: any upheaval afterwards will do.
func (l *losses) unplaced(i, f int) {
	op := &l.r.Ops[i]
	what := fmt.Sprintf("%s=%s by %s, acknowledged", op.Key, op.Value, op.Process)
	if at, machine, event := l.upheaval(op.Invoked); event != "" {
		l.oldest = max(l.oldest, at-op.Returned)
		l.q.allow(op.Returned, op.Node, []int{i, f}, "%s %v before %s %s", what, at-op.Returned, machine, event)
		return
	}
	l.q.breach(op.Returned, op.Node, []int{i, f}, "%s, was lost, and nothing explains it: no promotion, full sync or restart followed", what)
}

// upheaval finds the first event from at on that may end a history.
func (l *losses) upheaval(at time.Duration) (when time.Duration, machine, event string) {
	if l.r.upheavals == nil {
		l.r.findUpheavals(l.g)
	}
	all := l.r.upheavals
	i, _ := slices.BinarySearchFunc(all, at, func(u upheaval, at time.Duration) int { return cmp.Compare(u.at, at) })
	if i == len(all) {
		return 0, "", ""
	}
	return all[i].at, all[i].machine, all[i].event
}

// upheaval is an event that may end a replication history.
type upheaval struct {
	at             time.Duration
	machine, event string
}

func (r *record) findUpheavals(g genealogy) {
	r.upheavals = []upheaval{}
	for _, name := range r.names {
		t := r.machines[name]
		for _, at := range t.resyncs {
			r.upheavals = append(r.upheavals, upheaval{at, name, "took over another's data by a full sync"})
		}
		for _, life := range t.lives[min(1, len(t.lives)):] {
			r.upheavals = append(r.upheavals, upheaval{life.from, name, "restarted"})
		}
		for _, notes := range [][]*histories.Note{t.own, t.seen} {
			for i := 1; i < len(notes); i++ {
				if isMaster(notes[i]) && isReplica(notes[i-1]) {
					r.upheavals = append(r.upheavals, upheaval{notes[i].Time, name, "was promoted"})
				}
			}
		}
	}
	for _, o := range g {
		if o.told {
			r.upheavals = append(r.upheavals, upheaval{o.at, o.machine, "was promoted"})
		}
	}
	slices.SortFunc(r.upheavals, func(a, b upheaval) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.machine, b.machine), cmp.Compare(a.event, b.event))
	})
}
