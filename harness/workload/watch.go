package workload

import (
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// Stages that the harness tells a system's observer to wait for, as messages. The observer notes a stage
// ([node.NoteStage]) when the cluster has reached it. Instead of ready, a
// system may have others on the way to the first operations.
const (
	StageReady   = "ready"   // all servers answer and agree: the clients can begin
	StageSettled = "settled" // nothing is left to be done: the servers agree, and have the same data
	StageFinal   = "final"   // and everything was read once more: what the run's writes came to
)

// Explain is the message by which the harness asks the observer what keeps the cluster from the stage that it waits for:
// who waits for what from whom. It notes a sentence for each such thing.
const Explain = "explain"

// NoteWaiting is the kind of those notes: About is who is waited for, Text the sentence.
const NoteWaiting node.NoteKind = "waiting"

// Expect is the message by which the harness tells the observer that a spare machine is one of the cluster now.
func Expect(machine string) string { return ExpectPrefix + machine }

// ExpectPrefix is how the messages of [Expect] begin; the machine's name follows.
const ExpectPrefix = "expect "

// Watch says how closely the observer looks. The zero value is fit for servers that note what they do themselves.
type Watch struct {
	// Every is how long it waits between two questions to the same machine; 0: a second. A property that rests on the
	// observer's samples alone is judged the more closely the shorter this is.
	Every time.Duration
	// Foreign says that there are servers which note nothing, such as a real Redis: all that is known of them is what they
	// answer.
	Foreign bool
}
