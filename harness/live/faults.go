package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ordeal-go/ordeal/nemesis"
)

// inForce is a fault, with what it still holds.
type inForce struct {
	id      int
	fault   nemesis.Fault
	held    []*machine
	missing []absent // files that are gone by it
}

// Inflict puts f in force. Restart, resume, unclog, a jump of a clock and heal are over at once.
func (w *World) Inflict(ctx context.Context, id int, f nemesis.Fault) error {
	defer w.reports.hand(w.cfg.Sink)
	w.mu.Lock()
	defer w.mu.Unlock()
	if old := w.faults[id]; old != nil {
		return fmt.Errorf("live: a fault with the number %d was inflicted before: %s", id, old.fault)
	}
	if f.Compound() {
		return fmt.Errorf("live: %s is made of other faults: inflict those", f)
	}
	targets, err := w.targets(f)
	if err != nil {
		return err
	}
	in := &inForce{id: id, fault: f}
	switch f.Kind() {
	case nemesis.OnAll:
		err = w.heal()
	case nemesis.OnLinks:
		if err = w.network.Inflict(id, f); err != nil {
			err = fmt.Errorf("live: %w", err)
		}
	case nemesis.OnMachines:
		err = w.hurtMachines(in, targets)
	case nemesis.OnDisks:
		err = w.hurtDisks(in, targets)
	case nemesis.OnClocks:
		err = w.hurtClocks(in, targets)
	default:
		err = fmt.Errorf("live: this world has no fault called %q", f.Verb)
	}
	if err != nil && len(in.held) == 0 {
		return err
	}
	w.faults[id] = in
	w.settleGates()
	return err
}

// targets finds the machines of a fault, and refuses names that are none.
func (w *World) targets(f nemesis.Fault) (targets []*machine, err error) {
	for _, name := range f.Targets() {
		m, err := w.machine(name)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, f)
		}
		if !f.Links() && !m.isProcess() {
			return nil, fmt.Errorf("live: %s: %s runs inside the harness, only its links can be hurt", f, name)
		}
		if !slices.Contains(targets, m) {
			targets = append(targets, m)
		}
	}
	if len(f.A) == 0 && f.Verb != nemesis.Heal || len(f.B) == 0 && f.Links() {
		return nil, fmt.Errorf("live: %s: it needs machines to act on", f)
	}
	return targets, nil
}

// Lift ends the fault that was inflicted as id. One that is over already is left as it is.
func (w *World) Lift(ctx context.Context, id int) error {
	defer w.reports.hand(w.cfg.Sink)
	w.mu.Lock()
	defer w.mu.Unlock()
	in := w.faults[id]
	if in == nil {
		return fmt.Errorf("live: no fault with the number %d was inflicted", id)
	}
	err := w.lift(in)
	w.settleGates()
	return err
}

func (w *World) lift(in *inForce) (err error) {
	w.network.Lift(in.id)
	held := in.held
	in.held = nil
	for _, m := range held {
		err = errors.Join(err, w.free(in, m))
	}
	for _, a := range in.missing {
		err = errors.Join(err, a.putBack())
	}
	in.missing = nil
	return err
}

// free undoes one fault's hold on a machine.
func (w *World) free(in *inForce, m *machine) error {
	if in.fault.Kind() == nemesis.OnClocks {
		return m.setRight(in.fault)
	}
	return w.freeMachine(in, m)
}

func (w *World) heal() (err error) {
	for _, id := range slices.Sorted(maps.Keys(w.faults)) {
		err = errors.Join(err, w.lift(w.faults[id]))
	}
	return err
}

// letGo takes one machine out of every fault that which tells.
func (w *World) letGo(m *machine, which func(nemesis.Fault) bool) (err error) {
	for _, id := range slices.Sorted(maps.Keys(w.faults)) {
		in := w.faults[id]
		if i := slices.Index(in.held, m); i >= 0 && which(in.fault) {
			in.held = slices.Delete(slices.Clone(in.held), i, i+1)
			err = errors.Join(err, w.free(in, m))
		}
	}
	return err
}

// endPauses ends what the pauses in force hold of m: they stopped a process that is gone.
func (w *World) endPauses(m *machine) {
	for _, in := range w.faults {
		if i := slices.Index(in.held, m); i >= 0 && in.fault.Verb == nemesis.Pause {
			in.held = slices.Delete(slices.Clone(in.held), i, i+1)
		}
	}
	m.pauses = 0
}

// settleGates opens and shuts the announced addresses as the faults in force want it.
func (w *World) settleGates() {
	for _, m := range w.machines {
		m.settleGate()
	}
}
