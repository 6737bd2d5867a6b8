package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// Config is how one life of a core is bound to its surroundings. The zero value is fit for use.
type Config struct {
	// Stdout takes the log lines that are for standard output, one Write a line. Default os.Stdout.
	Stdout io.Writer
	// Note takes the core's notes, in order and one at a time, in the core's lock: it must not call the host and
	// should not take long. n is its to keep; at is the computer's time at the Step that made the note, whatever the
	// machine's clock says then.
	Note func(at node.Instant, n *node.Note)
	// ClockOffset is added to the wall clock; nil for none. It runs before every Step and may answer differently
	// each time, as a clock that jumps or drifts does. Timers do not follow it.
	ClockOffset func() time.Duration
}

// ErrKilled is how a life ended that [Host.Kill] ended.
var ErrKilled = errors.New("killed")

// Panic is how a life ended whose core, or a piece of its Work, panicked.
type Panic struct {
	Value any // a [node.Violation] if the core broke an invariant of its own
	Stack []byte
}

func (p *Panic) Error() string {
	if v, ok := p.Value.(node.Violation); ok {
		return v.Error()
	}
	return fmt.Sprintf("panic: %v", p.Value)
}

// Host is one life of one core.
type Host struct {
	cfg    Config
	ctx    context.Context // done when the life is ending
	cancel context.CancelFunc
	done   chan struct{} // closed when status and err are set
	poller *poller

	// life guards what must be known without waiting for the core. It is taken after mu.
	life    sync.Mutex
	closing bool     // nothing new may begin
	letters []string // told, and not delivered yet
	wg      sync.WaitGroup

	// mu is the core's lock: it is held while the core steps and while its effects are carried out.
	mu       sync.Mutex
	core     node.Core
	fx       node.Effects
	ev       node.Event
	jobs     []node.Event // ends of foreground jobs, which come before anything else
	listened []node.Event
	ended    bool
	status   int
	err      error
	conns    map[node.ConnID]*conn
	accepted node.ConnID // the last accepted one
	dials    map[node.ConnID]context.CancelFunc
	scripts  map[node.OpID]context.CancelFunc // those that run
	files    openFiles
	listens  []net.Listener
	timers   map[node.TimerID]*timer
	soon     []node.TimerID // timers that were set to no wait, in order, each once
	sockets  []*conn        // by descriptor: those the core knows, and those it has closed that are not empty yet
	dirty    []*conn        // have something to write, or to tell; spareDirty is memory for it
	logFile  string         // where the core's last log line went, and the role in it
	logRole  byte
	buf      [readSize]byte

	spareDirty []*conn
}

// Start begins a life of core. Its first event is on its way when Start returns.
func Start(core node.Core, cfg Config) *Host {
	if cfg.Stdout == nil {
		cfg.Stdout = os.Stdout
	}
	h := &Host{cfg: cfg, core: core, done: make(chan struct{}), logRole: 'M',
		conns: map[node.ConnID]*conn{}, dials: map[node.ConnID]context.CancelFunc{},
		scripts: map[node.OpID]context.CancelFunc{}, timers: map[node.TimerID]*timer{}}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	var err error
	if h.poller, err = newPoller(); err != nil {
		h.end(0, fmt.Errorf("no poller for the host's sockets: %w", err))
		return h
	}
	h.mu.Lock() // for the goroutine below: no other event may come first
	h.spawn(h.loop)
	h.spawn(func() {
		defer h.mu.Unlock()
		h.deliverLocked(node.Event{Kind: node.Started})
	})
	return h
}

// Run gives core a life and waits for its end, which a done ctx brings about as [Host.Kill] does. It returns what
// [Host.Wait] does.
func Run(ctx context.Context, core node.Core, cfg Config) (status int, err error) {
	h := Start(core, cfg)
	defer context.AfterFunc(ctx, h.Kill)()
	return h.Wait()
}

// Stop asks the core to stop, as a signal asks a process: 15 for SIGTERM, 2 for SIGINT. It does not wait for it; a
// core that is busy hears of it later.
func (h *Host) Stop(signal int) {
	h.spawn(func() { h.deliver(node.Event{Kind: node.StopRequested, N: int64(signal)}) })
}

// Tell gives the core a message of its surroundings, as a [node.Told] event. Messages arrive in order, after Started; a
// life that is over takes none.
func (h *Host) Tell(message string) {
	h.life.Lock()
	h.letters = append(h.letters, message)
	h.life.Unlock()
	h.spawn(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.life.Lock()
		letter := h.letters[0] // whichever goroutine comes first takes the oldest
		h.letters = h.letters[1:]
		h.life.Unlock()
		h.deliverLocked(node.Event{Kind: node.Told, Bytes: []byte(letter)})
	})
}

// Kill ends the life as SIGKILL ends a process: the core hears nothing of it, bytes that have not left are dropped,
// peers see their connections end. It waits for a Step and a file job in progress, and not for [node.EffectBusy].
func (h *Host) Kill() {
	h.cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end(0, ErrKilled)
}

// Done is closed when the life is over. Background jobs may still be running; Wait waits for them too.
func (h *Host) Done() <-chan struct{} { return h.done }

// Wait waits for the end of the life, and until nothing is left of it: no goroutine, socket or child process. err
// is nil if the core ended it by [node.Effects.Exit] with status; otherwise [ErrKilled] or a *[Panic].
func (h *Host) Wait() (status int, err error) {
	<-h.done
	h.wg.Wait()
	return h.Outcome()
}

// Outcome is what Wait returns, once Done is closed.
func (h *Host) Outcome() (status int, err error) {
	<-h.done
	return h.status, h.err
}

// spawn runs fn in a goroutine that Wait waits for, unless the life is over.
func (h *Host) spawn(fn func()) {
	if h.enter() {
		go func() {
			defer h.wg.Done()
			fn()
		}()
	}
}

// enter makes Wait wait for wg.Done, unless the life is over.
func (h *Host) enter() bool {
	h.life.Lock()
	defer h.life.Unlock()
	if h.closing {
		return false
	}
	h.wg.Add(1)
	return true
}

// deliver leads the core through an event that is no connection's, and writes what comes of it.
func (h *Host) deliver(ev node.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deliverLocked(ev)
}

func (h *Host) deliverLocked(ev node.Event) {
	if !h.ended {
		h.run(ev)
		h.flush()
	}
}

// run steps the core through ev and through what comes of it at once: the ends of foreground jobs, and whether
// addresses could be had to listen on.
func (h *Host) run(ev node.Event) {
	defer h.recoverCore()
	h.step(ev)
	for !h.ended && len(h.jobs)+len(h.listened) > 0 {
		from := &h.jobs
		if len(*from) == 0 {
			from = &h.listened
		}
		ev := (*from)[0]
		*from = (*from)[1:]
		h.step(ev)
	}
}

func (h *Host) step(ev node.Event) {
	at := node.Instant(time.Now().UnixNano())
	now := at
	if h.cfg.ClockOffset != nil {
		now = now.Add(h.cfg.ClockOffset())
	}
	h.ev = ev // the core gets a pointer: one to ev would put a new event on the heap each time
	h.core.Step(now, &h.ev, &h.fx)
	list := h.fx.List()
	for i := range list {
		h.carryOut(at, &list[i])
		if h.ended {
			break
		}
	}
	h.fx.Reset()
}

// recoverCore ends the life of a core that panicked. It may not be stepped again: its state is anybody's guess.
func (h *Host) recoverCore() {
	if v := recover(); v != nil {
		h.failed(&Panic{Value: v, Stack: debug.Stack()})
	}
}

func (h *Host) failed(p *Panic) {
	now := node.Instant(time.Now().UnixNano())
	h.log(h.logFile, node.LogLine(os.Getpid(), h.logRole, now, node.LogWarning, p.Error()))
	h.end(0, p)
}

// end ends the life, with the core's lock held.
func (h *Host) end(status int, err error) {
	if h.ended {
		return
	}
	h.ended, h.status, h.err = true, status, err
	h.cancel()
	for _, t := range h.timers {
		t.clock.Stop()
	}
	for _, l := range h.listens {
		l.Close()
	}
	for _, c := range h.sockets {
		if c != nil {
			c.shut()
		}
	}
	h.files.closeAll()
	if e, ok := h.core.(node.Ender); ok {
		e.End()
	}
	h.life.Lock()
	h.closing = true
	h.life.Unlock()
	if h.poller != nil {
		h.poller.wake()
	}
	close(h.done)
}
