package sim

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
)

func TestQueueIsOrderedByTimeThenByPush(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var model []item
		for n := range rapid.IntRange(1, 200).Draw(t, "operations") {
			if len(model) > 0 && rapid.Bool().Draw(t, "pop") {
				require.Equal(t, model[0], q.pop())
				model = model[1:]
				continue
			}
			it := item{at: int64(rapid.IntRange(0, 20).Draw(t, "at")), a: uint32(n)}
			q.push(it)
			model = append(model, it)
			slices.SortStableFunc(model, func(a, b item) int { return cmp.Compare(a.at, b.at) })
		}
		for _, want := range model {
			require.Equal(t, want, q.pop())
		}
		require.Empty(t, q.items)
	})
}

// TestTimersFireWhenTheyWereLastSetFor drives a machine's timers against a plain table of due times.
func TestTimersFireWhenTheyWereLastSetFor(t *testing.T) {
	ids := []node.TimerID{0, 1, 255, 256, 1 << 40, 1<<40 + 1}
	rapid.Check(t, func(t *rapid.T) {
		due := map[node.TimerID]int64{}
		core := &fireCore{}
		w, err := Open(Config{Machines: []cluster.Machine{{Name: "m1", Host: "10.0.0.1", New: func(cluster.Boot) node.Core { return core }}}})
		require.NoError(t, err)
		require.NoError(t, w.Start(context.Background(), "m1"))
		m := w.machines[0]
		m.run()
		for range rapid.IntRange(1, 60).Draw(t, "operations") {
			id := rapid.SampledFrom(ids).Draw(t, "timer")
			switch rapid.IntRange(0, 3).Draw(t, "operation") {
			case 0, 1:
				after := int64(rapid.IntRange(0, 50).Draw(t, "after"))
				m.setTimer(id, after)
				due[id] = w.now + after
			case 2:
				m.stopTimer(id)
				delete(due, id)
			case 3:
				until := w.now + int64(rapid.IntRange(1, 40).Draw(t, "pass"))
				core.fired = nil
				w.happenings(until, 1<<30)
				w.now = until
				for _, f := range core.fired {
					require.Equal(t, due[f.id], f.at, "timer %d", f.id)
					delete(due, f.id)
				}
				for id, at := range due {
					require.Greater(t, at, until, "timer %d did not fire", id)
				}
			}
		}
		require.LessOrEqual(t, len(m.timers.slots), len(ids), "slots are used again")
	})
}

type fireCore struct {
	fired []struct {
		id node.TimerID
		at int64
	}
}

func (c *fireCore) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	if ev.Kind == node.TimerFired {
		c.fired = append(c.fired, struct {
			id node.TimerID
			at int64
		}{ev.Timer, int64(now - epoch)})
	}
}

func TestDigestTellsApartWhatDiffersByOneBit(t *testing.T) {
	seen := map[string]string{}
	// Words, bytes and texts are not told from each other: what precedes them says which of them follow.
	take := func(kind string, f func(g *digest)) {
		g := newDigest()
		f(&g)
		require.NotEqual(t, kind, seen[g.sum()])
		seen[g.sum()] = kind
	}
	for i := range 4 {
		for bit := range 64 {
			var w [4]uint64
			w[i] = 1 << bit
			take("words", func(g *digest) { g.words(w[0], w[1], w[2], w[3]) })
		}
	}
	for n := range 70 {
		b := make([]byte, n)
		take("bytes", func(g *digest) { g.bytes(b) })
		take("text", func(g *digest) { g.text(string(b)) })
		for i := range b {
			b := bytes.Clone(b)
			b[i] = 0x80
			take("bytes", func(g *digest) { g.bytes(b) })
			take("text", func(g *digest) { g.text(string(b)) })
		}
	}
	take("text", func(g *digest) { g.text("ab"); g.text("c") })
	take("text", func(g *digest) { g.text("a"); g.text("bc") })
	take("bytes", func(g *digest) { g.bytes([]byte("ab")); g.bytes([]byte("c")) })
	take("bytes", func(g *digest) { g.bytes([]byte("a")); g.bytes([]byte("bc")) })
}

func newTestDisk(files map[string]string) *disk {
	model := DiskModel{}.withDefaults()
	d := newDisk(&model, 1, files)
	return &d
}

func (d *disk) must(t *testing.T, steps ...node.FileStep) {
	t.Helper()
	for i := range steps {
		_, err := d.do(0, &steps[i])
		require.Empty(t, err, "%v %s", steps[i].Kind, steps[i].Path)
	}
}

func (d *disk) text(path string) string {
	if f := d.files[path]; f != nil {
		return string(f.data)
	}
	return "(no file)"
}

func TestLossOfPowerLeavesWhatWasSynced(t *testing.T) {
	d := newTestDisk(map[string]string{"/conf": "port 6379"})
	d.must(t,
		node.FileStep{Kind: node.WriteFile, Path: "/vote", Data: []byte("epoch 1")},
		node.FileStep{Kind: node.SyncFile, Path: "/vote"},
		node.FileStep{Kind: node.AppendFile, Path: "/vote", Data: []byte(" unsynced")},
		node.FileStep{Kind: node.AppendFile, Path: "/conf", Data: []byte(" unsynced")})
	require.Equal(t, "epoch 1 unsynced", d.text("/vote"), "a process that dies loses nothing")
	d.losePower()
	require.Equal(t, "epoch 1", d.text("/vote"))
	require.Equal(t, "port 6379", d.text("/conf"))
}

func TestRenameIsAtomicOverALossOfPower(t *testing.T) {
	outcomes := map[string]bool{}
	for seed := range chance(50) {
		d := newTestDisk(map[string]string{"/conf": "old"})
		d.chance = seed
		d.must(t,
			node.FileStep{Kind: node.WriteFile, Path: "/tmp", Data: []byte("new")},
			node.FileStep{Kind: node.SyncFile, Path: "/tmp"},
			node.FileStep{Kind: node.RenameFile, Path: "/tmp", To: "/conf"})
		d.losePower()
		outcomes[d.text("/conf")] = true
	}
	require.Equal(t, map[string]bool{"old": true, "new": true}, outcomes)
}

func TestRenameWithoutSyncMayLeaveAnEmptyFile(t *testing.T) {
	outcomes := map[string]bool{}
	for seed := range chance(50) {
		d := newTestDisk(map[string]string{"/conf": "old"})
		d.chance = seed
		d.must(t, node.FileStep{Kind: node.WriteFile, Path: "/tmp", Data: []byte("new")},
			node.FileStep{Kind: node.RenameFile, Path: "/tmp", To: "/conf"})
		d.losePower()
		outcomes[d.text("/conf")] = true
	}
	require.Equal(t, map[string]bool{"old": true, "": true}, outcomes)
}

func TestReadsAndSyncsKeepTheirBytesWhileTheFileGrows(t *testing.T) {
	d := newTestDisk(nil)
	d.must(t, node.FileStep{Kind: node.AppendFile, Path: "/aof", Data: []byte("a")})
	read, _ := d.do(0, &node.FileStep{Kind: node.ReadFile, Path: "/aof"})
	for range 100 {
		d.must(t, node.FileStep{Kind: node.AppendFile, Path: "/aof", Data: []byte("b")})
	}
	require.Equal(t, "a", string(read))
	given := []byte("given")
	d.must(t, node.FileStep{Kind: node.WriteFile, Path: "/f", Data: given[:2]},
		node.FileStep{Kind: node.AppendFile, Path: "/f", Data: []byte("xyz")})
	require.Equal(t, "given", string(given), "what the core gave is not written into")
	require.Equal(t, "gixyz", d.text("/f"))
}

func TestKillTearsTheWriteThatIsUnderWay(t *testing.T) {
	lengths := map[int]bool{}
	for s := range uint64(30) {
		w, err := Open(Config{Seed: s, Machines: []cluster.Machine{{Name: "m1", Host: "10.0.0.1", New: func(cluster.Boot) node.Core {
			return writer{}
		}}}})
		require.NoError(t, err)
		require.NoError(t, w.Start(t.Context(), "m1"))
		require.NoError(t, w.Advance(t.Context(), 10*time.Microsecond))
		w.machines[0].end("killed")
		lengths[len(w.machines[0].disk.text("/dump.rdb"))] = true
		require.NoError(t, w.Advance(t.Context(), time.Second), "the job ended with the process")
	}
	require.Greater(t, len(lengths), 5, "%v", lengths)
}

type writer struct{}

func (writer) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	if ev.Kind == node.Started {
		out.File(1, node.Background, node.FileStep{Kind: node.WriteFile, Path: "/dump.rdb", Data: make([]byte, 1000)})
	}
}

func TestClockJumpsAndDrifts(t *testing.T) {
	second := int64(time.Second)
	c := wallClock{}
	require.Equal(t, epoch, c.at(0))
	require.Equal(t, epoch.Add(5*time.Second), c.at(5*second))
	c.jump(-time.Hour)
	require.Equal(t, epoch.Add(5*time.Second-time.Hour), c.at(5*second))
	c.setDrift(10*second, 1000) // one millisecond per second
	require.Equal(t, epoch.Add(10*time.Second-time.Hour), c.at(10*second))
	require.Equal(t, epoch.Add(20*time.Second+10*time.Millisecond-time.Hour), c.at(20*second))
	c.setDrift(20*second, 0) // what it has gained, it keeps
	require.Equal(t, epoch.Add(30*time.Second+10*time.Millisecond-time.Hour), c.at(30*second))
}
