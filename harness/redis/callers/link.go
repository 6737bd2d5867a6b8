package callers

import (
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// linkState is how far a connection to a peer has come.
type linkState uint8

const (
	linkDown linkState = iota
	linkDialling
	linkUp
)

// link is a caller's connection to one peer. It sends commands and hands out replies in order; who waits for them
// is for its owner to know.
type link struct {
	peer  Peer
	from  string // source IP
	state linkState
	conn  node.ConnID
	since node.Instant // when the state was entered, for time limits and pauses between attempts
	in    resp.ReplyParser
	out   []byte

	db        int  // that the server has selected for this connection
	selecting bool // the reply to SELECT has not come
	greeting  bool // the reply to AUTH has not come
}

func (l *link) enter(state linkState, now node.Instant) {
	l.state, l.since = state, now
	if state != linkUp {
		l.in = resp.ReplyParser{}
		l.db, l.selecting, l.greeting = 0, false, false
	}
	if state == linkDown {
		l.conn = 0
	}
}

// open dials unless the link is up or on its way, or failed less than pause ago.
func (l *link) open(now node.Instant, out *node.Effects, pause time.Duration) {
	if l.state != linkDown || (l.since != 0 && now.Sub(l.since) < pause) {
		return
	}
	l.conn = out.Dial(l.peer.Addr, l.from)
	l.enter(linkDialling, now)
}

// up is for a link that the peer has accepted: it gives the password that the peer asks for.
func (l *link) up(now node.Instant, out *node.Effects) {
	l.enter(linkUp, now)
	if auth := l.peer.auth(); auth != nil {
		l.greeting = true
		l.send(out, auth...)
	}
}

// next is the next reply to what the link's owner has asked. What came of the password shows in it: NOAUTH.
func (l *link) next() (r resp.Reply, ok bool, err error) {
	if r, ok, err = l.in.Next(); ok && err == nil && l.greeting {
		l.greeting = false
		return l.in.Next()
	}
	return r, ok, err
}

// drop closes the link from our side.
func (l *link) drop(now node.Instant, out *node.Effects) {
	if l.state == linkDown {
		return
	}
	out.Close(l.conn)
	l.enter(linkDown, now)
}

// say sends what an operation asks, in its database.
func (l *link) say(out *node.Effects, op *Op, t *Talk) {
	if op.DB != l.db {
		l.db, l.selecting = op.DB, true
		l.out = append(l.append(l.out[:0], "SELECT", strconv.Itoa(op.DB)), t.out...)
		out.Send(l.conn, l.out)
		return
	}
	out.Send(l.conn, t.out)
}

// append appends a command to b by the name that the peer gives it.
func (l *link) append(b []byte, words ...string) []byte { return appendAs(b, l.peer.Renamed, words) }

// appendAs appends a command to b by the name that a server gives it.
func appendAs(b []byte, renamed map[string]string, words []string) []byte {
	if len(renamed) > 0 {
		if name := renamed[strings.ToUpper(words[0])]; name != "" {
			words = append([]string{name}, words[1:]...)
		}
	}
	return resp.AppendCommand(b, words...)
}

// send sends one command.
func (l *link) send(out *node.Effects, words ...string) {
	l.out = l.append(l.out[:0], words...)
	out.Send(l.conn, l.out)
}
