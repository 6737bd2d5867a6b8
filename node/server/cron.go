package server

import (
	"slices"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// cron is what replication does every second. Redis 4.0: replication.c, replicationCron.
func (r *replication) cron(s *Server) {
	if r.link.loading {
		s.out.Send(r.link.conn, []byte("\n")) // the master is not to take our silence for death
		return
	}
	if s.loading {
		return // the start is not over
	}
	r.timeOutMaster(s)
	if r.state == linkConnect {
		r.connect(s)
	}
	if r.master != nil && !r.master.preSync {
		r.sendACK(s)
	}
	if r.cronSeconds%s.cfg.replPingPeriod == 0 {
		r.pingReplicas(s)
	}
	r.tendReplicas(s)
	r.freeOldBacklog(s)
	r.startDueSave(s, true)
	r.refreshGood(s)
	r.cronSeconds++
}

// timeOutMaster gives up a master that has been silent for too long.
func (r *replication) timeOutMaster(s *Server) {
	limit := s.cfg.replTimeout
	switch {
	case r.state == linkConnecting, r.state.inHandshake():
		if s.unix()-r.link.lastIO > limit {
			s.log(node.LogWarning, "Timeout connecting to the MASTER...")
			r.cancelHandshake(s)
		}
	case r.state == linkTransfer:
		if s.unix()-r.link.lastIO > limit {
			s.log(node.LogWarning, "Timeout receiving bulk data from MASTER... If the problem persists try to set the "+
				"'repl-timeout' parameter in redis.conf to a larger value.")
			r.cancelHandshake(s)
		}
	case r.state == linkConnected:
		if s.unix()-r.master.client.LastActive.Unix() > limit {
			s.log(node.LogWarning, "MASTER timeout: no data nor PING received...")
			s.front.Free(r.master.client)
		}
	}
}

// tendReplicas shows those who wait for an RDB that we live, and gives up those who do not answer.
func (r *replication) tendReplicas(s *Server) {
	now := s.unix()
	for _, c := range slices.Clone(r.replicas) {
		p := replicaOf(c)
		switch {
		case c.Is(front.Freed):
		case p.phase == waitSaveStart, p.phase == waitSaveEnd && !r.onSockets:
			r.sendNow(s, c, "\n")
		case p.phase == waitSaveEnd && p.mark != "" && !p.done && now-p.moved > s.cfg.replTimeout:
			s.log(node.LogWarning, "Closing slave "+replicaName(c)+": child->slave RDB transfer failed: Resource temporarily unavailable")
			r.drop(s, c)
		case p.phase == replicaOnline && !c.Is(front.PreSync) && now-p.ackTime > s.cfg.replTimeout:
			s.log(node.LogWarning, "Disconnecting timedout slave: "+replicaName(c))
			r.drop(s, c)
		}
	}
}

// freeOldBacklog gives the backlog up when nobody has come for it for long. The history ends with it: writes do not
// move the offset without a backlog, so a replica that came back later would be told that nothing is missing.
func (r *replication) freeOldBacklog(s *Server) {
	if len(r.replicas) > 0 || s.cfg.replBacklogTTL == 0 || !r.backlog.active || !r.isMaster() {
		return
	}
	if s.unix()-r.noReplicasSince > s.cfg.replBacklogTTL {
		r.changeID(s)
		r.backlog.free()
		s.log(node.LogNotice, "Replication backlog freed after "+itoa(s.cfg.replBacklogTTL)+" seconds without connected slaves.")
	}
}
