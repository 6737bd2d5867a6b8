package sim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// A replica that is brought down in a full synchronization, at any operation on its disk, by a kill or by a loss of
// power after which the disk is in any state that it may be in, starts again with the old data or the new, whole, and
// says where in which history it stands; then it gets into sync.
func TestCrashAtAnyFileOperationOfAFullSync(t *testing.T) {
	for _, diskless := range []string{"no", "yes"} {
		t.Run("diskless "+diskless, func(t *testing.T) {
			t.Parallel()
			crashes, ends := 0, map[int64]int{}
			for k := 0; ; k++ {
				states, over := 1, false
				for state := -1; state < states && !over; state++ {
					s := newSyncStage(t, diskless)
					if over = !s.runTo(k); over {
						break
					}
					states = s.w.NameChanges("r1") + 1
					s.crash(state)
					ends[s.checkStart(fmt.Sprintf("operation %d, state %d of %d", k, state, states))]++
					crashes++
				}
				if over {
					break
				}
			}
			require.Greater(t, crashes, 30)
			require.NotZero(t, ends[oldKeys])
			require.NotZero(t, ends[newKeys])
			t.Logf("%d crashes; starts with so many keys: %v", crashes, ends)
		})
	}
}

const (
	oldKeys = 1
	newKeys = 6
)

// syncStage is a master and a replica that has older data and needs a full synchronization.
type syncStage struct {
	t     *testing.T
	w     *sim.World
	notes map[string]map[node.NoteKind]node.Note // the last of each machine and kind
	base  int                                    // operations on the replica's disk before
}

func (s *syncStage) Note(_ time.Duration, machine string, n *node.Note) {
	if s.notes[machine] == nil {
		s.notes[machine] = map[node.NoteKind]node.Note{}
	}
	s.notes[machine][n.Kind] = *n
}
func (s *syncStage) Log(time.Duration, string, string)  {}
func (s *syncStage) Down(time.Duration, string, string) {}
func (s *syncStage) Up(time.Duration, string)           {}

func newSyncStage(t *testing.T, diskless string) *syncStage {
	s := &syncStage{t: t, notes: map[string]map[node.NoteKind]node.Note{}}
	system := redis.System{Cluster: redis.Spec{Replicas: 1}, Config: cluster.Settings{{Name: "repl-backlog-size", Value: "16kb"}, {Name: "repl-diskless-sync", Value: diskless},
		{Name: "repl-diskless-sync-delay", Value: "0"}, {Name: "repl-ping-slave-period", Value: "1"}, {Name: "rdbcompression", Value: "no"}}}
	machines := system.Nodes(cluster.SimAddressing())
	machines = append(machines, cluster.Caller("c1", cluster.Client, 3, cluster.SimAddressing(), func(cluster.Machine, cluster.Boot) node.Core {
		return &feeder{addr: machines[0].Addr(), first: "SET old 1\r\n", more: large()}
	}))
	var err error
	s.w, err = sim.Open(sim.Config{Machines: machines, Seed: 1, Sink: s})
	require.NoError(t, err)
	require.NoError(t, s.w.Start(t.Context(), "m1", "c1"))
	s.advance(time.Second)
	require.NoError(t, s.w.Start(t.Context(), "r1"))
	s.advance(8 * time.Second)
	require.NoError(t, s.w.Inflict(t.Context(), 1, nemesis.Fault{Verb: nemesis.Terminate, A: []string{"r1"}}))
	s.advance(2 * time.Second)
	require.NoError(t, s.w.Tell("c1", "more"))
	s.advance(2 * time.Second)
	s.w.CommitNames("r1") // what it had is long safe
	s.base = s.w.DiskSteps("r1")
	require.NoError(t, s.w.Lift(t.Context(), 1))
	return s
}

func (s *syncStage) advance(d time.Duration) {
	s.t.Helper()
	require.NoError(s.t, s.w.Advance(s.t.Context(), s.w.Elapsed()+d))
}

// runTo lets the replica's disk do k operations; false: the synchronization was over before.
func (s *syncStage) runTo(k int) bool {
	until := s.w.Elapsed() + 20*time.Second
	for s.w.DiskSteps("r1") < s.base+k {
		if s.notes["r1"][node.NoteResync].Result == "fullresync" && s.notes["r1"][node.NoteLoaded].N == oldKeys && s.w.DiskSteps("r1") > s.base+8 &&
			s.w.Idle("r1") {
			return false
		}
		more, err := s.w.One(until)
		require.NoError(s.t, err)
		require.True(s.t, more, "the replica never gets into sync")
	}
	return true
}

// crash brings the replica down, with its power unless state is negative: so many changes of names the disk then keeps.
func (s *syncStage) crash(state int) {
	delete(s.notes["r1"], node.NoteLoaded)
	delete(s.notes["r1"], node.NoteResync)
	s.w.Crash("r1", state)
}

// checkStart returns with how many keys the replica has started.
func (s *syncStage) checkStart(when string) (keys int64) {
	s.advance(30 * time.Second)
	loaded, ok := s.notes["r1"][node.NoteLoaded]
	require.True(s.t, ok, "%s: it did not start", when)
	id := s.notes["m1"][node.NoteState].ReplID
	require.Equal(s.t, id, loaded.ReplID, "%s: the history of what it loaded", when)
	switch loaded.N {
	case oldKeys:
		require.Less(s.t, loaded.Offset, int64(1000), when)
	case newKeys:
		require.Greater(s.t, loaded.Offset, int64(1000), when)
	default:
		require.Fail(s.t, "data that never was", "%s: %d keys", when, loaded.N)
	}
	master, replica := s.notes["m1"][node.NoteDigest], s.notes["r1"][node.NoteDigest]
	require.Equal(s.t, "up", s.notes["r1"][node.NoteState].Link, when)
	require.Equal(s.t, master.Digest, replica.Digest, when)
	require.InDelta(s.t, master.Offset, replica.Offset, 14, when)
	for _, path := range s.w.Files("r1") {
		_, name, _ := strings.Cut(path[1:], "/")
		require.False(s.t, strings.HasSuffix(name, ".rdb") && name != "dump.rdb" && !strings.HasPrefix(name, "temp-"), path)
	}
	return loaded.N
}

// feeder says first when it is connected, and more when it is told.
type feeder struct {
	addr, first, more string
	conn              node.ConnID
}

func (f *feeder) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		f.conn = out.Dial(f.addr, "")
	case node.Dialled:
		out.Send(f.conn, []byte(f.first))
	case node.Told:
		out.Send(f.conn, []byte(f.more))
	}
}
