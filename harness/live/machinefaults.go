package live

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/nemesis"
)

// slowCycle is how long a machine with a slow CPU runs and stands still once.
const slowCycle = 20 * time.Millisecond

// hurtMachines puts a fault on machines in force.
func (w *World) hurtMachines(in *inForce, targets []*machine) (err error) {
	for _, m := range targets {
		switch in.fault.Verb {
		case nemesis.Restart:
			err = errors.Join(err, w.letGo(m, nemesis.Fault.Downs), m.start())
		case nemesis.Resume:
			err = errors.Join(err, w.letGo(m, func(f nemesis.Fault) bool { return f.Verb == nemesis.Pause }))
		case nemesis.Pause:
			if m.process != nil { // else there is nothing to stop; its next process is another one
				in.held = append(in.held, m)
				err = errors.Join(err, m.pause())
			}
		case nemesis.RunAs:
			if e := w.runAs(in, m); e != nil {
				err = errors.Join(err, e)
				continue
			}
			in.held = append(in.held, m)
		default:
			in.held = append(in.held, m)
			err = errors.Join(err, w.hurtMachine(in, m))
		}
	}
	return err
}

func (w *World) hurtMachine(in *inForce, m *machine) error {
	switch in.fault.Verb {
	case nemesis.SlowCPU:
		m.slowDown(in.fault.Number("factor"))
		return nil
	case nemesis.Terminate:
		m.downs++
		if m.process != nil {
			m.process.askToStop()
		}
		return nil
	case nemesis.PowerLoss:
		m.downs++
		err := w.network.Inflict(offID(in.id, m), m.off())
		m.end("powerloss")
		return err
	}
	m.downs++
	m.end("killed")
	return nil
}

// freeMachine undoes what a fault did to a machine.
func (w *World) freeMachine(in *inForce, m *machine) (err error) {
	switch in.fault.Verb {
	case nemesis.Pause:
		if m.pauses--; m.pauses == 0 && m.process != nil {
			return m.process.resume()
		}
		return nil
	case nemesis.SlowCPU:
		m.slow -= in.fault.Number("factor")
		return nil
	case nemesis.RunAs:
		return m.runAsBefore(in.id)
	case nemesis.RestoreRDB:
		err = m.restoreRDB(in.fault.Duration("age"))
	case nemesis.RestoreConfig:
		if m.spec.ConfigPath != "" {
			err = os.WriteFile(m.spec.ConfigPath, []byte(m.spec.Files[m.spec.ConfigPath]), 0o600)
		}
	}
	if m.downs--; m.downs == 0 {
		err = errors.Join(err, m.start())
	}
	if in.fault.Verb == nemesis.PowerLoss {
		w.network.Lift(offID(in.id, m)) // now its peers learn that their connections are gone
	}
	return err
}

func (m *machine) pause() error {
	if m.pauses++; m.pauses > 1 {
		return nil
	}
	return m.process.stop()
}

// off is the fault that hides from all others that a machine has lost its power.
func (m *machine) off() nemesis.Fault {
	f := nemesis.Fault{Verb: nemesis.Cut, A: []string{m.spec.Name}}
	for _, other := range m.world.machines {
		if other != m {
			f.B = append(f.B, other.spec.Name)
		}
	}
	return f
}

// offID numbers the cut that goes with a loss of power. Faults of the harness have numbers from 0 up.
func offID(id int, m *machine) int {
	return -1 - (id*len(m.world.machines) + slices.Index(m.world.machines, m))
}

// slowDown makes the machine's processes run 1/factor of the time, by stopping and continuing them in turn, until all
// faults that slow it down are over.
func (m *machine) slowDown(factor float64) {
	w := m.world
	if m.slow += factor; m.slow > factor {
		return // it is slow already
	}
	w.work.Go(func() {
		for stopped := false; ; {
			w.mu.Lock()
			p, slow := m.process, m.slow
			over := slow < 1 || w.closed
			if p != nil && m.pauses == 0 && (stopped || !over) {
				if stopped {
					p.resume() // one that is gone needs none
				} else {
					p.halt()
				}
				stopped = !stopped
			}
			w.mu.Unlock()
			if over && (!stopped || p == nil) {
				return
			}
			runs := time.Duration(float64(slowCycle) / max(slow, 1))
			if stopped {
				runs = slowCycle - runs
			}
			select {
			case <-time.After(runs):
			case <-w.ctx.Done():
				return
			}
		}
	})
}

// stand is a program that runs on a machine in the place of another.
type stand struct {
	id      int // of the fault
	program program
}

// program is what the machine runs now.
func (m *machine) program() program {
	if n := len(m.runs); n > 0 {
		return m.runs[n-1].program
	}
	if own := m.spec.Process; own != nil {
		return program{path: own[0], more: own[1:], own: true}
	}
	return m.world.program
}

func (w *World) runAs(in *inForce, m *machine) error {
	p, err := findProgram(w.ctx, in.fault.Text("program"), w.cfg.NodeBinary)
	if err != nil {
		return fmt.Errorf("%s: %w", in.fault, err)
	}
	return m.replace(func() { m.runs = append(m.runs, stand{in.id, p}) })
}

func (m *machine) runAsBefore(id int) error {
	return m.replace(func() { m.runs = slices.DeleteFunc(m.runs, func(s stand) bool { return s.id == id }) })
}

// replace has another program run on the machine, with files that it can read.
func (m *machine) replace(what func()) error {
	before := m.program()
	m.end("replaced by another program")
	what()
	var err error
	if m.program().before(before) {
		err = m.downgrade()
	}
	if m.downs == 0 {
		err = errors.Join(err, m.start())
	}
	return err
}
