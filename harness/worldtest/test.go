package worldtest

import (
	"testing"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
)

// Test checks the promises about connections, timers, files, work and link faults, on client machines.
func Test(t *testing.T, open func(t *testing.T, machines []cluster.Machine, sink cluster.Sink) harness.World) {
	for _, p := range promises {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.check(t, open)
		})
	}
}

type promise struct {
	name  string
	check func(t *testing.T, open Open)
}

var promises = []promise{
	{"bytes of a connection arrive in order", bytesInOrder},
	{"a large send arrives whole, and is told when it has left", largeSend},
	{"who is not read has to wait, and loses nothing", heldBack},
	{"what was sent before a flushing close arrives before the close", flushThenClose},
	{"a close is the last event of a connection, at the peer only", closeIsLast},
	{"a dial to a port where nobody listens comes to nothing", nobodyListens},
	{"a dial to an address that is none fails", badAddress},
	{"a port is listened at once", portInUse},
	{"a cut link is silent and delivers after the heal", cutHolds},
	{"a one-way cut stops one direction", cutOneWay},
	{"two cuts on one link need two heals", cutsCount},
	{"a dial across a cut reaches nobody", dialAcrossCut},
	{"latencies on one link add up", latenciesAdd},
	{"a timer fires once, not early, and can be moved and stopped", timersFire},
	{"the end of a foreground job is the next event", foregroundIsNext},
	{"a background job lets the core go on, and ends", backgroundEnds},
	{"files are what was written, appended, renamed and removed", filesKeep},
	{"an open file stays what it was, and is read in parts", openFileStays},
	{"a job stops at the step that fails", jobStops},
	{"busy holds back the effects and events after it", busyHolds},
	{"work is done and delivered", workDone},
	{"messages of the harness arrive in order", toldInOrder},
	{"heal ends every fault", healEndsAll},
	{"an unknown machine is an error, not a silence", unknownMachine},
}
