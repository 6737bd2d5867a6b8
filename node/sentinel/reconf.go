package sentinel

import "github.com/ordeal-go/ordeal/node"

// reconfigureNext points the other replicas at the new master, parallel-syncs of them at a time.
// Redis 4.0: sentinel.c, sentinelFailoverReconfNextSlave.
func (s *Sentinel) reconfigureNext(master *instance) {
	f := &master.failover
	underWay := int64(0)
	for _, r := range master.slaves {
		if r.reconf == reconfSent || r.reconf == reconfInProgress {
			underWay++
		}
	}
	for _, r := range master.slaves {
		if underWay >= master.parallelSyncs {
			break
		}
		if r.promoted || r.reconf == reconfDone {
			continue
		}
		if r.reconf == reconfSent && s.since(r.reconfSentTime) > slaveReconfTimeout {
			// It does not react. Once the failover is over it is found to follow the wrong master, and told again.
			s.event(node.LogNotice, "-slave-reconf-sent-timeout", r, r.String())
			r.reconfigured(reconfDone)
			continue
		}
		if r.reconf != reconfNone || r.link.disconnected || s.isAnothers(r) {
			continue
		}
		s.sendSlaveOf(r, &f.promoted.addr)
		r.reconfigured(reconfSent)
		r.reconfSentTime = s.now
		s.event(node.LogNotice, "+slave-reconf-sent", r, r.String())
		underWay++
	}
	s.detectEnd(master)
}

// detectEnd ends the failover once all replicas that can be reached follow the new master, or it takes too long.
// Redis 4.0: sentinel.c, sentinelFailoverDetectEnd.
func (s *Sentinel) detectEnd(master *instance) {
	f := &master.failover
	if f.promoted.sDown {
		return
	}
	left := 0
	for _, r := range master.slaves {
		if !r.promoted && r.reconf != reconfDone && !r.sDown && !s.isAnothers(r) {
			left++
		}
	}
	timeout := s.since(f.changed) > master.failoverTimeout
	if timeout {
		s.event(node.LogWarning, "+failover-end-for-timeout", master, master.String())
	}
	if left > 0 && !timeout {
		return
	}
	s.event(node.LogWarning, "+failover-end", master, master.String())
	f.enter(updateConfig, s.now)
	if !timeout {
		return
	}
	// A last attempt, said of the promoted replica too as in Redis 4.0. It goes no further than this process: the switch
	// in this same tick drops the connections.
	for _, r := range master.slaves {
		if r.reconf == reconfDone || r.reconf == reconfSent || r.link.disconnected || s.isAnothers(r) {
			continue
		}
		if !r.promoted {
			s.sendSlaveOf(r, &f.promoted.addr)
		}
		s.event(node.LogNotice, "+slave-reconf-sent-be", r, r.String())
		r.reconfigured(reconfSent)
	}
}

// reconfSeen follows, from INFO of a replica, how far it has come.
func (s *Sentinel) reconfSeen(r *instance) {
	promoted := r.master.failover.promoted
	if promoted == nil || r.masterAddr != promoted.addr {
		return // 4.0 calls it done once it is linked to anybody
	}
	if r.reconf == reconfSent {
		r.reconfigured(reconfInProgress)
		s.event(node.LogNotice, "+slave-reconf-inprog", r, r.String())
	}
	if r.reconf == reconfInProgress && r.masterLinkUp {
		r.reconfigured(reconfDone)
		s.event(node.LogNotice, "+slave-reconf-done", r, r.String())
	}
}
