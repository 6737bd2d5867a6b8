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
	"github.com/ordeal-go/ordeal/node"
)

// fileWork is something that a server does with its files, piece by piece.
type fileWork struct {
	name     string
	settings cluster.Settings
	before   string // commands whose outcome is long safe
	trigger  string // what begins it
	// left says what a start has found: "old", "new", or what is wrong. loaded is what the server noted, conf its configuration
	// file; lost says that power was lost.
	left func(loaded node.Note, conf string, lost bool) string
}

// large are commands that set five keys to values of 700 KB.
func large() string {
	var b strings.Builder
	for i := range 5 {
		fmt.Fprintf(&b, "*3\r\n$3\r\nSET\r\n$4\r\nnew%d\r\n$%d\r\n%s\r\n", i, 700<<10, strings.Repeat("x", 700<<10))
	}
	return b.String()
}

var fileWorks = []fileWork{
	{name: "BGSAVE", settings: cluster.Settings{{Name: "rdbcompression", Value: "no"}}, before: "SET old 1\r\nBGSAVE\r\n", trigger: large() + "BGSAVE\r\n",
		left: byKeys(1, 6)},
	{name: "AOF rewrite", settings: cluster.Settings{{Name: "appendonly", Value: "yes"}, {Name: "auto-aof-rewrite-percentage", Value: "0"}},
		before: "SET old 1\r\n" + large(), trigger: "BGREWRITEAOF\r\nSET more 1\r\n", left: byKeys(6, 7)},
	{name: "AOF rewrite with an RDB", settings: cluster.Settings{{Name: "appendonly", Value: "yes"}, {Name: "auto-aof-rewrite-percentage", Value: "0"},
		{Name: "aof-use-rdb-preamble", Value: "yes"}}, before: "SET old 1\r\n" + large(), trigger: "BGREWRITEAOF\r\nSET more 1\r\n", left: byKeys(6, 7)},
	{name: "CONFIG REWRITE", before: "SET old 1\r\n", trigger: "CONFIG SET maxclients 777\r\nCONFIG REWRITE\r\n",
		left: func(_ node.Note, conf string, _ bool) string {
			switch {
			case !strings.Contains(conf, "always-show-logo no\n"):
				return "the file has lost a line: " + conf
			case strings.Contains(conf, "maxclients 777\n"):
				return "new"
			}
			return "old"
		}},
}

// byKeys tells the states by how many keys there are.
func byKeys(old, young int64) func(node.Note, string, bool) string {
	return func(loaded node.Note, _ string, _ bool) string {
		switch loaded.N {
		case old:
			return "old"
		case young:
			return "new"
		}
		return fmt.Sprintf("%d keys, which never were", loaded.N)
	}
}

// A server that is brought down while it makes a snapshot, rewrites its append only file or its configuration, at any
// operation on its disk, by a kill or by a loss of power after which the disk is in any state that it may be in, starts
// again with what was or with what was to be, whole.
func TestCrashAtAnyFileOperation(t *testing.T) {
	for _, work := range fileWorks {
		t.Run(work.name, func(t *testing.T) {
			t.Parallel()
			crashes, ends, over := 0, map[string]int{}, false
			for k := 0; !over; k++ {
				states := 1
				for state := -1; state < states && !over; state++ {
					s := newFileStage(t, work)
					if over = !s.runTo(k); over {
						break
					}
					states = s.w.NameChanges("m1") + 1
					s.w.Crash("m1", state)
					delete(s.notes, node.NoteLoaded)
					s.advance(10 * time.Second)
					loaded, started := s.notes[node.NoteLoaded]
					when := fmt.Sprintf("operation %d, state %d of %d", k, state, states)
					require.True(t, started, "%s: it did not start: %q", when, s.log)
					end := work.left(loaded, s.w.Content("m1", s.conf), state >= 0)
					require.Contains(t, []string{"old", "new"}, end, when)
					ends[end]++
					crashes++
				}
			}
			require.Greater(t, crashes, 5)
			require.NotZero(t, ends["old"])
			require.NotZero(t, ends["new"])
			t.Logf("%d crashes; starts with what: %v", crashes, ends)
		})
	}
}

// fileStage is a server whose earlier state is long safe.
type fileStage struct {
	t     *testing.T
	w     *sim.World
	conf  string
	notes map[node.NoteKind]node.Note
	log   []string
	base  int
}

func (s *fileStage) Note(_ time.Duration, machine string, n *node.Note) {
	if machine == "m1" {
		s.notes[n.Kind] = *n
	}
}
func (s *fileStage) Log(_ time.Duration, _, line string) { s.log = append(s.log, line) }
func (s *fileStage) Down(time.Duration, string, string)  {}
func (s *fileStage) Up(time.Duration, string)            {}
func (s *fileStage) advance(d time.Duration) {
	require.NoError(s.t, s.w.Advance(s.t.Context(), s.w.Elapsed()+d))
}

func newFileStage(t *testing.T, work fileWork) *fileStage {
	s := &fileStage{t: t, notes: map[node.NoteKind]node.Note{}}
	machines := redis.System{Config: work.settings}.Nodes(cluster.SimAddressing())
	s.conf = machines[0].ConfigPath
	machines = append(machines, cluster.Caller("c1", cluster.Client, 2, cluster.SimAddressing(), func(cluster.Machine, cluster.Boot) node.Core {
		return &feeder{addr: machines[0].Addr(), first: work.before, more: work.trigger}
	}))
	var err error
	s.w, err = sim.Open(sim.Config{Machines: machines, Seed: 1, Sink: s})
	require.NoError(t, err)
	require.NoError(t, s.w.Start(t.Context(), "m1"))
	s.advance(time.Second)
	require.NoError(t, s.w.Start(t.Context(), "c1"))
	s.advance(8 * time.Second)
	s.w.CommitNames("m1")
	s.base = s.w.DiskSteps("m1")
	require.NoError(t, s.w.Tell("c1", "more"))
	return s
}

// runTo lets the disk do k operations; false: all were done before.
func (s *fileStage) runTo(k int) bool {
	until := s.w.Elapsed() + 4*time.Second
	for s.w.DiskSteps("m1") < s.base+k {
		more, err := s.w.One(until)
		require.NoError(s.t, err)
		if !more || s.w.Elapsed() >= until {
			return false
		}
	}
	return true
}
