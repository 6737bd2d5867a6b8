package nemesis

import (
	"strconv"
	"strings"
	"time"
)

// Verb says what a fault does.
type Verb string

// Faults on links. A | B is both ways between each of A and each of B, A -> B only what A sends to B.
const (
	Cut       Verb = "cut"       // links carry nothing; what is sent is held and delivered when the cut ends
	Drop      Verb = "drop"      // connections are reset and their bytes lost; new ones are refused
	Isolate   Verb = "isolate"   // each machine is cut from all others
	Halves    Verb = "halves"    // the machines, in their order, are cut in two halves
	Bridge    Verb = "bridge"    // two halves, and one machine that talks to both
	Ring      Verb = "ring"      // each machine hears a majority, no two the same one
	Clog      Verb = "clog"      // one direction of one connection is held; the others carry
	Unclog    Verb = "unclog"    // of what is clogged, the first goes on
	Refuse    Verb = "refuse"    // new connections are refused
	BlackHole Verb = "blackhole" // requests for new connections get no answer
	HalfOpen  Verb = "half-open" // existing connections go silent for good
	Flap      Verb = "flap"      // a cut comes and goes
)

// Toxiproxy's toxics, with its names and attributes.
const (
	Latency   Verb = "latency"
	Bandwidth Verb = "bandwidth"
	SlowClose Verb = "slow_close"
	Timeout   Verb = "timeout"
	ResetPeer Verb = "reset_peer"
	Slicer    Verb = "slicer"
	LimitData Verb = "limit_data"
)

// Faults on machines.
const (
	Kill          Verb = "kill"           // kill -9
	Restart       Verb = "restart"        // a machine that is down starts again
	Terminate     Verb = "terminate"      // SIGTERM
	PowerLoss     Verb = "powerloss"      // the machine is off: its peers hear nothing, its disk keeps what was synced
	Pause         Verb = "pause"          // SIGSTOP
	Resume        Verb = "resume"         // SIGCONT
	Stall         Verb = "stall"          // the whole machine stands still, kernel and all, and its clock jumps afterwards
	SlowCPU       Verb = "slow-cpu"       // every step takes longer
	RestoreRDB    Verb = "restore-rdb"    // down, and up again with the RDB as it was before
	RestoreConfig Verb = "restore-config" // down, and up again with the configuration it began with
	RunAs         Verb = "run-as"         // another program takes the machine over
	Storm         Verb = "storm"          // killed and started again and again
	BounceAll     Verb = "bounce-all"     // the whole cluster goes down at once
)

// Faults on disks.
const (
	LyingFsync Verb = "lying-fsync" // fsync returns and keeps nothing
	TornTail   Verb = "torn-tail"   // at a loss of power, the file written last keeps a part of what was not synced
	EIORead    Verb = "eio-read"    // reads fail
	EIOWrite   Verb = "eio-write"   // writes fail
	EIOSync    Verb = "eio-sync"    // fsync fails
	DiskFull   Verb = "disk-full"   // writes find no space, after a part of them
	SlowDisk   Verb = "slow-disk"   // every operation takes longer
	FileGone   Verb = "file-gone"   // a file is not there
)

// Faults on clocks.
const (
	ClockJump   Verb = "clock-jump"   // the clock is set forward or back
	ClockDrift  Verb = "clock-drift"  // the clock gains or loses
	ClockOffset Verb = "clock-offset" // the clock moves away from the others', smoothly, and back
)

// Heal ends every fault in force.
const Heal Verb = "heal"

// Kind says what a fault hits, and so who carries it out.
type Kind uint8

const (
	OnAll      Kind = iota // heal: everything in force
	OnLinks                // the links between A and B
	OnMachines             // processes and their machines
	OnDisks                // the disks of machines
	OnClocks               // the clocks of machines
	ByOrder                // an operator's commands, which a system declares
)

// Fault is one thing to do to a cluster.
//
// Targets are machines by name ("m1") or by role ("master", "replica": one drawn, "replicas": all, "sentinel",
// "sentinels", "servers", "clients", "all", "spare"). A world is given faults whose targets are names only.
type Fault struct {
	Verb   Verb
	A      []string // the targets; of a fault on links, one side
	B      []string // of a fault on links, the other side
	OneWay bool     // of a fault on links: only what A sends to B is hit
	Args   []Arg    // name=value, in the order written
}

// Arg is one attribute of a fault, as "delay=50ms".
type Arg struct{ Name, Value string }

// Has says whether the attribute name is written.
func (f Fault) Has(name string) bool {
	for _, a := range f.Args {
		if a.Name == name {
			return true
		}
	}
	return false
}

// Text returns the attribute name, or what it is when it is left out ("" if it has no such default; an order's is its
// system's to know).
func (f Fault) Text(name string) string {
	for _, a := range f.Args {
		if a.Name == name {
			return a.Value
		}
	}
	g, _ := grammarOf(f.Verb)
	for _, a := range g.args {
		if a.name == name {
			return a.otherwise
		}
	}
	return ""
}

// Duration returns the attribute name as a duration, or its default, or 0. Whole numbers are milliseconds.
func (f Fault) Duration(name string) time.Duration {
	text := f.Text(name)
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(ms) * time.Millisecond
	}
	d, _ := time.ParseDuration(text) // Parse accepted it
	return d
}

// Int returns the attribute name as a whole number, or its default, or 0.
func (f Fault) Int(name string) int64 {
	n, _ := strconv.ParseInt(f.Text(name), 10, 64) // Parse accepted it
	return n
}

// Number returns the attribute name as a number, or its default, or 0. 50% is 0.5.
func (f Fault) Number(name string) float64 {
	text, percent := strings.CutSuffix(f.Text(name), "%")
	x, _ := strconv.ParseFloat(text, 64) // Parse accepted it
	if percent {
		x /= 100
	}
	return x
}

// Kind says what the fault hits.
func (f Fault) Kind() Kind {
	if g, ok := grammarOf(f.Verb); ok {
		return g.kind
	}
	return ByOrder
}

// Links says whether the fault is one on links between A and B, and not on machines.
func (f Fault) Links() bool { return f.Kind() == OnLinks }

// Order says whether the fault is a command that an operator gives to servers, over the network like any client.
func (f Fault) Order() bool { return f.Kind() == ByOrder }

// Compound says whether the fault is made of others, which [Fault.Beats] tells. Worlds are given those others only.
func (f Fault) Compound() bool {
	g, _ := grammarOf(f.Verb)
	return g.compound
}

// Downs says whether a machine is down while the fault is in force, and starts when it is over.
func (f Fault) Downs() bool {
	switch f.Verb {
	case Kill, Terminate, PowerLoss, RestoreRDB, RestoreConfig:
		return true
	}
	return false
}

// Step is one line of a schedule: a fault, when it starts, and how long it lasts.
type Step struct {
	At    time.Duration // from the moment the cluster has formed
	When  []Trigger     // what it waits for from At on, one after the other; none: it starts at At
	Fault Fault
	For   time.Duration // from when it has begun; 0: until something heals it
}

// Schedule is what a nemesis does in one run, in order of time. Steps that wait for something may stand anywhere.
type Schedule []Step
