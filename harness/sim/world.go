package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
)

// Config says what a world consists of.
type Config struct {
	Machines []cluster.Machine // their order counts: it is part of what makes a run
	Seed     uint64
	Sink     cluster.Sink // may be nil
	Network  NetworkModel
	Disk     DiskModel
	TraceLog io.Writer // gets every event and effect as a line of text; nil: none
}

// World is the deterministic world. It is used from one goroutine; nothing in it happens but during Advance.
type World struct {
	now   int64 // virtual time in ns
	seed  uint64
	queue queue

	machines []*machine
	byName   map[string]*machine
	byIP     map[netip.Addr]*machine
	net      NetworkModel
	diskOf   DiskModel

	endpoints []*endpoint // by index; nil once gone
	// conversations counts the connections that somebody listens to.
	conversations int
	dirty         []*endpoint // with bytes that this step has sent
	freePieces    *piece
	reading       *piece // what the core is being told
	scratch       []byte
	jobs          jobs
	outsiders     []*machine // whose cores have a part outside; they are up

	event   node.Event
	inCore  *machine // whose code is running
	going   bool     // time passes
	yields  bool     // it stands still at this moment, for somebody to do something
	failure error
	faults  []*inForce

	digest digest
	trace  *traceLog
	sink   cluster.Sink
	steps  uint64
	closed bool
}

// Open makes a world in which every machine is down.
func Open(c Config) (*World, error) {
	w := &World{seed: c.Seed, sink: c.Sink, net: c.Network.withDefaults(), diskOf: c.Disk.withDefaults(),
		byName: map[string]*machine{}, byIP: map[netip.Addr]*machine{}, digest: newDigest()}
	if w.sink == nil {
		w.sink = nobody{}
	}
	if c.TraceLog != nil {
		w.trace = newTraceLog(c.TraceLog)
	}
	for i := range c.Machines {
		if err := w.addMachine(&c.Machines[i]); err != nil {
			return nil, err
		}
	}
	for _, from := range w.machines {
		for _, to := range w.machines {
			from.links = append(from.links, w.newLink(from, to))
		}
	}
	return w, nil
}

func (w *World) addMachine(spec *cluster.Machine) error {
	if spec.Name == "" || spec.New == nil {
		return fmt.Errorf("sim: machine %d (%q) needs a name and a core", len(w.machines), spec.Name)
	}
	if w.byName[spec.Name] != nil {
		return fmt.Errorf("sim: two machines are called %s", spec.Name)
	}
	if len(w.machines) == 1<<16 {
		return errors.New("sim: a world has at most 65536 machines")
	}
	m := &machine{w: w, spec: spec, index: uint16(len(w.machines)), port: firstEphemeral}
	for _, text := range []string{spec.Host, spec.Announce} {
		if text == "" {
			continue
		}
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return fmt.Errorf("sim: machine %s: %w", spec.Name, err)
		}
		if other := w.byIP[ip]; other != nil && other != m {
			return fmt.Errorf("sim: machines %s and %s both have the address %s", other.spec.Name, spec.Name, ip)
		}
		w.byIP[ip] = m
		if !m.host.IsValid() {
			m.host = ip
		}
	}
	if !m.host.IsValid() {
		return fmt.Errorf("sim: machine %s has no address: set Host", spec.Name)
	}
	model := w.diskOf
	if spec.Speed > 0 {
		model.Bandwidth = spec.Speed
	}
	m.disk = newDisk(&model, diskChance(w.seed, m), spec.Files)
	m.scripts = scriptChance(w.seed, m)
	w.machines = append(w.machines, m)
	w.byName[spec.Name] = m
	return nil
}

func (w *World) newLink(from, to *machine) link {
	l := link{latency: int64(w.net.Latency), jitter: int64(w.net.Jitter), bandwidth: w.net.Bandwidth,
		state: linkChance(w.seed, from, to)}
	if from == to {
		l.latency, l.jitter, l.bandwidth = int64(w.net.Loopback), 0, 0
	}
	return l
}

// owner is the machine that has the address ip.
func (w *World) owner(ip netip.Addr) *machine { return w.byIP[ip] }

func (w *World) machine(name string) (*machine, error) {
	if m := w.byName[name]; m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("sim: there is no machine called %q", name)
}

// Start starts machines by name, each for the first time or after it went down. Their cores hear of it when the
// world goes on. A machine that is up stays as it is.
func (w *World) Start(ctx context.Context, machines ...string) error {
	for _, name := range machines {
		m, err := w.machine(name)
		if err != nil {
			return err
		}
		if m.kills > 0 {
			return fmt.Errorf("sim: machine %s cannot start while a fault keeps it down: lift the fault, or restart it", name)
		}
		if !m.up {
			m.start()
		}
	}
	return nil
}

// Elapsed is the virtual time since the world was opened.
func (w *World) Elapsed() time.Duration { return time.Duration(w.now) }

// Steps is how many events the cores have been given so far.
func (w *World) Steps() uint64 { return w.steps }

// Tell gives a message to the core of a client or of the observer.
func (w *World) Tell(machine, message string) error {
	m, err := w.machine(machine)
	if err != nil {
		return err
	}
	if k := m.spec.Kind; k == cluster.Server || k == cluster.Sentinel {
		return fmt.Errorf("sim: machine %s is a %s: only clients and the observer are told anything", machine, k)
	}
	if !m.up {
		return fmt.Errorf("sim: machine %s is down and cannot be told anything", machine)
	}
	m.mailbox.push(letter{kind: node.Told, done: &completion{bytes: []byte(message)}})
	w.wake(m)
	return nil
}

// wake makes a machine go on when the world does.
func (w *World) wake(m *machine) { w.queue.push(item{at: w.now, what: runMachine, machine: m.index}) }

// Advance lets the world go on until Elapsed reaches until. It fails with a [cluster.Died] when a machine goes down
// that nobody brought down; from then on the world stands still, and every Advance returns that error. It returns
// earlier if the sink asks for that by [World.Yield].
func (w *World) Advance(ctx context.Context, until time.Duration) error {
	if w.failure != nil {
		return w.failure
	}
	if w.closed {
		return errors.New("sim: the world is closed")
	}
	w.yields = false
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		more = w.happenings(int64(until), 4096)
		if w.failure != nil {
			return w.failure
		}
		if w.yields {
			return nil
		}
	}
	w.now = max(w.now, int64(until))
	return nil
}

// Yield makes the Advance under way return at this very moment: no core hears anything more, and no effect of one is
// carried out any more, before the next Advance. Sinks call it.
func (w *World) Yield() { w.yields = w.going }

// happenings lets at most n things happen, none after until; it says whether any are left. A panic of a core ends
// it. Whatever else panics is a defect of this world, and goes on panicking.
func (w *World) happenings(until int64, n int) (more bool) {
	w.going = true
	defer func() {
		w.going = false
		if w.inCore == nil {
			return
		}
		if reason := recover(); reason != nil {
			w.panicked(reason, string(debug.Stack()))
		}
	}()
	for range n {
		if len(w.outsiders) > 0 {
			w.outside(until)
			if w.failure != nil || w.yields {
				return false
			}
		}
		if !w.queue.due(until) {
			return false
		}
		w.happen(w.queue.pop())
		if w.failure != nil || w.yields {
			return false
		}
	}
	return true
}

func (w *World) happen(it item) {
	w.now = it.at
	m := w.machines[it.machine]
	switch it.what {
	case runMachine:
		m.run()
	case unblock:
		m.unblock(it.b)
	case timerDue:
		m.timerDue(it.a, it.b)
	case jobStep:
		w.jobs.stepDone(it.a, it.b)
	case supervised:
		if !m.up && uint32(m.life) == it.b {
			m.startIfFree()
		}
	case stopLimit:
		m.stopOverdue(it.b)
	default:
		if e := w.endpoints[it.a]; e != nil {
			e.happen(&it)
		}
	}
}

func (e *endpoint) happen(it *item) {
	switch it.what {
	case arrival:
		e.arrival()
	case windowOpens:
		e.windowOpens(int(it.b))
	case retransmit:
		e.retransmit(it.b)
	case giveUp:
		e.giveUp(it.b)
	case synArrives:
		e.requested()
	case synAnswered:
		e.answered(it.b == 1)
	case synAgain:
		if e.state == connecting {
			e.request(int(it.b))
		}
	case proxyGoesOn:
		e.proxyGoesOn()
	case disowned:
		e.disowned()
	default:
		panic(fmt.Sprintf("sim: the queue holds an item of unknown kind %d", it.what))
	}
}

// blankEvent returns the event that is used for every core, with nothing in it but its kind. The frequent kinds are
// cleared field by field: the whole struct is large, and full of pointers.
func (w *World) blankEvent(kind node.EventKind) *node.Event {
	ev := &w.event
	switch ev.Kind {
	case node.Received, node.Sent, node.TimerFired:
		ev.Conn, ev.Timer, ev.N, ev.Bytes = 0, 0, 0, nil
	default:
		*ev = node.Event{}
	}
	ev.Kind = kind
	return ev
}

// step gives one event to a core.
func (w *World) step(m *machine, ev *node.Event) {
	w.steps++
	w.noteEvent(m, ev)
	w.inCore = m
	m.core.Step(m.clock.at(w.now), ev, m.out)
	w.inCore = nil
	if w.reading != nil {
		w.freePiece(w.reading)
		w.reading = nil
	}
}

// panicked is the end of a core that broke an invariant: a finding.
func (w *World) panicked(reason any, stack string) {
	m := w.inCore
	w.inCore = nil
	why := fmt.Sprintf("panic: %v", reason)
	if v, ok := reason.(node.Violation); ok {
		why = v.Error()
	}
	w.reading = nil // the core may have kept it
	m.running = false
	w.fail(&cluster.Died{Machine: m.spec.Name, At: time.Duration(w.now), Why: why, Log: m.log.lines(), Stack: stack})
	m.end(why)
}

func (w *World) fail(d *cluster.Died) {
	if w.failure == nil {
		w.failure = d
	}
}

// Close ends the world and returns its trace hash: 256 bits over every event and effect, as 64 hexadecimal digits.
func (w *World) Close() (trace string, err error) {
	w.closed = true
	for _, m := range w.machines {
		m.drop()
	}
	w.digest.words(uint64(w.now), w.steps, uint64(len(w.machines)), w.seed)
	if w.trace != nil {
		err = w.trace.flush()
	}
	return w.digest.sum(), err
}

// nobody is a sink that nobody listens to.
type nobody struct{}

func (nobody) Note(time.Duration, string, *node.Note) {}
func (nobody) Log(time.Duration, string, string)      {}
func (nobody) Down(time.Duration, string, string)     {}
func (nobody) Up(time.Duration, string)               {}
