package sentinel

import (
	"slices"

	"github.com/ordeal-go/ordeal/node"
)

// The states of the machines that a Sentinel is made of, and which may follow each one: of its start, of a failover, of a
// replica on its way to a new master. The package's doc draws them. Each has one method that moves it, and states what must
// hold where it goes.

// phase is how far the start has come.
type phase uint8

const (
	reading   phase = iota // its configuration
	resolving              // the host names in it
	checking               // whether the scripts that it names exist
	listening              // waiting to hear that its addresses are its own
	running
	exited
)

var phaseNames = [...]string{reading: "reading", resolving: "resolving", checking: "checking", listening: "listening", running: "running",
	exited: "exited"}

func (p phase) String() string { return phaseNames[p] }

// phaseNext says which phases may follow each one.
var phaseNext = [...][]phase{
	reading:   {resolving, exited},
	resolving: {checking, exited},
	checking:  {listening, exited},
	listening: {running, exited},
	running:   {exited},
	exited:    {},
}

// enter is the only way from phase to phase.
func (s *Sentinel) enter(p phase) {
	if !slices.Contains(phaseNext[s.phase], p) {
		node.Assert(false, "a start that goes from %v to %v", s.phase, p)
	}
	node.Assert(p != running || s.toListen == 0, "it runs, and %d addresses have not answered", s.toListen)
	s.phase = p
}

// failoverState is how far the replacement of a master has come.
type failoverState uint8

const (
	idle             failoverState = iota
	waitStart                      // waiting to be elected
	selectSlave                    // elected: choose the replica
	sendSlaveOfNoOne               // chosen: make it a master
	waitPromotion                  // told: wait until it says that it is one
	reconfSlaves                   // it is: the point of no return; point the others at it
	updateConfig                   // all done: make it the master that is watched
)

var failoverNames = [...]string{idle: "none", waitStart: "wait_start", selectSlave: "select_slave",
	sendSlaveOfNoOne: "send_slaveof_noone", waitPromotion: "wait_promotion", reconfSlaves: "reconf_slaves",
	updateConfig: "update_config"}

func (f failoverState) String() string { return failoverNames[f] }

// failoverNext says which states may follow each one. The package's doc draws it.
var failoverNext = [...][]failoverState{
	idle:             {idle, waitStart}, // idle: a reset with nothing under way
	waitStart:        {idle, selectSlave},
	selectSlave:      {idle, sendSlaveOfNoOne},
	sendSlaveOfNoOne: {idle, waitPromotion},
	waitPromotion:    {idle, reconfSlaves},
	reconfSlaves:     {idle, updateConfig}, // idle: a newer configuration, or the end by RESET
	updateConfig:     {idle},
}

// enter is the only way from state to state.
func (f *failover) enter(state failoverState, now node.Instant) {
	if !slices.Contains(failoverNext[f.state], state) {
		node.Assert(false, "failover from %v to %v", f.state, state)
	}
	if state > selectSlave && f.promoted == nil {
		node.Assert(false, "failover to %v of nobody", state)
	}
	f.state, f.changed = state, now
	if state == idle {
		f.forced, f.promoted = false, nil
	}
}

// reconf is how far a replica has come on its way to a new master during a failover.
type reconf uint8

const (
	reconfNone       reconf = iota
	reconfSent              // SLAVEOF was sent
	reconfInProgress        // INFO shows the new master
	reconfDone              // and the link to it is up
)

var reconfNames = [...]string{reconfNone: "none", reconfSent: "sent", reconfInProgress: "inprog", reconfDone: "done"}

func (c reconf) String() string { return reconfNames[c] }

// reconfNext says which may follow each one; with the address of its master a replica is forgotten, and what it came to.
var reconfNext = [...][]reconf{
	reconfNone:       {reconfSent},
	reconfSent:       {reconfInProgress, reconfDone}, // done: given up
	reconfInProgress: {reconfSent, reconfDone},       // sent: once more, at the end of a failover that took too long
	reconfDone:       {},
}

// reconfigured is the only way of a replica from step to step.
func (r *instance) reconfigured(c reconf) {
	if !slices.Contains(reconfNext[r.reconf], c) {
		node.Assert(false, "%v from %v to %v", r, r.reconf, c)
	}
	node.Assert(r.kind == kindSlave && r.master.failover.promoted != nil, "%v is %v with nobody promoted", r, c)
	r.reconf = c
}

// configuredBy takes the epoch of a configuration, which replaces an older one.
func (master *instance) configuredBy(epoch int64) {
	node.Assert(epoch > master.configEpoch, "configuration epoch %d of %v after %d", epoch, master, master.configEpoch)
	master.configEpoch = epoch
}
