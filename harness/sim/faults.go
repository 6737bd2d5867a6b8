package sim

import (
	"context"
	"fmt"
	"slices"

	"github.com/ordeal-go/ordeal/nemesis"
)

// inForce is a fault that was inflicted, with what it holds now. Several may hold one link or machine: links and
// machines count them.
type inForce struct {
	id      int
	fault   nemesis.Fault
	links   []*link
	held    []*machine  // machines that are down, stopped, slow, off the time or with a bad disk by it
	clogged []*endpoint // connections that it holds, the first held first
	muted   []*endpoint // connections that it made half-open
	missing []absent    // files that are gone by it
}

// Inflict puts f in force now. Restart, Resume, Unclog and Heal end other faults, and are over at once.
func (w *World) Inflict(ctx context.Context, id int, f nemesis.Fault) error {
	for _, o := range w.faults {
		if o.id == id {
			return fmt.Errorf("sim: a fault with the number %d was inflicted before: %v", id, o.fault)
		}
	}
	a, b, err := w.targets(f)
	if err != nil {
		return err
	}
	in := &inForce{id: id, fault: f}
	switch {
	case f.Compound():
		err = fmt.Errorf("sim: %v is made of other faults: inflict those", f)
	case f.Verb == nemesis.Heal:
		for _, o := range w.faults {
			w.lift(o)
		}
	case f.Kind() == nemesis.OnLinks:
		in.links = between(a, b, f.OneWay)
		err = w.hurtLinks(in)
	case f.Kind() == nemesis.OnMachines:
		err = w.hurtMachines(in, a)
	case f.Kind() == nemesis.OnDisks:
		err = w.hurtDisks(in, a)
	case f.Kind() == nemesis.OnClocks:
		w.hurtClocks(in, a)
	default:
		err = fmt.Errorf("sim: this world has no fault called %q", f.Verb)
	}
	if err != nil {
		return err
	}
	w.noteFault(id, f.String())
	w.faults = append(w.faults, in)
	return nil
}

// Lift ends the fault that was inflicted as id. One that ended before is left as it is.
func (w *World) Lift(ctx context.Context, id int) error {
	for _, in := range w.faults {
		if in.id == id {
			w.noteFault(id, "lift")
			w.lift(in)
			return nil
		}
	}
	return fmt.Errorf("sim: no fault with the number %d was inflicted", id)
}

func (w *World) lift(in *inForce) {
	for _, l := range in.links {
		w.relieve(l, in)
	}
	in.links = nil
	for _, e := range in.clogged {
		e.unclog()
	}
	in.clogged = nil
	for _, e := range in.muted {
		e.die()
	}
	in.muted = nil
	held := in.held
	in.held = nil
	for _, m := range held {
		w.free(in, m)
	}
}

// letGo takes one machine out of every fault that which tells.
func (w *World) letGo(m *machine, which func(nemesis.Fault) bool) {
	for _, in := range w.faults {
		if i := slices.Index(in.held, m); i >= 0 && which(in.fault) {
			in.held = slices.Delete(slices.Clone(in.held), i, i+1)
			w.free(in, m)
		}
	}
}

// free undoes one fault's hold on a machine.
func (w *World) free(in *inForce, m *machine) {
	switch in.fault.Kind() {
	case nemesis.OnDisks:
		m.disk.mend(in, m)
	case nemesis.OnClocks:
		w.setRight(in.fault, m)
	default:
		w.freeMachine(in, m)
	}
}

// targets finds the machines that a fault names. A fault on links with one side only is between that side and
// everybody else.
func (w *World) targets(f nemesis.Fault) (a, b []*machine, err error) {
	if a, err = w.named(f.A); err != nil {
		return nil, nil, err
	}
	if b, err = w.named(f.B); err != nil {
		return nil, nil, err
	}
	if f.Verb == nemesis.Heal || f.Compound() {
		return nil, nil, nil
	}
	if len(a) == 0 {
		return nil, nil, fmt.Errorf("sim: %s needs a machine to act on", f.Verb)
	}
	if f.Links() && len(b) == 0 {
		for _, m := range w.machines {
			if !slices.Contains(a, m) {
				b = append(b, m)
			}
		}
	}
	return a, b, nil
}

func (w *World) named(names []string) ([]*machine, error) {
	var list []*machine
	for _, name := range names {
		m, err := w.machine(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, m) {
			list = append(list, m)
		}
	}
	return list, nil
}

// between are the links from a to b, and back unless oneWay, each once. A machine always reaches itself.
func between(a, b []*machine, oneWay bool) []*link {
	var links []*link
	add := func(from, to *machine) {
		if l := &from.links[to.index]; from != to && !slices.Contains(links, l) {
			links = append(links, l)
		}
	}
	for _, x := range a {
		for _, y := range b {
			add(x, y)
			if !oneWay {
				add(y, x)
			}
		}
	}
	return links
}
