package sim

import "github.com/ordeal-go/ordeal/node"

// denseTimers is how many timers, from ID 0, a machine finds without a map.
const denseTimers = 256

// timers are the timers of one machine over all its lives. A timer that is moved to a later time leaves its queue
// item where it is; the item moves on when it comes up. So a timeout that is set again with every request costs
// one queue item per period and not one per request.
type timers struct {
	dense []timer
	named map[node.TimerID]uint32 // slots of timers whose ID is too large for dense
	slots []timer
	free  []uint32
}

type timer struct {
	id      node.TimerID
	at      int64  // when it is due, if set
	queued  int64  // when its queue item comes up, if inQueue
	gen     uint32 // of the queue item and letter that are in force
	set     bool
	inQueue bool
	posted  bool // due, and in the mailbox
}

const namedSlot = 1 << 31 // marks an index into slots and not into dense

func (t *timers) slot(s uint32) *timer {
	if s&namedSlot != 0 {
		return &t.slots[s&^namedSlot]
	}
	return &t.dense[s]
}

func (t *timers) find(id node.TimerID) (uint32, bool) {
	if id < denseTimers {
		return uint32(id), int(id) < len(t.dense)
	}
	s, ok := t.named[id]
	return s, ok
}

func (t *timers) make(id node.TimerID) uint32 {
	if s, ok := t.find(id); ok {
		return s
	}
	if id < denseTimers {
		for int(id) >= len(t.dense) {
			t.dense = append(t.dense, timer{id: node.TimerID(len(t.dense))})
		}
		return uint32(id)
	}
	var s uint32
	if n := len(t.free); n > 0 {
		s, t.free = t.free[n-1], t.free[:n-1]
	} else {
		t.slots = append(t.slots, timer{})
		s = uint32(len(t.slots)-1) | namedSlot
	}
	if t.named == nil {
		t.named = map[node.TimerID]uint32{}
	}
	t.named[id] = s
	t.slot(s).id = id
	return s
}

// release forgets the name of a timer that is no longer set. Its slot keeps counting generations, so that what is
// still in the queue for it means nothing to the next timer there.
func (t *timers) release(s uint32) {
	if s&namedSlot == 0 {
		return
	}
	tm := t.slot(s)
	delete(t.named, tm.id)
	tm.gen++
	tm.inQueue = false
	t.free = append(t.free, s)
}

func (m *machine) setTimer(id node.TimerID, after int64) {
	s := m.timers.make(id)
	tm := m.timers.slot(s)
	tm.at = m.w.now + max(after, 0)
	tm.set = true
	if tm.posted { // due and not yet delivered: moved all the same
		tm.posted = false
		tm.gen++
		tm.inQueue = false
	}
	if tm.inQueue && tm.queued <= tm.at {
		return
	}
	tm.gen++
	m.queueTimer(s, tm)
}

func (m *machine) queueTimer(s uint32, tm *timer) {
	tm.inQueue, tm.queued = true, tm.at
	m.w.queue.push(item{at: tm.at, what: timerDue, machine: m.index, a: s, b: tm.gen})
}

func (m *machine) stopTimer(id node.TimerID) {
	s, ok := m.timers.find(id)
	if !ok {
		return
	}
	tm := m.timers.slot(s)
	tm.set = false
	if tm.posted {
		tm.posted = false
		tm.gen++
		tm.inQueue = false
	}
	m.timers.release(s)
}

// timerDue is called when a timer's queue item comes up.
func (m *machine) timerDue(s, gen uint32) {
	tm := m.timers.slot(s)
	if tm.gen != gen {
		return
	}
	tm.inQueue = false
	if !tm.set {
		return
	}
	if tm.at > m.w.now { // it was moved while its item lay in the queue
		m.queueTimer(s, tm)
		return
	}
	tm.posted = true
	m.post(letter{kind: node.TimerFired, slot: s, gen: gen})
}

// fire says whether a timer's letter is still in force, and which timer it is.
func (t *timers) fire(s, gen uint32) (node.TimerID, bool) {
	tm := t.slot(s)
	if tm.gen != gen || !tm.posted {
		return 0, false
	}
	id := tm.id
	tm.posted, tm.set = false, false
	t.release(s)
	return id, true
}

// forget stops every timer, at the end of a life.
func (t *timers) forget() {
	for i := range t.dense {
		tm := &t.dense[i]
		tm.gen++
		tm.set, tm.posted, tm.inQueue = false, false, false
	}
	t.free = t.free[:0]
	for i := range t.slots {
		tm := &t.slots[i]
		tm.gen++
		tm.set, tm.posted, tm.inQueue = false, false, false
		t.free = append(t.free, uint32(i)|namedSlot)
	}
	clear(t.named)
}
