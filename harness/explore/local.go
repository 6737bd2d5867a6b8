package explore

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/sentinel"
)

// localID is a state of one machine, whatever the others do.
type localID int32

// local is a state of one machine. Its core is led to it through the events since the start of its life.
type local struct {
	machine int
	life    int
	disk    map[string]string // with which its life began; of the first state of a life
	parent  localID           // -1: the first state of a life
	by      event
	open    []connName // its connections, dialled or accepted, in order
	infos   []infoHeard
	live    *host // in this state, if nobody has stepped it on
	meets   map[event]*outcome
}

// infoHeard is the last INFO that was heard of a machine.
type infoHeard struct {
	of  int
	msg msgID
}

// outcome is what an event does to a machine in some state.
type outcome struct {
	to    localID
	dead  string // why its process ended, "" while it runs
	deeds []deed
	says  []fact
	lines []string // of its log
	wrote bool     // its file
	drew  bool     // something at random, beside the moment of its next tick
	still bool     // nothing changed
}

// locals are all states of all machines that the search has met.
type locals struct {
	machines []cluster.Machine
	messages *messages
	horizon  time.Duration
	list     []*local
	byKey    map[string]localID
	steps    int // of cores
	led      int // of these, to lead a core through its life again
}

// first is the state of a machine right after the start of a life.
func (l *locals) first(machine, life int, disk map[string]string) (localID, *outcome) {
	h := boot(l.machines, machine, life, maps.Clone(disk), l.messages)
	o := l.outcomeOf(h)
	key := binary.AppendVarint([]byte{byte(machine)}, int64(life))
	for _, path := range slices.Sorted(maps.Keys(disk)) {
		key = append(key, path+"\n"+disk[path]...)
	}
	o.to = l.place("born"+string(key), &local{machine: machine, life: life, disk: maps.Clone(disk), parent: -1}, h)
	return o.to, o
}

// meet is what event e does to a machine in state at.
func (l *locals) meet(at localID, e event) *outcome {
	from := l.list[at]
	if o := from.meets[e]; o != nil {
		return o
	}
	h := l.take(at)
	l.steps++
	h.step(e)
	o := l.outcomeOf(h)
	switch {
	case o.dead != "":
		o.to = at
	case h.spec.Kind == cluster.Server && e.what == hears && l.messages.of(e.msg).reads:
		o.to, o.still = at, true
		from.live = h // but for what it counts, it is where it was
	default:
		o.to = l.place(l.key(h), &local{machine: from.machine, life: from.life, parent: at, by: e}, h)
		o.still = o.to == at
	}
	if from.meets == nil {
		from.meets = map[event]*outcome{}
	}
	from.meets[e] = o
	return o
}

// key tells a machine's states apart.
func (l *locals) key(h *host) string {
	b := []byte{byte(h.index), byte(h.life)}
	s, ok := h.core.(*sentinel.Sentinel)
	if !ok {
		return string(h.appendStory(b))
	}
	b = s.AppendState(b, l.horizon, sentinel.Naming{
		Conn: func(id node.ConnID) string { return string(binary.BigEndian.AppendUint16(nil, uint16(h.named[id]))) },
		Word: func(word string) string { return word },
	})
	for i := range l.machines {
		if msg, heard := h.lastInfo[i]; heard {
			b = binary.AppendVarint(append(b, byte(i)), int64(msg))
		}
	}
	return string(append(b, h.disk[h.spec.ConfigPath]...))
}

// place finds the state called key, or adds it as is; either may use h on its way on.
func (l *locals) place(key string, is *local, h *host) localID {
	id, known := l.byKey[key]
	if !known {
		id = localID(len(l.list))
		is.open = slices.Sorted(maps.Keys(h.conns))
		for _, of := range slices.Sorted(maps.Keys(h.lastInfo)) {
			is.infos = append(is.infos, infoHeard{of, h.lastInfo[of]})
		}
		l.list = append(l.list, is)
		l.byKey[key] = id
	}
	if l.list[id].live == nil && h.dead == "" {
		l.list[id].live = h
	}
	return id
}

// take returns a core in state id, to be stepped on: the one that waits there, or another one that is led there.
func (l *locals) take(id localID) *host {
	at := l.list[id]
	if h := at.live; h != nil {
		at.live = nil
		return h
	}
	var events []event
	for ; at.parent >= 0; at = l.list[at.parent] {
		events = append(events, at.by)
	}
	h := boot(l.machines, at.machine, at.life, maps.Clone(at.disk), l.messages)
	for _, e := range slices.Backward(events) {
		l.steps++
		l.led++
		h.step(e)
	}
	return h
}

// diskOf is what lies on the disk of a machine in state id.
func (l *locals) diskOf(id localID) map[string]string {
	h := l.take(id)
	l.list[id].live = h
	return maps.Clone(h.disk)
}

func (l *locals) outcomeOf(h *host) *outcome {
	o := &outcome{dead: h.dead, deeds: h.deeds, wrote: h.wrote, lines: h.lines}
	if h.spec.Kind == cluster.Sentinel {
		// A tick always draws when the next one is, which rounds decide here.
		o.drew = h.chance.drawn > 1 || h.chance.drawn == 1 && !h.ticked
		o.says = factsOf(h.index, h.notes)
	}
	return o
}

// log are the words of a log line behind process, time and level.
func (l *locals) log(line string) string {
	if f := strings.SplitN(line, " ", 6); len(f) == 6 {
		line = f[5]
	}
	return l.named(line)
}

// named puts machines' names for IDs and addresses.
func (l *locals) named(line string) string {
	for i := range l.machines {
		m := &l.machines[i]
		for _, known := range []string{idOf(i), m.Addr(), strings.Replace(m.Addr(), ":", " ", 1)} {
			line = strings.ReplaceAll(line, known, m.Name)
		}
	}
	return line
}

// idOf is the ID that machine number i has as a Sentinel.
func idOf(i int) string { return strings.Repeat(string("0123456789abcdef"[i]), 40) }

// heard is the last INFO that a machine in state at heard of another one, -1 for none.
func (l *locals) heard(at localID, of int) msgID {
	for i := range l.list[at].infos {
		if l.list[at].infos[i].of == of {
			return l.list[at].infos[i].msg
		}
	}
	return -1
}
