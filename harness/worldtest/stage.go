package worldtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// Open makes a world of the given machines, all of them down. It fills in, in place, what depends on the world:
// Host, Announce and Dir of each machine, and Port of those whose Port is not 0. Cores are made after that. The
// world is the test's, which closes it.
type Open func(t *testing.T, machines []cluster.Machine, sink cluster.Sink) harness.World

const (
	patience = 30 * time.Second       // how long a test waits for what must come
	quiet    = 600 * time.Millisecond // how long it listens for what must not
	pulse    = 5 * time.Millisecond
)

// Stage is a world with its machines, and a record of what they noted. It is the world's sink.
type Stage struct {
	World    harness.World
	t        *testing.T
	machines []cluster.Machine
	faults   int

	mu   sync.Mutex
	seen map[string][]Remark
	read map[string]int // how many remarks of a machine the test has dealt with
	down map[string][]string
	ups  map[string]int
}

// Remark is one note of a puppet.
type Remark struct {
	At   time.Duration
	Text string
}

// Note records what a puppet says.
func (s *Stage) Note(at time.Duration, machine string, n *node.Note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[machine] = append(s.seen[machine], Remark{at, n.Text})
}

// Log is of no interest here.
func (s *Stage) Log(time.Duration, string, string) {}

// Down records the end of a process.
func (s *Stage) Down(_ time.Duration, machine, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down[machine] = append(s.down[machine], why)
}

// Up counts the starts of a machine.
func (s *Stage) Up(_ time.Duration, machine string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ups[machine]++
}

// NewStage opens a world and starts everything in it.
func NewStage(t *testing.T, open Open, machines ...cluster.Machine) *Stage {
	s := &Stage{t: t, machines: machines, seen: map[string][]Remark{}, read: map[string]int{},
		down: map[string][]string{}, ups: map[string]int{}}
	s.World = open(t, s.machines, s)
	t.Cleanup(func() {
		_, err := s.World.Close()
		require.NoError(t, err)
	})
	for i := range s.machines {
		require.NoError(t, s.World.Start(t.Context(), s.machines[i].Name))
	}
	return s
}

// Puppets opens a world of client machines that do what they are told; each has a port to listen at.
func Puppets(t *testing.T, open Open, names ...string) *Stage {
	machines := make([]cluster.Machine, len(names))
	for i, name := range names {
		m := &machines[i]
		*m = cluster.Machine{Name: name, Kind: cluster.Client, Port: 6379,
			New: func(cluster.Boot) node.Core { return newPuppet(t, m) }}
	}
	s := NewStage(t, open, machines...)
	for _, name := range names {
		s.Await(name, "started")
	}
	return s
}

func (s *Stage) machine(name string) *cluster.Machine {
	for i := range s.machines {
		if s.machines[i].Name == name {
			return &s.machines[i]
		}
	}
	s.t.Fatalf("the stage has no machine %s", name)
	return nil
}

// Addr is where the others reach a machine.
func (s *Stage) Addr(name string) string { return s.machine(name).Addr() }

// File is the path of a file in a machine's folder.
func (s *Stage) File(machine, name string) string { return s.machine(machine).Dir + "/" + name }

// Tell gives a puppet commands, which lie in one step of it.
func (s *Stage) Tell(machine, format string, args ...any) {
	s.t.Helper()
	require.NoError(s.t, s.World.Tell(machine, fmt.Sprintf(format, args...)))
}

// Pass lets time pass.
func (s *Stage) Pass(d time.Duration) {
	s.t.Helper()
	require.NoError(s.t, s.World.Advance(context.Background(), s.World.Elapsed()+d))
}

// Next returns the machine's next remark that starts with prefix, and forgets those before it.
func (s *Stage) Next(machine, prefix string) (Remark, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := s.read[machine]; i < len(s.seen[machine]); i++ {
		if r := s.seen[machine][i]; strings.HasPrefix(r.Text, prefix) {
			s.read[machine] = i + 1
			return r, true
		}
	}
	return Remark{}, false
}

// Forget deals with everything that a machine has noted so far.
func (s *Stage) Forget(machine string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read[machine] = len(s.seen[machine])
}

// Await lets time pass until the machine has noted something that starts with prefix.
func (s *Stage) Await(machine, prefix string) Remark {
	s.t.Helper()
	for limit := s.World.Elapsed() + patience; s.World.Elapsed() < limit; s.Pass(pulse) {
		if r, ok := s.Next(machine, prefix); ok {
			return r
		}
	}
	s.t.Fatalf("%s noted nothing that starts with %q; it noted:\n%s", machine, prefix, s.recent(machine))
	return Remark{}
}

// Until lets time pass until done.
func (s *Stage) Until(what string, done func() bool) {
	s.t.Helper()
	for limit := s.World.Elapsed() + patience; s.World.Elapsed() < limit; s.Pass(pulse) {
		if done() {
			return
		}
	}
	s.t.Fatalf("%s did not happen", what)
}

// Silent lets time pass, in which the machine must not note anything that starts with prefix.
func (s *Stage) Silent(machine, prefix string) {
	s.t.Helper()
	s.Pass(quiet)
	if r, ok := s.Next(machine, prefix); ok {
		s.t.Fatalf("%s noted %q at %v, which must not happen", machine, r.Text, r.At)
	}
}

func (s *Stage) recent(machine string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, r := range s.seen[machine][max(0, len(s.seen[machine])-20):] {
		fmt.Fprintf(&b, "\t%v %s\n", r.At, r.Text)
	}
	return b.String()
}

// Stream returns everything that a puppet received on a connection.
func (s *Stage) Stream(machine string, conn int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	prefix := fmt.Sprintf("received %d ", conn)
	for _, r := range s.seen[machine] {
		if text, ok := strings.CutPrefix(r.Text, prefix); ok {
			var piece string
			_, err := fmt.Sscanf(text, "%q", &piece)
			require.NoError(s.t, err)
			b.WriteString(piece)
		}
	}
	return b.String()
}

// AwaitStream lets time pass until want is everything that a puppet has received on a connection.
func (s *Stage) AwaitStream(machine string, conn int, want string) {
	s.t.Helper()
	s.Until(fmt.Sprintf("the arrival of %q at %s", want, machine), func() bool { return s.Stream(machine, conn) == want })
}

// Texts returns what a machine noted from the n-th remark on.
func (s *Stage) Texts(machine string, n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, r := range s.seen[machine][n:] {
		list = append(list, r.Text)
	}
	return list
}

// Inflict puts a fault in force, in the nemesis's own language: "cut c1 | c2".
func (s *Stage) Inflict(text string) (id int) {
	s.t.Helper()
	f, err := nemesis.Parse(text)
	require.NoError(s.t, err)
	s.faults++
	require.NoError(s.t, s.World.Inflict(context.Background(), s.faults, f))
	return s.faults
}

// Lift ends a fault.
func (s *Stage) Lift(id int) {
	s.t.Helper()
	require.NoError(s.t, s.World.Lift(context.Background(), id))
}

// Connect makes a connection from one puppet to another: 1 at the dialler, 2 where it was accepted.
func (s *Stage) Connect(from, to string) {
	s.t.Helper()
	s.Tell(to, "listen")
	r := s.Await(to, "listened")
	require.Equal(s.t, "listened", r.Text, "%s cannot listen", to)
	s.Tell(from, "dial %s", s.Addr(to))
	s.Await(from, "dialled 1")
	s.Await(to, "accepted 2")
}
