package losses

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// What reads say of writes: a judge of its own beside the account by places.

func (l *losses) judge(final map[string]int) {
	h := l.r.History
	l.values = checkers.ValuesOf(l.r)
	l.shown = make([]int32, len(h.Ops))
	for i := range l.shown {
		l.shown[i] = checkers.Never
	}
	keys := l.keys()
	for _, key := range slices.Sorted(maps.Keys(final)) {
		i := final[key]
		l.judgeRead(i, keys[key].writes, 0, true)
		keys[key].final = i
	}
	reads := 0
	for _, at := range l.reads {
		i := int(at)
		op := &h.Ops[i]
		k := keys[op.Key]
		if i == k.final {
			continue
		}
		id := l.mastered(op)
		if l.survivor == nil {
			break
		}
		if _, forebear := l.survivor.left[id]; !forebear {
			continue
		}
		reads++
		if k.value != op.Word() || k.id != id {
			k.value, k.id, k.judged = op.Word(), id, 0
		}
		k.judged = l.judgeRead(i, k.writes, k.judged, false)
	}
	l.q.Saw("reads at masters in the survivor's line", reads)
}

// keyed is what is known of one key.
type keyed struct {
	writes []write // the acknowledged ones, in order of return
	final  int     // the last final read, an index into Ops

	// The last read that was judged: what it found, its master's history, and how many of writes are judged by it. The
	// next one that finds the same there goes on from them.
	value, id string
	judged    int
}

// write is an acknowledged write: an index into Ops, and its times again, to look through.
type write struct {
	op                int
	invoked, returned time.Duration
}

// keys lists what there is of each key that was used.
func (l *losses) keys() map[string]*keyed {
	all := map[string]*keyed{}
	of := func(key string) *keyed {
		k := all[key]
		if k == nil {
			k = &keyed{final: checkers.Never}
			all[key] = k
		}
		return k
	}
	for _, i := range l.reads {
		of(l.r.Ops[i].Key)
	}
	for _, i := range l.writers {
		op := &l.r.Ops[i]
		if op.Func == histories.FuncWrite && op.Outcome == histories.OK && l.f.Of(op).Register {
			k := of(op.Key)
			k.writes = append(k.writes, write{int(i), op.Invoked, op.Returned})
		}
	}
	for _, k := range all { // any order: each key is sorted by itself
		byReturn := func(a, b write) int { return cmp.Compare(a.returned, b.returned) }
		if !slices.IsSortedFunc(k.writes, byReturn) {
			slices.SortStableFunc(k.writes, byReturn)
		}
	}
	return all
}

// mastered is the history of which the node that answered a read was master all the while, or "".
func (l *losses) mastered(read *histories.Operation) string {
	t := l.r.Timelines[read.Node]
	if t == nil {
		return ""
	}
	for _, n := range t.Before(read.Invoked) {
		if n != nil && checkers.IsMaster(n) && l.r.Always(t, read.Invoked, read.Returned, func(m *histories.Note) bool { return checkers.IsMaster(m) && m.ReplID == n.ReplID }) {
			return n.ReplID
		}
	}
	return ""
}

// judgeRead finds writes, among those of its key from the one numbered from on, which the read f shows to be lost, and
// returns the number of the first that it says nothing of. Unless the read settles what survived, that is so only of
// writes in the histories that its node's goes on from: what was acknowledged elsewhere may yet be the one to survive.
func (l *losses) judgeRead(f int, writes []write, from int, settles bool) (next int) {
	read := &l.r.Ops[f]
	limit, ok := l.written(f)
	if !ok {
		return from
	}
	i := from
	if i == 0 {
		i = sort.Search(len(writes), func(i int) bool { return writes[i].returned >= limit })
	}
	for ; i < len(writes) && writes[i].returned < read.Invoked; i++ {
		if w := &writes[i]; l.shown[w.op] == checkers.Never && w.invoked > limit && (settles || l.forebear(w.op, f)) {
			l.shown[w.op] = int32(f)
			l.q.Saw("shown by reads", 1)
		}
	}
	return i
}

// forebear says whether the write w certainly lies in the history of the read f or in one that it goes on from.
func (l *losses) forebear(w, f int) bool {
	line := l.lineOf(&l.r.Ops[f])
	if line == nil {
		return false
	}
	spots := l.spots(w)
	for _, s := range spots {
		if _, known := line.left[s.id]; !known {
			return false
		}
	}
	return len(spots) > 0
}

// written says when, at the latest, the value that the read f found had been written; ok is false if that is not known.
func (l *losses) written(f int) (at time.Duration, ok bool) {
	op := &l.r.Ops[f]
	if !op.Found() {
		return -1, true
	}
	v := l.values.Value(f)
	i := v.Write
	switch {
	case i == checkers.Never:
		l.q.Breach(op.Returned, op.Node, []int{f}, "%s of %s found %s, which nobody wrote", kindOf(op), op.Key, op.Word())
		return 0, false
	case i == checkers.Twice:
		return 0, false
	}
	w := &l.r.Ops[i]
	// A write without an answer had happened, at the latest, when its value was first read.
	at = v.Read
	if w.Outcome == histories.Fail {
		l.q.Breach(op.Returned, op.Node, []int{i, f}, "%s of %s found %s, whose write had failed: %s", kindOf(op), op.Key, op.Word(), w.Error)
		return 0, false
	}
	if w.Outcome == histories.OK {
		at = min(at, w.Returned)
	}
	return at, true
}

func kindOf(read *histories.Operation) string {
	if read.Final {
		return "the final read"
	}
	return "a read"
}

// account explains the loss of the write i, which the read f shows.
func (l *losses) account(i, f int) {
	op, read := &l.r.Ops[i], &l.r.Ops[f]
	line := l.lineOf(read)
	spot := l.spots(i)
	if line == nil || len(spot) == 0 {
		l.unplaced(i, f)
		return
	}
	// The master's ID may have changed meanwhile: the write is innocent if it is so under any of them.
	var worst string
	for _, s := range spot {
		why, allowed := l.at(i, s, line)
		if allowed {
			l.q.Allow(op.Returned, op.Node, []int{i, f}, "%s", why)
			return
		}
		worst = why
	}
	l.q.Breach(op.Returned, op.Node, []int{i, f}, "%s", worst)
}

// at explains the loss of write i if it lies at s; allowed says whether asynchronous replication may lose it there.
func (l *losses) at(i int, s spot, line *line) (why string, allowed bool) {
	op := &l.r.Ops[i]
	what := tell(op)
	survived, forebear := line.left[s.id]
	if !forebear {
		return l.givenUp(i, s.id, what)
	}
	if l.fateAtFlush(op, &s, line, survived) != kept {
		return fmt.Sprintf("%s, was flushed at %v", what, l.flushedAt(op)), true
	}
	by := survived.by
	if op.Returned+l.r.Slack > survived.kept {
		return fmt.Sprintf("%s, need not be in the append only file that %s began with", what, line.loadedBy()), true
	}
	if by != nil && by.Restart != nil && l.fateAtCut(op, &s, survived) != kept {
		return fmt.Sprintf("%s, was not in what %s began with at %v", what, by.Machine, by.At), true
	}
	if survived.cut == evidence.Wholly && by != nil && by.Restart != nil && by.Restart.AppendOnly {
		return fmt.Sprintf("%s %v before %s went down, was lost, although the append only file that it began with at %v must have had it",
			what, by.Restart.Down-op.Returned, by.Machine, by.At), false
	}
	if survived.cut == evidence.Wholly {
		return fmt.Sprintf("%s under %s, was lost, and nothing explains it: that history was never left", what, evidence.Short(s.id)), false
	}
	if s.to < survived.cut {
		return fmt.Sprintf("%s by offset %d (%v), was lost, although %s had all of %s before offset %d when it was promoted at %v",
			what, s.to, s.toAt, by.Machine, evidence.Short(s.id), survived.cut, by.At), false
	}
	if j := l.hadBy(by, i); j >= 0 {
		return fmt.Sprintf("%s, was lost, although %s had it: it was read there at %v, before its promotion at %v",
			what, by.Machine, l.r.Ops[j].Returned, by.At), false
	}
	age := by.At - op.Returned
	if age < 0 {
		l.q.Saw("acknowledged after the promotion", 1)
		return fmt.Sprintf("%s %v after %s had been promoted: the old master still served", what, -age, by.Machine), true
	}
	if s.from+1 < survived.cut {
		return fmt.Sprintf("%s %v before %s was promoted, which had not, or may not have, received it", what, age, by.Machine), true
	}
	return fmt.Sprintf("%s %v before %s was promoted, which had not received it", what, age, by.Machine), true
}

// hadBy finds a read of the write's value at the promoted replica before its promotion, with its data not replaced
// since, or returns -1.
func (l *losses) hadBy(by *evidence.Origin, w int) int {
	t := l.r.Timelines[by.Machine]
	if t == nil || !by.Told || l.values.Of[w] == checkers.NoValue { // no read tells of what is no register
		return -1
	}
	for j := l.values.Value(w).LastRead; j >= 0; j = int(l.values.Before[j]) {
		read := &l.r.Ops[j]
		if read.Node == by.Machine && read.Returned <= by.At && !checkers.AnyIn(t.Resyncs, read.Invoked, by.At) && !t.Turned(read.Invoked, by.At) {
			return j
		}
	}
	return -1
}

// givenUp explains a loss from a history that is not among the survivor's forebears: it was given up as a whole.
func (l *losses) givenUp(i int, id, what string) (string, bool) {
	op := &l.r.Ops[i]
	if at, machine, event := l.upheaval(op.Invoked); event != "" {
		return fmt.Sprintf("%s under %s, which was given up: %s %s at %v", what, evidence.Short(id), machine, event, at), true
	}
	return fmt.Sprintf("%s under %s, was lost, and nothing explains it: no promotion, full sync or restart followed", what, evidence.Short(id)), false
}

// unplaced explains a loss where replication IDs are not known: any upheaval afterwards will do.
func (l *losses) unplaced(i, f int) {
	op := &l.r.Ops[i]
	what := tell(op)
	if at, machine, event := l.upheaval(op.Invoked); event != "" {
		l.q.Allow(op.Returned, op.Node, []int{i, f}, "%s %v before %s %s", what, at-op.Returned, machine, event)
		return
	}
	l.q.Breach(op.Returned, op.Node, []int{i, f}, "%s, was lost, and nothing explains it: no promotion, full sync or restart followed", what)
}

// upheaval finds the first event from at on that may end a history.
func (l *losses) upheaval(at time.Duration) (when time.Duration, machine, event string) {
	all := checkers.Derived(l.r, readUpheavals)
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

// readUpheavals finds the events of a record that may end a history, in order of time.
func readUpheavals(r *checkers.Record) (all []upheaval) {
	for _, name := range r.Names {
		t := r.Timelines[name]
		for _, at := range t.Resyncs {
			all = append(all, upheaval{at, name, "took over another's data by a full sync"})
		}
		for _, life := range t.Lives[min(1, len(t.Lives)):] {
			all = append(all, upheaval{life.From, name, "restarted"})
		}
		for _, notes := range [][]*histories.Note{t.Own, t.Seen} {
			for i := 1; i < len(notes); i++ {
				if checkers.IsMaster(notes[i]) && checkers.IsReplica(notes[i-1]) {
					all = append(all, upheaval{notes[i].Time, name, "was promoted"})
				}
			}
		}
	}
	for _, o := range evidence.Trace(r) { // any order: they are sorted below, by all they have
		if o.Told {
			all = append(all, upheaval{o.At, o.Machine, "was promoted"})
		}
	}
	slices.SortFunc(all, func(a, b upheaval) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.machine, b.machine), cmp.Compare(a.event, b.event))
	})
	return all
}
