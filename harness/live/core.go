package live

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/seed"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/host"
)

// core is one life of a machine whose core runs inside the harness.
type core struct {
	machine *machine
	host    *host.Host
	log     lines
	why     string        // why somebody ended it, "" while nobody did; guarded by World.mu
	over    chan struct{} // closed when everything about it is written down
}

func (m *machine) startCore() {
	w := m.world
	at := w.Elapsed()
	w.reports.put(func(s cluster.Sink) { s.Up(at, m.spec.Name) })
	c := &core{machine: m, over: make(chan struct{})}
	c.log.deliver = func(line string) {
		at := w.Elapsed()
		w.reports.put(func(s cluster.Sink) { s.Log(at, m.spec.Name, line) })
	}
	boot := cluster.Boot{Rand: seed.Stream(w.cfg.Seed, fmt.Sprintf("core/%s/%d", m.spec.Name, m.life)), Life: m.life, PID: os.Getpid()}
	announced := &announced{Core: m.spec.New(boot), listens: func(addr string) {
		if addr == m.ownAddr() {
			m.gate.machineListens(true)
		}
	}}
	// The time is that of the effect, not of the step: in between, the core may have been busy.
	c.host = host.Start(announced, host.Config{Stdout: &c.log, Note: func(_ node.Instant, n *node.Note) {
		at, own := w.Elapsed(), *n // the core's memory is used again
		w.reports.put(func(s cluster.Sink) { s.Note(at, m.spec.Name, &own) })
	}})
	m.core = c
	w.work.Go(func() {
		status, err := c.host.Wait()
		w.mu.Lock()
		m.went(c.why, c.reason(status, err), func() *cluster.Died { return c.died(err) })
		w.mu.Unlock()
		close(c.over)
	})
}

// announced is a core whose machine's gate learns that it can be reached before the core itself does.
type announced struct {
	node.Core
	listens func(addr string)
}

// Step implements node.Core.
func (a *announced) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	if ev.Kind == node.Listened && ev.Err == node.ErrNone {
		a.listens(ev.Local)
	}
	a.Core.Step(now, ev, out)
}

func (c *core) reason(status int, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("exit %d", status)
}

func (c *core) died(err error) *cluster.Died {
	d := &cluster.Died{Log: c.log.last()}
	var broken *host.Panic
	if errors.As(err, &broken) {
		d.Stack = string(broken.Stack)
	}
	return d
}

// lines cuts what is written to it into lines.
type lines struct {
	deliver func(line string)
	mu      sync.Mutex
	rest    []byte
	kept    []string
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, b...)
	for {
		line, after, ok := bytes.Cut(l.rest, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		text := string(line)
		l.rest = append([]byte(nil), after...)
		if l.kept = append(l.kept, text); len(l.kept) > logKept {
			l.kept = l.kept[1:]
		}
		l.deliver(text)
	}
}

func (l *lines) last() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept
}
