package sentinel

import (
	"fmt"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// failover is the replacement of one master, under way or not.
type failover struct {
	state     failoverState
	changed   node.Instant // when state was entered
	epoch     int64        // of the election that this failover stands on
	started   node.Instant // of the last attempt, mine or one I voted for, plus a random part; 0 never
	notBefore node.Instant // of the next attempt; 0: at any time
	logged    node.Instant // the notBefore that was logged
	forced    bool         // asked for by a person: no agreement, no election
	promoted  *instance
}

// startFailoverIfNeeded starts a failover of a master that is objectively down, unless one was tried, by me or by one
// that I voted for, too short a while ago. Redis 4.0: sentinel.c, sentinelStartFailoverIfNeeded.
func (s *Sentinel) startFailoverIfNeeded(master *instance) bool {
	f := &master.failover
	if !master.oDown || f.state != idle {
		return false
	}
	if f.notBefore != 0 && s.since(f.notBefore) < 0 {
		if f.logged != f.notBefore {
			f.logged = f.notBefore
			s.log(node.LogWarning, "Next failover delay: I will not start a failover before "+f.notBefore.Time().Format(time.ANSIC))
		}
		return false
	}
	s.startFailover(master)
	return true
}

// attempted makes an attempt at a failover of master, mine or that of one I vote for, keep me from the next one for two
// times the failover-timeout.
func (s *Sentinel) attempted(master *instance) {
	f := &master.failover
	f.started = s.now.Add(s.desync())
	f.notBefore = f.started.Add(2 * master.failoverTimeout)
}

func (s *Sentinel) startFailover(master *instance) {
	f := &master.failover
	f.enter(waitStart, s.now)
	s.currentEpoch++
	f.epoch = s.currentEpoch
	s.event(node.LogWarning, "+new-epoch", master, fmt.Sprint(f.epoch))
	s.event(node.LogWarning, "+try-failover", master, master.String())
	s.attempted(master)
}

// failoverStep does what the state of master's failover asks for at this tick.
// Redis 4.0: sentinel.c, sentinelFailoverStateMachine.
func (s *Sentinel) failoverStep(master *instance) {
	switch master.failover.state {
	case idle:
	case waitStart:
		s.awaitElection(master)
	case selectSlave:
		s.chooseSlave(master)
	case sendSlaveOfNoOne:
		s.promote(master)
	case waitPromotion: // INFO of the chosen replica leads on
		if s.since(master.failover.changed) > master.failoverTimeout {
			s.abort(master, "-failover-abort-slave-timeout")
		}
	case reconfSlaves:
		s.reconfigureNext(master)
	case updateConfig: // the switch follows in this same tick
	}
}

func (s *Sentinel) awaitElection(master *instance) {
	f := &master.failover
	if leader := s.leaderOf(master, f.epoch); !f.forced && (!strings.EqualFold(leader, s.id) || master.leaderEpoch > f.epoch) {
		s.notElected(master, leader)
		return
	}
	s.event(node.LogWarning, "+elected-leader", master, master.String())
	if s.crash(crashAfterElection) {
		return
	}
	node.Assert(f.epoch <= s.currentEpoch, "elected in epoch %d, and this is %d", f.epoch, s.currentEpoch)
	node.Assert(f.forced || master.leaderEpoch <= f.epoch, "elected in epoch %d after its own vote in %d", f.epoch, master.leaderEpoch)
	f.enter(selectSlave, s.now)
	s.event(node.LogWarning, "+failover-state-select-slave", master, master.String())
}

// notElected is about an attempt that has not been elected, or not in time: meanwhile I voted for another, in a newer
// epoch, who would be a second leader.
func (s *Sentinel) notElected(master *instance, leader string) {
	f := &master.failover
	switch {
	case s.since(f.started) > min(electionTimeoutMost, master.failoverTimeout):
		s.abort(master, "-failover-abort-not-elected")
	case master.leaderEpoch > f.epoch: // the one I voted for is left the time to succeed
		s.abort(master, "-failover-abort-not-elected")
	case leader == "" && s.nobodyWins(master):
		s.abort(master, "-failover-abort-not-elected")
		f.notBefore = s.now.Add(s.desync())
	}
}

func (s *Sentinel) chooseSlave(master *instance) {
	f := &master.failover
	slave := s.selectSlave(master)
	if slave == nil {
		s.abort(master, "-failover-abort-no-good-slave")
		return
	}
	s.event(node.LogWarning, "+selected-slave", slave, slave.String())
	node.Assert(slave.master == master && slave.priority != 0, "%v is to take the place of %v", slave, master)
	node.Assert(f.promoted == nil && !slave.promoted, "%v is chosen after %v", slave, f.promoted)
	slave.promoted, f.promoted = true, slave
	f.enter(sendSlaveOfNoOne, s.now)
	s.event(node.LogNotice, "+failover-state-send-slaveof-noone", slave, slave.String())
}

func (s *Sentinel) promote(master *instance) {
	f := &master.failover
	if f.promoted.link.disconnected {
		if s.since(f.changed) > master.failoverTimeout {
			s.abort(master, "-failover-abort-slave-timeout")
		}
		return
	}
	node.Assert(f.promoted.promoted && f.promoted.master == master, "%v is made a master, and was not chosen for %v", f.promoted, master)
	s.sendSlaveOf(f.promoted, nil)
	s.askInfo(f.promoted) // 4.0 waits for the next regular one: up to a second without a master
	s.event(node.LogNotice, "+failover-state-wait-promotion", f.promoted, f.promoted.String())
	f.enter(waitPromotion, s.now)
}

// abort gives up before the point of no return; past it a failover runs to its end.
func (s *Sentinel) abort(master *instance, why string) {
	f := &master.failover
	node.Assert(f.state != idle, "abort without a failover")
	node.Assert(f.state <= waitPromotion, "abort in %v: %v is a master", f.state, f.promoted)
	s.event(node.LogWarning, why, master, master.String())
	if f.promoted != nil {
		f.promoted.promoted = false
	}
	f.enter(idle, s.now)
}

// currentAddress is the address that I give for master: the promoted replica's from the moment it is a master.
func (master *instance) currentAddress() address {
	if f := &master.failover; f.state >= reconfSlaves {
		return f.promoted.addr
	}
	return master.addr
}
