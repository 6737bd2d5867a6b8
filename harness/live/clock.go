package live

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node/host"
)

// slewRate is how fast a clock moves to an offset and back: half a second every second.
const slewRate = 500_000 // PPM

// clockPath is what a process calls the pipe that its clock is set by: its first descriptor after the standard ones.
const clockPath = "/dev/fd/3"

// clock is a machine's wall clock: it outlives its processes.
type clock struct {
	jumped time.Duration
	rates  []host.Rate
}

func (c *clock) now() *host.Clock { return &host.Clock{Base: c.jumped, Rates: slices.Clone(c.rates)} }

// slew moves the clock by d, smoothly.
func (c *clock) slew(d time.Duration) {
	ppm, from := int64(slewRate), time.Now().UnixNano()
	if d < 0 {
		ppm, d = -ppm, -d
	}
	c.rates = append(c.rates, host.Rate{From: from, To: from + int64(d)*1_000_000/slewRate, PPM: ppm})
}

// drift has the clock gain so much more from now on.
func (c *clock) drift(ppm int64) {
	c.rates = append(c.rates, host.Rate{From: time.Now().UnixNano(), PPM: ppm})
}

// hurtClocks puts a fault on clocks in force.
func (w *World) hurtClocks(in *inForce, targets []*machine) error {
	f := in.fault
	for _, m := range targets {
		if !m.program().notes {
			return fmt.Errorf("live: %s: %s runs %s, whose clock is this computer's: only ordeal-node has one of its own", f, m.spec.Name, m.program().path)
		}
	}
	for _, m := range targets {
		switch f.Verb {
		case nemesis.ClockJump:
			m.clock.jumped += f.Duration("by")
		case nemesis.ClockDrift:
			m.clock.drift(f.Int("ppm"))
		case nemesis.ClockOffset:
			m.clock.slew(f.Duration("by"))
		}
		if f.Lasts() {
			in.held = append(in.held, m)
		}
		if err := m.setClock.set(m.clock.now()); err != nil {
			return fmt.Errorf("live: machine %s: %w", m.spec.Name, err)
		}
	}
	return nil
}

// setRight takes away what a fault did to the machine's clock; what it gained by drifting it keeps.
func (m *machine) setRight(f nemesis.Fault) error {
	switch f.Verb {
	case nemesis.ClockDrift:
		m.clock.drift(-f.Int("ppm"))
	case nemesis.ClockOffset:
		m.clock.slew(-f.Duration("by"))
	}
	return m.setClock.set(m.clock.now())
}

// clockPipe is how a process is told its clock. A nil one is that of a process that has no such thing, or is not there.
type clockPipe struct{ in, out *os.File }

func openClock() (*clockPipe, error) {
	in, out, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("a pipe for its clock: %w", err)
	}
	return &clockPipe{in, out}, nil
}

// give lets a process that is about to start have the pipe, with c in it; given is for when it has been started.
func (p *clockPipe) give(cmd *exec.Cmd, c *host.Clock) {
	if p == nil {
		return
	}
	cmd.ExtraFiles = []*os.File{p.in}
	p.set(c) // a line fits into any pipe
}

func (p *clockPipe) given() {
	if p != nil {
		p.in.Close()
	}
}

func (p *clockPipe) set(c *host.Clock) error {
	if p == nil {
		return nil // its next process is given the clock as it is then
	}
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	p.out.SetWriteDeadline(time.Now().Add(time.Second)) // a process that is stopped does not read
	_, err = p.out.Write(append(line, '\n'))
	return err
}

func (p *clockPipe) close() {
	if p != nil {
		p.out.Close()
	}
}
