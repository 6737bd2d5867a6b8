package harness

import (
	"fmt"
	"slices"

	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/nemesis"
)

// await has a step wait for the next of its triggers.
func (n *nemesisRun) await(a action) {
	if err := n.triggers.await(a); err != nil {
		n.never(a, err.Error())
	}
}

// called says whether something has happened that a step has waited for.
func (n *nemesisRun) called() bool { return n.triggers != nil && len(n.triggers.due) > 0 }

// react puts on the agenda what has come to be due, and says whether anything has.
func (n *nemesisRun) react() bool {
	if !n.called() {
		return false
	}
	r := n.run
	for _, w := range n.triggers.due {
		a := w.action
		a.at = r.world.Elapsed() - r.formed + w.trigger.Later
		if a.stage++; a.stage == len(a.step.When) {
			a.do = beginStep
			r.record.rec.Note(histories.Note{Time: r.world.Elapsed(), Machine: "nemesis", Kind: histories.NoteTriggered, Text: a.step.String(), Peer: a.it})
		}
		n.add(a)
	}
	n.triggers.due = nil
	return true
}

// waitNoMore ends the time in which steps wait: those that still do are said not to have been done.
func (n *nemesisRun) waitNoMore() {
	t := n.triggers
	if t == nil {
		return
	}
	t.over = true
	waited := slices.Clone(t.waiting)
	slices.SortFunc(waited, func(a, b *waiting) int { return a.id - b.id })
	for _, w := range waited {
		why := fmt.Sprintf("what it waits for has not happened: %s", w.trigger)
		if w.count > 0 {
			why += fmt.Sprintf(" (there were %d)", w.count)
		}
		n.never(w.action, why)
	}
	for _, a := range n.agenda {
		if a.do == beginStep && len(a.step.When) > 0 || a.do == await {
			n.never(a, fmt.Sprintf("what it waits for happened too late: the time of faults was over before %v more had gone by", a.step.When[max(a.stage-1, 0)].Later))
		}
	}
}

// never writes down that a step could not begin.
func (n *nemesisRun) never(a action, why string) {
	n.did[a.id] = &result{fault: a.step.String(), left: 1, why: why}
}

// checkTriggers says what a step waits for that cannot be waited for, or nil.
func (s Scenario) checkTriggers(step nemesis.Step, names view) error {
	whose := ""
	for _, t := range step.When {
		if err := s.checkTrigger(t, names); err != nil {
			return fmt.Errorf("%q: %w", step, err)
		}
		if _, event := eventNamed(s.System, t.Event); event || t.Of != "" {
			whose = t.String()
		}
	}
	if slices.Contains(step.Fault.Targets(), nemesis.RoleIt) && whose == "" {
		return fmt.Errorf("%q: there is no machine that %q could be: the step waits for nothing that happens to one", step, nemesis.RoleIt)
	}
	return nil
}

// checkTrigger says why nothing can wait for t, or nil.
func (s Scenario) checkTrigger(t nemesis.Trigger, names view) error {
	under := slices.Concat(names.Servers, names.Sentinels, names.Spares, names.SpareSentinels)
	if t.Of != "" && !slices.Contains(under, t.Of) {
		return models.Unknown("there is no machine %q to wait for", t.Of, under)
	}
	switch {
	case t.Ops != "":
		if known := s.counted(); !slices.Contains(known, t.Ops) {
			return models.Unknown("clients do nothing that is called %q", t.Ops, known)
		}
		return nil
	case t.Disk != "":
		return nil
	}
	if _, event := eventNamed(s.System, t.Event); event {
		return nil
	}
	catalogue := s.System.Goals()
	var known []string
	for _, e := range Events(s.System) {
		known = append(known, e.Name)
	}
	for _, g := range catalogue.Goals {
		switch {
		case catalogue.Watch == nil:
		case g.Name == t.Event && g.Late:
			return fmt.Errorf("%s is known only when all is over: nothing can wait for it", t.Event)
		case g.Name == t.Event && t.Of != "":
			return fmt.Errorf("%s is a goal of the whole run, and not %s's: write \"when %s\"", t.Event, t.Of, t.Event)
		case g.Name == t.Event:
			return nil
		case !g.Late && t.Of == "":
			known = append(known, g.Name)
		}
	}
	if near := models.Nearest(t.Event, known); near != "" {
		return fmt.Errorf("there is no event and no goal %q: did you mean %s? ordeal list events and ordeal list goals name all", t.Event, near)
	}
	return fmt.Errorf("there is no event and no goal %q: ordeal list events and ordeal list goals name all", t.Event)
}

// counted are the words for what can be counted of what the scenario's clients do.
func (s Scenario) counted() []string {
	words := []string{nemesis.OpsWrites, nemesis.OpsReads, nemesis.OpsAll}
	for _, work := range s.Workload.Mix {
		kind, err := workload.ByName(s.System.Kinds(), work.Kind)
		if err != nil {
			continue // it is said elsewhere
		}
		model, err := models.ByName(kind.Model)
		if err != nil {
			continue
		}
		for _, f := range model.Functions {
			if !slices.Contains(words, f.Name) {
				words = append(words, f.Name)
			}
		}
	}
	return words
}
