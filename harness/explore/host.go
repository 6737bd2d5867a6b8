package explore

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/node"
)

// connName is a connection between two machines, by a name that means the same on every path that leads to a state: the
// machine that dialled it, the one it leads to, and a small number that tells those of the same pair apart.
type connName uint16

func nameConn(dialler, target, number int) connName {
	return connName(dialler<<12 | target<<8 | number)
}

func (c connName) dialler() int { return int(c >> 12) }
func (c connName) target() int  { return int(c>>8) & 0xf }

// peer is the machine at the other end of machine's.
func (c connName) peer(machine int) int {
	if c.dialler() == machine {
		return c.target()
	}
	return c.dialler()
}

// happening is what a machine is told.
type happening uint8

const (
	ticks    happening = iota + 1 // its timers go on by n rounds, the due ones fire
	accepts                       // conn is new, and comes in
	connects                      // conn, which it dialled, is up
	refused                       // conn, which it dialled, is not to be had
	hears                         // a message on conn
	loses                         // conn, closed by the other end
)

// event is something that happens to one machine. Equal events at equal states have equal outcomes.
type event struct {
	what   happening
	conn   connName
	msg    msgID // hears
	n      uint8 // ticks: rounds
	longer bool  // what is drawn at random in this step is as much as it can be, and not as little
}

// deed is what a machine does to the network.
type deed struct {
	what deedKind
	conn connName
	msg  msgID // sends
}

type deedKind uint8

const (
	sends deedKind = iota + 1
	dials
	closes
)

// host carries the effects of one core out, as far as a machine alone can: its disk, its clock, its connections by name.
type host struct {
	spec     *cluster.Machine
	index    int
	servers  int // how many there are: the first ones of the machines
	messages *messages
	life     int
	core     node.Core
	out      node.Effects
	now      node.Instant
	chance   *chance
	disk     map[string]string
	opened   map[node.FileID]string
	due      map[node.TimerID]node.Instant // of a server; a Sentinel's one timer is the round's
	named    map[node.ConnID]connName
	conns    map[connName]node.ConnID
	accepted node.ConnID
	dead     string                // why the process ended, "" while it runs
	left     map[node.ConnID]int64 // bytes that have left on it
	lastInfo map[int]msgID         // by machine: the last INFO that it heard of it

	// What a server's state is known by.
	story      [2]uint64 // of all that changed its data, its role or its links with other servers
	subscribed map[connName]bool

	// Of the step under way.
	deeds  []deed
	notes  []node.Note
	lines  []string
	wrote  bool
	ticked bool
	next   []node.Event
}

const (
	roundLength = 100 * time.Millisecond
	firstPort   = 30000
)

// birth is when machines' clocks begin.
var birth = node.Instant(time.Date(2019, 3, 26, 12, 0, 0, 0, time.UTC).UnixNano())

// chance is a source that gives the least or the most of everything that is drawn.
type chance struct {
	most  bool
	drawn int
}

// Uint64 implements rand.Source. rand multiplies the upper half and looks at the upper half of the product; it draws again
// where the lower half of that is small, in the name of fairness, so that the least is not 0.
func (c *chance) Uint64() uint64 {
	c.drawn++
	if c.most {
		return 0xffff_ffff_0000_0000
	}
	return 1 << 32
}

// boot starts a life of a machine with what lies on its disk.
func boot(machines []cluster.Machine, index, life int, disk map[string]string, m *messages) *host {
	spec := &machines[index]
	h := &host{spec: spec, index: index, messages: m, life: life, now: birth, disk: disk, opened: map[node.FileID]string{}, chance: &chance{},
		due: map[node.TimerID]node.Instant{}, named: map[node.ConnID]connName{}, conns: map[connName]node.ConnID{}, left: map[node.ConnID]int64{}, lastInfo: map[int]msgID{}, subscribed: map[connName]bool{}}
	for i := range machines {
		if machines[i].Kind == cluster.Server {
			h.servers++
		}
	}
	var source rand.Source = h.chance
	if spec.Kind == cluster.Server {
		source = rand.NewPCG(uint64(index), uint64(life)) // run and replication IDs of its own
	}
	h.core = spec.New(cluster.Boot{Rand: rand.New(source), Life: life, PID: 100*(index+1) + life})
	h.run(node.Event{Kind: node.Started})
	return h
}

// step tells the core what happened. What it did is in deeds, notes and lines until the next step.
func (h *host) step(e event) {
	h.deeds, h.notes, h.lines, h.wrote, h.ticked = nil, nil, nil, false, e.what == ticks
	h.chance.drawn, h.chance.most = 0, e.longer
	peer := h.peerAddr(e.conn)
	if h.spec.Kind == cluster.Server {
		h.goesOn(e)
	}
	switch e.what {
	case ticks:
		h.goOn(time.Duration(e.n) * roundLength)
	case accepts:
		h.accepted += 2
		h.named[h.accepted], h.conns[e.conn] = e.conn, h.accepted
		h.run(node.Event{Kind: node.Accepted, Conn: h.accepted, Local: h.spec.Addr(), Remote: peer})
	case connects:
		h.run(node.Event{Kind: node.Dialled, Conn: h.conns[e.conn], Local: h.spec.Host + ":" + strconv.Itoa(firstPort), Remote: peer})
	case refused:
		h.run(node.Event{Kind: node.DialFailed, Conn: h.lose(e.conn), Err: node.ErrRefused})
	case hears:
		if h.messages.of(e.msg).info {
			h.lastInfo[e.conn.peer(h.index)] = e.msg
		}
		h.run(node.Event{Kind: node.Received, Conn: h.conns[e.conn], Bytes: []byte(h.messages.of(e.msg).bytes)})
	case loses:
		h.run(node.Event{Kind: node.Closed, Conn: h.lose(e.conn), Err: node.ErrReset})
	}
}

// goesOn adds e to a server's story. Who of the Sentinels came, went and subscribed in which order is no part of it: only
// that they are there.
func (h *host) goesOn(e event) {
	is := message{}
	if e.what == hears {
		is = *h.messages.of(e.msg)
	}
	if is.subscribes {
		h.subscribed[e.conn] = true
	}
	if e.what == ticks || e.conn.peer(h.index) < h.servers || e.what == hears && !is.subscribes && !is.reads {
		b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, h.story[0]), h.story[1])
		b = append(b, byte(e.what), e.n)
		if e.conn.peer(h.index) < h.servers {
			b = binary.BigEndian.AppendUint16(b, uint16(e.conn))
		}
		h.story = hash(append(b, is.bytes...))
	}
}

// appendStory appends what a server's state is known by.
func (h *host) appendStory(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, h.story[0]), h.story[1])
	for _, conn := range slices.Sorted(maps.Keys(h.conns)) {
		b = binary.BigEndian.AppendUint16(b, uint16(conn))
		if h.subscribed[conn] {
			b = append(b, '+')
		}
	}
	return b
}

func (h *host) lose(c connName) node.ConnID {
	id := h.conns[c]
	delete(h.conns, c)
	delete(h.named, id)
	delete(h.subscribed, c)
	delete(h.lastInfo, c.peer(h.index))
	delete(h.left, id)
	return id
}

// peerAddr is the address at which a server sees who calls it, or at which a caller sees a server.
func (h *host) peerAddr(c connName) string {
	peer := c.peer(h.index)
	port := firstPort + int(c&0xff)
	if c.target() == peer {
		port = redis.ServerPort
	}
	return fmt.Sprintf("10.0.0.%d:%d", peer+1, port)
}

// goOn lets d pass, and fires what is due.
func (h *host) goOn(d time.Duration) {
	until := h.now.Add(d)
	if h.spec.Kind == cluster.Sentinel {
		h.now = until
		h.run(node.Event{Kind: node.TimerFired, Timer: h.onlyTimer()})
		return
	}
	for h.dead == "" {
		var timer node.TimerID
		for id, at := range h.due { // any order: the earliest is looked for, of equals the one with the lesser number
			if at <= until && (timer == 0 || at < h.due[timer] || at == h.due[timer] && id < timer) {
				timer = id
			}
		}
		if timer == 0 {
			break
		}
		h.now = max(h.now, h.due[timer])
		delete(h.due, timer)
		h.run(node.Event{Kind: node.TimerFired, Timer: timer})
	}
	h.now = until
}

func (h *host) onlyTimer() node.TimerID {
	for id := range h.due { // any order: there is one
		return id
	}
	return 0
}

// run steps the core through an event and all that its own effects lead to at once. A broken invariant of the core ends
// its life, as it would that of a process.
func (h *host) run(first node.Event) {
	defer func() {
		if p := recover(); p != nil {
			h.dead = fmt.Sprintf("invariant broken: %v", p)
		}
	}()
	h.next = append(h.next[:0], first)
	for len(h.next) > 0 && h.dead == "" {
		ev := h.next[0]
		h.next = h.next[1:]
		h.core.Step(h.now, &ev, &h.out)
		var done []node.Event // foreground jobs: they come before everything else
		for i := range h.out.List() {
			done = append(done, h.carryOut(&h.out.List()[i])...)
		}
		h.out.Reset()
		h.next = append(done, h.next...)
	}
}

// carryOut does one effect, and returns the end of a foreground job.
func (h *host) carryOut(ef *node.Effect) []node.Event {
	switch ef.Kind {
	case node.EffectListen:
		h.next = append(h.next, node.Event{Kind: node.Listened, Local: ef.Addr})
	case node.EffectDial:
		h.dial(ef)
	case node.EffectSend:
		h.send(ef)
	case node.EffectClose:
		if name, open := h.named[ef.Conn]; open {
			h.lose(name)
			h.deeds = append(h.deeds, deed{what: closes, conn: name})
		}
	case node.EffectSetTimer:
		h.due[ef.Timer] = h.now.Add(ef.After)
	case node.EffectStopTimer:
		delete(h.due, ef.Timer)
	case node.EffectFile:
		done := h.file(ef)
		if !ef.Flag {
			return []node.Event{done}
		}
		h.next = append(h.next, done)
	case node.EffectWork:
		h.next = append(h.next, node.Event{Kind: node.WorkDone, Op: ef.Op, Result: ef.Work()})
	case node.EffectNote:
		h.notes = append(h.notes, *ef.Note)
	case node.EffectLog:
		h.lines = append(h.lines, ef.Text)
	case node.EffectExit:
		h.dead = fmt.Sprintf("exit %d", ef.N)
	case node.EffectScript, node.EffectKillScript, node.EffectResolve, node.EffectBusy:
		node.Assert(false, "%s asked for %v, which no plan leads to", h.spec.Name, ef.Kind)
	}
	return nil
}

// dial gives a new connection the least number that its pair does not use.
func (h *host) dial(ef *node.Effect) {
	ip, _, _ := strings.Cut(ef.Addr, ":")
	target, err := strconv.Atoi(strings.TrimPrefix(ip, "10.0.0."))
	node.Assert(err == nil, "%s dials %s, which is no machine's", h.spec.Name, ef.Addr)
	name := nameConn(h.index, target-1, 0)
	for {
		if _, used := h.conns[name]; !used {
			break
		}
		name++
	}
	h.named[ef.Conn], h.conns[name] = name, ef.Conn
	h.deeds = append(h.deeds, deed{what: dials, conn: name})
}

// send joins what one step sends on one connection: it arrives whole.
func (h *host) send(ef *node.Effect) {
	name, open := h.named[ef.Conn]
	if !open {
		return
	}
	h.left[ef.Conn] += int64(len(ef.Bytes))
	if ef.Flag {
		h.next = append(h.next, node.Event{Kind: node.Sent, Conn: ef.Conn, N: h.left[ef.Conn]})
	}
	i := slices.IndexFunc(h.deeds, func(d deed) bool { return d.what == sends && d.conn == name })
	if i < 0 {
		h.deeds = append(h.deeds, deed{sends, name, h.messages.intern(string(ef.Bytes))})
		return
	}
	h.deeds[i].msg = h.messages.intern(h.messages.of(h.deeds[i].msg).bytes + string(ef.Bytes))
}

// file does a job.
func (h *host) file(ef *node.Effect) node.Event {
	done := node.Event{Kind: node.FileDone, Op: ef.Op}
	for i := range ef.Steps {
		step := &ef.Steps[i]
		switch step.Kind {
		case node.ReadFile, node.OpenFile:
			text, there := h.disk[step.Path]
			if !there {
				done.Err, done.N = node.ErrNotFound, int64(i)
				return done
			}
			if step.Kind == node.ReadFile {
				done.Bytes = []byte(text)
				break
			}
			h.opened[step.File], done.N = text, int64(len(text))
		case node.ReadPart:
			text := h.opened[step.File]
			from := min(step.At, int64(len(text)))
			done.Bytes = []byte(text[from:min(from+step.Size, int64(len(text)))])
		case node.CloseFile:
			delete(h.opened, step.File)
		default:
			h.write(step)
		}
	}
	return done
}

// write does a step that changes the disk.
func (h *host) write(step *node.FileStep) {
	switch step.Kind {
	case node.WriteFile, node.ReplaceFile:
		h.disk[step.Path] = string(step.Data)
		h.wrote = true
	case node.AppendFile:
		h.disk[step.Path] += string(step.Data)
	case node.TruncateFile:
		if text := h.disk[step.Path]; int64(len(text)) > step.At {
			h.disk[step.Path] = text[:step.At]
		}
	case node.RenameFile:
		h.disk[step.To] = h.disk[step.Path]
		delete(h.disk, step.Path)
	case node.RemoveFile:
		delete(h.disk, step.Path)
	case node.SyncFile, node.EnterDir: // what was written is there, and so is every folder
	default:
		node.Assert(false, "%s asked for %v, which no plan leads to", h.spec.Name, step.Kind)
	}
}
