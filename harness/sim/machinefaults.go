package sim

import (
	"fmt"
	"time"

	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

const (
	// stopPatience is how long a process that was asked to stop may take; then it is killed (systemd: TimeoutStopSec,
	// docker stop: 10 s).
	stopPatience = int64(10 * time.Second)
	// A slow CPU takes a multiple of this for each step, and of this for each byte that the step is about.
	stepCost = 20 * time.Microsecond
	byteCost = 2 * time.Nanosecond
)

// hurtMachines puts a fault on machines in force.
func (w *World) hurtMachines(in *inForce, a []*machine) error {
	f := in.fault
	switch f.Verb {
	case nemesis.Restart:
		for _, m := range a {
			w.letGo(m, nemesis.Fault.Downs)
			if !m.up {
				m.start()
			}
		}
		return nil
	case nemesis.Resume:
		for _, m := range a {
			w.letGo(m, func(f nemesis.Fault) bool { return f.Verb == nemesis.Pause })
		}
		return nil
	case nemesis.RunAs:
		return fmt.Errorf("sim: %v: the simulation runs cores, not programs", f)
	}
	for _, m := range a {
		if f.Verb == nemesis.Pause && !m.up {
			continue // there is no process to stop
		}
		in.held = append(in.held, m)
		w.hurtMachine(f, m)
	}
	return nil
}

func (w *World) hurtMachine(f nemesis.Fault, m *machine) {
	switch f.Verb {
	case nemesis.Pause:
		m.pauses++
	case nemesis.SlowCPU:
		w.paceCPU(m, f.Number("factor"))
	case nemesis.Terminate:
		m.kills++
		m.askToStop()
	case nemesis.PowerLoss:
		m.kills++
		m.powerOff()
	default:
		m.kills++
		w.kill(m, "killed")
	}
}

// kill ends the process of m, if there is one.
func (w *World) kill(m *machine, why string) {
	if m.up {
		m.end(why)
	}
	// A stopped process is gone; the next one runs.
	w.letGo(m, func(f nemesis.Fault) bool { return f.Verb == nemesis.Pause })
}

// freeMachine undoes what hurtMachine did.
func (w *World) freeMachine(in *inForce, m *machine) {
	switch f := in.fault; f.Verb {
	case nemesis.Pause:
		if m.pauses--; m.pauses == 0 && m.up {
			w.wake(m)
		}
		return
	case nemesis.SlowCPU:
		w.paceCPU(m, -f.Number("factor"))
		return
	case nemesis.PowerLoss:
		for _, l := range m.ways() {
			w.mend(l)
		}
	case nemesis.RestoreRDB:
		m.disk.restoreRDBs(w.now - int64(f.Duration("age")))
	case nemesis.RestoreConfig:
		if path := m.spec.ConfigPath; path != "" {
			m.disk.put(path, []byte(m.spec.Files[path]))
		}
	}
	if m.kills--; m.kills == 0 && !m.up {
		m.start()
	}
}

// askToStop is SIGTERM.
func (m *machine) askToStop() {
	if !m.up {
		return
	}
	m.stopping = true
	m.post(letter{kind: node.StopRequested, n: 15})
	m.w.queue.push(item{at: m.w.now + stopPatience, what: stopLimit, machine: m.index, b: uint32(m.life)})
}

// stopOverdue ends a process that was asked to stop and did not.
func (m *machine) stopOverdue(life uint32) {
	if m.up && m.stopping && uint32(m.life) == life {
		m.w.kill(m, "killed: it did not stop within 10s")
		m.startIfFree()
	}
}

// startIfFree starts a machine whose faults ended while it was on its way down.
func (m *machine) startIfFree() {
	if m.kills == 0 {
		m.start()
	}
}

// powerOff takes a machine away from its peers: they hear nothing of it until it is back.
func (m *machine) powerOff() {
	w := m.w
	for _, e := range w.endpoints {
		if e != nil && e.m == m && e.state != forgotten {
			e.dropProxy()
			e.forget()
		}
	}
	for _, l := range m.ways() {
		l.cuts++
	}
	w.kill(m, "powerloss")
	m.disk.losePower()
}

// ways are the links of m to the others and theirs to it.
func (m *machine) ways() []*link {
	var links []*link
	for i, o := range m.w.machines {
		if o != m {
			links = append(links, &m.links[i], &o.links[m.index])
		}
	}
	return links
}

// toil blocks the core for as long as a step that was about n bytes takes on a slow CPU.
func (m *machine) toil(n int) {
	cost := m.slow * float64(stepCost+time.Duration(n)*byteCost)
	m.w.queue.push(item{at: m.w.now + int64(cost), what: unblock, machine: m.index, b: m.block()})
}

// paceCPU makes the CPU of m slower by a factor, or less slow; what it is at goes on at the new pace.
func (w *World) paceCPU(m *machine, by float64) {
	was := m.slow
	m.slow += by
	w.jobs.repace(m, was)
}

// slowed is how long work takes that takes d on a CPU that is not slow.
func (m *machine) slowed(d int64) int64 {
	if m.slow > 1 {
		return int64(float64(d) * m.slow)
	}
	return d
}

// hurtClocks puts a fault on clocks in force.
func (w *World) hurtClocks(in *inForce, a []*machine) {
	f := in.fault
	for _, m := range a {
		switch f.Verb {
		case nemesis.ClockJump:
			m.clock.jump(f.Duration("by"))
			continue
		case nemesis.ClockDrift:
			m.clock.setDrift(w.now, m.clock.drift+f.Int("ppm"))
		case nemesis.ClockOffset:
			m.clock.slew(w.now, f.Duration("by"))
		}
		in.held = append(in.held, m)
	}
}

// setRight takes away what a fault did to a clock; what it gained by drifting it keeps.
func (w *World) setRight(f nemesis.Fault, m *machine) {
	switch f.Verb {
	case nemesis.ClockDrift:
		m.clock.setDrift(w.now, m.clock.drift-f.Int("ppm"))
	case nemesis.ClockOffset:
		m.clock.slew(w.now, -f.Duration("by"))
	}
}
