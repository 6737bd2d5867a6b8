package sentinel

import (
	"fmt"

	"github.com/ordeal-go/ordeal/node"
)

// switchToPromoted ends a failover: the promoted replica is the master that is watched from now on.
// Redis 4.0: sentinel.c, sentinelFailoverSwitchToPromotedSlave.
func (s *Sentinel) switchToPromoted(master *instance) {
	f := &master.failover
	node.Assert(f.state >= reconfSlaves, "a switch in %v", f.state)
	node.Assert(master.configEpoch == f.epoch, "a switch by epoch %d under configuration epoch %d", f.epoch, master.configEpoch)
	to := f.promoted.addr
	s.announceSwitch(master, master.addr, to)
	s.changeAddress(master, to)
}

func (s *Sentinel) announceSwitch(master *instance, from, to address) {
	s.event(node.LogWarning, "+switch-master", master,
		fmt.Sprintf("%s %s %d %s %d", master.name, from.ip, from.port, to.ip, to.port))
}

// changeAddress makes to the address of master. Its replicas are known again from their addresses alone; the old master
// is one of them, so that it is turned into a replica when it comes back. The other Sentinels stay, and what they said
// of the old address goes. Redis 4.0: sentinel.c, sentinelResetMasterAndChangeAddress.
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
	s.resetMaster(master, to)
	for _, addr := range slaves {
		if r := s.addSlave(master, addr); r != nil {
			s.event(node.LogNotice, "+slave", r, r.String())
		}
	}
	s.flush()
}

// resetMaster forgets what was observed of master and all of its replicas, and begins to watch it at address to.
// Redis 4.0: sentinel.c, sentinelResetMaster with SENTINEL_RESET_NO_SENTINELS.
func (s *Sentinel) resetMaster(master *instance, to address) {
	s.forgetAll(master.slaves)
	master.slaves = nil
	s.renewLink(master.link)
	s.moveTo(master, to)
	for _, other := range master.sentinels {
		s.forgetOpinion(other)
	}
	master.leader = "" // the epoch of the vote stays: no second vote in it
	master.failover.enter(idle, s.now)
	master.failover.notBefore = 0 // the next failover need not wait
	node.Assert(!master.isDown() && master.infoRefresh == 0, "%v begins as down, or as known", master)
	node.Assert(master.link.disconnected && master.link.lastReconnect == 0, "%v begins with the link of another address", master)
}

// forgetOpinion drops what another Sentinel said of the master's address, and what it may yet answer about it.
func (s *Sentinel) forgetOpinion(other *instance) {
	other.opinion = opinion{lastDownAsk: s.now}
	c := &other.link.cmd
	for i := c.head; i < len(c.pending); i++ {
		if c.pending[i].to == toAsk && c.pending[i].of == other {
			c.pending[i] = expected{} // the answer still comes, for nobody
		}
	}
}

// resetWithSentinels is what SENTINEL RESET does: it forgets the other Sentinels too. A failover past its point of no
// return is not forgotten, which would bring back the master that it replaced: it ends with the new one, as if the
// replicas had been slow. Redis 4.0 goes back to the old address.
func (s *Sentinel) resetWithSentinels(master *instance) {
	if master.failover.state >= reconfSlaves {
		s.switchToPromoted(master)
	}
	s.resetMaster(master, master.addr)
	s.forgetAll(master.sentinels)
	master.sentinels = nil
	s.event(node.LogWarning, "+reset-master", master, master.String())
}
