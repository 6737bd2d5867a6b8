package replication

import (
	"slices"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// Cron is what replication does every second. Redis 4.0: replication.c, replicationCron.
func (r *Replication) Cron() {
	if r.link.hasRDB() && !r.link.closed {
		r.front.Out.Send(r.link.conn, []byte("\n")) // the master is not to take our silence for death
	}
	if r.host.IsLoading() {
		return // the start is not over
	}
	r.timeOutMaster()
	if r.state == linkConnect {
		r.connect()
	}
	if r.master != nil && !r.master.preSync {
		r.sendACK()
	}
	if r.cronSeconds%r.cfg.PingPeriod == 0 {
		r.pingReplicas()
	}
	r.tendReplicas()
	r.freeOldBacklog()
	r.startDueSave(true)
	r.RefreshGood()
	r.cronSeconds++
}

// timeOutMaster gives up a master that has been silent for too long.
func (r *Replication) timeOutMaster() {
	limit := r.cfg.Timeout
	switch {
	case r.state == linkConnecting, r.state.inHandshake():
		if r.unix()-r.link.lastIO > limit {
			r.host.Log(node.LogWarning, "Timeout connecting to the MASTER...")
			r.cancelHandshake()
		}
	case r.link.hasRDB(): // nothing has to come
	case r.state == linkTransfer:
		if r.unix()-r.link.lastIO > limit {
			r.host.Log(node.LogWarning, "Timeout receiving bulk data from MASTER... If the problem persists try to set the "+
				"'repl-timeout' parameter in redis.conf to a larger value.")
			r.cancelHandshake()
		}
	case r.state == linkConnected:
		if r.unix()-r.master.client.LastActive.Unix() > limit {
			r.host.Log(node.LogWarning, "MASTER timeout: no data nor PING received...")
			r.front.Free(r.master.client)
		}
	}
}

// tendReplicas shows those who wait for an RDB that we live, and gives up those who do not answer.
func (r *Replication) tendReplicas() {
	now := r.unix()
	for _, c := range slices.Clone(r.replicas) {
		p := replicaOf(c)
		switch {
		case c.Is(front.Freed):
		case p.phase == waitSaveStart, p.phase == waitSaveEnd && !r.onSockets:
			r.sendNow(c, "\n")
		case p.phase == waitSaveEnd && p.pieceEnd != 0 && now-p.moved > r.cfg.Timeout:
			r.host.Log(node.LogWarning, "Closing slave "+replicaName(c)+": child->slave RDB transfer failed: Resource temporarily unavailable")
			r.drop(c)
		case p.phase == replicaOnline && !c.Is(front.PreSync) && now-p.ackTime > r.cfg.Timeout:
			r.host.Log(node.LogWarning, "Disconnecting timedout slave: "+replicaName(c))
			r.drop(c)
		}
	}
}

// freeOldBacklog gives the backlog up when nobody has come for it for long. The history ends with it: writes do not
// move the offset without a backlog, so a replica that came back later would be told that nothing is missing.
func (r *Replication) freeOldBacklog() {
	if len(r.replicas) > 0 || r.cfg.BacklogTTL == 0 || !r.backlog.active || !r.IsMaster() {
		return
	}
	if r.unix()-r.noReplicasSince > r.cfg.BacklogTTL {
		r.ChangeID()
		r.backlog.free()
		r.host.Log(node.LogNotice, "Replication backlog freed after "+itoa(r.cfg.BacklogTTL)+" seconds without connected slaves.")
	}
}
