package sim_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// coreFunc is a core that is one function.
type coreFunc func(now node.Instant, ev *node.Event, out *node.Effects)

func (f coreFunc) Step(now node.Instant, ev *node.Event, out *node.Effects) { f(now, ev, out) }

// alone opens a world with one machine and starts it.
func alone(t *testing.T, sink cluster.Sink, newCore func(cluster.Boot) node.Core) *sim.World {
	w, err := sim.Open(sim.Config{Seed: 7, Sink: sink, Machines: []cluster.Machine{{Name: "m1", Host: "10.0.0.1", New: newCore,
		Files: map[string]string{"/etc/redis.conf": "port 6379\n"}}}})
	require.NoError(t, err)
	require.NoError(t, w.Start(context.Background(), "m1"))
	return w
}

// ledger is a sink that keeps every word.
type ledger struct{ lines []string }

func (l *ledger) Note(at time.Duration, machine string, n *node.Note) {
	l.lines = append(l.lines, fmt.Sprint(at, " ", machine, " note ", n.Text))
}
func (l *ledger) Log(at time.Duration, machine, line string) {
	l.lines = append(l.lines, fmt.Sprint(at, " ", machine, " log ", line))
}
func (l *ledger) Down(at time.Duration, machine, why string) {
	l.lines = append(l.lines, fmt.Sprint(at, " ", machine, " down ", why))
}
func (l *ledger) Up(at time.Duration, machine string) {
	l.lines = append(l.lines, fmt.Sprint(at, " ", machine, " up"))
}

func TestBrokenInvariantIsAFinding(t *testing.T) {
	sink := &ledger{}
	w := alone(t, sink, func(cluster.Boot) node.Core {
		return coreFunc(func(now node.Instant, ev *node.Event, out *node.Effects) {
			out.Log("", "alive")
			out.SetTimer(1, 3*time.Second)
			node.Assert(ev.Kind != node.TimerFired, "backlog read at %d", 42)
		})
	})
	err := w.Advance(context.Background(), time.Minute)
	var died *cluster.Died
	require.ErrorAs(t, err, &died)
	require.Equal(t, "m1", died.Machine)
	require.Equal(t, 3*time.Second, died.At)
	require.Equal(t, "invariant broken: backlog read at 42", died.Why)
	require.Equal(t, []string{"alive"}, died.Log)
	require.Contains(t, died.Stack, "TestBrokenInvariantIsAFinding")
	require.Equal(t, []string{"0s m1 up", "0s m1 log alive", "3s m1 down invariant broken: backlog read at 42"}, sink.lines)

	require.Equal(t, err, w.Advance(context.Background(), 2*time.Minute), "the finding is not forgotten")
	require.Equal(t, 3*time.Second, w.Elapsed())
}

func TestPanicInWorkIsAFindingToo(t *testing.T) {
	w := alone(t, nil, func(cluster.Boot) node.Core {
		return coreFunc(func(now node.Instant, ev *node.Event, out *node.Effects) {
			var none map[string]int
			out.Work(1, 1000, func() any { none["x"] = 1; return nil })
		})
	})
	require.ErrorContains(t, w.Advance(context.Background(), time.Minute), "assignment to entry in nil map")
}

// 2 s of work of which 500 ms are done when the CPU becomes ten times as slow, and another 100 ms when it is itself again.
func TestWorkGoesOnAtThePaceOfItsCPU(t *testing.T) {
	const size = 1_000_000_000 // 2 s
	book := &ledger{}
	w := alone(t, book, func(cluster.Boot) node.Core {
		return coreFunc(func(_ node.Instant, ev *node.Event, out *node.Effects) {
			switch ev.Kind {
			case node.Started:
				out.Work(1, size, func() any { return nil })
			case node.WorkDone:
				out.Log("", "done")
			}
		})
	})
	ctx := context.Background()
	require.NoError(t, w.Advance(ctx, 500*time.Millisecond))
	slow, err := nemesis.Parse("slow-cpu m1 factor=10")
	require.NoError(t, err)
	require.NoError(t, w.Inflict(ctx, 1, slow))
	require.NoError(t, w.Advance(ctx, 1500*time.Millisecond))
	require.NoError(t, w.Lift(ctx, 1))
	require.NoError(t, w.Advance(ctx, 2800*time.Millisecond))
	require.Len(t, book.lines, 1, "it is up, and not done")
	require.NoError(t, w.Advance(ctx, 3*time.Second))
	require.Contains(t, book.lines[1], "done")
}

func TestExitByItsOwnWillIsAFindingWithItsLastLines(t *testing.T) {
	w := alone(t, nil, func(cluster.Boot) node.Core {
		return coreFunc(func(now node.Instant, ev *node.Event, out *node.Effects) {
			for i := range 30 {
				out.Log("/var/log/redis.log", fmt.Sprint("line ", i))
			}
			out.Exit(1)
			out.Log("", "never carried out")
		})
	})
	err := w.Advance(context.Background(), time.Minute)
	var died *cluster.Died
	require.True(t, errors.As(err, &died))
	require.Equal(t, "exit 1", died.Why)
	require.Len(t, died.Log, 20)
	require.Equal(t, "line 10", died.Log[0])
	require.Equal(t, "line 29", died.Log[19])
	require.ErrorContains(t, err, "machine m1 went down by itself at 0s: exit 1")
}

func TestEveryLifeHasItsOwnPIDAndDrawsAndTheSameDisk(t *testing.T) {
	ctx := context.Background()
	run := func(seed uint64) (told []string) {
		var w *sim.World
		newCore := func(b cluster.Boot) node.Core {
			told = append(told, fmt.Sprint("life ", b.Life, " pid ", b.PID, " draw ", b.Rand.Uint64()))
			return coreFunc(func(now node.Instant, ev *node.Event, out *node.Effects) {
				switch ev.Kind {
				case node.Started:
					require.EqualValues(t, 1, out.Dial("10.0.0.1:1", ""), "connections are counted anew in every life")
					out.File(1, node.Foreground, node.FileStep{Kind: node.ReadFile, Path: "/etc/redis.conf"})
				case node.FileDone:
					if ev.Op == 1 {
						told = append(told, string(ev.Bytes))
						out.File(2, node.Foreground, node.FileStep{Kind: node.AppendFile, Path: "/etc/redis.conf", Data: []byte("+")})
						out.SetTimer(9, time.Hour) // of a life that ends before
					}
				case node.TimerFired:
					told = append(told, "a timer of another life")
				}
			})
		}
		w, err := sim.Open(sim.Config{Seed: seed, Machines: []cluster.Machine{{Name: "m1", Host: "10.0.0.1", New: newCore,
			Files: map[string]string{"/etc/redis.conf": "port"}}}})
		require.NoError(t, err)
		require.NoError(t, w.Start(ctx, "m1"))
		for id := range 2 {
			require.NoError(t, w.Advance(ctx, w.Elapsed()+time.Second))
			require.NoError(t, w.Inflict(ctx, id, nemesis.Fault{Verb: nemesis.Kill, A: []string{"m1"}}))
			require.NoError(t, w.Lift(ctx, id))
		}
		require.NoError(t, w.Advance(ctx, w.Elapsed()+30*time.Minute))
		return told
	}
	told := run(1)
	require.Len(t, told, 6)
	require.Contains(t, told[0], "life 1 pid 1001")
	require.Contains(t, told[2], "life 2 pid 1002")
	require.Equal(t, []string{"port", "port+", "port++"}, []string{told[1], told[3], told[5]})
	require.Equal(t, told, run(1))
	require.NotEqual(t, told[0], run(2)[0])
	require.NotEqual(t, told[0][len("life 1 pid 1001"):], told[2][len("life 2 pid 1002"):])
}

func TestMachineThatAFaultKeepsDownCannotBeStarted(t *testing.T) {
	ctx := context.Background()
	w := alone(t, nil, func(cluster.Boot) node.Core { return coreFunc(func(node.Instant, *node.Event, *node.Effects) {}) })
	require.NoError(t, w.Inflict(ctx, 1, nemesis.Fault{Verb: nemesis.Kill, A: []string{"m1"}}))
	require.ErrorContains(t, w.Start(ctx, "m1"), "lift the fault")
	require.ErrorContains(t, w.Tell("m1", "x"), "down")
	require.ErrorContains(t, w.Inflict(ctx, 1, nemesis.Fault{Verb: nemesis.Heal}), "inflicted before")
	require.NoError(t, w.Advance(ctx, time.Second), "who was killed is not missed")
}

func TestWorldRefusesMachinesThatMakeNoSense(t *testing.T) {
	newCore := func(cluster.Boot) node.Core { return nil }
	for want, machines := range map[string][]cluster.Machine{
		"two machines are called m1": {{Name: "m1", Host: "10.0.0.1", New: newCore}, {Name: "m1", Host: "10.0.0.2", New: newCore}},
		"both have the address":      {{Name: "m1", Host: "10.0.0.1", New: newCore}, {Name: "m2", Host: "10.0.0.1", New: newCore}},
		"has no address":             {{Name: "m1", New: newCore}},
		"needs a name and a core":    {{Name: "m1", Host: "10.0.0.1"}},
		"unable to parse IP":         {{Name: "m1", Host: "ten", New: newCore}},
	} {
		_, err := sim.Open(sim.Config{Machines: machines})
		require.ErrorContains(t, err, want)
	}
}

func TestAdvanceEndsWithItsContext(t *testing.T) {
	w := alone(t, nil, func(cluster.Boot) node.Core {
		return coreFunc(func(_ node.Instant, _ *node.Event, out *node.Effects) { out.SetTimer(1, 0) }) // for ever at one moment
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, w.Advance(ctx, time.Second), context.DeadlineExceeded)
}

func TestTimerThatIsDueButNotDeliveredCanStillBeStoppedAndMoved(t *testing.T) {
	sink := &ledger{}
	w := alone(t, sink, func(cluster.Boot) node.Core {
		return coreFunc(func(now node.Instant, ev *node.Event, out *node.Effects) {
			switch {
			case ev.Kind == node.Started:
				for id := range node.TimerID(3) {
					out.SetTimer(id+1, 10*time.Millisecond)
					out.SetTimer((id+1)<<40, 10*time.Millisecond) // as well for those that are found by name
				}
				out.Busy(50 * time.Millisecond) // all of them are due when it ends
			case ev.Kind == node.TimerFired:
				out.Note(node.Note{Text: fmt.Sprint("timer ", ev.Timer)})
				if ev.Timer == 1 {
					out.StopTimer(2)
					out.StopTimer(2 << 40)
					out.SetTimer(3, 100*time.Millisecond)
					out.SetTimer(3<<40, 100*time.Millisecond)
				}
			}
		})
	})
	require.NoError(t, w.Advance(context.Background(), time.Second))
	require.Equal(t, []string{"0s m1 up", "50ms m1 note timer 1", fmt.Sprint("50ms m1 note timer ", 1<<40),
		"150ms m1 note timer 3", fmt.Sprint("150ms m1 note timer ", 3<<40)}, sink.lines)
}

func TestListenAndDialNeedAnAddressOfTheMachine(t *testing.T) {
	sink := &ledger{}
	w := alone(t, sink, func(cluster.Boot) node.Core {
		return coreFunc(func(now node.Instant, ev *node.Event, out *node.Effects) {
			switch ev.Kind {
			case node.Started:
				for _, addr := range []string{"10.0.0.1:6379", "127.0.0.1:6379", "0.0.0.0:6379", "0.0.0.0:6380", "10.0.0.7:6379", "x:1", "10.0.0.1:0"} {
					out.Listen(addr)
				}
				out.Dial("10.0.0.1:6379", "10.0.0.7")
				out.Dial("10.0.0.1:6379", "nowhere")
				out.Dial("127.0.0.1:6380", "10.0.0.1")
			case node.Listened, node.DialFailed, node.Accepted:
				out.Note(node.Note{Text: fmt.Sprintf("%v %s%d %s", ev.Kind, ev.Local, ev.Conn, ev.Err)})
			}
		})
	})
	require.NoError(t, w.Advance(context.Background(), time.Second))
	require.Equal(t, []string{
		"0s m1 up",
		"0s m1 note listened 10.0.0.1:63790 ",
		"0s m1 note listened 127.0.0.1:63790 ",
		"0s m1 note listened 0.0.0.0:63790 Address already in use",
		"0s m1 note listened 0.0.0.0:63800 ",
		"0s m1 note listened 10.0.0.7:63790 Cannot assign requested address",
		"0s m1 note listened x:10 Invalid argument",
		"0s m1 note listened 10.0.0.1:00 Invalid argument",
		"0s m1 note dial-failed 1 Cannot assign requested address",
		"0s m1 note dial-failed 3 Invalid argument",
		"30µs m1 note accepted 127.0.0.1:63802 ",
	}, sink.lines)
}
