package sentinel

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// testWorld carries the effects of a few cores in virtual time: every byte takes a millisecond, files are written at
// once, and nothing is left to chance but what the cores draw.
type testWorld struct {
	now      time.Duration
	seq      int
	queue    eventQueue
	machines map[string]*testMachine // by IP
	byName   map[string]*testMachine
	order    []*testMachine
	pairs    map[*testEnd]*testEnd
	cut      map[[2]string]bool // from, to: what is sent is lost
	hop      time.Duration      // what every byte takes
}

// epoch is when the world begins, by its machines' clocks.
var epoch = node.Instant(time.Date(2019, 3, 26, 12, 0, 0, 0, time.UTC).UnixNano())

type testMachine struct {
	w        *testWorld
	name, ip string
	boot     func(m *testMachine) node.Core
	core     node.Core
	out      node.Effects
	life     int
	skew     time.Duration
	paused   bool
	held     []func()
	files    map[string]string
	fileErr  node.Errno
	listens  map[string]bool
	conns    map[node.ConnID]*testEnd
	accepted node.ConnID
	timers   map[node.TimerID]int
	log      []string
	notes    []node.Note
	exit     int
	scripts  []string

	scriptsHang bool
	onSend      func() // before bytes leave
	knownAs     string // a Sentinel's ID
}

type testEnd struct {
	m    *testMachine
	life int
	id   node.ConnID
	from string // source address it was dialled from
}

type queued struct {
	at  time.Duration
	seq int
	run func()
}

type eventQueue []queued

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(queued)) }
func (q *eventQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func newWorld() *testWorld {
	return &testWorld{machines: map[string]*testMachine{}, byName: map[string]*testMachine{}, pairs: map[*testEnd]*testEnd{},
		cut: map[[2]string]bool{}, hop: time.Millisecond}
}

func (w *testWorld) after(d time.Duration, run func()) {
	w.seq++
	heap.Push(&w.queue, queued{w.now + d, w.seq, run})
}

func (w *testWorld) advance(d time.Duration) {
	until := w.now + d
	for len(w.queue) > 0 && w.queue[0].at <= until {
		next := heap.Pop(&w.queue).(queued)
		w.now = next.at
		next.run()
	}
	w.now = until
}

func (w *testWorld) add(name, ip string, boot func(*testMachine) node.Core) *testMachine {
	m := &testMachine{w: w, name: name, ip: ip, boot: boot, files: map[string]string{}}
	w.machines[ip], w.byName[name] = m, m
	w.order = append(w.order, m)
	return m
}

func (m *testMachine) start() {
	m.life++
	m.out = node.Effects{}
	m.listens, m.conns, m.timers = map[string]bool{}, map[node.ConnID]*testEnd{}, map[node.TimerID]int{}
	m.accepted, m.exit, m.paused, m.held = 0, -1, false, nil
	m.core = m.boot(m)
	m.step(&node.Event{Kind: node.Started})
}

// kill ends the process; its peers see their connections close.
func (m *testMachine) kill() {
	m.w.named("")
	m.core = nil
	ids := make([]int, 0, len(m.conns))
	for id := range m.conns {
		ids = append(ids, int(id))
	}
	sort.Ints(ids)
	for _, id := range ids {
		m.w.tellPeer(m.conns[node.ConnID(id)], node.Event{Kind: node.Closed, Err: node.ErrReset})
	}
	m.conns = nil
}

func (m *testMachine) pause() { m.paused = true }
func (m *testMachine) resume() {
	m.paused = false
	held := m.held
	m.held = nil
	for _, run := range held {
		run()
	}
}

// deliver hands an event to this life of the machine, later if it is paused.
func (m *testMachine) deliver(life int, ev node.Event) {
	if m.core == nil || m.life != life {
		return
	}
	if m.paused {
		m.held = append(m.held, func() { m.deliver(life, ev) })
		return
	}
	switch ev.Kind {
	case node.Received, node.Dialled, node.DialFailed, node.Closed:
		if m.conns[ev.Conn] == nil {
			return
		}
		if ev.Kind == node.Closed || ev.Kind == node.DialFailed {
			delete(m.conns, ev.Conn)
		}
	}
	m.step(&ev)
}

func (m *testMachine) step(ev *node.Event) {
	m.core.Step(epoch.Add(m.w.now+m.skew), ev, &m.out)
	effects := append([]node.Effect(nil), m.out.List()...)
	var filesDone []node.Event
	for i := range effects {
		e := &effects[i]
		switch e.Kind {
		case node.EffectFile:
			filesDone = append(filesDone, m.file(e))
		case node.EffectListen:
			m.listens[e.Addr] = true
			addr, life := e.Addr, m.life
			m.w.after(0, func() { m.deliver(life, node.Event{Kind: node.Listened, Local: addr}) })
		case node.EffectDial:
			m.dial(e.Conn, e.Addr, e.From)
		case node.EffectSend:
			if m.onSend != nil {
				m.onSend()
			}
			if m.core == nil {
				break
			}
			if end := m.conns[e.Conn]; end != nil {
				m.w.tellPeer(end, node.Event{Kind: node.Received, Bytes: append([]byte(nil), e.Bytes...)})
			}
		case node.EffectClose:
			if end := m.conns[e.Conn]; end != nil {
				m.w.tellPeer(end, node.Event{Kind: node.Closed})
				delete(m.conns, e.Conn)
			}
		case node.EffectSetTimer:
			m.timers[e.Timer]++
			timer, generation, life := e.Timer, m.timers[e.Timer], m.life
			m.w.after(e.After, func() {
				if m.life == life && m.timers[timer] == generation {
					m.deliver(life, node.Event{Kind: node.TimerFired, Timer: timer})
				}
			})
		case node.EffectLog:
			m.log = append(m.log, e.Text)
		case node.EffectNote:
			m.notes = append(m.notes, *e.Note)
		case node.EffectResolve:
			done := node.Event{Kind: node.Resolved, Op: e.Op, Err: node.ErrBadAddress}
			if other := m.w.byName[e.Addr]; other != nil {
				done.Local, done.Err = other.ip, node.ErrNone
			}
			life := m.life
			m.w.after(20*time.Millisecond, func() { m.deliver(life, done) })
		case node.EffectScript:
			m.scripts = append(m.scripts, strings.Join(append([]string{e.Addr}, e.Args...), " "))
			op, life := e.Op, m.life
			if !m.scriptsHang {
				m.w.after(5*time.Millisecond, func() { m.deliver(life, node.Event{Kind: node.ScriptExited, Op: op}) })
			}
		case node.EffectKillScript:
			op, life := e.Op, m.life
			m.w.after(time.Millisecond, func() { m.deliver(life, node.Event{Kind: node.ScriptExited, Op: op, N: -9}) })
		case node.EffectExit:
			m.exit = e.N
			m.kill()
		}
		if m.core == nil {
			return
		}
	}
	m.out.Reset()
	for i := range filesDone {
		m.step(&filesDone[i])
	}
}

func (m *testMachine) file(e *node.Effect) node.Event {
	done := node.Event{Kind: node.FileDone, Op: e.Op}
	for i, step := range e.Steps {
		if m.fileErr != "" && step.Kind != node.ReadFile {
			done.Err, done.N = m.fileErr, int64(i)
			return done
		}
		switch step.Kind {
		case node.ReadFile:
			text, ok := m.files[step.Path]
			if !ok {
				done.Err, done.N = node.ErrNotFound, int64(i)
				return done
			}
			done.Bytes = []byte(text)
		case node.WriteFile, node.ReplaceFile:
			m.files[step.Path] = string(step.Data)
		case node.AppendFile:
			m.files[step.Path] += string(step.Data)
		case node.RenameFile:
			m.files[step.To] = m.files[step.Path]
			delete(m.files, step.Path)
		}
	}
	return done
}

func (m *testMachine) dial(id node.ConnID, addr, from string) {
	if from == "" {
		from = m.ip
	}
	local := fmt.Sprintf("%s:%d", from, 30000+int(id))
	end := &testEnd{m: m, life: m.life, id: id, from: from}
	m.conns[id] = end
	m.w.after(m.w.hop, func() {
		ip, _ := splitAddr(addr)
		peer := m.w.machines[ip]
		if m.w.cut[[2]string{m.ip, ip}] || m.w.cut[[2]string{ip, m.ip}] {
			return // silence
		}
		if peer == nil || peer.core == nil || !peer.listens[addr] {
			m.w.after(m.w.hop, func() { m.deliver(end.life, node.Event{Kind: node.DialFailed, Conn: id, Err: node.ErrRefused}) })
			return
		}
		peer.accepted += 2
		other := &testEnd{m: peer, life: peer.life, id: peer.accepted}
		peer.conns[other.id] = other
		m.w.pairs[end], m.w.pairs[other] = other, end
		peer.deliver(peer.life, node.Event{Kind: node.Accepted, Conn: other.id, Local: addr, Remote: local})
		m.w.after(m.w.hop, func() { m.deliver(end.life, node.Event{Kind: node.Dialled, Conn: id, Local: local, Remote: addr}) })
	})
}

// tellPeer delivers an event to the other end of a connection, a hop later.
func (w *testWorld) tellPeer(end *testEnd, ev node.Event) {
	peer := w.pairs[end]
	if peer == nil {
		return
	}
	if w.cut[[2]string{end.m.ip, peer.m.ip}] {
		return
	}
	ev.Conn = peer.id
	w.after(w.hop, func() { peer.m.deliver(peer.life, ev) })
}

func (w *testWorld) setCut(a, b string, is bool) {
	x, y := w.byName[a].ip, w.byName[b].ip
	w.cut[[2]string{x, y}], w.cut[[2]string{y, x}] = is, is
}

// addSentinel adds a Sentinel whose file is config.
func (w *testWorld) addSentinel(name, ip, config string) *testMachine {
	path := "/" + name + "/sentinel.conf"
	m := w.add(name, ip, func(m *testMachine) node.Core {
		seed := uint64(0)
		for _, c := range m.name {
			seed = seed*31 + uint64(c)
		}
		return New(Options{ConfigPath: path, Dir: "/" + name, Rand: rand.New(rand.NewPCG(seed, uint64(m.life))), PID: 100 + m.life, Notes: true})
	})
	m.files[path] = config
	return m
}

func (m *testMachine) sentinel() *Sentinel { return m.core.(*Sentinel) }

func (m *testMachine) configFile() string { return m.files["/"+m.name+"/sentinel.conf"] }

// events are the log since the start of the world, without process IDs, times and IDs.
func (m *testMachine) events() []string {
	var out []string
	for _, line := range m.log {
		if f := strings.SplitN(line, " ", 5); len(f) == 5 && strings.HasSuffix(f[0], ":X") {
			line = f[4]
		}
		out = append(out, m.w.named(line))
	}
	return out
}

// named puts machines' names for Sentinels' IDs.
func (w *testWorld) named(text string) string {
	for _, m := range w.order {
		if s, ok := m.core.(*Sentinel); ok {
			m.knownAs = s.id
		}
		if m.knownAs != "" {
			text = strings.ReplaceAll(text, m.knownAs, "<"+m.name+">")
		}
	}
	return text
}
