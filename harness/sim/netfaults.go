package sim

import (
	"fmt"

	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// resetAll ends every connection that was dialled over l, at both ends; what is on its way is lost.
func (w *World) resetAll(l *link) {
	for _, e := range w.over(l) {
		if e.target == nil {
			continue
		}
		w.sever(e, node.ErrReset)
		w.sever(e.peer, node.ErrReset)
	}
}

// clog holds the oldest connections over each link that are not held yet, n of them; it returns those.
func (w *World) clog(links []*link, n int64) []*endpoint {
	var held []*endpoint
	for _, l := range links {
		left := n
		for _, e := range w.over(l) {
			if left > 0 && e.clogs == 0 && e.state == established {
				e.clogs++
				held = append(held, e)
				left--
			}
		}
	}
	return held
}

// unclog lets a held connection go on.
func (e *endpoint) unclog() {
	if e.clogs--; e.clogs == 0 && e.flight.head != nil && !e.stalled && !e.scheduled {
		e.depart()
	}
}

// unclogFirst lets the n connections go that have been held longest on each link.
func (w *World) unclogFirst(links []*link, n int64) {
	for _, l := range links {
		left := n
		for _, in := range w.faults {
			for i := 0; i < len(in.clogged) && left > 0; {
				if e := in.clogged[i]; e.link == l {
					in.clogged = append(in.clogged[:i:i], in.clogged[i+1:]...)
					e.unclog()
					left--
					continue
				}
				i++
			}
		}
	}
}

// mute lets nothing pass any more of what the open connections over links send; it returns their ends.
func (w *World) mute(links []*link) []*endpoint {
	var list []*endpoint
	for _, l := range links {
		for _, e := range w.over(l) {
			if e.muted != heard {
				continue
			}
			e.muted = silent
			list = append(list, e)
			if e.flight.head != nil && !e.stalled && !e.scheduled {
				e.depart()
			}
		}
	}
	return list
}

// die lets a silent connection find out, once it sends, that the other side knows it no more.
func (e *endpoint) die() {
	if e.muted != silent {
		return
	}
	e.muted = dead
	if e.stalled {
		e.disown()
	}
}

// disown lets the answer to what is being sent come: a reset, which nobody but the sender hears.
func (e *endpoint) disown() {
	back := &e.peer.m.links[e.m.index]
	w := e.m.w
	at := back.arrival(e.link.arrival(w.now, 0), 0)
	w.queue.push(item{at: at, what: disowned, machine: e.m.index, a: e.index})
}

func (e *endpoint) disowned() {
	back := &e.peer.m.links[e.m.index]
	if e.link.cuts > 0 || back.cuts > 0 {
		e.m.w.queue.push(item{at: e.m.w.now + rtoMin, what: disowned, machine: e.m.index, a: e.index})
		return
	}
	e.m.w.sever(e, node.ErrReset)
}

// hurtLinks puts a fault on links in force.
func (w *World) hurtLinks(in *inForce) error {
	f := in.fault
	switch f.Verb {
	case nemesis.Clog:
		if in.clogged = w.clog(in.links, f.Int("connections")); len(in.clogged) == 0 {
			return fmt.Errorf("sim: %v: no connection is open there", f)
		}
	case nemesis.Unclog:
		w.unclogFirst(in.links, f.Int("connections"))
	case nemesis.HalfOpen:
		in.muted = w.mute(in.links)
	case nemesis.Drop:
		for _, l := range in.links {
			l.refusals++
			w.resetAll(l)
		}
	default:
		toxic := newProxy(in.id, f)
		for _, l := range in.links {
			w.hurt(l, f, toxic)
		}
	}
	return nil
}

// hurt puts a fault's conditions on a link; relieve takes exactly them away.
func (w *World) hurt(l *link, f nemesis.Fault, toxic *proxy) {
	switch {
	case f.Verb == nemesis.Cut:
		l.cuts++
	case f.Verb == nemesis.Refuse:
		l.refusals++
	case f.Verb == nemesis.BlackHole:
		l.holes++
	case f.Has("delay") && f.Verb == nemesis.Latency:
		l.latency += int64(f.Duration("delay"))
		l.jitter += int64(f.Duration("jitter"))
	default:
		l.proxies = append(l.proxies, toxic)
		for _, e := range w.over(l) {
			e.addToxic(toxic)
		}
	}
}

func (w *World) relieve(l *link, in *inForce) {
	f := in.fault
	switch {
	case f.Verb == nemesis.Cut:
		w.mend(l)
	case f.Verb == nemesis.Refuse || f.Verb == nemesis.Drop:
		l.refusals--
	case f.Verb == nemesis.BlackHole:
		l.holes--
	case f.Has("delay") && f.Verb == nemesis.Latency:
		l.latency -= int64(f.Duration("delay"))
		l.jitter -= int64(f.Duration("jitter"))
	case f.Verb == nemesis.Clog || f.Verb == nemesis.HalfOpen || f.Verb == nemesis.Unclog:
	default:
		for i, p := range l.proxies {
			if p.id == in.id {
				l.proxies = append(l.proxies[:i:i], l.proxies[i+1:]...)
				break
			}
		}
		for _, e := range w.over(l) {
			e.removeToxic(in.id)
		}
	}
}
