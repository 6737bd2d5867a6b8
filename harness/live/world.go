package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/nemesis/toxic"
	"github.com/ordeal-go/ordeal/node"
)

// Config is what a world is made of.
type Config struct {
	Machines []cluster.Machine // all of them down at first; Dir of each is an absolute path
	Sink     cluster.Sink
	Seed     uint64
	// Lease, if not nil, is released when the world is closed.
	Lease *Lease
	// NodeBinary is the path of ordeal-node. "": the one beside this program, or one built with the go command, or the
	// one in PATH, in this order.
	NodeBinary string
	// Target is the program that servers and Sentinels run: "ordeal-node", which "" means too, or "redis-server", of
	// PATH and of version 7 or later, since it has to call from an address of its own.
	Target string
}

// World is processes on loopback addresses. Its methods are those of harness.World; they may be called from any
// goroutine.
type World struct {
	cfg     Config
	program program
	started time.Time
	network *toxic.Network
	api     *apiServer
	spawner *spawner
	stop    func() bool // forgets the context that Open was given

	sink sync.Mutex // serialises cfg.Sink

	mu       sync.Mutex
	machines []*machine
	faults   map[int]*inForce
	closed   bool
	failure  error
	failed   chan struct{}   // closed when failure is set
	ctx      context.Context // done when Close has begun
	cancel   context.CancelFunc
	finished chan struct{} // closed when Close has ended
	err      error         // of Close
	work     sync.WaitGroup
}

// Open makes a world. It is closed by Close or when ctx is done, whatever comes first.
func Open(ctx context.Context, cfg Config) (*World, error) {
	w := &World{cfg: cfg, started: time.Now(), faults: map[int]*inForce{}, failed: make(chan struct{}),
		finished: make(chan struct{})}
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := w.open(ctx); err != nil {
		w.Close()
		return nil, err
	}
	w.stop = context.AfterFunc(ctx, func() { w.close() })
	return w, nil
}

func (w *World) open(ctx context.Context) (err error) {
	var links []toxic.Pair
	processes := false
	for _, spec := range w.cfg.Machines {
		m := &machine{world: w, spec: spec}
		m.gate.machine = m
		w.machines = append(w.machines, m)
		processes = processes || m.isProcess()
		for _, caller := range w.cfg.Machines {
			if spec.Port != 0 && caller.Name != spec.Name {
				links = append(links, toxic.Pair{From: caller.Name, To: spec.Name})
			}
		}
	}
	if w.network, err = toxic.NewNetwork(toxic.Options{Links: links, Seed: w.cfg.Seed}); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	if w.api, err = serveAPI(w.network); err != nil {
		return err
	}
	if processes {
		if w.program, err = findProgram(ctx, w.cfg.Target, w.cfg.NodeBinary); err != nil {
			return err
		}
		w.spawner = newSpawner()
	}
	for _, m := range w.machines {
		if err := m.prepare(); err != nil {
			return err
		}
	}
	w.started = time.Now() // what it took to build a program is not the run's time
	return nil
}

// API is the address of toxiproxy's HTTP API over the links of this world, "127.0.0.1:port".
func (w *World) API() string { return w.api.addr }

// Elapsed is how long the world has existed.
func (w *World) Elapsed() time.Duration { return time.Since(w.started) }

// Start starts machines by name. It returns once their processes run; that they answer is not awaited. A machine that
// is up stays as it is.
func (w *World) Start(ctx context.Context, machines ...string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range machines {
		m, err := w.machine(name)
		if err != nil {
			return err
		}
		if m.kills > 0 {
			return fmt.Errorf("live: machine %s cannot start while a fault keeps it down: lift the fault, or restart it", name)
		}
		if err := errors.Join(ctx.Err(), m.start()); err != nil {
			return err
		}
	}
	return nil
}

// Advance waits until Elapsed reaches until. It fails with a [*cluster.Died] when a machine went down that nobody
// brought down, and so does every Advance after that.
func (w *World) Advance(ctx context.Context, until time.Duration) error {
	timer := time.NewTimer(until - w.Elapsed())
	defer timer.Stop()
	select {
	case <-w.failed:
		return w.failure
	case <-ctx.Done():
		return ctx.Err()
	case <-w.ctx.Done():
		if err := ctx.Err(); err != nil {
			return err // that is what closed it
		}
		return errClosed
	case <-timer.C:
	}
	select {
	case <-w.failed: // both may have been ready
		return w.failure
	default:
		return nil
	}
}

var errClosed = errors.New("live: the world is closed")

// Tell gives a message to the core of a client or the observer.
func (w *World) Tell(machine, message string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := w.machine(machine)
	if err != nil {
		return err
	}
	if m.isProcess() {
		return fmt.Errorf("live: machine %s is a process of its own: only clients and the observer can be told something", machine)
	}
	if m.core == nil {
		return fmt.Errorf("live: machine %s is down and cannot be told anything", machine)
	}
	m.core.tell(message)
	return nil
}

// Close kills every process, ends every connection and gives back every address. The trace hash is always "".
func (w *World) Close() (trace string, err error) {
	if w.stop != nil {
		w.stop()
	}
	return "", w.close()
}

func (w *World) close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		<-w.finished
		return w.err
	}
	w.closed = true
	w.cancel()
	for _, m := range w.machines {
		m.end("closed with the world")
		m.gate.shutForGood()
	}
	w.mu.Unlock()

	if w.network != nil {
		w.network.Close()
	}
	var errs []error
	if w.api != nil {
		errs = append(errs, w.api.close())
	}
	w.work.Wait()
	if w.spawner != nil {
		w.spawner.close()
	}
	if w.cfg.Lease != nil {
		errs = append(errs, w.cfg.Lease.Release())
	}
	w.err = errors.Join(errs...)
	close(w.finished)
	return w.err
}

// machine finds a machine by its name, with mu held.
func (w *World) machine(name string) (*machine, error) {
	if w.closed {
		return nil, errClosed
	}
	for _, m := range w.machines {
		if m.spec.Name == name {
			return m, nil
		}
	}
	return nil, fmt.Errorf("live: there is no machine %q", name)
}

// fail makes Advance fail, with mu held.
func (w *World) fail(err error) {
	if w.failure == nil && !w.closed {
		w.failure = err
		close(w.failed)
	}
}

// at is a machine's wall clock as time of the world.
func (w *World) at(t node.Instant) time.Duration {
	return max(t.Sub(node.Instant(w.started.UnixNano())), 0)
}

// failLater is fail for callers that may hold a core's lock.
func (w *World) failLater(err error) {
	w.work.Go(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.fail(err)
	})
}

func (w *World) report(what func(cluster.Sink)) {
	w.sink.Lock()
	defer w.sink.Unlock()
	what(w.cfg.Sink)
}

// inForce is a fault on machines, with those that it still holds.
type inForce struct {
	fault nemesis.Fault
	held  []*machine
}

// Inflict puts f in force. Restart, resume and heal end other faults, and are over at once.
func (w *World) Inflict(ctx context.Context, id int, f nemesis.Fault) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if old := w.faults[id]; old != nil {
		return fmt.Errorf("live: a fault with the number %d was inflicted before: %s", id, old.fault)
	}
	targets, err := w.targets(f)
	if err != nil {
		return err
	}
	in := &inForce{fault: f}
	switch f.Verb {
	case nemesis.Cut, nemesis.Latency:
		if err := w.network.Inflict(id, f); err != nil {
			return fmt.Errorf("live: %w", err)
		}
	case nemesis.Kill:
		in.held = targets
		for _, m := range targets {
			m.kills++
			m.end("killed")
		}
	case nemesis.Pause:
		for _, m := range targets {
			if m.process == nil {
				continue // nothing to stop; its next process is another one
			}
			in.held = append(in.held, m)
			if m.pauses++; m.pauses == 1 {
				err = errors.Join(err, m.process.stop())
			}
		}
	case nemesis.Restart:
		for _, m := range targets {
			err = errors.Join(err, w.letGo(nemesis.Kill, m), m.start())
		}
	case nemesis.Resume:
		for _, m := range targets {
			err = errors.Join(err, w.letGo(nemesis.Pause, m))
		}
	case nemesis.Heal:
		err = w.heal()
	default:
		return fmt.Errorf("live: this world has no fault called %q", f.Verb)
	}
	w.faults[id] = in
	w.settleGates()
	return err
}

// targets finds the machines of a fault on machines, and refuses names that are none.
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
	w.mu.Lock()
	defer w.mu.Unlock()
	in := w.faults[id]
	if in == nil {
		return fmt.Errorf("live: no fault with the number %d was inflicted", id)
	}
	err := w.lift(id, in)
	w.settleGates()
	return err
}

func (w *World) lift(id int, in *inForce) (err error) {
	w.network.Lift(id)
	held := in.held
	in.held = nil
	for _, m := range held {
		err = errors.Join(err, m.free(in.fault.Verb))
	}
	return err
}

func (w *World) heal() (err error) {
	w.network.Heal()
	for _, id := range slices.Sorted(maps.Keys(w.faults)) {
		err = errors.Join(err, w.lift(id, w.faults[id]))
	}
	return err
}

// letGo takes one machine out of every fault of a kind.
func (w *World) letGo(verb nemesis.Verb, m *machine) (err error) {
	for _, id := range slices.Sorted(maps.Keys(w.faults)) {
		in := w.faults[id]
		if i := slices.Index(in.held, m); i >= 0 && in.fault.Verb == verb {
			in.held = slices.Delete(slices.Clone(in.held), i, i+1)
			err = errors.Join(err, m.free(verb))
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
