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
	id    int
	fault nemesis.Fault
	links []*link
	held  []*machine // machines that are down or stopped by it
}

// Inflict puts f in force now. Restart, Resume and Heal end other faults, and are over at once.
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
	switch f.Verb {
	case nemesis.Cut, nemesis.Latency:
		in.links = between(a, b, f.OneWay)
		for _, l := range in.links {
			w.hurt(l, f)
		}
	case nemesis.Kill:
		in.held = a
		for _, m := range a {
			m.kills++
			if m.up {
				m.end("killed")
			}
			w.letGo(nemesis.Pause, m) // a stopped process is gone; the next one runs
		}
	case nemesis.Pause:
		for _, m := range a {
			if m.up { // there is no process to stop otherwise
				m.pauses++
				in.held = append(in.held, m)
			}
		}
	case nemesis.Restart:
		for _, m := range a {
			w.letGo(nemesis.Kill, m)
			if !m.up {
				m.start()
			}
		}
	case nemesis.Resume:
		for _, m := range a {
			w.letGo(nemesis.Pause, m)
		}
	case nemesis.Heal:
		for _, o := range w.faults {
			w.lift(o)
		}
	default:
		return fmt.Errorf("sim: this world has no fault called %q", f.Verb)
	}
	w.noteFault(id, string(f.Verb))
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
		w.relieve(l, in.fault)
	}
	in.links = nil
	held := in.held
	in.held = nil
	for _, m := range held {
		w.free(in.fault.Verb, m)
	}
}

// letGo takes one machine out of every fault of a kind.
func (w *World) letGo(verb nemesis.Verb, m *machine) {
	for _, in := range w.faults {
		if i := slices.Index(in.held, m); i >= 0 && in.fault.Verb == verb {
			in.held = slices.Delete(slices.Clone(in.held), i, i+1)
			w.free(verb, m)
		}
	}
}

// free undoes one fault's hold on a machine.
func (w *World) free(verb nemesis.Verb, m *machine) {
	switch verb {
	case nemesis.Kill:
		if m.kills--; m.kills == 0 && !m.up {
			m.start()
		}
	case nemesis.Pause:
		if m.pauses--; m.pauses == 0 && m.up {
			w.wake(m)
		}
	}
}

// hurt puts a fault's conditions on a link; relieve takes exactly them away.
func (w *World) hurt(l *link, f nemesis.Fault) {
	switch f.Verb {
	case nemesis.Cut:
		l.cuts++
	case nemesis.Latency:
		l.latency += int64(f.Duration("delay"))
		l.jitter += int64(f.Duration("jitter"))
	}
}

func (w *World) relieve(l *link, f nemesis.Fault) {
	switch f.Verb {
	case nemesis.Cut:
		w.mend(l)
	case nemesis.Latency:
		l.latency -= int64(f.Duration("delay"))
		l.jitter -= int64(f.Duration("jitter"))
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
	if f.Verb == nemesis.Heal {
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
