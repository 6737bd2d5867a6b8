package harness

import (
	"slices"

	"github.com/ordeal-go/ordeal/harness/goals"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// triggers are the steps of a run's schedule that wait for something to happen. They are told of everything that the
// history is, at the moment when it happens, and make the world yield when a step has come to be due.
type triggers struct {
	run     *run
	goals   goals.Watch             // nil: nothing waits for one
	models  map[string]models.Model // of the workloads, by name: to look up only
	waiting []*waiting
	due     []*waiting
	watched []string // the machines whose disks are
	over    bool     // the time of faults is
}

// waiting is a step that waits.
type waiting struct {
	action
	trigger nemesis.Trigger
	event   func(n *histories.Note) bool // of an event; nil: notes do not tell of it
	log     func(line string) bool       // of an event; nil: logs do not tell of it
	count   int                          // of operations: how many there were
}

// newTriggers is nil if no step of the plan waits for anything.
func newTriggers(r *run) *triggers {
	t := &triggers{run: r, models: map[string]models.Model{}}
	any, goal := false, false
	for _, step := range r.plan.Faults {
		for _, trigger := range step.When {
			any = true
			_, is := eventNamed(r.plan.System, trigger.Event)
			goal = goal || trigger.Event != "" && !is
		}
	}
	if watch := r.plan.System.Goals().Watch; goal && watch != nil {
		t.goals = watch(r.record.rec.History())
	}
	if !any {
		return nil
	}
	for _, m := range models.Models() {
		t.models[m.Name] = m
	}
	return t
}

// What happens to the machines of every system.
var everyEvent = []goals.Event{
	{Name: "starts", Why: "a machine's process begins", Note: func(n *histories.Note) bool { return n.Kind == histories.NoteUp }},
	{Name: "stops", Why: "a machine's process is gone", Note: func(n *histories.Note) bool { return n.Kind == histories.NoteDown }},
}

// Events are what a step can wait for that happens to machines of s, beside the goals.
func Events(s System) []goals.Event { return slices.Concat(everyEvent, s.Goals().Events) }

func eventNamed(s System, name string) (goals.Event, bool) {
	return goals.Catalogue{Events: Events(s)}.EventNamed(name)
}

// await has a's step wait for its next trigger, or says why that cannot be seen here.
func (t *triggers) await(a action) error {
	w := &waiting{action: a, trigger: a.step.When[a.stage]}
	if e, is := eventNamed(t.run.plan.System, w.trigger.Event); is {
		w.event, w.log = e.Note, e.Log
		if e.Note != nil && e.Log != nil {
			if t.run.opts.watch(t.run.plan).Foreign {
				w.event = nil
			} else {
				w.log = nil
			}
		}
	}
	if m := w.trigger.Of; w.trigger.Disk != "" && !slices.Contains(t.watched, m) {
		if err := t.run.world.WatchDisk(m, func(kind node.FileKind) { t.disk(m, kind) }); err != nil {
			return err
		}
		t.watched = append(t.watched, m)
	}
	t.waiting = append(t.waiting, w)
	return nil
}

// tell fires the steps that happened, with the machine that it happened to.
func (t *triggers) tell(machine string, happened func(w *waiting) bool) {
	if t.over {
		return
	}
	t.waiting = slices.DeleteFunc(t.waiting, func(w *waiting) bool {
		if !happened(w) {
			return false
		}
		if machine != "" {
			w.it = machine
		}
		t.due = append(t.due, w)
		t.run.world.Yield()
		return true
	})
}

// Note is told of a note.
func (t *triggers) note(n *histories.Note) {
	if t.goals != nil {
		t.goals.Note(n)
		t.goal()
	}
	if len(t.waiting) > 0 && t.run.isNode(n.Machine) {
		t.tell(n.Machine, func(w *waiting) bool {
			return w.event != nil && (w.trigger.Of == "" || w.trigger.Of == n.Machine) && w.event(n)
		})
	}
}

// log is told of a line of a machine's log.
func (t *triggers) log(l *histories.LogLine) {
	if t.goals != nil {
		t.goals.Log(l)
		t.goal()
	}
	if len(t.waiting) > 0 && t.run.isNode(l.Machine) {
		t.tell(l.Machine, func(w *waiting) bool {
			return w.log != nil && (w.trigger.Of == "" || w.trigger.Of == l.Machine) && w.log(l.Text)
		})
	}
}

// began is told of a fault.
func (t *triggers) began(f *histories.Fault) {
	if t.goals != nil {
		t.goals.Began(f)
		t.goal()
	}
}

// returned is told of an operation whose outcome is known.
func (t *triggers) returned(op *histories.Operation) {
	if op == nil {
		return
	}
	if t.goals != nil {
		t.goals.Returned(op)
		t.goal()
	}
	if op.Outcome != histories.OK || op.Final {
		return
	}
	t.tell("", func(w *waiting) bool { return w.trigger.Ops != "" && t.counts(op, w.trigger.Ops) && w.counted() })
}

// disk is told of an operation on a machine's disk.
func (t *triggers) disk(machine string, kind node.FileKind) {
	t.tell(machine, func(w *waiting) bool {
		return w.trigger.Of == machine && diskCounts(kind, w.trigger.Disk) && w.counted()
	})
}

func diskCounts(kind node.FileKind, of nemesis.DiskOp) bool {
	switch of {
	case nemesis.DiskWrite:
		return true
	case nemesis.DiskSync:
		return kind == node.SyncFile
	case nemesis.DiskRename:
		return kind == node.RenameFile
	}
	return false
}

// goal fires the steps that wait for a goal which is met by what the watch was told last.
func (t *triggers) goal() {
	t.tell("", func(w *waiting) bool {
		return w.trigger.Event != "" && w.event == nil && w.log == nil && t.goals.Meets(w.trigger.Event)
	})
}

// counted says whether there were enough now.
func (w *waiting) counted() bool {
	w.count++
	return w.count >= w.trigger.Count
}

// counts says whether an acknowledged operation is one of what.
func (t *triggers) counts(op *histories.Operation, what string) bool {
	switch what {
	case nemesis.OpsAll:
		return true
	case nemesis.OpsReads:
		return !t.writes(op)
	case nemesis.OpsWrites:
		return t.writes(op)
	}
	return op.Func == what
}

// writes says whether op may have changed something. Of what no model knows, a read is what is called so.
func (t *triggers) writes(op *histories.Operation) bool {
	m := t.models[t.run.record.rec.History().Model(op)]
	if f, known := m.Function(op.Func); known {
		return f.Writes
	}
	return op.Func != histories.FuncRead
}

// isNode says whether a machine is one of those under test.
func (r *run) isNode(machine string) bool {
	for i := range r.nodes {
		if r.nodes[i].Name == machine {
			return true
		}
	}
	return false
}
