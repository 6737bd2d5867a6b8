package live

import (
	"context"
	"errors"
	"fmt"
	"net"
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
	// Target is the command that servers and Sentinels run: "ordeal-node", which "" means too; "redis-server", of PATH;
	// or any other that takes a configuration file as redis-server does, with arguments of its own. A Redis must be 4.0,
	// or 7.0 and later, since it has to call from an address of its own.
	Target string
	// Record has each ordeal-node take down its life, for ordeal replay, in a file of its folder.
	Record bool
	// Toxiproxy is the HTTP address, "host:port", of a toxiproxy server on this computer that is to carry the links. "":
	// they are carried by this process.
	Toxiproxy string
}

// network is what carries connections between machines, and hurts them: [toxic.Network], or [toxic.External].
type network interface {
	// Carry leads an accepted connection from one machine to another, which dial reaches.
	Carry(from, to string, caller *net.TCPConn, dial func(context.Context) (*net.TCPConn, error)) error
	Inflict(id int, f nemesis.Fault) error
	Lift(id int) bool
	Held(from, to string) bool
	Close()
}

// World is processes on loopback addresses. Its methods are those of harness.World; they may be called from any
// goroutine. The sink is called by Start, Inflict, Lift, Advance and Close, in their caller's goroutine.
type World struct {
	cfg       Config
	program   program
	started   time.Time
	network   network
	authority *authority // of the machines' certificates; nil if nobody speaks TLS
	api       *apiServer
	spawner   *spawner
	stop      func() bool // forgets the context that Open was given

	reports reports // for cfg.Sink
	yields  bool    // Advance returns as soon as it can; of the goroutine that plays the run

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
		finished: make(chan struct{}), reports: newReports()}
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
		processes = processes || m.isProcess() && spec.Process == nil
		for _, caller := range w.cfg.Machines {
			if spec.Port != 0 && caller.Name != spec.Name {
				links = append(links, toxic.Pair{From: caller.Name, To: spec.Name})
			}
		}
	}
	if err := errors.Join(w.openNetwork(ctx, links), w.openAuthority()); err != nil {
		return err
	}
	if w.cfg.Record && !processes {
		return errors.New("live: there is no process to record")
	}
	if processes {
		if w.program, err = findProgram(ctx, w.cfg.Target, w.cfg.NodeBinary); err != nil {
			return err
		}
	}
	w.spawner = newSpawner()
	for _, m := range w.machines {
		if err := m.prepare(); err != nil {
			return err
		}
	}
	w.started = time.Now() // what it took to build a program is not the run's time
	w.work.Go(w.keepCopies)
	w.work.Go(w.watchStalls)
	return nil
}

func (w *World) openNetwork(ctx context.Context, links []toxic.Pair) (err error) {
	opts := toxic.Options{Links: links, Seed: w.cfg.Seed}
	if w.cfg.Toxiproxy != "" {
		opts.Reach = w.reach
		external, err := toxic.NewExternal(ctx, w.cfg.Toxiproxy, opts)
		if err != nil {
			return fmt.Errorf("live: %w", err)
		}
		w.network = external
		return nil // it has an API of its own
	}
	own, err := toxic.NewNetwork(opts)
	if err != nil {
		return fmt.Errorf("live: %w", err)
	}
	w.network = own
	w.api, err = serveAPI(own)
	return err
}

// reach is where a machine itself listens.
func (w *World) reach(name string) string {
	for _, m := range w.machines {
		if m.spec.Name == name {
			return m.ownAddr()
		}
	}
	return ""
}

// API is the address of toxiproxy's HTTP API over the links of this world, "127.0.0.1:port".
func (w *World) API() string {
	if w.api == nil {
		return w.cfg.Toxiproxy
	}
	return w.api.addr
}

// Elapsed is how long the world has existed.
func (w *World) Elapsed() time.Duration { return time.Since(w.started) }

// Start starts machines by name. It returns once their processes run; that they answer is not awaited. A machine that
// is up stays as it is.
func (w *World) Start(ctx context.Context, machines ...string) error {
	defer w.reports.hand(w.cfg.Sink)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range machines {
		m, err := w.machine(name)
		if err != nil {
			return err
		}
		if m.downs > 0 {
			return fmt.Errorf("live: machine %s cannot start while a fault keeps it down: lift the fault, or restart it", name)
		}
		if err := errors.Join(ctx.Err(), m.start()); err != nil {
			return err
		}
	}
	return nil
}

// Advance waits until Elapsed reaches until, and tells the sink meanwhile, in the caller's goroutine, what is observed.
// It fails with a [*cluster.Died] when a machine went down that nobody brought down, and so does every Advance after
// that. It returns earlier if the sink asks for that by [World.Yield].
func (w *World) Advance(ctx context.Context, until time.Duration) error {
	w.yields = false
	timer := time.NewTimer(until - w.Elapsed())
	defer timer.Stop()
	for {
		w.reports.hand(w.cfg.Sink)
		if w.yields {
			return nil
		}
		select {
		case <-w.failed:
			w.reports.hand(w.cfg.Sink)
			return w.failure
		default: // it comes first: all others may be ready as well
		}
		select {
		case <-w.failed:
		case <-w.reports.wake:
		case <-ctx.Done():
			return ctx.Err()
		case <-w.ctx.Done():
			if err := ctx.Err(); err != nil {
				return err // that is what closed it
			}
			return errClosed
		case <-timer.C:
			w.reports.hand(w.cfg.Sink)
			select {
			case <-w.failed:
				return w.failure
			default:
				return nil
			}
		}
	}
}

// Yield makes the Advance under way return once it has told the sink what it has to tell. The sink calls it.
func (w *World) Yield() { w.yields = true }

// WatchDisk fails: nobody sees what a process does to its disk.
func (w *World) WatchDisk(machine string, told func(kind node.FileKind)) error {
	return fmt.Errorf("live: what %s does to its disk cannot be seen: it takes a file system of our own", machine)
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
	m.core.host.Tell(message)
	return nil
}

// Close kills every process, ends every connection and gives back every address, and tells the sink what it has not
// heard yet. The trace hash is always "".
func (w *World) Close() (trace string, err error) {
	if w.stop != nil {
		w.stop()
	}
	err = w.close()
	w.reports.hand(w.cfg.Sink)
	return "", err
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
		m.copies.drop()
		if m.setClock != nil {
			m.setClock.close()
		}
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
