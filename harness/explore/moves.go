package explore

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// move is a step of the whole, as a search may choose it.
type move struct {
	kind   moveKind
	who    uint8    // the machine
	other  uint8    // cut: the other one
	conn   connName // deliver: it comes on
	longer bool     // deliver, tick: what is drawn is as much as it can be
	dies   bool     // deliver, tick: the machine dies once its file is written, before anything leaves
	deaf   bool     // deliver: the link is cut before an answer arrives
}

type moveKind uint8

const (
	deliver moveKind = iota + 1
	tick
	endRound
	crash
	restart // of one that runs, at once, or of one that is down
	pause
	resume
	cut
)

// isFault says whether the move counts as a fault.
func (m move) isFault() bool { return m.dies || m.deaf || m.kind >= crash && m.kind != resume }

// cluster states change by what follows.
type world struct {
	plan     Plan
	machines []cluster.Machine
	locals   *locals
	records  *records
	watch    func(machine int, e event, o *outcome) // whatever happens, for who prints a path
}

// violation ends a search.
type violation struct{ text string }

// can lists the moves that are possible in s, in an order that is always the same.
func (w *world) can(s *state) []move {
	var all []move
	add := func(m move, o *outcome) {
		all = append(all, m)
		faulty := int(s.faults) < w.plan.Faults && o != nil && o.wrote && w.isSentinel(int(m.who))
		if faulty {
			dying := m
			dying.dies = true
			all = append(all, dying)
		}
		if faulty := int(s.faults) < w.plan.Faults; faulty && m.kind == deliver && w.isSentinel(int(m.who)) && w.plan.may(cut) && len(o.deeds) > 0 {
			deaf := m
			deaf.deaf = true
			all = append(all, deaf)
		}
		if o != nil && o.drew && !m.longer {
			m.longer = true
			all = append(all, m)
		}
	}
	late := false // something has to be delivered before the round may end
	for i := range s.pipes {
		p := &s.pipes[i]
		if !w.reaches(s, p) {
			continue
		}
		k := p.packets[0]
		late = late || int(k.age) >= w.plan.Delay
		m := move{kind: deliver, who: p.to, conn: p.conn}
		add(m, w.meet(s, int(p.to), event{what: hears, conn: p.conn, msg: k.msg}))
	}
	waiting := false
	for i := range s.machines {
		if m := &s.machines[i]; w.isSentinel(i) && m.mode == up && !m.ticked {
			waiting = true
			add(move{kind: tick, who: uint8(i)}, w.meet(s, i, event{what: ticks, n: 1 + m.missed}))
		}
	}
	if !late && !waiting {
		all = append(all, move{kind: endRound})
	}
	all = w.resumes(s, all)
	if int(s.faults) < w.plan.Faults {
		all = w.faults(s, all)
	}
	return all
}

// resumes adds the ends of pauses: while nothing is under way, because whoever goes on then need not move at once.
func (w *world) resumes(s *state, all []move) []move {
	if slices.ContainsFunc(all, func(m move) bool { return m.kind == deliver }) {
		return all
	}
	for i := range s.machines {
		if s.machines[i].mode == paused {
			all = append(all, move{kind: resume, who: uint8(i)})
		}
	}
	return all
}

// faults adds those that may strike in s, where all are the other moves. A machine is struck while it could move itself,
// or while nothing is under way: at another moment of the round the same comes of it, but for when in that round its peers
// find their connections closed.
func (w *world) faults(s *state, all []move) []move {
	var struck [16]bool
	quiet := true
	for _, m := range all {
		if m.kind == deliver || m.kind == tick {
			struck[m.who] = true
			quiet = quiet && m.kind != deliver
		}
	}
	for i := range s.machines {
		who := uint8(i)
		now := quiet || struck[i]
		switch s.machines[i].mode {
		case up:
			for _, kind := range []moveKind{crash, restart, pause} {
				if now && w.plan.may(kind) {
					all = append(all, move{kind: kind, who: who})
				}
			}
		case down:
			if quiet && w.plan.may(restart) {
				all = append(all, move{kind: restart, who: who})
			}
		}
		for j := i + 1; j < len(s.machines); j++ {
			if (now || struck[j]) && w.plan.may(cut) && !s.isCut(i, j) && w.isSentinel(j) && i != theMaster {
				all = append(all, move{kind: cut, who: who, other: uint8(j)})
			}
		}
	}
	return all
}

func (w *world) isSentinel(i int) bool { return w.machines[i].Kind == cluster.Sentinel }

// meet is what e does to machine i in s.
func (w *world) meet(s *state, i int, e event) *outcome { return w.locals.meet(s.machines[i].at, e) }

// reaches says whether the oldest packet of p can arrive.
func (w *world) reaches(s *state, p *pipe) bool {
	return s.machines[p.to].mode != paused && !s.isCut(p.from(), int(p.to))
}

// do makes a move in s, and all that follows from it at once.
func (w *world) do(s *state, m move) *violation {
	if m.isFault() {
		s.faults++
	}
	who := int(m.who)
	var bad *violation
	switch m.kind {
	case deliver:
		i, _ := s.pipeAt(m.conn, who)
		k := s.pop(i)
		bad = w.happen(s, who, event{what: hears, conn: m.conn, msg: k.msg, longer: m.longer}, m.dies)
		if m.deaf {
			w.cut(s, who, m.conn.peer(who))
		}
	case tick:
		e := event{what: ticks, n: 1 + s.machines[who].missed, longer: m.longer}
		s.machines[who].ticked, s.machines[who].missed = true, 0
		bad = w.happen(s, who, e, m.dies)
	case endRound:
		bad = w.goOn(s)
	case crash:
		w.kill(s, who)
	case restart:
		bad = w.restart(s, who)
	case pause:
		s.machines[who].mode = paused
	case resume:
		s.machines[who].mode = up
	case cut:
		w.cut(s, who, int(m.other))
	}
	if bad == nil {
		bad = w.settle(s)
	}
	return bad
}

// goOn ends a round: what is under way grows older, and servers' timers go on.
func (w *world) goOn(s *state) *violation {
	s.round++
	for i := range s.pipes {
		for j := range s.pipes[i].packets {
			if k := &s.pipes[i].packets[j]; int(k.age) < w.plan.Delay {
				k.age++
			}
		}
	}
	for i := range s.machines {
		m := &s.machines[i]
		m.ticked = false
		if m.mode == paused {
			m.missed++
		}
		if w.isSentinel(i) || m.mode != up {
			continue
		}
		n := 1 + m.missed
		m.missed = 0
		if bad := w.happen(s, i, event{what: ticks, n: n}, false); bad != nil {
			return bad
		}
	}
	return nil
}

// happen tells machine i of e, and does what that leads to.
func (w *world) happen(s *state, i int, e event, dies bool) *violation {
	o := w.meet(s, i, e)
	if w.watch != nil {
		w.watch(i, e, o)
	}
	return w.follow(s, i, o, dies)
}

func (w *world) follow(s *state, i int, o *outcome, dies bool) *violation {
	s.machines[i].at = o.to
	if o.dead != "" {
		return &violation{w.machines[i].Name + ": " + o.dead}
	}
	after, breach := w.records.add(s.record, o)
	if breach != "" {
		return &violation{breach}
	}
	s.record = after
	if dies {
		w.kill(s, i)
		return nil
	}
	for _, d := range o.deeds {
		peer := d.conn.peer(i)
		switch d.what {
		case dials:
			s.push(d.conn, peer, packet{what: accepts})
		case sends:
			if !s.ending(d.conn, i) {
				s.push(d.conn, peer, packet{what: hears, msg: d.msg})
			}
		case closes:
			s.spill(d.conn, i)
			s.push(d.conn, peer, packet{what: loses})
		}
	}
	return nil
}

// kill ends a machine's process: its peers hear of it behind what it had sent.
func (w *world) kill(s *state, i int) {
	for _, conn := range w.locals.list[s.machines[i].at].open {
		s.spill(conn, i)
		s.push(conn, conn.peer(i), packet{what: loses})
	}
	s.machines[i].mode, s.machines[i].missed = down, 0
}

// cut ends what two machines hear of each other, for ever.
func (w *world) cut(s *state, a, b int) {
	if !s.isCut(a, b) {
		s.cuts = append(s.cuts, pair(a, b))
		slices.Sort(s.cuts)
	}
}

// restart starts a machine's next life with what is on its disk.
func (w *world) restart(s *state, i int) *violation {
	m := &s.machines[i]
	if m.mode != down {
		w.kill(s, i)
	}
	at := w.locals.list[m.at]
	id, o := w.locals.first(i, at.life+1, w.locals.diskOf(m.at))
	*m = machine{at: id, ticked: true} // its first tick is the next round's
	if w.watch != nil {
		w.watch(i, event{}, o)
	}
	return w.follow(s, i, o, false)
}

// settle delivers, in a fixed order, all that only says that somebody is there, and what comes of it, until the rest is for
// the search to choose.
func (w *world) settle(s *state) *violation {
	for again := true; again; {
		again = false
		for i := range s.pipes {
			if !w.reaches(s, &s.pipes[i]) || !w.prompt(s, &s.pipes[i]) {
				continue
			}
			if bad := w.arrive(s, i); bad != nil {
				return bad
			}
			again = true
			break
		}
	}
	return nil
}

// prompt says whether the oldest packet of p is none of the search's.
func (w *world) prompt(s *state, p *pipe) bool {
	to := int(p.to)
	k := p.packets[0]
	if k.what != hears || s.machines[to].mode == down || !w.has(s, to, p.conn) {
		return true
	}
	if w.plan.settling {
		return true
	}
	is := w.locals.messages.of(k.msg)
	switch {
	case is.alive, !w.isSentinel(to) && (is.reads || !w.isSentinel(p.from())):
		return true
	case w.answers(is) && s.machines[to].ticked && w.isSentinel(to):
		return true
	case is.info:
		return w.locals.heard(s.machines[to].at, p.from()) == k.msg
	case is.hello:
		return w.meet(s, to, event{what: hears, conn: p.conn, msg: k.msg}).still
	}
	return false
}

// answers says whether a message only answers what its receiver has asked, and what it is told is looked at by nothing but
// the receiver's next tick. See doc.go.
func (w *world) answers(is *message) bool {
	return !w.plan.Every && w.plan.Delay == 0 && (is.vote || is.info && !is.master)
}

func (w *world) has(s *state, i int, conn connName) bool {
	return slices.Contains(w.locals.list[s.machines[i].at].open, conn)
}

// arrive takes the oldest packet of pipe i to where it goes.
func (w *world) arrive(s *state, i int) *violation {
	conn, to, from := s.pipes[i].conn, int(s.pipes[i].to), s.pipes[i].from()
	k := s.pop(i)
	isDown := s.machines[to].mode == down
	switch {
	case k.what == accepts && isDown:
		s.push(conn, from, packet{what: refused})
		return nil
	case k.what == accepts:
		s.push(conn, from, packet{what: connects})
	case isDown || !w.has(s, to, conn):
		return nil
	}
	return w.happen(s, to, event{what: k.what, conn: conn, msg: k.msg}, false)
}

// begin is the cluster as it starts.
func (w *world) begin() (*state, *violation) {
	s := &state{machines: make([]machine, len(w.machines))}
	firsts := make([]*outcome, len(w.machines))
	for i := range w.machines {
		s.machines[i].at, firsts[i] = w.locals.first(i, 1, maps.Clone(w.machines[i].Files))
	}
	for i, o := range firsts {
		if bad := w.follow(s, i, o, false); bad != nil {
			return s, bad
		}
	}
	return s, w.settle(s)
}

// theMaster is the machine that dies before a search begins.
const theMaster = 0

// lead is the state in which a search begins: the master was killed, and the next round's ticks may call it down.
func (w *world) lead() (*state, error) {
	w.plan.settling = true
	defer func() { w.plan.settling = false }()
	s, bad := w.begin()
	for range settlingRounds {
		if bad == nil {
			bad = w.round(s)
		}
	}
	if bad != nil {
		return nil, fmt.Errorf("before the search: %s", bad.text)
	}
	w.kill(s, theMaster)
	for range int(w.plan.DownAfter/roundLength) + settlingRounds {
		seen := false
		w.watch = func(_ int, _ event, o *outcome) {
			seen = seen || slices.ContainsFunc(o.lines, func(line string) bool { return isAbout(line, "+sdown master") })
		}
		next := s.clone()
		bad = w.settle(next)
		if bad == nil {
			bad = w.round(next)
		}
		w.watch = nil
		if bad != nil {
			return nil, fmt.Errorf("before the search: %s", bad.text)
		}
		if seen {
			s.round, s.faults = 0, 0
			return s, nil
		}
		s = next
	}
	return nil, fmt.Errorf("no Sentinel calls the dead master down: that is a bug of the search or of the Sentinel")
}

// round lets every Sentinel tick, in order, and the round end.
func (w *world) round(s *state) *violation {
	for i := range s.machines {
		if w.isSentinel(i) && s.machines[i].mode == up {
			if bad := w.do(s, move{kind: tick, who: uint8(i)}); bad != nil {
				return bad
			}
		}
	}
	return w.do(s, move{kind: endRound})
}
