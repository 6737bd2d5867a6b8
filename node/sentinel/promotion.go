package sentinel

import (
	"strconv"

	"github.com/ordeal-go/ordeal/node"
)

// sendSlaveOf makes r a replica of to, or a master if to is nil: in one transaction with writing that into its
// configuration and with dropping its clients, so that they ask again who the master is. The answers are ignored:
// INFO tells. Redis 4.0: sentinel.c, sentinelSendSlaveOf.
func (s *Sentinel) sendSlaveOf(r *instance, to *address) {
	host, port := "NO", "ONE"
	if to != nil {
		node.Assert(*to != r.addr, "%v would be made a slave of itself", r)
		host, port = to.ip, strconv.Itoa(to.port)
	}
	s.request(r, ignored, "MULTI")
	s.request(r, ignored, "SLAVEOF", host, port)
	s.request(r, ignored, "CONFIG", "REWRITE")
	s.request(r, ignored, "CLIENT", "KILL", "TYPE", "normal")
	s.request(r, ignored, "EXEC")
}

// promotionSeen goes past the point of no return: the chosen replica says that it is a master. From here on its
// address is the one that I give, under the epoch of the election, which lets the other Sentinels follow.
func (s *Sentinel) promotionSeen(r *instance) {
	master := r.master
	f := &master.failover
	if f.epoch <= master.configEpoch {
		// A newer configuration arrived meanwhile: a config epoch never goes back.
		s.abort(master, "-failover-abort-slave-timeout")
		return
	}
	node.Assert(r == f.promoted, "%v was promoted, and %v chosen", r, f.promoted)
	master.configuredBy(f.epoch)
	f.enter(reconfSlaves, s.now)
	s.flush()
	s.event(node.LogWarning, "+promoted-slave", r, r.String())
	if s.crash(crashAfterPromotion) {
		return
	}
	s.event(node.LogWarning, "+failover-state-reconf-slaves", master, master.String())
	s.runReconfigScript(master, "leader", master.addr, r.addr)
	s.hurryHello(master)
}

// hurryHello says hello to all that know master, at once: whoever cannot be reached now is due. (4.0 makes all hellos
// due, and the answer to an earlier one that is under way takes that back for a whole period.)
func (s *Sentinel) hurryHello(master *instance) {
	hurry := func(r *instance) {
		r.lastPublish = min(r.lastPublish, s.now.Add(-publishPeriod-1))
		if !r.link.disconnected {
			s.sendHello(r)
		}
	}
	hurry(master)
	for _, r := range master.slaves {
		hurry(r)
	}
	for _, r := range master.sentinels {
		hurry(r)
	}
}
