package bench

import (
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/node"
)

// BenchmarkStall keeps a million keys in a master and its replica, both of which note what they do, and writes to them for
// a minute of virtual time, while pings go by and a snapshot is taken. It reports the longest single step of either, which
// is how long everybody else waits: by the time that the processor spent in it, since another program's turn is no stall of
// the server's.
func BenchmarkStall(b *testing.B) {
	const keys = 1_000_000
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for b.Loop() {
		nodes := redis.System{Cluster: redis.Spec{Replicas: 1},
			Config: cluster.Settings{{Name: "repl-ping-slave-period", Value: "1"}, {Name: "save", Value: `""`}}}.Nodes(cluster.SimAddressing())
		watched := map[string]*timed{}
		for i := range nodes {
			name, make := nodes[i].Name, nodes[i].New
			nodes[i].New = func(boot cluster.Boot) node.Core {
				watched[name] = &timed{Core: make(boot)}
				return watched[name]
			}
		}
		writer := &writer{to: nodes[0].Addr(), populate: keys}
		all := append(nodes, cluster.Caller("c1", cluster.Client, len(nodes)+1, cluster.SimAddressing(), func(m cluster.Machine, _ cluster.Boot) node.Core {
			writer.from = m.Host
			return writer
		}))
		w, err := sim.Open(sim.Config{Machines: all, Seed: 1})
		require.NoError(b, err)
		require.NoError(b, w.Start(b.Context(), "m1", "c1"))
		until := 5 * time.Second
		require.NoError(b, w.Advance(b.Context(), until))
		require.True(b, writer.populated)
		require.NoError(b, w.Start(b.Context(), "r1"))
		until += 2 * time.Minute // for the first synchronization
		require.NoError(b, w.Advance(b.Context(), until))
		for _, t := range watched {
			t.steps = nil
		}
		writer.write, writer.save = true, true
		require.NoError(b, w.Advance(b.Context(), until+time.Minute))
		require.Greater(b, writer.written, 1000)
		for _, name := range []string{"m1", "r1"} {
			steps := watched[name].steps
			slices.Sort(steps)
			require.NotEmpty(b, steps)
			b.ReportMetric(float64(steps[len(steps)-1].Microseconds())/1000, name+"-longest-ms")
			b.ReportMetric(float64(steps[len(steps)*999/1000].Microseconds())/1000, name+"-p99.9-ms")
		}
		require.NotZero(b, watched["m1"].digests, "it notes its digest")
		_, err = w.Close()
		require.NoError(b, err)
	}
}

// timed is a core whose steps are timed.
type timed struct {
	node.Core
	steps   []time.Duration
	digests int
}

func (t *timed) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	before := threadTime()
	t.Core.Step(now, ev, out)
	t.steps = append(t.steps, threadTime()-before)
	for _, ef := range out.List() {
		if ef.Kind == node.EffectNote && ef.Note.Kind == node.NoteDigest {
			t.digests++
		}
	}
}

// threadTime is how long the processor has worked for this thread (CLOCK_THREAD_CPUTIME_ID).
func threadTime() time.Duration {
	const clockThread = 3
	var ts syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockThread, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		panic(errno)
	}
	return time.Duration(ts.Nano())
}

// writer fills a server, and then writes a hundred times a second to keys all over it.
type writer struct {
	to, from               string
	populate, next         int
	conn                   node.ConnID
	populated, write, save bool
	written                int
}

func (c *writer) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		out.SetTimer(1, 100*time.Millisecond) // until the server listens
	case node.Dialled:
		c.say(out, "DEBUG", "POPULATE", fmt.Sprint(c.populate))
	case node.Received:
		c.populated = true
	case node.TimerFired:
		out.SetTimer(1, 10*time.Millisecond)
		switch {
		case c.conn == 0:
			c.conn = out.Dial(c.to, c.from)
		case c.save:
			c.save = false
			c.say(out, "BGSAVE")
		case c.write:
			c.next = (c.next + 7919) % c.populate
			c.written++
			c.say(out, "SET", fmt.Sprintf("key:%d", c.next), fmt.Sprintf("written:%d", c.written))
		}
	}
}

func (c *writer) say(out *node.Effects, words ...string) {
	b := fmt.Appendf(nil, "*%d\r\n", len(words))
	for _, w := range words {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(w), w)
	}
	out.Send(c.conn, b)
}
