package plain

import (
	"bytes"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
)

// link is a connection to a server, over which one question at a time is asked.
type link struct {
	server cluster.Machine
	from   string // source IP
	conn   node.ConnID
	state  linkState
	since  node.Instant // when it entered the state, or the open question was asked
	asked  bool
	in     []byte
}

type linkState uint8

const (
	down linkState = iota
	dialling
	up
)

func (l *link) enter(state linkState, now node.Instant) {
	l.state, l.since, l.asked, l.in = state, now, false, nil
}

// open dials, unless the link is up or on its way, or ended a moment ago.
func (l *link) open(now node.Instant, out *node.Effects) {
	if l.state == down && (l.since == 0 || now.Sub(l.since) >= pause) {
		l.conn = out.Dial(l.server.Addr(), l.from)
		l.enter(dialling, now)
	}
}

func (l *link) ask(question string, now node.Instant, out *node.Effects) {
	out.Send(l.conn, []byte(question+"\n"))
	l.asked, l.since = true, now
}

// overdue says whether a connection or an answer is too late.
func (l *link) overdue(now node.Instant) bool {
	return (l.state == dialling || l.asked) && now.Sub(l.since) > patience
}

func (l *link) drop(now node.Instant, out *node.Effects) {
	if l.state != down {
		out.Close(l.conn)
		l.enter(down, now)
	}
}

// answer takes bytes, and returns the answer to the open question if it is whole. What nobody asked for is left out.
func (l *link) answer(b []byte) (line string, ok bool) {
	l.in = append(l.in, b...)
	text, rest, whole := bytes.Cut(l.in, []byte("\n"))
	if !whole || !l.asked {
		return "", false
	}
	line = string(bytes.TrimSuffix(text, []byte("\r")))
	l.in, l.asked = append(l.in[:0], rest...), false
	return line, true
}
