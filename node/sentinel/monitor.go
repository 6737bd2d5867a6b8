package sentinel

import (
	"bytes"

	"github.com/ordeal-go/ordeal/node/resp"
)

// sendPeriodic sends r what is due: INFO, PING and hello, each on a schedule of its own.
// Redis 4.0: sentinel.c, sentinelSendPeriodicCommands.
func (s *Sentinel) sendPeriodic(r *instance) {
	l := r.link
	if l.disconnected || l.cmd.waiting() >= maxPendingCommands*l.refs {
		return
	}
	period := infoPeriod
	if r.kind == kindSlave && (r.master.oDown || r.master.failover.state != idle || r.masterLinkDown != 0) {
		period = infoPeriodUrgent
	}
	if r.kind != kindSentinel && (r.infoRefresh == 0 || s.since(r.infoRefresh) > period) {
		s.askInfo(r)
	}
	if every := min(r.downAfter, pingPeriod); s.since(l.lastPong) > every && s.since(l.lastPing) > every/2 {
		s.ping(r)
	}
	if s.since(r.lastPublish) > publishPeriod {
		s.sendHello(r)
	}
}

func (s *Sentinel) askInfo(r *instance) {
	c := &r.link.cmd
	c.out = append(c.out, "*1\r\n$4\r\nINFO\r\n"...)
	c.expect(toInfo, r)
	s.send(&c.stream)
}

func (s *Sentinel) ping(r *instance) {
	l := r.link
	l.cmd.out = append(l.cmd.out, "*1\r\n$4\r\nPING\r\n"...)
	l.cmd.expect(toPing, r)
	s.send(&l.cmd.stream)
	l.lastPing = s.now
	if l.actPing == 0 {
		l.actPing = s.now
	}
}

// pingAnswered tells an instance that is available from one that merely answers.
func (s *Sentinel) pingAnswered(r *instance, reply resp.Reply) {
	l := r.link
	status := reply.Kind == '+' || reply.Kind == '-'
	starts := func(prefix string) bool { return status && bytes.HasPrefix(reply.Str, []byte(prefix)) }
	switch {
	case starts("PONG"), starts("LOADING"), starts("MASTERDOWN"):
		l.lastAvail = s.now
		l.actPing = 0
	case starts("BUSY") && r.sDown && !r.scriptKilled:
		s.request(r, ignored, "SCRIPT", "KILL")
		r.scriptKilled = true
	}
	l.lastPong = s.now
}

// tick runs 10 to 19 times a second: it watches, then acts. Redis 4.0: sentinel.c, sentinelTimer.
func (s *Sentinel) tick() {
	s.checkTilt()
	s.watchAll(s.masters)
	s.scripts.Tick(s.now, scriptWorld{s})
	if s.ticks++; s.ticks%clientTicks == 0 {
		s.front.Tend()
	}
	// A rhythm of its own for each Sentinel, so that they do not all become candidates in the same moment.
	s.hz = 10 + s.rng.IntN(10)
	s.out.SetTimer(timerTick, tickPeriod(s.hz))
}

// watchAll watches instances, those behind a master after it. One failover of those that are complete then switches.
func (s *Sentinel) watchAll(list []*instance) {
	var switched *instance
	for _, r := range list {
		s.watch(r)
		if r.kind == kindMaster {
			s.watchAll(r.slaves)
			s.watchAll(r.sentinels)
			if r.failover.state == updateConfig {
				switched = r
			}
		}
	}
	if switched != nil {
		s.switchToPromoted(switched)
	}
}

func (s *Sentinel) watch(r *instance) {
	s.reconnect(r)
	s.sendPeriodic(r)
	if s.inTilt() {
		return
	}
	s.checkSubjectivelyDown(r)
	if r.kind != kindMaster {
		return
	}
	s.checkObjectivelyDown(r)
	if s.startFailoverIfNeeded(r) {
		s.askOthers(r, askForced)
	}
	s.failoverStep(r)
	s.askOthers(r, askIfDue)
}

// heard takes what came on a connection that listens to hellos.
func (s *Sentinel) heard(c *linkConn, reply resp.Reply) {
	if reply.Kind != '*' {
		return // to AUTH and CLIENT SETNAME
	}
	c.link.subActivity = s.now
	if e := reply.Elems; len(e) == 3 && e[0].Kind == '$' && string(e[0].Str) == "message" && e[2].Kind == '$' {
		s.processHello(e[2].Str)
	}
}
