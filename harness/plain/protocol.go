// Package plain is clients and an observer for systems whose servers answer one question after the other, a line each:
// with it, a system of one's own needs little more than its core.
package plain

import (
	"fmt"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/workload"
)

// Protocol is how servers are asked. Lines are without their newlines.
type Protocol interface {
	// Ask is the question that does op.
	Ask(op Op) string
	// Heard is what the answer to it says.
	Heard(op Op, line string) Answer
	// Status is the question how a server is; State is what the answer says.
	Status() string
	State(line string) State
}

// Op is an operation on a register: Value is written to Key, or Key is read.
type Op struct {
	Key, Value string
	Write      bool

	label string // of its work in the history
}

// Answer is how an operation ended.
type Answer struct {
	Outcome Outcome
	Value   string // that was read
	Found   bool   // there was one
	Why     string // it was not done, or nobody knows
}

// Outcome is what a client knows about an operation.
type Outcome uint8

// The outcomes.
const (
	Done    Outcome = iota
	Refused         // it was certainly not done, and another server may do it
	Unknown         // it may have been done, or be done yet
)

// State is what a server says of itself.
type State struct {
	// Role is "master" for a server that takes writes, "slave" for one that follows it: what the roles of faults go by.
	Role string
	// Digest is equal on servers with the same data.
	Digest string
}

// Kinds are the kinds of work that the clients can do: a register.
func Kinds() []workload.Kind {
	return []workload.Kind{{Name: "register", About: "writes and reads of a few keys; every value is written once", Model: "register",
		Usual: workload.Work{Reads: 50}, Check: func(w workload.Work) error {
			switch {
			case w.ReplicaReads != 0 || w.Probes != 0:
				return fmt.Errorf("%s: these clients talk to whom takes their operations: leave out replica-reads and probes", w.Name)
			case w.DB != 0 || len(w.Commands) != 0:
				return fmt.Errorf("%s: there are neither databases nor commands here: leave out db and commands", w.Name)
			}
			return nil
		}}}
}

// Callers lays out the observer and the clients.
func Callers(p Protocol, c harness.Calling) []cluster.Machine {
	s := &setup{Protocol: p, Calling: c, spares: map[string]bool{}}
	s.ops, _ = workload.ParseOps(c.Work.Ops) // Check accepted it
	for i := range c.Work.Mix {
		s.keys = append(s.keys, c.Work.KeysOf(i))
	}
	for _, m := range c.Nodes {
		s.spares[m.Name] = m.Spare
	}
	out := []cluster.Machine{cluster.Caller(observerName, cluster.Observer, len(c.Nodes)+1, c.Addr, s.observer)}
	for i, name := range workload.Clients(c.Work) {
		out = append(out, cluster.Caller(name, cluster.Client, len(c.Nodes)+2+i, c.Addr, s.client))
	}
	return out
}

// setup is what all callers of a run are told.
type setup struct {
	Protocol
	harness.Calling
	ops    workload.Ops
	keys   [][]string      // of each work of the mix
	spares map[string]bool // machines that are not there from the beginning; to look up only
}

// How patient callers are.
const (
	patience = 500 * time.Millisecond // for an answer, or a connection
	pause    = 100 * time.Millisecond // between two attempts to reach the same server, and two rounds of questions
)
