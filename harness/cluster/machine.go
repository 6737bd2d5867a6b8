// Package cluster says which machines a run has: their names and addresses, the configuration files they start
// with, and the core of each one.
package cluster

import (
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// Kind is what a machine is for.
type Kind string

// The kinds of machines. Servers and Sentinels are under test: live they are processes. Clients and the observer
// belong to the harness: in both worlds their cores run inside it, and the nemesis kills none of them.
const (
	Server   Kind = "server"
	Sentinel Kind = "sentinel"
	Client   Kind = "client"
	Observer Kind = "observer"
)

// Machine is one computer of a run, with one core on it.
type Machine struct {
	Name string // "m1", "r2", "s3", "c1", "o1"
	Kind Kind
	// Spare says that the machine is not there from the beginning: a fault adds it.
	Spare bool
	// Host is the IP that the machine's own listeners bind and that its connections come from.
	Host string
	// Announce is the IP by which every other machine knows it. In the simulation it is Host; live, a listener of
	// the harness stands there and leads each caller through a link of its own.
	Announce string
	Port     int // 0: it does not listen
	// Password is what callers give to be let in (requirepass), User as whom they come; "": none is asked for, the default user.
	Password, User string
	// TLS says that the machine speaks nothing but TLS. Live, the world makes the certificates, in the machine's TLSDir.
	TLS bool
	// Renamed are the new names of its commands that have another name, by the usual ones in capitals (rename-command).
	Renamed map[string]string

	Dir        string            // absolute path of its folder: its core's working directory
	ConfigPath string            // absolute path of its configuration file; "" if it has none
	Settings   Settings          // of its configuration, what the history is to say: all but passwords, in the words that checkers know
	Speed      int64             // bytes a second of its disk and of work on data, 0: a real machine's; simulation only
	Files      map[string]string // what lies on its disk before the first start, by absolute path

	// Overhear, where it is set, has somebody listen in the simulation to each connection that the machine dials to another
	// machine which has it: number tells them apart, addr is what was dialled, and note takes what is to be noted.
	Overhear func(number int, addr string, note func(n *node.Note)) Onlooker

	// Process is what a machine under test runs in the live world: a program and its arguments, [Self] being this very
	// program. nil: the program that the run's target names.
	Process []string
	// New makes the machine's core for one life.
	New func(Boot) node.Core
}

// Self stands for this very program in [Machine.Process].
const Self = "self"

// Addr is the address at which the others reach the machine, "ip:port".
func (m *Machine) Addr() string { return joinHostPort(m.Announce, m.Port) }

// Files of a machine that speaks TLS, below its Dir: its certificate and key, and the authority of all certificates.
const (
	TLSCert      = "tls/machine.crt"
	TLSKey       = "tls/machine.key"
	TLSAuthority = "tls/authority.crt"
)

// Onlooker listens to both ends of a connection. dialler says that it is the end of the machine that dialled.
type Onlooker interface {
	// Sent is told what the process at an end has said, Read what it has been given of what the other one said.
	Sent(dialler bool, b []byte)
	Read(now time.Duration, dialler bool, b []byte)
	// Closed is told that the process at an end knows no more of the connection.
	Closed(dialler bool)
}

// Boot is what one life of a core is given beside its machine.
type Boot struct {
	Rand *rand.Rand // from the run's seed, the machine's name and the number of this life
	Life int        // 1, 2, …
	PID  int
}

// Sink takes what a world observes while it runs. Calls come one at a time, from within Start, Inflict, Lift, Advance and
// Close of the world, and in their goroutine: who plays a run needs no lock for what it records.
type Sink interface {
	// Note is an effect of a machine's core. n is valid during the call only.
	Note(at time.Duration, machine string, n *node.Note)
	// Log is a line of a machine's log, without its newline.
	Log(at time.Duration, machine, line string)
	// Down says that a machine's process ended, whoever ended it, and why: "exit 1", "killed", "invariant broken: …".
	Down(at time.Duration, machine, why string)
	// Up says that a machine's process was started.
	Up(at time.Duration, machine string)
}

func joinHostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
