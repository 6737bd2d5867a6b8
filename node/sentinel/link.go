package sentinel

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// link is how I talk to an instance: a connection for commands and, to masters and replicas, one that listens to
// hellos. Entries for the same Sentinel under several masters share one link. Redis 4.0: sentinel.c, instanceLink.
type link struct {
	refs         int  // instances that use it
	disconnected bool // one of its connections is missing; a dialled one counts before it is up
	cmd, sub     linkConn
	linkTimes
}

// linkTimes is what is measured on a link. It dies with the address that the link leads to.
type linkTimes struct {
	lastReconnect node.Instant // 0: never, so that nothing keeps it from being dialled
	subActivity   node.Instant // last message on sub
	// actPing is when the oldest PING was sent that has no acceptable answer yet, 0 if there is none. A new link
	// starts as if one had been sent, so that an instance that cannot be reached is found down too.
	actPing   node.Instant
	lastPing  node.Instant // last PING sent
	lastAvail node.Instant // last acceptable answer to a PING
	lastPong  node.Instant // last answer of any kind to a PING
}

// linkConn is one connection of a link.
type linkConn struct {
	stream
	link    *link
	owner   *instance // it was dialled for
	isSub   bool
	local   string // my own IP on it, "" until it is up
	since   node.Instant
	in      resp.ReplyParser
	pending []expected // answers to come, oldest first, from head on
	head    int
}

// expected is an answer to come.
type expected struct {
	to answer
	of *instance // nil: of nobody any more
}

type answer uint8

const (
	ignored answer = iota
	toPing
	toInfo
	toPublish
	toAsk
)

func (s *Sentinel) newLink() *link {
	l := &link{refs: 1, disconnected: true}
	l.linkTimes = s.unheard()
	l.cmd.link, l.sub.link, l.sub.isSub = l, l, true
	return l
}

func (s *Sentinel) unheard() linkTimes {
	return linkTimes{actPing: s.now, lastAvail: s.now, lastPong: s.now}
}

// renewLink ends the connections of l and all that was measured on them: it leads to another address from now on, which
// is dialled as soon as that of a new link.
func (s *Sentinel) renewLink(l *link) {
	s.dropLink(l)
	l.linkTimes = s.unheard()
}

func (c *linkConn) waiting() int { return len(c.pending) - c.head }

func (c *linkConn) expect(to answer, of *instance) {
	if c.head > 0 && len(c.pending) == cap(c.pending) {
		c.pending = c.pending[:copy(c.pending, c.pending[c.head:])]
		c.head = 0
	}
	c.pending = append(c.pending, expected{to, of})
}

func (c *linkConn) answered() expected {
	node.Assert(c.waiting() > 0, "an answer to nothing")
	e := c.pending[c.head]
	c.pending[c.head].of = nil
	c.head++
	if c.head == len(c.pending) {
		c.pending, c.head = c.pending[:0], 0
	}
	return e
}

// request queues a request on r's command connection, whose answer goes to to.
func (s *Sentinel) request(r *instance, to answer, args ...string) {
	c := &r.link.cmd
	c.out = resp.AppendCommand(c.out, args...)
	c.expect(to, r)
	s.send(&c.stream)
}

// reconnect dials what is missing of r's link, at most once in a reconnectPeriod, or in half of its down-after if that
// is shorter: 4.0 may call an instance down that it did not even dial in all of its down-after.
// Redis 4.0: sentinel.c, sentinelReconnectInstance.
func (s *Sentinel) reconnect(r *instance) {
	l := r.link
	if !l.disconnected || r.addr.port == 0 || l.lastReconnect != 0 && s.since(l.lastReconnect) < min(reconnectPeriod, r.downAfter/2) {
		return
	}
	l.lastReconnect = s.now
	if l.cmd.conn == 0 {
		s.dial(r, &l.cmd)
		s.introduce(r, &l.cmd, "cmd")
		s.ping(r)
	}
	if r.kind != kindSentinel && l.sub.conn == 0 {
		s.dial(r, &l.sub)
		l.subActivity = s.now
		s.introduce(r, &l.sub, "pubsub")
		l.sub.out = resp.AppendCommand(l.sub.out, "SUBSCRIBE", helloTopic)
		s.send(&l.sub.stream)
	}
	l.disconnected = false
}

func (s *Sentinel) dial(r *instance, c *linkConn) {
	node.Assert(c.conn == 0, "%v is dialled a second time", r)
	id := s.out.Dial(r.addr.String(), s.cfg.source())
	c.stream = stream{conn: id, held: true, out: c.out[:0], queued: c.queued}
	c.owner, c.local, c.since = r, "", s.now
	c.in = resp.ReplyParser{MaxBulk: maxReply}
	c.pending, c.head = c.pending[:0], 0
	s.conns[id] = c
}

// introduce authenticates on c, if r needs a password, and gives the connection its name.
func (s *Sentinel) introduce(r *instance, c *linkConn, role string) {
	owner := r
	if r.master != nil {
		owner = r.master
	}
	if owner.authPass != "" && r.kind != kindSentinel {
		c.out = resp.AppendCommand(c.out, "AUTH", owner.authPass)
		c.expect(ignored, nil)
	}
	c.out = resp.AppendCommand(c.out, "CLIENT", "SETNAME", "sentinel-"+s.id[:8]+"-"+role)
	c.expect(ignored, nil)
}

func (s *Sentinel) dialled(ev *node.Event) {
	c := s.conns[ev.Conn]
	if c == nil {
		return // dropped meanwhile
	}
	c.held = false
	c.local, _ = splitAddr(ev.Local)
	s.send(&c.stream)
}

func (s *Sentinel) dialFailed(ev *node.Event) {
	c := s.conns[ev.Conn]
	if c == nil {
		return
	}
	name := "-cmd-link-reconnection"
	if c.isSub {
		name = "-pubsub-link-reconnection"
	}
	s.event(node.LogDebug, name, c.owner, c.owner.String()+" #"+string(ev.Err))
	s.linkLost(c)
}

// linkLost is what is left to do when a connection is gone.
func (s *Sentinel) linkLost(c *linkConn) {
	delete(s.conns, c.conn)
	c.conn, c.out, c.local, c.owner = 0, c.out[:0], "", nil
	clear(c.pending)
	c.pending, c.head = c.pending[:0], 0
	c.link.disconnected = true
}

// drop ends a connection; what was queued on it in this Step never leaves.
func (s *Sentinel) drop(c *linkConn) {
	if c.conn != 0 {
		s.out.Close(c.conn)
		s.linkLost(c)
	}
}

func (s *Sentinel) dropLink(l *link) {
	s.drop(&l.cmd)
	s.drop(&l.sub)
	l.disconnected = true
}

// releaseLink ends r's use of its link, and the link with its last user.
func (s *Sentinel) releaseLink(r *instance) {
	l := r.link
	node.Assert(l.refs > 0, "%v releases a link that nobody uses", r)
	if l.refs--; l.refs == 0 {
		s.dropLink(l)
		return
	}
	for i := range l.cmd.pending {
		if l.cmd.pending[i].of == r {
			l.cmd.pending[i] = expected{} // the answer still comes, for nobody
		}
	}
	if l.cmd.owner == r {
		l.cmd.owner = s.anotherUser(r)
	}
}

// anotherUser finds an instance that shares r's link.
func (s *Sentinel) anotherUser(r *instance) *instance {
	for _, m := range s.masters {
		for _, other := range m.sentinels {
			if other != r && other.link == r.link {
				return other
			}
		}
	}
	return r
}

// linkReceived takes what an instance sent. What is no reply costs the connection it came on.
func (s *Sentinel) linkReceived(c *linkConn, b []byte) {
	id := c.conn
	c.in.Feed(b)
	for c.conn == id { // a reply may lead to the end of its own connection
		reply, ok, err := c.in.Next()
		if err != nil || !ok && c.in.Buffered() > maxReply {
			s.drop(c)
			return
		}
		if !ok {
			return
		}
		if c.isSub {
			s.heard(c, reply)
		} else if c.waiting() > 0 {
			s.answer(c.answered(), reply)
		} else {
			s.drop(c) // an answer to nothing: it speaks another protocol
			return
		}
	}
}

func (s *Sentinel) answer(e expected, reply resp.Reply) {
	if e.of == nil {
		return
	}
	switch e.to {
	case ignored:
	case toPing:
		s.pingAnswered(e.of, reply)
	case toInfo:
		if reply.Kind == '$' && !reply.Null {
			s.infoArrived(e.of, reply.Str)
		}
	case toPublish:
		if !reply.IsError() {
			e.of.lastPublish = s.now
		}
	case toAsk:
		s.askAnswered(e.of, reply)
	}
}

// splitAddr splits "ip:port"; an address that is none gives "" and 0.
func splitAddr(addr string) (ip string, port int) {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 {
		return "", 0
	}
	port, err := strconv.Atoi(addr[i+1:])
	if err != nil {
		return "", 0
	}
	return strings.Trim(addr[:i], "[]"), port
}
