package sentinel

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// Naming is how what differs between equal states is called in their encodings: connection numbers follow the order of
// dialling and of acceptance, which decides nothing.
type Naming struct {
	Conn func(node.ConnID) string // a connection, by a name that means the same to whoever compares
	Word func(string) string      // an address ("ip:port") or an ID
}

// AppendState appends an encoding of all that decides what this Sentinel does within the horizon, between two Steps: two
// with equal encodings, told the same from their own now on, do the same, but for what they say of the past (INFO's
// counters, ages in SENTINEL MASTER, times in logs). It is for searches that prune states seen before.
//
// A time counts by its age, and an age only by the limits that it may come to pass within the horizon: so states that
// differ in nothing but how long ago a PONG came are one, as long as neither is near to being too old. What has been
// read of host names, and scripts, are left out: a search must have neither.
func (s *Sentinel) AppendState(b []byte, horizon time.Duration, as Naming) []byte {
	e := encoding{b: b, s: s, horizon: horizon, as: as}
	e.number(int64(s.phase))
	e.number(s.currentEpoch)
	e.flag(s.tilt)
	e.age(s.lastTick, tiltTrigger)
	if s.tilt {
		e.age(s.tiltSince, tiltPeriod)
	}
	e.number(int64(s.crashAfter))
	for _, m := range s.masters {
		e.master(m)
	}
	e.clients()
	return e.b
}

// encoding is a state while it is written.
type encoding struct {
	b       []byte
	s       *Sentinel
	horizon time.Duration
	as      Naming
}

func (e *encoding) number(n int64) { e.b = binary.AppendVarint(e.b, n) }

func (e *encoding) flag(is bool) { e.number(boolInt(is)) }

func (e *encoding) text(s string) {
	e.number(int64(len(s)))
	e.b = append(e.b, s...)
}

// word is text that a naming may rename.
func (e *encoding) word(s string) {
	if s != "" {
		s = e.as.Word(s)
	}
	e.text(s)
}

// age is how long ago t was, as far as the limits can tell within the horizon: exactly, if one of them may be passed in
// it, and else which of them have been passed. An Instant of 0 is never.
func (e *encoding) age(t node.Instant, limits ...time.Duration) {
	if t == 0 {
		e.number(math.MinInt64)
		return
	}
	age := e.s.since(t)
	passed := int64(0)
	for _, limit := range limits {
		if age > limit {
			passed++
		} else if age+e.horizon > limit {
			e.number(int64(age))
			return
		}
	}
	e.number(-1 - passed) // ages are whole nanoseconds, so that no exact one is mistaken for it while clocks go forward
}

// each appends the encodings of a list in an order that no name decides.
func (e *encoding) each(list []*instance, write func(*encoding, *instance)) {
	parts := make([][]byte, len(list))
	for i, r := range list {
		part := encoding{s: e.s, horizon: e.horizon, as: e.as}
		write(&part, r)
		parts[i] = part.b
	}
	slices.SortFunc(parts, bytes.Compare)
	e.number(int64(len(parts)))
	for _, part := range parts {
		e.text(string(part))
	}
}

func (e *encoding) master(m *instance) {
	e.text(m.name)
	e.instance(m)
	e.word(m.leader)
	e.number(m.leaderEpoch)
	e.number(m.quorum)
	e.number(m.configEpoch)
	e.number(int64(m.failoverTimeout))
	e.number(m.parallelSyncs)
	e.failover(m)
	e.server(m, m.failoverTimeout)
	if slices.ContainsFunc(m.slaves, func(r *instance) bool { return r.masterLinkDown > 10*m.downAfter }) {
		e.number(int64(e.s.since(m.sDownSince))) // decides whether they are fit: see selectSlave
	}
	e.number(int64(len(m.lineage)))
	for _, a := range m.lineage {
		e.text(a.id)
		e.number(a.end)
	}
	e.each(m.slaves, (*encoding).slave)
	e.each(m.sentinels, (*encoding).sentinel)
}

func (e *encoding) failover(m *instance) {
	f := &m.failover
	e.number(int64(f.state))
	e.number(f.epoch)
	e.flag(f.forced)
	if f.promoted != nil {
		e.word(f.promoted.addr.String())
	}
	if f.state != idle {
		e.age(f.changed, askPeriod, m.failoverTimeout)
		e.age(f.started, min(electionTimeoutMost, m.failoverTimeout))
	}
	e.age(f.notBefore, 0)
	e.flag(f.logged == f.notBefore)
}

// instance is what all kinds have.
func (e *encoding) instance(r *instance) {
	e.word(r.addr.String())
	e.number(int64(r.downAfter))
	e.link(r)
	e.age(r.lastPublish, publishPeriod)
	e.flag(r.sDown)
	e.flag(r.oDown)
	e.flag(r.scriptKilled)
}

// server is what a master and a replica have.
func (e *encoding) server(r *instance, failoverTimeout time.Duration) {
	e.word(r.runID)
	e.text(r.history.id)
	e.text(r.history.id2)
	e.number(r.history.end2)
	e.number(r.history.offset)
	e.flag(r.anothers)
	e.age(r.infoRefresh, infoPeriodUrgent, 5*pingPeriod, infoPeriod, 2*infoPeriod, 3*infoPeriod)
	e.number(int64(r.roleReported))
	e.age(r.roleReportedTime, 4*publishPeriod, r.downAfter+2*infoPeriod)
	e.age(r.sDownSince, 4*publishPeriod, failoverTimeout)
	e.age(r.oDownSince, 4*publishPeriod, failoverTimeout)
}

func (e *encoding) slave(r *instance) {
	e.instance(r)
	e.server(r, r.master.failoverTimeout)
	e.age(r.slaveConfChange, r.master.failoverTimeout)
	e.number(int64(r.masterLinkDown))
	e.flag(r.masterLinkUp)
	if r.masterAddr.ip != "" {
		e.word(r.masterAddr.String())
	}
	e.number(r.priority)
	e.number(r.offset)
	e.number(int64(r.reconf))
	if r.reconf == reconfSent {
		e.age(r.reconfSentTime, slaveReconfTimeout)
	}
	e.flag(r.promoted)
}

func (e *encoding) sentinel(r *instance) {
	e.instance(r)
	e.word(r.name)
	e.word(r.leader)
	e.number(r.leaderEpoch)
	e.age(r.lastDownAsk, askPeriod, 5*askPeriod)
	e.flag(r.lastDownAsk > r.master.failover.changed) // see mayStillVote
	e.flag(r.masterDown)
}

func (e *encoding) link(r *instance) {
	l := r.link
	e.flag(l.disconnected)
	e.age(l.lastReconnect, min(reconnectPeriod, r.downAfter/2))
	e.age(l.actPing, r.downAfter/2, r.downAfter)
	e.age(l.lastPing, min(r.downAfter, pingPeriod)/2)
	e.age(l.lastAvail, 2*pingPeriod, r.downAfter, 5*pingPeriod)
	e.age(l.lastPong, r.downAfter/2, min(r.downAfter, pingPeriod))
	e.conn(&l.cmd)
	if r.kind != kindSentinel {
		e.age(l.subActivity, 3*publishPeriod)
		e.conn(&l.sub)
	}
}

func (e *encoding) conn(c *linkConn) {
	e.flag(c.conn != 0)
	if c.conn == 0 {
		return
	}
	e.text(e.as.Conn(c.conn))
	e.flag(c.held)
	e.age(c.since, minReconnectAge)
	e.text(string(c.out))
	e.text(string(c.in.Rest()))
	for i := c.head; i < len(c.pending); i++ {
		e.number(int64(c.pending[i].to))
		e.pendingOf(c.pending[i].of)
	}
	e.number(-1)
}

// pendingOf is whose answer comes: links are shared by entries under several masters.
func (e *encoding) pendingOf(r *instance) {
	switch {
	case r == nil:
		e.text("")
	case r.master != nil:
		e.text(r.master.name)
	default:
		e.text(r.name)
	}
}

// clients are the connections that came in.
func (e *encoding) clients() {
	e.flag(e.s.front.Paused)
	clients := e.s.front.Clients()
	parts := make([][]byte, len(clients))
	for i, c := range clients {
		part := encoding{s: e.s, horizon: e.horizon, as: e.as}
		part.text(e.as.Conn(c.Conn))
		part.text(string(c.In.Rest()))
		part.number(int64(c.State))
		channels, patterns := e.s.front.PubSub.Counts(c.Conn)
		part.number(int64(channels))
		part.number(int64(patterns))
		parts[i] = part.b
	}
	slices.SortFunc(parts, bytes.Compare)
	for _, part := range parts {
		e.text(string(part))
	}
}
