package sim

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/seed"
	"github.com/ordeal-go/ordeal/node"
)

// machine is one computer with its kernel, its disk, and a process that lives and dies.
type machine struct {
	w     *World
	spec  *cluster.Machine
	index uint16

	clock   wallClock
	disk    disk
	scripts chance // how they end
	timers  timers

	diskTold func(node.FileKind) // of what changed something on the disk; nil: nobody wants to know

	// The process.
	up       bool
	life     int
	core     node.Core
	source   *rand.PCG // of what the core draws
	kills    int       // faults in force that keep it down
	pauses   int       // faults in force that keep it stopped
	slow     float64   // how many times as long as it should a step takes; 0: no time
	stopping bool      // it was asked to stop
	mailbox  mailbox
	first    mailbox // what comes before the mailbox: ends of foreground jobs
	out      *node.Effects
	next     int    // the effect to be carried out next
	running  bool   // run is on the stack
	blocked  bool   // by a foreground job or Busy
	blocks   uint32 // how many times it was blocked: the number of the block in force
	log      lastLines

	// Its side of the network.
	links     []link // to every machine, by index; to itself too
	listeners []listener
	host      netip.Addr
	accepted  []*endpoint // by (ConnID-2)/2; nil once gone
	dialled   []*endpoint // by (ConnID-1)/2
	sockets   []*endpoint
	backlog   int // connections that are up and not yet accepted
	port      int // the next ephemeral port
}

// letter is something that a core is to be told, once it can listen.
type letter struct {
	kind node.EventKind
	slot uint32 // an endpoint's index or a timer's slot
	gen  uint32 // of a timer
	n    int64
	done *completion
}

// completion is what the rarer events carry.
type completion struct {
	op     node.OpID
	err    node.Errno
	bytes  []byte
	local  string
	result any
}

// mailbox is a queue of letters in a ring.
type mailbox struct {
	ring  []letter // its length is a power of two
	from  int
	count int
}

func (b *mailbox) push(l letter) {
	if b.count == len(b.ring) {
		b.grow()
	}
	b.ring[(b.from+b.count)&(len(b.ring)-1)] = l
	b.count++
}

func (b *mailbox) grow() {
	ring := make([]letter, max(8, 2*len(b.ring)))
	for i := range b.count {
		ring[i] = b.ring[(b.from+i)&(len(b.ring)-1)]
	}
	b.ring, b.from = ring, 0
}

func (b *mailbox) pop() letter {
	p := &b.ring[b.from]
	l := *p
	p.done = nil
	b.from = (b.from + 1) & (len(b.ring) - 1)
	b.count--
	return l
}

func (b *mailbox) clear() {
	clear(b.ring)
	b.from, b.count = 0, 0
}

// start begins a life. The core hears of it when the world goes on.
func (m *machine) start() {
	m.life++
	m.up, m.stopping = true, false
	m.out, m.next = &node.Effects{}, 0
	m.source = seed.Source(m.w.seed, m.stream())
	m.core = m.spec.New(cluster.Boot{Rand: rand.New(m.source), Life: m.life, PID: m.pid()})
	m.meets()
	m.mailbox.push(letter{kind: node.Started})
	m.w.wake(m)
	m.w.noteLife(m, lifeUp, 0)
	m.w.sink.Up(time.Duration(m.w.now), m.spec.Name)
}

// stream is the name of what the core draws from in this life.
func (m *machine) stream() string { return fmt.Sprintf("machine/%s/%d", m.spec.Name, m.life) }

// pid is the same in every run, and another one in every life.
func (m *machine) pid() int { return 1000*(int(m.index)+1) + m.life }

// drop takes leave of the core.
func (m *machine) drop() {
	if e, ok := m.core.(node.Ender); ok {
		e.End()
	}
}

// end is the end of a process, for the reason why. Its kernel lives on.
func (m *machine) end(why string) {
	m.parts()
	m.drop()
	m.up, m.core = false, nil
	m.mailbox.clear()
	m.first.clear()
	m.out, m.next = nil, 0
	m.blocked = false
	m.blocks++ // what is still in the queue for a block means nothing to the next life
	m.timers.forget()
	m.w.jobs.tear(m)
	m.disk.open = nil
	m.closeSockets()
	m.w.noteLife(m, lifeDown, len(why))
	m.w.sink.Down(time.Duration(m.w.now), m.spec.Name, why)
}

// post tells the core something as soon as it can listen.
func (m *machine) post(l letter) {
	switch {
	case m.running:
		m.mailbox.push(l)
	case m.w.going && m.idle() && !m.w.yields:
		m.running = true
		m.deliver(l)
		m.run()
	case m.w.going:
		m.mailbox.push(l)
		m.run()
	default: // a fault has something to tell
		m.mailbox.push(l)
		m.w.wake(m)
	}
}

// idle says whether the core can be told something without waiting for anything before. Mostly it can, and the
// letter need not go through the mailbox.
func (m *machine) idle() bool {
	return m.up && m.mailbox.count == 0 && m.first.count == 0 && m.pauses == 0 && !m.blocked && m.next == len(m.out.List())
}

// run goes on with the machine's life as far as it goes at this moment: first the effects that wait, then the
// letters, until the core is blocked, stopped or down, or has heard everything. Where the world yields it goes on later.
func (m *machine) run() {
	m.running = true
	for life := m.life; m.up && m.life == life && m.pauses == 0 && !m.blocked; {
		if m.w.yields {
			m.w.wake(m)
			break
		}
		switch {
		case m.next < len(m.out.List()):
			m.carryOut()
		case m.first.count > 0:
			m.deliver(m.first.pop())
		case m.mailbox.count > 0:
			m.deliver(m.mailbox.pop())
		default:
			m.running = false
			return
		}
	}
	m.running = false
}

// deliver makes an event of a letter and steps the core, unless the letter is about something that is gone.
func (m *machine) deliver(l letter) {
	ev := m.w.blankEvent(l.kind)
	switch l.kind {
	case node.Received:
		e := m.w.endpoints[l.slot]
		if e == nil || !e.read(ev) {
			return
		}
	case node.TimerFired:
		id, ok := m.timers.fire(l.slot, l.gen)
		if !ok {
			return
		}
		ev.Timer = id
	case node.Sent:
		e := m.w.endpoints[l.slot]
		if e == nil || e.state != established {
			return
		}
		ev.Conn, ev.N = e.id, l.n
	case node.Accepted:
		e := m.w.endpoints[l.slot]
		if e == nil || !e.accept(ev) {
			return
		}
	case node.Dialled, node.DialFailed:
		e := m.w.endpoints[l.slot]
		if e == nil || !e.dialEnded(ev, l) {
			return
		}
	default:
		ev.N = l.n
		if d := l.done; d != nil {
			ev.Op, ev.Err, ev.Bytes, ev.Local, ev.Result = d.op, d.err, d.bytes, d.local, d.result
		}
	}
	m.w.step(m, ev)
	if m.slow > 0 && m.up {
		m.toil(len(ev.Bytes))
	}
}

// block keeps the core from everything until unblock is called with the number it returns.
func (m *machine) block() uint32 {
	m.blocked = true
	m.blocks++
	return m.blocks
}

// carryOut does what the core asked for in its last step, up to the first effect that blocks it.
func (m *machine) carryOut() {
	w := m.w
	life := m.life
	list := m.out.List()
	for m.next < len(list) {
		ef := &list[m.next]
		m.next++
		w.noteEffect(m, ef)
		m.carry(ef)
		if m.life != life || !m.up {
			return
		}
		if m.blocked || w.yields {
			break
		}
	}
	w.flushDirty()
	if m.next == len(list) {
		m.out.Reset()
		m.next = 0
	}
}

func (m *machine) carry(ef *node.Effect) {
	w := m.w
	switch ef.Kind {
	case node.EffectSend:
		if e := m.socket(ef.Conn); e != nil {
			e.send(ef.Bytes, ef.Flag)
		}
	case node.EffectSetTimer:
		m.setTimer(ef.Timer, int64(ef.After))
	case node.EffectStopTimer:
		m.stopTimer(ef.Timer)
	case node.EffectNote:
		w.sink.Note(time.Duration(w.now), m.spec.Name, ef.Note)
	case node.EffectLog:
		m.logLine(ef.Addr, ef.Text)
	case node.EffectClose:
		if e := m.socket(ef.Conn); e != nil {
			e.close(ef.Flag)
		}
	case node.EffectHold:
		if e := m.socket(ef.Conn); e != nil {
			e.hold(ef.Flag)
		}
	case node.EffectListen:
		m.listen(ef.Addr)
	case node.EffectDial:
		m.dial(ef.Conn, ef.Addr, ef.From)
	case node.EffectFile:
		w.jobs.startFile(m, ef)
	case node.EffectWork:
		w.jobs.startWork(m, ef)
	case node.EffectScript:
		w.jobs.startScript(m, ef)
	case node.EffectKillScript:
		w.jobs.killScript(m, ef.Op)
	case node.EffectResolve:
		m.resolve(ef.Op, ef.Addr)
	case node.EffectBusy:
		w.queue.push(item{at: w.now + max(0, int64(ef.After)), what: unblock, machine: m.index, b: m.block()})
	case node.EffectExit:
		w.flushDirty()
		m.exit(ef.N)
	default:
		panic(fmt.Sprintf("sim: machine %s asks for an effect this world does not know: %v", m.spec.Name, ef.Kind))
	}
}

// unblock ends a block, if it is still the one in force.
func (m *machine) unblock(number uint32) {
	if m.blocked && m.blocks == number {
		m.blocked = false
		m.run()
	}
}

// exit is the end of a process by its own will: a finding, unless it was asked to.
func (m *machine) exit(status int) {
	why := fmt.Sprintf("exit %d", status)
	if m.stopping {
		m.end(why)
		m.startIfFree()
		return
	}
	if m.disk.excuses() {
		m.end(why)
		m.superviseAfterBadDisk()
		return
	}
	m.w.fail(&cluster.Died{Machine: m.spec.Name, At: time.Duration(m.w.now), Why: why, Log: m.log.lines()})
	m.end(why)
}

func (m *machine) logLine(file, line string) {
	m.log.add(line)
	if file != "" {
		m.disk.appendLine(file, line)
	}
	m.w.sink.Log(time.Duration(m.w.now), m.spec.Name, line)
}

// lastLines keeps the last lines of a log.
type lastLines struct {
	ring [20]string
	n    int
}

func (l *lastLines) add(line string) {
	l.ring[l.n%len(l.ring)] = line
	l.n++
}

func (l *lastLines) lines() []string {
	var lines []string
	for i := max(0, l.n-len(l.ring)); i < l.n; i++ {
		lines = append(lines, l.ring[i%len(l.ring)])
	}
	return lines
}
