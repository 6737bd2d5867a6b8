package sentinel

import (
	"fmt"

	"github.com/ordeal-go/ordeal/node"
)

// switchToPromoted ends a failover: the promoted replica is the master that is watched from now on.
// Redis 4.0: sentinel.c, sentinelFailoverSwitchToPromotedSlave.
func (s *Sentinel) switchToPromoted(master *instance) {
	to := master.failover.promoted.addr
	s.announceSwitch(master, master.addr, to)
	s.changeAddress(master, to)
}

func (s *Sentinel) announceSwitch(master *instance, from, to address) {
	s.event(node.LogWarning, "+switch-master", master,
		fmt.Sprintf("%s %s %d %s %d", master.name, from.ip, from.port, to.ip, to.port))
}

// changeAddress makes to the address of master. Its replicas are known again from their addresses alone; the old master
// is one of them, so that it is turned into a replica when it comes back. The other Sentinels stay.
// Redis 4.0: sentinel.c, sentinelResetMasterAndChangeAddress.
func (s *Sentinel) changeAddress(master *instance, to address) {
	var slaves []address
	for _, r := range master.slaves {
		if r.addr != to {
			slaves = append(slaves, r.addr)
		}
	}
	if master.addr != to {
		slaves = append(slaves, master.addr)
	}
	s.resetMaster(master)
	master.addr = to
	master.sDownSince, master.oDownSince = 0, 0
	for _, addr := range slaves {
		if r := s.addSlave(master, addr); r != nil {
			s.event(node.LogNotice, "+slave", r, r.String())
		}
	}
	s.flush()
}

// resetMaster forgets what was observed of master and all of its replicas.
// Redis 4.0: sentinel.c, sentinelResetMaster with SENTINEL_RESET_NO_SENTINELS.
func (s *Sentinel) resetMaster(master *instance) {
	s.forgetAll(master.slaves)
	master.slaves = nil
	l := master.link
	s.dropLink(l)
	l.actPing, l.lastPing, l.lastAvail, l.lastPong = s.now, 0, s.now, s.now
	master.sDown, master.oDown, master.scriptKilled = false, false, false
	master.leader = "" // the epoch of the vote stays: no second vote in it
	master.failover.enter(idle, s.now)
	master.failover.started = 0 // the next failover need not wait
	master.runID = ""
	master.masterAddr = address{}
	master.roleReported, master.roleReportedTime = kindMaster, s.now
}

// resetWithSentinels is what SENTINEL RESET does: it forgets the other Sentinels too.
func (s *Sentinel) resetWithSentinels(master *instance) {
	s.resetMaster(master)
	s.forgetAll(master.sentinels)
	master.sentinels = nil
	s.event(node.LogWarning, "+reset-master", master, master.String())
}
