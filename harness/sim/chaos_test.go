package sim_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/seed"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/harness/worldtest"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// restless does a bit of everything a core may do, at random: it dials its peers, sends them numbered streams,
// closes connections, sets timers, writes files, works, runs scripts and is busy. What it receives must be the
// stream that a peer sends, from its beginning and without a gap.
type restless struct {
	boot   cluster.Boot
	addr   string
	peers  []string
	conns  []node.ConnID
	sent   map[node.ConnID]uint32
	got    map[node.ConnID]uint32
	rest   map[node.ConnID][]byte
	op     node.OpID
	breach func(string)
}

func (r *restless) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		out.Listen(r.addr)
		out.File(r.nextOp(), node.Foreground, node.FileStep{Kind: node.ReadFile, Path: "/state"})
		out.SetTimer(1, time.Millisecond)
	case node.Accepted, node.Dialled:
		r.conns = append(r.conns, ev.Conn)
	case node.Closed:
		r.gone(ev.Conn)
	case node.Received:
		r.received(ev)
	case node.TimerFired:
		if ev.Timer == 1 {
			r.act(out)
			out.SetTimer(1, time.Duration(1+r.boot.Rand.IntN(20))*time.Millisecond)
		}
	}
}

func (r *restless) nextOp() node.OpID { r.op++; return r.op }

func (r *restless) gone(id node.ConnID) {
	for i, c := range r.conns {
		if c == id {
			r.conns = append(r.conns[:i], r.conns[i+1:]...)
			return
		}
	}
}

// received checks that the stream is 0, 1, 2, … as 32-bit numbers.
func (r *restless) received(ev *node.Event) {
	b := append(r.rest[ev.Conn], ev.Bytes...)
	next := r.got[ev.Conn]
	for ; len(b) >= 4; b = b[4:] {
		if n := binary.BigEndian.Uint32(b); n != next {
			r.breach(fmt.Sprintf("connection %d: received %d, %d is next", ev.Conn, n, next))
		}
		next++
	}
	r.got[ev.Conn] = next
	r.rest[ev.Conn] = bytes.Clone(b)
}

func (r *restless) numbers(conn node.ConnID, n int) []byte {
	b := make([]byte, 0, 4*n)
	for i := range n {
		b = binary.BigEndian.AppendUint32(b, r.sent[conn]+uint32(i))
	}
	r.sent[conn] += uint32(n)
	return b
}

func (r *restless) act(out *node.Effects) {
	rng := r.boot.Rand
	var conn node.ConnID
	if len(r.conns) > 0 {
		conn = r.conns[rng.IntN(len(r.conns))]
	}
	switch rng.IntN(12) {
	case 0, 1:
		out.Dial(r.peers[rng.IntN(len(r.peers))], "")
	case 2, 3, 4, 5:
		for range 1 + rng.IntN(3) {
			out.Send(conn, r.numbers(conn, 1+rng.IntN(50)))
		}
	case 6:
		out.SendTell(conn, r.numbers(conn, 1+rng.IntN(10_000)))
	case 7:
		r.end(conn, rng.IntN(2) == 0, out)
	case 8:
		text := fmt.Sprint(rng.Uint64())
		out.File(r.nextOp(), node.Place(rng.IntN(2) == 0), node.FileStep{Kind: node.AppendFile, Path: "/state", Data: []byte(text)},
			node.FileStep{Kind: node.SyncFile, Path: "/state"}, node.FileStep{Kind: node.ReadFile, Path: "/state"})
		out.Note(node.Note{Kind: node.NoteStage, Text: text})
	case 9:
		out.Busy(time.Duration(rng.IntN(30)) * time.Millisecond)
		out.Send(conn, r.numbers(conn, 1))
	case 10:
		out.Work(r.nextOp(), rng.IntN(1_000_000), func() any { return 1 })
		out.Script(r.nextOp(), "/bin/notify", "a", "b")
	case 11:
		out.SetTimer(node.TimerID(2+rng.IntN(1000)), time.Duration(rng.IntN(1000))*time.Millisecond)
		out.StopTimer(node.TimerID(2 + rng.IntN(1000)))
		out.Log("", "still here")
	}
}

func (r *restless) end(conn node.ConnID, flush bool, out *node.Effects) {
	if flush {
		out.CloseAfterFlush(conn)
	} else {
		out.Close(conn)
	}
	r.gone(conn)
}

// chaos runs restless machines under random faults and returns the trace hash. Everything is drawn from the seed.
func chaos(t testing.TB, s uint64, length time.Duration, config func(*sim.Config)) string {
	breaches := 0
	breach := func(text string) {
		if breaches++; breaches < 10 {
			t.Errorf("seed %d: %s", s, text)
		}
	}
	var machines []cluster.Machine
	var addrs []string
	for i := range 5 {
		addrs = append(addrs, fmt.Sprintf("10.0.0.%d:6379", i+1))
	}
	for i := range addrs {
		machines = append(machines, cluster.Machine{Name: fmt.Sprintf("m%d", i+1), Kind: cluster.Server, Host: fmt.Sprintf("10.0.0.%d", i+1),
			Files: map[string]string{"/state": "state:"}, New: func(b cluster.Boot) node.Core {
				return worldtest.Audit(&restless{boot: b, addr: addrs[i], peers: addrs, breach: breach, sent: map[node.ConnID]uint32{},
					got: map[node.ConnID]uint32{}, rest: map[node.ConnID][]byte{}}, breach)
			}})
	}
	// Small socket buffers on some seeds, so that output waits in the process.
	c := sim.Config{Machines: machines, Seed: s, Network: sim.NetworkModel{Window: 4 << (10 + s%9)}}
	if config != nil {
		config(&c)
	}
	w, err := sim.Open(c)
	require.NoError(t, err)
	ctx := context.Background()
	require.NoError(t, w.Start(ctx, names(machines)...))
	rng := seed.Stream(s, "chaos")
	for id := 1; w.Elapsed() < length; id++ {
		require.NoError(t, w.Advance(ctx, w.Elapsed()+time.Duration(rng.IntN(400))*time.Millisecond))
		require.NoError(t, w.Inflict(ctx, id, drawFault(rng)))
		if id > 3 && rng.IntN(2) == 0 {
			require.NoError(t, w.Lift(ctx, 1+rng.IntN(id-1)))
		}
	}
	trace, err := w.Close()
	require.NoError(t, err)
	return trace
}

func drawFault(rng *rand.Rand) nemesis.Fault {
	one := func() []string { return []string{fmt.Sprintf("m%d", 1+rng.IntN(5))} }
	verbs := []nemesis.Verb{nemesis.Cut, nemesis.Cut, nemesis.Latency, nemesis.Kill, nemesis.Restart, nemesis.Pause, nemesis.Resume, nemesis.Heal}
	f := nemesis.Fault{Verb: verbs[rng.IntN(len(verbs))]}
	switch {
	case f.Verb == nemesis.Heal:
	case f.Links():
		f.A, f.B, f.OneWay = one(), one(), rng.IntN(2) == 0
		if f.Verb == nemesis.Latency {
			f.Args = []nemesis.Arg{{Name: "delay", Value: "30ms"}, {Name: "jitter", Value: "50ms"}}
		}
	default:
		f.A = one()
	}
	return f
}

func TestWorldKeepsTheContractUnderChaos(t *testing.T) {
	for s := range uint64(16) {
		chaos(t, s, 10*time.Second, nil)
	}
}

func TestSameSeedSameTrace(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for s := range uint64(3) {
		runtime.GOMAXPROCS(1)
		first := chaos(t, s, 5*time.Second, nil)
		runtime.GOMAXPROCS(4)
		require.Equal(t, first, chaos(t, s, 5*time.Second, nil))
		require.Len(t, first, 64)
		require.NotEqual(t, first, chaos(t, s+1000, 5*time.Second, nil))
	}
}

func TestTraceIsTheSameOnEveryMachine(t *testing.T) {
	// The hash of one run, written down: it must not depend on the machine, the race detector or the day. It
	// changes when the world's model does; then write the new one down.
	const want = "f204931df336490c0544aa7354b0e22b1b4a57e15c653809fa6fe56ab3b7c2a4"
	got := chaos(t, 1, 10*time.Second, nil)
	if want != got {
		t.Errorf("the trace of this run is %s, it was %s", got, want)
	}
}

func TestTraceLogChangesNothing(t *testing.T) {
	var log bytes.Buffer
	plain := chaos(t, 1, 2*time.Second, nil)
	logged := chaos(t, 1, 2*time.Second, func(c *sim.Config) { c.TraceLog = &log })
	require.Equal(t, plain, logged)
	require.Contains(t, log.String(), "m1 < started")
}
