package harness

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/nemesis"
)

// action is one thing that the nemesis has to do: begin a step, end one that lasts for a time, or go on with one that
// is made of others.
type action struct {
	at   time.Duration // from the moment the cluster has formed
	do   doing
	step nemesis.Step
	id   int // of the step in the schedule
	beat int // of a compound fault

	stage int    // which of its triggers the step waits for next
	it    string // the machine that it has waited for

	branch uint64 // to take
}

type doing uint8

// In this order, of one moment.
const (
	takeBranch doing = iota
	endBeat
	endStep
	await
	beginStep
	nextBeat
)

// nemesisRun is the nemesis of one run: what it has yet to do, what it has in force, and what it writes into the
// history.
type nemesisRun struct {
	run    *run
	rng    *rand.Rand
	agenda []action
	force  []*inForce
	nextID int             // numbers what the world is given
	did    map[int]*result // by step of the schedule: what came of its fault

	triggers *triggers // nil: no step waits for anything
}

// result is what came of one fault of the schedule.
type result struct {
	fault string
	ends  bool   // it is no fault but the end of some
	done  int    // pieces and orders that were taken
	left  int    // those that were not
	why   string // the first was not
}

// inForce is a piece of a fault: a fault on machines is one piece for each of them, so that each can be restarted by
// itself.
type inForce struct {
	world   int // the number that the world knows it by; 0: the world does not know of it
	history int // the fault's number in the history
	step    int // its step in the schedule
	beat    int // of a compound fault
	fault   nemesis.Fault
	undo    func(Scene) []Message // what an operator does at the end; nil: nothing
}

// plan puts the schedule on the agenda.
func (n *nemesisRun) plan(schedule nemesis.Schedule) {
	for i, step := range schedule {
		if len(step.When) > 0 {
			n.add(action{at: step.At, do: await, step: step, id: i})
			continue
		}
		n.add(action{at: step.At, do: beginStep, step: step, id: i})
		if step.For > 0 {
			n.add(action{at: step.At + step.For, do: endStep, step: step, id: i})
		}
	}
}

// add puts a on the agenda, in order of time; of one moment, ends before beginnings.
func (n *nemesisRun) add(a action) {
	i := len(n.agenda)
	for i > 0 && (a.at < n.agenda[i-1].at || a.at == n.agenda[i-1].at && a.do < n.agenda[i-1].do) {
		i--
	}
	n.agenda = slices.Insert(n.agenda, i, a)
}

// nextAt is when the first action on the agenda is due: until, without one before.
func (n *nemesisRun) nextAt(until time.Duration) (at time.Duration, more bool) {
	if len(n.agenda) == 0 || n.agenda[0].at > until {
		return until, false
	}
	return n.agenda[0].at, true
}

// next takes the first action off the agenda.
func (n *nemesisRun) next() action {
	a := n.agenda[0]
	n.agenda = n.agenda[1:]
	return a
}

// act does what a says and writes it down.
func (n *nemesisRun) act(ctx context.Context, a action) {
	switch a.do {
	case takeBranch:
		n.run.takeBranch(a.branch)
	case endStep:
		n.lift(ctx, func(f *inForce) bool { return f.step == a.id })
	case endBeat:
		n.lift(ctx, func(f *inForce) bool { return f.step == a.id && f.beat == a.beat && !f.fault.Compound() })
		n.afterBeat(ctx, a)
	case nextBeat:
		if f := n.compound(a.id); f != nil {
			n.beat(ctx, a, f)
		}
	case await:
		n.await(a)
	default:
		n.begin(ctx, a)
	}
}

func (n *nemesisRun) begin(ctx context.Context, a action) {
	view := n.view()
	view.It = a.it
	resolved, err := Language(n.run.plan.System).Resolve(a.step.Fault, view, n.rng)
	n.did[a.id] = &result{fault: a.step.Fault.String(), ends: ends(a.step.Fault)}
	if err != nil {
		n.skip(a.id, a.step.Fault, err)
		return
	}
	if len(a.step.When) > 0 && a.step.For > 0 {
		n.add(action{at: a.at + a.step.For, do: endStep, step: a.step, id: a.id})
	}
	switch {
	case resolved.Verb == nemesis.Heal:
		n.healAll(ctx)
	case resolved.Verb == nemesis.Restart:
		n.lift(ctx, on(nemesis.Fault.Downs, resolved.A))
	case resolved.Verb == nemesis.Resume:
		n.lift(ctx, on(func(f nemesis.Fault) bool { return f.Verb == nemesis.Pause }, resolved.A))
	case resolved.Order():
		n.order(ctx, a, resolved)
	case resolved.Compound():
		id := n.started(a, resolved)
		f := &inForce{history: id, step: a.id, beat: -1, fault: resolved}
		n.force = append(n.force, f)
		n.beat(ctx, a, f)
	default:
		n.inflict(ctx, a, resolved)
	}
}

// ends says whether f is no fault but the end of some.
func ends(f nemesis.Fault) bool {
	return f.Verb == nemesis.Heal || f.Verb == nemesis.Restart || f.Verb == nemesis.Resume || f.Verb == nemesis.Unclog
}

// on tells the pieces of a kind that hit one of machines.
func on(kind func(nemesis.Fault) bool, machines []string) func(*inForce) bool {
	return func(f *inForce) bool {
		return kind(f.fault) && slices.ContainsFunc(f.fault.A, func(m string) bool { return slices.Contains(machines, m) })
	}
}

// started writes down that a fault begins.
func (n *nemesisRun) started(a action, f nemesis.Fault) (history int) {
	asked := a.step.Fault.String()
	if asked == f.String() {
		asked = ""
	}
	id := n.run.record.rec.FaultStart(n.run.world.Elapsed(), f.String(), asked, f.Targets())
	if n.triggers != nil {
		n.triggers.began(&n.run.record.rec.History().Faults[id-1])
	}
	return id
}

func (n *nemesisRun) stopped(history int) {
	n.run.record.rec.FaultStop(n.run.world.Elapsed(), history)
}

func (n *nemesisRun) inflict(ctx context.Context, a action, f nemesis.Fault) {
	id := n.started(a, f)
	began := n.give(ctx, inForce{history: id, step: a.id, beat: -1}, f)
	if !began || !f.Lasts() {
		n.stopped(id)
	}
}

// give gives the world the pieces of a fault, and says whether it took one.
func (n *nemesisRun) give(ctx context.Context, of inForce, f nemesis.Fault) (began bool) {
	for _, piece := range pieces(f) {
		n.nextID++
		if err := n.run.world.Inflict(ctx, n.nextID, piece); err != nil {
			n.skip(of.step, piece, err)
			continue
		}
		n.did[of.step].done++
		began = true
		if f.Lasts() {
			p := of
			p.world, p.fault = n.nextID, piece
			n.force = append(n.force, &p)
		}
	}
	return began
}

// pieces are the faults that can be lifted one by one.
func pieces(f nemesis.Fault) []nemesis.Fault {
	if f.Links() || len(f.A) < 2 {
		return []nemesis.Fault{f}
	}
	var out []nemesis.Fault
	for _, m := range f.A {
		one := f
		one.A = []string{m}
		out = append(out, one)
	}
	return out
}

// compound finds the compound fault of a step, if it is in force.
func (n *nemesisRun) compound(step int) *inForce {
	for _, f := range n.force {
		if f.step == step && f.fault.Compound() {
			return f
		}
	}
	return nil
}

// beat begins one movement of a compound fault, and puts its end and the next one on the agenda.
func (n *nemesisRun) beat(ctx context.Context, a action, f *inForce) {
	view := n.view()
	beat, ok := f.fault.Beat(a.beat, view)
	if !ok {
		return
	}
	for _, part := range beat.Faults {
		n.give(ctx, inForce{history: f.history, step: a.id, beat: a.beat}, part)
	}
	began := a.at - beat.After // when the whole fault began
	if beat.For > 0 {
		n.add(action{at: a.at + beat.For, do: endBeat, step: a.step, id: a.id, beat: a.beat})
	}
	if next, ok := f.fault.Beat(a.beat+1, view); ok {
		n.add(action{at: began + next.After, do: nextBeat, step: a.step, id: a.id, beat: a.beat + 1})
	}
}

// afterBeat ends a compound fault with its last beat.
func (n *nemesisRun) afterBeat(ctx context.Context, a action) {
	f := n.compound(a.id)
	if f == nil {
		return
	}
	if _, more := f.fault.Beat(a.beat+1, n.view()); !more {
		n.lift(ctx, func(g *inForce) bool { return g == f })
	}
}

// lift ends the pieces that which tells. A fault is over in the history when its last piece is.
func (n *nemesisRun) lift(ctx context.Context, which func(*inForce) bool) {
	r := n.run
	var ended []int
	var left []*inForce
	var undo []*inForce
	for _, f := range n.force {
		if !which(f) {
			left = append(left, f)
			continue
		}
		if f.world != 0 {
			if err := r.world.Lift(ctx, f.world); err != nil && r.broke == nil && ctx.Err() == nil {
				r.broke = err
			}
		}
		if f.undo != nil {
			undo = append(undo, f)
		}
		ended = append(ended, f.history)
	}
	n.force = left
	for _, f := range undo {
		n.tell(f.step, f.fault, f.undo(n.scene()))
	}
	slices.Sort(ended)
	for _, id := range slices.Compact(ended) {
		if !slices.ContainsFunc(left, func(f *inForce) bool { return f.history == id }) {
			n.stopped(id)
		}
	}
}

// healAll ends every fault in force.
func (n *nemesisRun) healAll(ctx context.Context) {
	n.lift(ctx, func(*inForce) bool { return true })
}

// skip writes down what of a step could not be carried out.
func (n *nemesisRun) skip(step int, f nemesis.Fault, why error) {
	if r := n.did[step]; r.left == 0 {
		r.why = why.Error()
	}
	n.did[step].left++
	n.run.record.rec.Note(histories.Note{Time: n.run.world.Elapsed(), Machine: "nemesis", Kind: "skipped",
		Text: f.String(), Reason: why.Error()})
}

// sumUp writes down, at the end, which faults of the schedule were not done: nobody reads a verdict as one about them.
func (n *nemesisRun) sumUp() {
	all := 0
	for _, r := range n.did { // any order: they are counted
		if !r.ends {
			all++
		}
	}
	for _, step := range slices.Sorted(maps.Keys(n.did)) {
		r := n.did[step]
		if r.ends || r.left == 0 {
			continue
		}
		note := histories.Note{Time: n.run.world.Elapsed(), Machine: "nemesis", Kind: histories.NoteNotDone,
			Text: r.fault, Reason: r.why, M: int64(all)}
		if r.done > 0 {
			note.Result = histories.InPart
		}
		n.run.record.rec.Note(note)
	}
}

// view is what the nemesis knows at this moment.
func (n *nemesisRun) view() nemesis.View {
	var down, paused []string
	for _, f := range n.force {
		switch {
		case f.fault.Downs():
			down = append(down, f.fault.A...)
		case f.fault.Verb == nemesis.Pause:
			paused = append(paused, f.fault.A...)
		}
	}
	return n.run.view.now(down, paused)
}
