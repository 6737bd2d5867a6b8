package losses

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// LostWrites accounts for acknowledged writes that did not survive. Redis replicates after it acknowledges, so a
// failover may lose the end of what the old master acknowledged: every lost write must lie there, or it is a bug.
//
// Writes are counted by their place in the replication history, whether or not a read shows what became of them. Going
// back from the machine that answered the last final read, each history was left for the next at an offset, the cut:
// what lies beyond was not passed on, and is lost. A history that is not among the survivor's forebears was given up
// whole, by a promotion, a full sync or a restart, and what a server loaded when it started goes on from where it was
// saved. A server of ours says where each write went; of any other it is known to lie between the last state of its
// master before its invocation and the first after its return, narrowed by the sizes of the writes in between. Then the
// answer is a range: so many at least, so many at most.
//
// Reads are evidence of their own. A write is lost, too, if a read finds the key missing, or a value that had been
// written before the lost write was invoked: its own write had returned, or somebody had read it. The reads that count
// are the final ones, and those at a master in the survivor's line. Such a write must be one that may be lost by its
// place: if its place is before the cut, the promoted replica had the write, and lost it: invalid. Likewise if the
// write's history was never left at all, or if the promoted replica had been read with the value, or if a final read
// finds a value whose place says that it is gone.
//
// Values must be unique per key. Redis 4.0: replication.c, shiftReplicationId; sentinel.c; README of Redis Sentinel on
// asynchronous replication.
type LostWrites struct{}

// Name implements Checker.
func (LostWrites) Name() string { return "lost-writes" }

// Check implements Checker.
func (LostWrites) Check(r *checkers.Record) checkers.Verdict {
	l := losses{r: r, q: &checkers.Inquiry{}, weight: weigh(r.History), f: checkers.FunctionsOf(r), lines: map[string]*line{}}
	l.g = evidence.Trace(l.r)
	l.starts = evidence.Restarts(l.r, l.g)
	l.noting = map[string]bool{}
	for i := range r.Places {
		l.noting[r.Places[i].Machine] = true
	}
	l.survey()
	l.places = checkers.MatchPlaces(l.r, l.writers)
	for _, name := range []string{"writes acknowledged", "final reads", "lost", "lost at most", "shown by reads", "places known"} {
		l.q.Saw(name, 0)
	}
	final := map[string]int{} // key → the last final read of a register
	var last time.Duration
	for _, i := range l.finals {
		op := &r.Ops[i]
		l.q.Saw("final reads", 1)
		if found := l.lineOf(op); found != nil && op.Invoked >= last {
			l.survivor, l.reader, last = found, op.Node, op.Invoked
		}
		if j, known := final[op.Key]; l.f.Reads(op) && (!known || r.Ops[j].Invoked < op.Invoked) {
			final[op.Key] = int(i)
		}
	}
	l.acked = slices.DeleteFunc(l.acked, func(i int32) bool { return !l.acks(int(i)) })
	l.q.Saw("writes acknowledged", len(l.acked))
	switch {
	case l.q.Count("final reads") == 0:
		return l.q.Verdict("no final read says what survived", "")
	case len(l.acked) == 0:
		return l.q.Verdict("no write was acknowledged", "")
	}
	l.judge(final)
	l.count(final)
	v := l.q.Verdict("", l.says())
	v.Figures = l.figures()
	return v
}

// losses is the account of one history.
type losses struct {
	r      *checkers.Record
	g      evidence.Genealogy
	starts evidence.Genealogy // the histories that began with what a process loaded
	q      *checkers.Inquiry
	weight weights
	f      *checkers.Functions

	// Indices of operations, in order of invocation: what is looked at later, without a walk through all of them.
	writers []int32 // what may have changed something
	acked   []int32 // what was acknowledged and, by its model, changed something; after that those that acks says
	reads   []int32 // reads of registers that were answered
	finals  []int32 // final reads that were answered

	// By what reads show.
	values checkers.Values
	lines  map[string]*line // history → what survived of it and its forebears in it
	shown  []int32          // of an operation, the read that shows it to be lost; never if none does

	// By place.
	places   []*histories.Place // of an operation, nil if no server said it
	noting   map[string]bool    // machine → it says where writes went
	survivor *line              // of the last final read that tells
	reader   string             // the machine that answered it
	flushes  []flush
	orders   []*histories.Note
	holders  map[string][]holder // by history
	reached  map[string][]reach  // by history
	renamed  map[string]string   // history → its next name

	// What was found.
	lost    tally
	causes  map[Cause]*tally
	oldest  time.Duration // from acknowledgement to loss
	wiped   int           // of the lost, those that went when nothing at all was left
	wipedBy *evidence.Origin
	isLost  []bool          // of an operation, whether it is certain
	exposed []time.Duration // of those that a replica had in the end, how long none had
	saved   []saving
}

// survey goes through the operations once.
func (l *losses) survey() {
	half := len(l.r.Ops)/2 + 16
	l.writers, l.acked, l.reads = make([]int32, 0, half), make([]int32, 0, half), make([]int32, 0, half)
	for i := range l.r.Ops {
		op := &l.r.Ops[i]
		if op.Func != histories.FuncRead && op.Outcome != histories.Fail {
			l.writers = append(l.writers, int32(i))
		}
		if op.Outcome != histories.OK {
			continue
		}
		w := l.f.Of(op)
		if op.Func == histories.FuncRead && w.Register {
			l.reads = append(l.reads, int32(i))
		}
		if op.Final {
			l.finals = append(l.finals, int32(i))
		} else if w.Model.Changed(op) {
			l.acked = append(l.acked, int32(i))
		}
	}
}

// acks says whether a write that was acknowledged changed something, as far as servers say so.
func (l *losses) acks(i int) bool {
	op := &l.r.Ops[i]
	return op.Func == histories.FuncWrite || l.places[i] != nil || !l.noting[op.Node]
}

// tally counts writes that are lost for certain, and those that may be.
type tally struct{ least, most int }

func (t *tally) add(certain bool) {
	t.most++
	if certain {
		t.least++
	}
}

func (t tally) String() string {
	if t.least == t.most {
		return checkers.Thousands(t.least)
	}
	return checkers.Thousands(t.least) + " to " + checkers.Thousands(t.most)
}

// count goes through all acknowledged writes.
func (l *losses) count(final map[string]int) {
	l.causes, l.isLost = map[Cause]*tally{}, make([]bool, len(l.r.Ops))
	for i := range l.r.Notes {
		if n := &l.r.Notes[i]; n.Kind == "order" {
			l.orders = append(l.orders, n)
		}
	}
	l.findFlushes()
	l.findHolders()
	survived := l.seenAtTheEnd(final)
	known := 0
	for _, at := range l.acked {
		i := int(at)
		op := &l.r.Ops[i]
		if l.places[i] != nil {
			known++
		}
		f, s := l.fateOf(i)
		read := int(l.shown[i])
		switch {
		case read != checkers.Never:
			l.account(i, read)
			l.lose(i, &s, true)
		case f == gone && survived[i]:
			l.q.Breach(op.Returned, op.Node, []int{i}, "%s, is found by the final read, and by its place, offset %d of %s, it is gone: "+
				"a server or this judge is wrong", tell(op), s.to, evidence.Short(s.id))
		case survived[i], f == kept:
			l.expose(op, &s)
		case f == gone:
			l.explain(i, &s)
			l.lose(i, &s, true)
		default:
			l.lose(i, &s, false)
		}
	}
	l.q.Saw("places known", known)
	l.q.Saw("lost", l.lost.least)
	l.q.Saw("lost at most", l.lost.most)
	l.findWipe()
}

// seenAtTheEnd are the writes whose value a final read found.
func (l *losses) seenAtTheEnd(final map[string]int) map[int]bool {
	survived := map[int]bool{}
	for _, i := range final { // any order: they are put in a set
		if l.r.Ops[i].Found() {
			if w := l.values.Value(i).Write; w >= 0 {
				survived[w] = true
			}
		}
	}
	return survived
}

// lose counts a lost write.
func (l *losses) lose(i int, s *spot, certain bool) {
	cause, at := l.causeOf(i, s)
	l.lost.add(certain)
	if l.causes[cause] == nil {
		l.causes[cause] = &tally{}
	}
	l.causes[cause].add(certain)
	if certain {
		l.isLost[i] = true
		l.oldest = max(l.oldest, at-l.r.Ops[i].Returned)
		l.save(cause, &l.r.Ops[i], s)
	}
}

// explain tells of a lost write that no read shows. Beyond the first so many, they are only counted.
func (l *losses) explain(i int, s *spot) {
	if len(l.q.Allowed) >= checkers.FindingsMax {
		l.q.MoreAllowed++
		return
	}
	op := &l.r.Ops[i]
	why, allowed := l.at(i, *s, l.survivor)
	if cause, _ := l.causeOf(i, s); !allowed || cause == ByOperator || cause == AtReplica {
		why = fmt.Sprintf("%s, is gone: %s", tell(op), cause)
	}
	l.q.Allow(op.Returned, op.Node, []int{i}, "%s", why)
}

// findWipe finds whether there was a moment at which nothing of what had been acknowledged was left: when a process
// began with so little, and the survivors went on from there.
func (l *losses) findWipe() {
	if l.survivor == nil {
		return
	}
	starts := []*evidence.Origin{l.survivor.from}
	for _, id := range slices.Sorted(maps.Keys(l.survivor.left)) {
		starts = append(starts, l.survivor.left[id].by)
	}
	for _, o := range starts {
		if o == nil || o.Restart == nil || o.Restart.Vague {
			continue
		}
		before := 0
		for _, i := range l.acked {
			if l.r.Ops[i].Returned < o.At {
				if before++; !l.isLost[i] {
					before = 0
					break
				}
			}
		}
		if before > l.wiped {
			l.wiped, l.wipedBy = before, o
		}
	}
}

// says is what was found, in a sentence.
func (l *losses) says() string {
	if l.lost.most == 0 {
		return "no acknowledged write is known to be lost" + l.window()
	}
	var b strings.Builder
	if l.wiped > 0 {
		fmt.Fprintf(&b, "everything was gone at %v: %s had begun with nothing of it, and the others followed; ", l.wipedBy.At, l.wipedBy.Machine)
	}
	fmt.Fprintf(&b, "lost %v of %s acknowledged (%.1f %%)", l.lost, checkers.Thousands(len(l.acked)), 100*float64(l.lost.least)/float64(len(l.acked)))
	var causes []string
	for _, c := range Causes() {
		if t := l.causes[c]; t != nil {
			causes = append(causes, fmt.Sprintf("%s %v", c, t))
		}
	}
	fmt.Fprintf(&b, ": %s", strings.Join(causes, ", "))
	if l.oldest > 0 {
		fmt.Fprintf(&b, "; the oldest was acknowledged %v before it was gone", l.oldest.Round(time.Millisecond))
	}
	b.WriteString(l.window())
	for _, s := range l.saved {
		if s.n > 0 {
			fmt.Fprintf(&b, "; %s %s of them", s.settings, checkers.Thousands(s.n))
		}
	}
	b.WriteString("; all allowed")
	return b.String()
}

// window says how long what was acknowledged could still be lost.
func (l *losses) window() string {
	if len(l.exposed) == 0 {
		return ""
	}
	return fmt.Sprintf("; until a replica had it, a write was exposed for %v (median), %v at most",
		checkers.Percentile(l.exposed, 50).Round(time.Millisecond), checkers.Percentile(l.exposed, 100).Round(time.Millisecond))
}

// expose counts how long a write that survived was in one place only.
func (l *losses) expose(op *histories.Operation, s *spot) {
	if l.survivor == nil || s.id == "" {
		return
	}
	if at := l.replicatedAt(s); at != histories.Forever {
		l.exposed = append(l.exposed, max(0, at-op.Returned))
	}
}

// saving is a setting that would have kept writes from being lost, and of how many.
type saving struct {
	settings, figure string
	n                int
}

// laggards are the values of min-slaves-max-lag that are tried, in seconds.
var laggards = []int{1, 10}

// save counts what would have kept a lost write: a master that had not heard of its replicas for min-slaves-max-lag and
// a cron's second would have refused it; a process with an append only file would have begun with it.
func (l *losses) save(cause Cause, op *histories.Operation, s *spot) {
	if l.saved == nil {
		for _, lag := range laggards {
			l.saved = append(l.saved, saving{settings: fmt.Sprintf("min-slaves-to-write 1 with min-slaves-max-lag %d would have refused", lag),
				figure: fmt.Sprintf("saved_min_slaves_lag_%d", lag)})
		}
		l.saved = append(l.saved, saving{settings: "appendonly yes would have kept", figure: "saved_appendonly"},
			saving{settings: "a restart only after the failover, which a longer pause of the supervisor gives, would have kept", figure: "saved_late_restart"})
	}
	switch cause {
	case ByFailover, BySplitBrain:
		since := l.lastInTouch(s.id)
		for i, lag := range laggards {
			if op.Invoked > since+time.Duration(lag+1)*time.Second {
				l.saved[i].n++
			}
		}
	case ByRestart:
		if l.survivor.left[s.id].kept == histories.Forever { // there was none
			l.saved[len(laggards)].n++
		}
	case ByWipe:
		l.saved[len(laggards)].n++
		l.saved[len(laggards)+1].n++
	}
}

// figures are the numbers of the account, by name.
func (l *losses) figures() map[string]float64 {
	f := map[string]float64{"acknowledged": float64(len(l.acked)), "lost_min": float64(l.lost.least), "lost_max": float64(l.lost.most),
		"lost_share": float64(l.lost.least) / float64(len(l.acked)), "lost_share_max": float64(l.lost.most) / float64(len(l.acked)), "oldest_lost_ms": checkers.Millis(l.oldest), "wiped": float64(l.wiped)}
	for c, t := range l.causes { // any order: each has its own figures
		name := "lost_" + strings.ReplaceAll(string(c), " ", "_")
		f[name+"_min"], f[name+"_max"] = float64(t.least), float64(t.most)
	}
	for _, s := range l.saved {
		f[s.figure] = float64(s.n)
	}
	if len(l.exposed) > 0 {
		f["exposed_median_ms"], f["exposed_p95_ms"], f["exposed_max_ms"] = checkers.Millis(checkers.Percentile(l.exposed, 50)), checkers.Millis(checkers.Percentile(l.exposed, 95)), checkers.Millis(checkers.Percentile(l.exposed, 100))
	}
	return f
}

// A FLUSHALL is a command like any other: what it takes is known by its place.
func (LostWrites) Promise(r *checkers.Record) checkers.Promise {
	return r.Ends("data was changed by hand", "restore-rdb", "run-as", "name=slave-read-only", "name=replica-read-only").Whole()
}
