package nemesis

import "time"

// Verb says what a fault does.
type Verb string

// The verbs. FAULTS.md says what each one does in which world.
const (
	Cut     Verb = "cut"     // links carry nothing: A | B both ways, A -> B one way
	Latency Verb = "latency" // links are slower by delay=… and up to jitter=… more
	Kill    Verb = "kill"    // kill -9
	Restart Verb = "restart" // a machine that is down starts again with the files it has
	Pause   Verb = "pause"   // SIGSTOP
	Resume  Verb = "resume"  // SIGCONT
	Heal    Verb = "heal"    // every fault in force ends: links, pauses, machines that are down
	Promote Verb = "promote" // an operator's SLAVEOF NO ONE
	SlaveOf Verb = "slaveof" // an operator's SLAVEOF: A -> B makes every one of A a replica of B
)

// Fault is one thing to do to a cluster.
//
// Targets are machines by name ("m1") or by role ("master", "replica": one drawn, "replicas": all, "sentinel",
// "sentinels", "servers", "clients", "all"). A world is given faults whose targets are names only.
type Fault struct {
	Verb   Verb
	A      []string // the targets; of a fault on links, one side
	B      []string // of a fault on links, the other side
	OneWay bool     // of a fault on links: only what A sends to B is hit
	Args   []Arg    // name=value, in the order written
}

// Arg is one attribute of a fault, as "delay=50ms".
type Arg struct{ Name, Value string }

// Duration returns the attribute name as a duration, or 0.
func (f Fault) Duration(name string) time.Duration {
	for _, a := range f.Args {
		if a.Name == name {
			d, _ := time.ParseDuration(a.Value) // Parse accepted it
			return d
		}
	}
	return 0
}

// Links says whether the fault is one on links between A and B, and not on machines.
func (f Fault) Links() bool { return f.Verb == Cut || f.Verb == Latency }

// Order says whether the fault is a command that an operator gives to servers, over the network like any client.
func (f Fault) Order() bool { return f.Verb == Promote || f.Verb == SlaveOf }

// Step is one line of a schedule: a fault, when it starts, and how long it lasts.
type Step struct {
	At    time.Duration // from the moment the cluster has formed
	Fault Fault
	For   time.Duration // 0: until something heals it
}

// Schedule is what a nemesis does in one run, in order of time.
type Schedule []Step
