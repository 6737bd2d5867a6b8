package server

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// miniWorld runs some servers with nothing between them: bytes arrive at once and in order, time moves when a test
// says so. Whole networks with delays and faults are the simulation's; this is to see what servers say to each other.
type miniWorld struct {
	t        failing
	now      node.Instant
	start    node.Instant
	queue    []*happening // by time, then by order of creation
	made     int
	dialled  int // by tests
	machines []*machine
	clients  map[string]*testClient
	notes    []observed
	workTime time.Duration      // how long a piece of work takes
	chunk    int                // bytes are delivered in pieces of at most that many; 0: whole
	slow     bool               // Sent is not told until drain
	dark     map[[2]string]bool // from, to: bytes are lost, dials hang
	onLog    func(m *machine, line string)
}

type observed struct {
	machine string
	note    node.Note
}

// happening is something that will happen to a machine's current life.
type happening struct {
	at    node.Instant
	order int
	m     *machine
	life  int
	ev    node.Event
	wire  *wire // of Received and the like; nothing arrives on one that is gone
	timer int   // generation, for TimerFired
}

type machine struct {
	name, ip string
	args     []string
	files    map[string][]byte
	open     map[node.FileID][]byte
	core     *Server
	out      node.Effects
	life     int
	up       bool
	listens  map[string]bool
	conns    map[node.ConnID]*wire
	accepted node.ConnID
	timers   map[node.TimerID]int
	timerGen int
	log      []string
	failFile func(node.FileStep) node.Errno
	fake     *testClient // the test speaks for the machine: the connection dialled last
}

// wire is one end of a connection.
type wire struct {
	m      *machine // nil: a test's client
	client *testClient
	conn   node.ConnID
	peer   *wire
	gone   bool
	held   bool // what comes waits
	holds  []*happening
	total  int64
	told   int64 // the last total that Sent was asked for and not told
}

type testClient struct {
	w   *miniWorld
	at  *wire
	in  resp.ReplyParser
	raw []byte
	bye bool
}

// failing is what a test and a property have in common.
type failing interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func newMiniWorld(t failing) *miniWorld {
	start := node.Instant(time.Date(2018, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return &miniWorld{t: t, now: start, start: start, clients: map[string]*testClient{}, dark: map[[2]string]bool{}}
}

// server adds a machine and starts it. Its configuration has a port and no save points.
func (w *miniWorld) server(name string, args ...string) *machine {
	m := &machine{name: name, ip: fmt.Sprintf("10.0.0.%d", len(w.machines)+1), files: map[string][]byte{}}
	m.args = append([]string{"port 6379", "dir /data", "bind " + m.ip, "save \"\"", "always-show-logo no", "loglevel debug"}, args...)
	w.machines = append(w.machines, m)
	w.boot(m)
	return m
}

// fake adds a machine for which the test speaks, to whoever dials it last.
func (w *miniWorld) fake(name string) *machine {
	m := &machine{name: name, ip: fmt.Sprintf("10.0.0.%d", len(w.machines)+1), fake: &testClient{w: w}}
	w.machines = append(w.machines, m)
	return m
}

// boot starts a machine's process with the files that it has.
func (w *miniWorld) boot(m *machine) {
	m.life++
	m.up = true
	m.listens, m.conns, m.timers = map[string]bool{}, map[node.ConnID]*wire{}, map[node.TimerID]int{}
	m.accepted, m.out, m.open = 0, node.Effects{}, map[node.FileID][]byte{}
	m.core = New(Options{
		Args: m.args, Dir: "/data", PID: 100 + m.life, Executable: "/bin/ordeal-node", Notes: true,
		Rand: rand.New(rand.NewPCG(uint64(m.life), uint64(m.ip[len(m.ip)-1]))),
	})
	w.put(&happening{at: w.now, m: m, life: m.life, ev: node.Event{Kind: node.Started}})
	w.settle()
}

func (w *miniWorld) machine(name string) *machine {
	for _, m := range w.machines {
		if m.name == name || m.ip == name {
			return m
		}
	}
	return nil
}

func (w *miniWorld) put(h *happening) {
	h.order = w.made
	w.made++
	i, _ := slices.BinarySearchFunc(w.queue, h, func(a, b *happening) int {
		if a.at != b.at {
			return int(min(max(a.at-b.at, -1), 1))
		}
		return a.order - b.order
	})
	w.queue = slices.Insert(w.queue, i, h)
}

// settle lets everything happen that needs no time.
func (w *miniWorld) settle() { w.run(0) }

// run lets d pass.
func (w *miniWorld) run(d time.Duration) {
	until := w.now.Add(d)
	for n := 0; len(w.queue) > 0 && w.queue[0].at <= until; n++ {
		if n > 5_000_000 {
			w.t.Fatal("the servers never come to rest")
		}
		h := w.queue[0]
		w.queue = w.queue[1:]
		w.now = max(w.now, h.at)
		w.happen(h)
	}
	w.now = until
}

func (w *miniWorld) happen(h *happening) {
	m := h.m
	if !m.up || h.life != m.life || h.wire != nil && h.wire.gone {
		return
	}
	if h.wire != nil && h.wire.held && (h.ev.Kind == node.Received || h.ev.Kind == node.Closed) {
		h.wire.holds = append(h.wire.holds, h)
		return
	}
	if h.ev.Kind == node.TimerFired {
		if m.timers[h.ev.Timer] != h.timer {
			return
		}
		delete(m.timers, h.ev.Timer)
	}
	w.step(m, &h.ev)
}

// step is one Step and, as the contract wants it, those for the foreground jobs that it asks for.
func (w *miniWorld) step(m *machine, ev *node.Event) {
	for ev != nil {
		m.core.Step(w.now, ev, &m.out)
		ev = w.carryOut(m)
	}
}

func (w *miniWorld) carryOut(m *machine) (next *node.Event) {
	life, busy := m.life, time.Duration(0)
	for _, e := range m.out.List() {
		switch e.Kind {
		case node.EffectListen:
			m.listens[e.Addr] = true
			w.put(&happening{at: w.now, m: m, life: life, ev: node.Event{Kind: node.Listened, Local: e.Addr}})
		case node.EffectDial:
			w.dial(m, e)
		case node.EffectSend:
			w.send(m.conns[e.Conn], e.Bytes, e.Flag)
		case node.EffectClose:
			w.hangUp(m.conns[e.Conn], "")
		case node.EffectHold:
			w.hold(m.conns[e.Conn], e.Flag)
		case node.EffectSetTimer:
			m.timerGen++
			m.timers[e.Timer] = m.timerGen
			w.put(&happening{at: w.now.Add(busy + e.After), m: m, life: life, timer: m.timerGen, ev: node.Event{Kind: node.TimerFired, Timer: e.Timer}})
		case node.EffectStopTimer:
			delete(m.timers, e.Timer)
		case node.EffectBusy: // what it does next comes that much later; it hears others meanwhile, as no world lets it
			busy += e.After
		case node.EffectFile:
			done := w.file(m, e)
			if e.Flag {
				w.put(&happening{at: w.now.Add(w.workTime), m: m, life: life, ev: done})
			} else {
				next = &done
			}
		case node.EffectWork:
			result := e.Work()
			w.put(&happening{at: w.now.Add(w.workTime), m: m, life: life, ev: node.Event{Kind: node.WorkDone, Op: e.Op, Result: result}})
		case node.EffectNote:
			w.notes = append(w.notes, observed{m.name, *e.Note})
		case node.EffectLog:
			m.log = append(m.log, e.Text)
			if w.onLog != nil {
				w.onLog(m, e.Text)
			}
		case node.EffectExit:
			w.kill(m)
		}
	}
	m.out.Reset()
	return next
}

func (w *miniWorld) dial(m *machine, e node.Effect) {
	ip, port := front.SplitAddr(e.Addr)
	peer := w.machine(ip)
	local := fmt.Sprintf("%s:%d", m.ip, 40000+int(e.Conn))
	mine := &wire{m: m, conn: e.Conn}
	m.conns[e.Conn] = mine
	switch {
	case peer != nil && (w.dark[[2]string{m.name, peer.name}] || w.dark[[2]string{peer.name, m.name}]):
		return
	case peer != nil && peer.fake != nil:
		peer.fake = &testClient{w: w, at: &wire{peer: mine}}
		peer.fake.at.client = peer.fake
		mine.peer = peer.fake.at
		w.put(&happening{at: w.now, m: m, life: m.life, wire: mine, ev: node.Event{Kind: node.Dialled, Conn: e.Conn, Local: local, Remote: e.Addr}})
		return
	case peer == nil || !peer.up || !peer.listens[ip+":"+port]:
		delete(m.conns, e.Conn)
		w.put(&happening{at: w.now, m: m, life: m.life, ev: node.Event{Kind: node.DialFailed, Conn: e.Conn, Err: node.ErrRefused}})
		return
	}
	w.put(&happening{at: w.now, m: m, life: m.life, wire: mine, ev: node.Event{Kind: node.Dialled, Conn: e.Conn, Local: local, Remote: e.Addr}})
	w.accept(peer, mine, local, e.Addr)
}

// accept gives peer the other end of a connection.
func (w *miniWorld) accept(peer *machine, mine *wire, from, to string) {
	peer.accepted += 2
	theirs := &wire{m: peer, conn: peer.accepted, peer: mine}
	mine.peer = theirs
	peer.conns[theirs.conn] = theirs
	w.put(&happening{at: w.now, m: peer, life: peer.life, wire: theirs,
		ev: node.Event{Kind: node.Accepted, Conn: theirs.conn, Local: to, Remote: from}})
}

func (w *miniWorld) send(from *wire, b []byte, tell bool) {
	if from == nil || from.gone || from.peer == nil {
		return
	}
	from.total += int64(len(b))
	if tell {
		from.told = from.total
		if !w.slow {
			w.tell(from)
		}
	}
	to := from.peer
	if from.m != nil && to.m != nil && w.dark[[2]string{from.m.name, to.m.name}] {
		return
	}
	if to.client != nil {
		to.client.raw = append(to.client.raw, b...)
		to.client.in.Feed(b)
		return
	}
	for len(b) > 0 {
		n := len(b)
		if w.chunk > 0 {
			n = min(n, w.chunk)
		}
		w.put(&happening{at: w.now, m: to.m, life: to.m.life, wire: to,
			ev: node.Event{Kind: node.Received, Conn: to.conn, Bytes: append([]byte(nil), b[:n]...)}})
		b = b[n:]
	}
}

// hold keeps what arrives from a machine that does not want to read it yet.
func (w *miniWorld) hold(at *wire, yes bool) {
	if at == nil {
		return
	}
	at.held = yes
	if !yes {
		for _, h := range at.holds {
			h.at = w.now
			w.put(h)
		}
		at.holds = nil
	}
}

// tell lets a machine know that what it sent has left.
func (w *miniWorld) tell(from *wire) {
	if from.m == nil || from.told == 0 {
		return
	}
	w.put(&happening{at: w.now, m: from.m, life: from.m.life, wire: from, ev: node.Event{Kind: node.Sent, Conn: from.conn, N: from.told}})
	from.told = 0
}

// drain tells all machines once that what they sent has left.
func (w *miniWorld) drain() {
	for _, m := range w.machines {
		for _, conn := range sortedConns(m) {
			w.tell(m.conns[conn])
		}
	}
	w.settle()
}

func sortedConns(m *machine) []node.ConnID {
	var list []node.ConnID
	for conn := range m.conns {
		list = append(list, conn)
	}
	slices.Sort(list)
	return list
}

// hangUp ends a connection from one end; the other one sees it after what was sent.
func (w *miniWorld) hangUp(end *wire, err node.Errno) {
	if end == nil || end.gone {
		return
	}
	end.gone = true
	if end.m != nil {
		delete(end.m.conns, end.conn)
	}
	peer := end.peer
	switch {
	case peer == nil || peer.gone:
	case peer.client != nil:
		peer.gone, peer.client.bye = true, true
	case end.m != nil && w.dark[[2]string{end.m.name, peer.m.name}]: // nobody hears it
	default:
		m := peer.m
		w.put(&happening{at: w.now, m: m, life: m.life, wire: peer, ev: node.Event{Kind: node.Closed, Conn: peer.conn, Err: err}})
	}
}

// cutConns resets all connections between two machines.
func (w *miniWorld) cutConns(a, b *machine) {
	for _, conn := range sortedConns(a) {
		if end := a.conns[conn]; end.peer != nil && end.peer.m == b {
			w.hangUp(end, node.ErrReset)
			w.put(&happening{at: w.now, m: a, life: a.life, ev: node.Event{Kind: node.Closed, Conn: conn, Err: node.ErrReset}})
		}
	}
	w.settle()
}

// darken loses all bytes between two machines, both ways, until light.
func (w *miniWorld) darken(a, b string) {
	w.dark[[2]string{a, b}], w.dark[[2]string{b, a}] = true, true
}

// light ends darkness. Connections that lost bytes are reset, as TCP would find out.
func (w *miniWorld) light(a, b string) {
	delete(w.dark, [2]string{a, b})
	delete(w.dark, [2]string{b, a})
	w.cutConns(w.machine(a), w.machine(b))
}

// kill ends a machine's process.
func (w *miniWorld) kill(m *machine) {
	m.up = false
	for _, conn := range sortedConns(m) {
		w.hangUp(m.conns[conn], "")
	}
}

func (w *miniWorld) file(m *machine, e node.Effect) node.Event {
	done := node.Event{Kind: node.FileDone, Op: e.Op}
	size := int64(0)
	for i, step := range e.Steps {
		done.N = int64(i)
		if m.failFile != nil {
			if done.Err = m.failFile(step); done.Err != node.ErrNone {
				return done
			}
		}
		data, found := m.files[step.Path]
		switch step.Kind {
		case node.ReadFile:
			if !found {
				done.Err = node.ErrNotFound
				return done
			}
			done.Bytes = slices.Clone(data)
		case node.WriteFile, node.ReplaceFile:
			m.files[step.Path] = step.Data
		case node.AppendFile:
			m.files[step.Path] = append(slices.Clone(data), step.Data...)
		case node.TruncateFile:
			m.files[step.Path] = data[:min(int64(len(data)), step.At)]
		case node.RenameFile:
			if !found {
				done.Err = node.ErrNotFound
				return done
			}
			m.files[step.To] = data
			delete(m.files, step.Path)
		case node.RemoveFile:
			delete(m.files, step.Path)
		case node.OpenFile:
			if !found {
				done.Err = node.ErrNotFound
				return done
			}
			m.open[step.File], size = data, int64(len(data))
		case node.ReadPart:
			data := m.open[step.File]
			from := min(step.At, int64(len(data)))
			done.Bytes = slices.Clone(data[from:min(from+step.Size, int64(len(data)))])
		case node.CloseFile:
			delete(m.open, step.File)
		}
	}
	done.N = size
	return done
}

// connect gives the test a connection to a machine.
func (w *miniWorld) connect(m *machine) *testClient {
	c := &testClient{w: w}
	c.at = &wire{client: c}
	w.dialled++
	w.accept(m, c.at, fmt.Sprintf("10.9.9.9:%d", 20000+w.dialled), m.ip+":6379")
	w.settle()
	return c
}

// write sends bytes as they are.
func (c *testClient) write(text string) {
	c.w.send(c.at, []byte(text), false)
	c.w.settle()
}

// say sends a command and returns its reply as redis-cli's raw protocol would show it on one line; "" if none came.
func (c *testClient) say(words ...string) string {
	c.write(string(resp.AppendCommand(nil, words...)))
	return c.reply()
}

func (c *testClient) reply() string {
	r, ok, err := c.in.Next()
	if err != nil {
		c.w.t.Fatalf("no reply in %q: %v", c.raw, err)
	}
	if !ok {
		if c.bye {
			return "(closed)"
		}
		return ""
	}
	return replyText(r)
}

func (c *testClient) hangUp() { c.w.hangUp(c.at, "") }

func replyText(r resp.Reply) string {
	switch {
	case r.Null:
		return "(nil)"
	case r.Kind == '*':
		var parts []string
		for _, e := range r.Elems {
			parts = append(parts, replyText(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case r.Kind == ':':
		return fmt.Sprint(r.Int)
	case r.Kind == '$':
		return string(r.Str)
	}
	return string(r.Kind) + string(r.Str)
}

// do says a command to a machine over a connection that stays.
func (w *miniWorld) do(name string, words ...string) string {
	c := w.clients[name]
	if c == nil || c.bye {
		c = w.connect(w.machine(name))
		w.clients[name] = c
	}
	return c.say(words...)
}

// info returns a field of INFO.
func (w *miniWorld) info(name, field string) string {
	for line := range strings.Lines(w.do(name, "INFO")) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.TrimRight(value, "\r\n")
		}
	}
	return ""
}

// cutTime takes "pid:role time" off a line.
func cutTime(line string) (role byte, text string, ok bool) {
	parts := strings.SplitN(line, " ", 5)
	if len(parts) < 5 {
		return 0, "", false
	}
	return parts[0][len(parts[0])-1], parts[4], true
}
