package harness

import (
	"context"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/nemesis"
)

// action is one thing that a schedule makes the nemesis do: begin a step, or end one that lasts for a time.
type action struct {
	at   time.Duration // from the moment the cluster has formed
	step nemesis.Step
	id   int // of the step in the schedule
	ends bool
}

// actions returns what the schedule does, in order of time; of one moment, ends before beginnings.
func actions(schedule nemesis.Schedule) []action {
	var out []action
	for i, step := range schedule {
		out = append(out, action{at: step.At, step: step, id: i})
		if step.For > 0 {
			out = append(out, action{at: step.At + step.For, step: step, id: i, ends: true})
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].at != out[j].at {
			return out[i].at < out[j].at
		}
		return out[i].ends && !out[j].ends
	})
	return out
}

// nemesisRun is the nemesis of one run: what it has in force, and what it writes into the history.
type nemesisRun struct {
	run    *run
	rng    *rand.Rand
	force  []*inForce
	nextID int // numbers what the world is given
}

// inForce is a piece of a fault that the world has been given: a fault on machines is one piece for each of them, so
// that each can be restarted by itself.
type inForce struct {
	world   int // the number that the world knows it by
	history int // the fault's number in the history
	step    int // its step in the schedule
	fault   nemesis.Fault
}

// act does what a says and writes it down.
func (n *nemesisRun) act(ctx context.Context, a action) {
	if a.ends {
		n.lift(ctx, func(f *inForce) bool { return f.step == a.id })
		return
	}
	resolved, err := nemesis.Resolve(a.step.Fault, n.view(), n.rng)
	if err != nil {
		n.skip(a.step, err)
		return
	}
	switch resolved.Verb {
	case nemesis.Heal:
		n.healAll(ctx)
	case nemesis.Restart:
		n.lift(ctx, on(nemesis.Kill, resolved.A))
	case nemesis.Resume:
		n.lift(ctx, on(nemesis.Pause, resolved.A))
	case nemesis.Promote, nemesis.SlaveOf:
		n.order(a, resolved)
	default:
		n.inflict(ctx, a, resolved)
	}
}

// on tells the pieces of verb that hit one of machines.
func on(verb nemesis.Verb, machines []string) func(*inForce) bool {
	return func(f *inForce) bool { return f.fault.Verb == verb && slices.Contains(machines, f.fault.A[0]) }
}

func (n *nemesisRun) inflict(ctx context.Context, a action, f nemesis.Fault) {
	r := n.run
	asked := a.step.Fault.String()
	if asked == f.String() {
		asked = ""
	}
	id := r.record.rec.FaultStart(r.world.Elapsed(), f.String(), asked, f.Targets())
	began := false
	for _, piece := range pieces(f) {
		n.nextID++
		if err := r.world.Inflict(ctx, n.nextID, piece); err != nil {
			n.skip(nemesis.Step{At: a.at, Fault: piece}, err)
			continue
		}
		began = true
		n.force = append(n.force, &inForce{world: n.nextID, history: id, step: a.id, fault: piece})
	}
	if !began || !f.Lasts() {
		r.record.rec.FaultStop(r.world.Elapsed(), id)
	}
}

// order has the observer give an operator's command to servers.
func (n *nemesisRun) order(a action, f nemesis.Fault) {
	r := n.run
	words := []string{"SLAVEOF", "NO", "ONE"}
	if f.Verb == nemesis.SlaveOf {
		words = []string{"SLAVEOF", "{" + f.B[0] + ".host}", "{" + f.B[0] + ".port}"}
	}
	id := r.record.rec.FaultStart(r.world.Elapsed(), f.String(), "", f.Targets())
	r.record.rec.FaultStop(r.world.Elapsed(), id)
	for _, m := range f.A {
		if err := r.world.Tell(r.callers[0].Name, workload.OrderTo(m, words...)); err != nil {
			n.skip(a.step, err)
		}
	}
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

// lift ends the pieces that which tells. A fault is over in the history when its last piece is.
func (n *nemesisRun) lift(ctx context.Context, which func(*inForce) bool) {
	r := n.run
	var ended []int
	var left []*inForce
	for _, f := range n.force {
		if !which(f) {
			left = append(left, f)
			continue
		}
		if err := r.world.Lift(ctx, f.world); err != nil && r.broke == nil && ctx.Err() == nil {
			r.broke = err
		}
		ended = append(ended, f.history)
	}
	n.force = left
	for _, id := range slices.Compact(ended) {
		if !slices.ContainsFunc(left, func(f *inForce) bool { return f.history == id }) {
			r.record.rec.FaultStop(r.world.Elapsed(), id)
		}
	}
}

// healAll ends every fault in force.
func (n *nemesisRun) healAll(ctx context.Context) {
	n.lift(ctx, func(*inForce) bool { return true })
}

// skip writes down a step that could not be carried out.
func (n *nemesisRun) skip(step nemesis.Step, why error) {
	n.run.record.rec.Note(histories.Note{Time: n.run.world.Elapsed(), Machine: "nemesis", Kind: "skipped", Text: step.Fault.String(), Reason: why.Error()})
}

// view is what the nemesis knows at this moment.
func (n *nemesisRun) view() nemesis.View {
	var down, paused []string
	for _, f := range n.force {
		switch f.fault.Verb {
		case nemesis.Kill:
			down = append(down, f.fault.A...)
		case nemesis.Pause:
			paused = append(paused, f.fault.A...)
		}
	}
	return n.run.view.now(down, paused)
}
