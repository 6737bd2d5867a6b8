package harness

import (
	"context"
	"time"

	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// World is where a run takes place: harness/sim, one goroutine with virtual time, or harness/live, processes on
// loopback addresses. harness/worldtest holds both to the same promises.
type World interface {
	// Start starts machines by name, each for the first time or after it went down. Live, it returns once each
	// process runs; that a server answers is for the observer to say.
	Start(ctx context.Context, machines ...string) error
	// Elapsed is how long the world has existed: virtual or real time.
	Elapsed() time.Duration
	// Advance lets the world go on until Elapsed reaches until, or ctx is done. It fails when a machine went down
	// that nobody brought down, with the last lines of its log.
	Advance(ctx context.Context, until time.Duration) error
	// Yield, which the Sink calls, makes the Advance under way return without a failure as soon as it can, for somebody to
	// do something before the world goes on. The simulation stands still at that very moment, also between two effects
	// of one step; a live world goes on by itself.
	Yield()
	// WatchDisk has told called for every operation on a machine's disk that changed what is on it, from Advance, which
	// that may make yield. A world that does not see them says so.
	WatchDisk(machine string, told func(kind node.FileKind)) error
	// Tell delivers a [node.Told] event with message to the core of a client or observer machine. Messages to one
	// machine arrive in order.
	Tell(machine, message string) error
	// Inflict puts f in force. Its targets are machines' names, and it is neither compound nor an order: the run
	// carries those out. A world that cannot express f says so and why.
	// Several faults may be in force on one link or machine at a time.
	Inflict(ctx context.Context, id int, f nemesis.Fault) error
	// Lift ends the fault that Inflict was given as id: cut links carry again, what is paused goes on. A machine
	// that was killed starts again with the files it has.
	Lift(ctx context.Context, id int) error
	// Close ends every machine and gives back everything the world holds. The trace hash is "" in a live world.
	Close() (trace string, err error)
}
