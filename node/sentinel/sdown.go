package sentinel

import (
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// checkSubjectivelyDown decides, by my own eyes alone, whether r is down, and drops connections that look dead.
// Redis 4.0: sentinel.c, sentinelCheckSubjectivelyDown.
func (s *Sentinel) checkSubjectivelyDown(r *instance) {
	l := r.link
	var silent time.Duration
	if l.actPing != 0 {
		silent = s.since(l.actPing)
	} else if l.disconnected && l.cmd.conn == 0 {
		// If only the connection for hellos is gone, nothing was asked that could be answered. 4.0 counts that too, and calls a
		// healthy master down that closed it.
		silent = s.since(l.lastAvail)
	}
	s.dropDeadConnections(r)

	down := silent > r.downAfter
	if r.kind == kindMaster && r.roleReported == kindSlave && s.since(r.roleReportedTime) > r.downAfter+2*infoPeriod {
		down = true // it says that it is a replica: nobody serves as this master
	}
	switch {
	case down && !r.sDown:
		r.sDown, r.sDownSince = true, s.now
		s.event(node.LogWarning, "+sdown", r, r.String())
	case !down && r.sDown:
		r.sDown, r.scriptKilled = false, false
		s.event(node.LogWarning, "-sdown", r, r.String())
	}
}

// dropDeadConnections makes room for new connections where a peer may be gone without a word: if the answer to a PING
// is overdue, or no hello came, my own included, for three of their periods.
func (s *Sentinel) dropDeadConnections(r *instance) {
	l := r.link
	if l.cmd.conn != 0 && s.since(l.cmd.since) > minReconnectAge && l.actPing != 0 &&
		s.since(l.actPing) > r.downAfter/2 && s.since(l.lastPong) > r.downAfter/2 {
		s.drop(&l.cmd)
	}
	if l.sub.conn != 0 && s.since(l.sub.since) > minReconnectAge && s.since(l.subActivity) > 3*publishPeriod {
		s.drop(&l.sub)
	}
}
