package harness

import (
	"context"
	"fmt"

	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

// order does what an operator's order comes to in the system.
func (n *nemesisRun) order(ctx context.Context, a action, f nemesis.Fault) {
	id := n.started(a, f)
	order := n.run.plan.System.Order(f, n.scene())
	for _, m := range order.Start {
		if n.startSpare(ctx, a, m, n.run.view.add(m)) {
			n.expect(a, m)
		}
	}
	for _, m := range order.StartOthers {
		n.startSpare(ctx, a, m, n.run.view.letOut(m))
	}
	if order.Fault != nil && !n.give(ctx, inForce{history: id, step: a.id, beat: -1}, *order.Fault) {
		n.stopped(id)
		return
	}
	n.tell(a.id, f, order.Tell)
	if order.Undo != nil {
		n.force = append(n.force, &inForce{history: id, step: a.id, beat: -1, fault: f, undo: order.Undo})
	}
	if order.Fault == nil && order.Undo == nil {
		n.stopped(id)
	}
}

// scene is what is going on at this moment.
func (n *nemesisRun) scene() Scene {
	return Scene{View: n.view(), Live: n.run.opts.World == WorldLive}
}

// tell tells the observer messages that come of fault f, of a step of the schedule.
func (n *nemesisRun) tell(step int, f nemesis.Fault, messages []Message) {
	for _, m := range messages {
		if err := n.run.world.Tell(n.run.callers[0].Name, m.Text); err != nil {
			n.skip(step, f, err)
			continue
		}
		n.did[step].done++
	}
}

// startSpare starts a machine that was laid out for it, if it was, and says whether it did.
func (n *nemesisRun) startSpare(ctx context.Context, a action, m string, spare bool) bool {
	if !spare {
		n.skip(a.id, a.step.Fault, fmt.Errorf("%s is no machine that waits to be added", m))
		return false
	}
	if err := n.run.world.Start(ctx, m); err != nil {
		n.skip(a.id, a.step.Fault, err)
		return false
	}
	n.did[a.id].done++
	return true
}

// expect tells the observer of a machine that has been added.
func (n *nemesisRun) expect(a action, m string) {
	if err := n.run.world.Tell(n.run.callers[0].Name, workload.Expect(m)); err != nil {
		n.skip(a.id, a.step.Fault, err)
	}
}
