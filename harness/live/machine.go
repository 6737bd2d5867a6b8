package live

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// machine is one computer of the run: a process, or a core inside the harness. Its fields are guarded by World.mu.
type machine struct {
	world  *World
	spec   cluster.Machine
	life   int
	gate   gate
	downs  int     // faults in force that keep it down
	pauses int     // faults in force that keep it stopped
	slow   float64 // by how many times faults in force slow it down; 0: not
	runs   []stand // programs that run in the place of the world's, the last one now
	copies copies  // of its RDB

	clock    clock
	setClock *clockPipe // into its process; nil if that has none

	process *process // nil if it is down or a core
	core    *core    // nil if it is down or a process
}

// isProcess tells what is under test from what belongs to the harness.
func (m *machine) isProcess() bool { return isProcess(m.spec.Kind) }

func isProcess(kind cluster.Kind) bool { return kind == cluster.Server || kind == cluster.Sentinel }

func (m *machine) up() bool { return m.process != nil || m.core != nil }

// prepare puts what the machine has on its disk there, and checks that its addresses can be had.
func (m *machine) prepare() error {
	if own := m.spec.Process; len(own) > 0 && own[0] == cluster.Self {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("live: machine %s: this program cannot be found again: %w", m.spec.Name, err)
		}
		m.spec.Process = append([]string{self}, own[1:]...)
	}
	if !filepath.IsAbs(m.spec.Dir) {
		return fmt.Errorf("live: machine %s: its folder %q is not an absolute path", m.spec.Name, m.spec.Dir)
	}
	if err := os.MkdirAll(m.spec.Dir, 0o755); err != nil {
		return fmt.Errorf("live: machine %s: %w", m.spec.Name, err)
	}
	for path, text := range m.spec.Files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("live: machine %s: %w", m.spec.Name, err)
		}
		mode := os.FileMode(0o600)
		if strings.HasPrefix(text, "#!") {
			mode = 0o700
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			return fmt.Errorf("live: machine %s: %w", m.spec.Name, err)
		}
	}
	if m.spec.Port == 0 {
		return nil
	}
	if m.spec.TLS {
		if err := m.world.authority.equip(&m.spec); err != nil {
			return fmt.Errorf("live: machine %s: its certificate: %w", m.spec.Name, err)
		}
	}
	if err := m.gate.try(); err != nil {
		return fmt.Errorf("live: machine %s cannot be announced: %w (is a server bound to all addresses of this computer?)", m.spec.Name, err)
	}
	return nil
}

// ownAddr is where the machine itself listens, behind its gate.
func (m *machine) ownAddr() string { return net.JoinHostPort(m.spec.Host, strconv.Itoa(m.spec.Port)) }

// start begins a life of the machine unless it is up.
func (m *machine) start() (err error) {
	if m.up() {
		return nil
	}
	m.life++
	if m.isProcess() {
		err = m.startProcess()
	} else {
		m.startCore()
	}
	if err != nil {
		return fmt.Errorf("live: machine %s does not start: %w", m.spec.Name, err)
	}
	return nil
}

// end ends the machine's life at once, without a chance for it to do anything about it, and waits until it is over.
func (m *machine) end(why string) {
	switch {
	case m.process != nil:
		p := m.process
		p.why = why
		p.kill()
		m.world.mu.Unlock() // its end is written down under the lock
		<-p.over
		m.world.mu.Lock()
	case m.core != nil:
		c := m.core
		c.why = why
		m.world.mu.Unlock()
		c.host.Kill()
		<-c.over
		m.world.mu.Lock()
	}
}

// went writes down that the machine's life is over. asked is why somebody ended it, "" if nobody did.
func (m *machine) went(asked, why string, died func() *cluster.Died) {
	w := m.world
	m.process, m.core = nil, nil
	if asked != "" && !strings.HasPrefix(why, "invariant broken") { // which nobody asked for
		why = asked
	}
	at := w.Elapsed()
	w.reports.put(func(s cluster.Sink) { s.Down(at, m.spec.Name, why) })
	if asked == "" {
		d := died()
		d.Machine, d.At, d.Why = m.spec.Name, at, why
		w.fail(d)
	}
	w.endPauses(m)
	m.gate.machineListens(false)
	if m.setClock != nil {
		m.setClock.close()
		m.setClock = nil
	}
	if asked == versions.Terminated && m.downs == 0 && !w.closed {
		if err := m.start(); err != nil { // its fault ended while it was on its way down
			w.fail(err)
		}
	}
}

// settleGate has the gate know whether the machine is across a cut from anybody.
func (m *machine) settleGate() {
	if m.spec.Port == 0 {
		return
	}
	w := m.world
	m.gate.isCut(slices.ContainsFunc(w.machines, func(caller *machine) bool {
		return w.network.Held(caller.spec.Name, m.spec.Name) || w.network.Held(m.spec.Name, caller.spec.Name)
	}))
}
