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

// stage is a world with its machines, and a record of what they noted.
type stage struct {
	t        *testing.T
	world    harness.World
	machines []cluster.Machine
	faults   int

	mu   sync.Mutex
	seen map[string][]remark
	read map[string]int // how many remarks of a machine the test has dealt with
	down map[string][]string
	ups  map[string]int
}

type remark struct {
	at   time.Duration
	text string
}

func (s *stage) Note(at time.Duration, machine string, n *node.Note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[machine] = append(s.seen[machine], remark{at, n.Text})
}

func (s *stage) Log(time.Duration, string, string) {}

func (s *stage) Down(_ time.Duration, machine, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down[machine] = append(s.down[machine], why)
}

func (s *stage) Up(_ time.Duration, machine string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ups[machine]++
}

// newStage opens a world and starts everything in it.
func newStage(t *testing.T, open Open, machines ...cluster.Machine) *stage {
	s := &stage{t: t, machines: machines, seen: map[string][]remark{}, read: map[string]int{},
		down: map[string][]string{}, ups: map[string]int{}}
	s.world = open(t, s.machines, s)
	t.Cleanup(func() {
		_, err := s.world.Close()
		require.NoError(t, err)
	})
	for i := range s.machines {
		require.NoError(t, s.world.Start(t.Context(), s.machines[i].Name))
	}
	return s
}

// puppets are client machines that do what they are told; each has a port to listen at.
func puppets(t *testing.T, open Open, names ...string) *stage {
	machines := make([]cluster.Machine, len(names))
	for i, name := range names {
		m := &machines[i]
		*m = cluster.Machine{Name: name, Kind: cluster.Client, Port: 6379,
			New: func(cluster.Boot) node.Core { return newPuppet(m) }}
	}
	s := newStage(t, open, machines...)
	for _, name := range names {
		s.await(name, "started")
	}
	return s
}

func (s *stage) machine(name string) *cluster.Machine {
	for i := range s.machines {
		if s.machines[i].Name == name {
			return &s.machines[i]
		}
	}
	s.t.Fatalf("the stage has no machine %s", name)
	return nil
}

func (s *stage) addr(name string) string { return s.machine(name).Addr() }

func (s *stage) file(machine, name string) string { return s.machine(machine).Dir + "/" + name }

func (s *stage) tell(machine, format string, args ...any) {
	s.t.Helper()
	require.NoError(s.t, s.world.Tell(machine, fmt.Sprintf(format, args...)))
}

func (s *stage) pass(d time.Duration) {
	s.t.Helper()
	require.NoError(s.t, s.world.Advance(context.Background(), s.world.Elapsed()+d))
}

// next returns the machine's next remark that starts with prefix, and forgets those before it.
func (s *stage) next(machine, prefix string) (remark, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := s.read[machine]; i < len(s.seen[machine]); i++ {
		if r := s.seen[machine][i]; strings.HasPrefix(r.text, prefix) {
			s.read[machine] = i + 1
			return r, true
		}
	}
	return remark{}, false
}

// forget deals with everything that a machine has noted so far.
func (s *stage) forget(machine string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read[machine] = len(s.seen[machine])
}

// await lets time pass until the machine has noted something that starts with prefix.
func (s *stage) await(machine, prefix string) remark {
	s.t.Helper()
	for limit := s.world.Elapsed() + patience; s.world.Elapsed() < limit; s.pass(pulse) {
		if r, ok := s.next(machine, prefix); ok {
			return r
		}
	}
	s.t.Fatalf("%s noted nothing that starts with %q; it noted:\n%s", machine, prefix, s.recent(machine))
	return remark{}
}

// until lets time pass until done.
func (s *stage) until(what string, done func() bool) {
	s.t.Helper()
	for limit := s.world.Elapsed() + patience; s.world.Elapsed() < limit; s.pass(pulse) {
		if done() {
			return
		}
	}
	s.t.Fatalf("%s did not happen", what)
}

// silent lets time pass, in which the machine must not note anything that starts with prefix.
func (s *stage) silent(machine, prefix string) {
	s.t.Helper()
	s.pass(quiet)
	if r, ok := s.next(machine, prefix); ok {
		s.t.Fatalf("%s noted %q at %v, which must not happen", machine, r.text, r.at)
	}
}

func (s *stage) recent(machine string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, r := range s.seen[machine][max(0, len(s.seen[machine])-20):] {
		fmt.Fprintf(&b, "\t%v %s\n", r.at, r.text)
	}
	return b.String()
}

// stream returns everything that a puppet received on a connection.
func (s *stage) stream(machine string, conn int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	prefix := fmt.Sprintf("received %d ", conn)
	for _, r := range s.seen[machine] {
		if text, ok := strings.CutPrefix(r.text, prefix); ok {
			var piece string
			_, err := fmt.Sscanf(text, "%q", &piece)
			require.NoError(s.t, err)
			b.WriteString(piece)
		}
	}
	return b.String()
}

// awaitStream lets time pass until want is everything that a puppet has received on a connection.
func (s *stage) awaitStream(machine string, conn int, want string) {
	s.t.Helper()
	s.until(fmt.Sprintf("the arrival of %q at %s", want, machine), func() bool { return s.stream(machine, conn) == want })
}

// texts returns what a machine noted from the n-th remark on.
func (s *stage) texts(machine string, n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, r := range s.seen[machine][n:] {
		list = append(list, r.text)
	}
	return list
}

func (s *stage) inflict(text string) (id int) {
	s.t.Helper()
	f, err := nemesis.Parse(text)
	require.NoError(s.t, err)
	s.faults++
	require.NoError(s.t, s.world.Inflict(context.Background(), s.faults, f))
	return s.faults
}

func (s *stage) lift(id int) {
	s.t.Helper()
	require.NoError(s.t, s.world.Lift(context.Background(), id))
}

// connect makes a connection from one puppet to another: 1 at the dialler, 2 where it was accepted.
func (s *stage) connect(from, to string) {
	s.t.Helper()
	s.tell(to, "listen")
	r := s.await(to, "listened")
	require.Equal(s.t, "listened", r.text, "%s cannot listen", to)
	s.tell(from, "dial %s", s.addr(to))
	s.await(from, "dialled 1")
	s.await(to, "accepted 2")
}
