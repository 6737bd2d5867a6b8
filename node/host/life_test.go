package host_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/host"
)

func TestExitComesAfterWhatWasSentBeforeIt(t *testing.T) {
	l := start(t, func(ev *node.Event, out *node.Effects) {
		if ev.Kind == node.Received {
			out.Send(ev.Conn, []byte("bye"))
			out.Exit(7)
			out.Send(ev.Conn, []byte("never"))
		}
	})
	nc := call(t, l.listen("127.0.0.1"))
	_, err := nc.Write([]byte("x"))
	require.NoError(t, err)
	all, err := io.ReadAll(nc)
	require.NoError(t, err)
	require.Equal(t, "bye", string(all))
	status, err := l.Wait()
	require.NoError(t, err)
	require.Equal(t, 7, status)
}

func TestStopIsAnEventWithTheSignalsNumber(t *testing.T) {
	l := start(t, func(ev *node.Event, out *node.Effects) {
		if ev.Kind == node.StopRequested {
			out.Exit(0)
		}
	})
	l.Stop(15)
	require.Equal(t, int64(15), l.expect(node.StopRequested).N)
	status, err := l.Wait()
	require.NoError(t, err)
	require.Zero(t, status)
	l.Stop(15) // of no use, and does no harm
}

func TestADoneContextKillsARun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	_, err := host.Run(ctx, stepFunc(func(ev *node.Event, out *node.Effects) {
		if ev.Kind == node.Started {
			cancel()
			out.Busy(time.Hour) // not even this keeps it
		}
	}), host.Config{})
	require.ErrorIs(t, err, host.ErrKilled)
}

type stepFunc func(ev *node.Event, out *node.Effects)

func (f stepFunc) Step(_ node.Instant, ev *node.Event, out *node.Effects) { f(ev, out) }

func TestABrokenInvariantEndsTheLifeAndIsLogged(t *testing.T) {
	var log strings.Builder
	h := host.Start(stepFunc(func(ev *node.Event, out *node.Effects) {
		if ev.Kind == node.Started {
			out.Log("", "1:X 02 Jan 15:04:05.000 * fine so far")
			out.Listen("nonsense")
			return
		}
		node.Assert(false, "offset %d ran ahead", 5)
	}), host.Config{Stdout: &log})
	_, err := h.Wait()
	var p *host.Panic
	require.ErrorAs(t, err, &p)
	require.Equal(t, "invariant broken: offset 5 ran ahead", err.Error())
	require.Contains(t, string(p.Stack), "stepFunc")
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 2)
	require.Regexp(t, `^\d+:X \d\d \w+ \d\d:\d\d:\d\d\.\d\d\d # invariant broken: offset 5 ran ahead$`, lines[1])
}

func TestAPanicInWorkEndsTheLife(t *testing.T) {
	h := host.Start(stepFunc(func(ev *node.Event, out *node.Effects) {
		if ev.Kind == node.Started {
			out.Work(1, 0, func() any { panic("no") })
		}
	}), host.Config{Stdout: io.Discard})
	_, err := h.Wait()
	require.EqualError(t, err, "panic: no")
}

func TestBusyKeepsEveryEventAndTheFollowingEffectsWaiting(t *testing.T) {
	const busy = 50 * time.Millisecond
	l := start(t, func(ev *node.Event, out *node.Effects) {
		if ev.Kind == node.Received {
			out.Send(ev.Conn, []byte("a"))
			out.Busy(busy)
			out.Send(ev.Conn, []byte("b"))
		}
	})
	nc := call(t, l.listen("127.0.0.1"))
	_, err := nc.Write([]byte("x"))
	require.NoError(t, err)
	one := make([]byte, 1)
	begin := time.Now()
	_, err = io.ReadFull(nc, one)
	require.NoError(t, err)
	require.Equal(t, "a", string(one))
	_, err = io.ReadFull(nc, one)
	require.NoError(t, err)
	require.Equal(t, "b", string(one))
	require.GreaterOrEqual(t, time.Since(begin)+time.Millisecond, busy/2) // "a" left before the wait began
}

func TestTheEndOfAForegroundJobIsTheNextEventWhateverElseHappens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vote")
	var want atomic.Uint64
	op := node.OpID(0)
	l := start(t, func(ev *node.Event, out *node.Effects) {
		if w := want.Load(); w != 0 {
			node.Assert(ev.Kind == node.FileDone && ev.Op == node.OpID(w), "got %v of %d, want the end of %d", ev.Kind, ev.Op, w)
			want.Store(0)
			return
		}
		if ev.Kind == node.Received {
			op++
			out.Listen("nonsense") // its answer comes later
			out.File(op, node.Foreground, node.FileStep{Kind: node.WriteFile, Path: path, Data: []byte("v")})
			out.Send(ev.Conn, ev.Bytes)
			want.Store(uint64(op))
		}
	})
	addr := l.listen("127.0.0.1")
	for range 4 {
		nc := call(t, addr)
		go func() {
			one := []byte{1}
			for {
				if _, err := nc.Write(one); err != nil {
					return
				}
				if _, err := io.ReadFull(nc, one); err != nil {
					return
				}
			}
		}()
	}
	for done := 0; done < 200; {
		if l.waitFor(func(ev node.Event) bool { return ev.Kind == node.FileDone }).Err == "" {
			done++
		}
	}
	l.Kill()
	_, err := l.Wait()
	require.ErrorIs(t, err, host.ErrKilled)
}

func TestForegroundJobsAreDoneBeforeTheFollowingSendLeaves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nodes.conf")
	l := start(t, func(ev *node.Event, out *node.Effects) {
		if ev.Kind == node.Received {
			out.File(1, node.Foreground,
				node.FileStep{Kind: node.WriteFile, Path: path + ".tmp", Data: append([]byte(nil), ev.Bytes...)},
				node.FileStep{Kind: node.SyncFile, Path: path + ".tmp"},
				node.FileStep{Kind: node.RenameFile, Path: path + ".tmp", To: path})
			out.Send(ev.Conn, []byte("!"))
		}
	})
	nc := call(t, l.listen("127.0.0.1"))
	for _, vote := range []string{"one", "two", "three"} {
		_, err := nc.Write([]byte(vote))
		require.NoError(t, err)
		_, err = io.ReadFull(nc, make([]byte, 1))
		require.NoError(t, err)
		onDisk, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, vote, string(onDisk))
	}
}

func TestTimersFireOnceMoveAndStop(t *testing.T) {
	l := start(t, nil)
	l.do(func(out *node.Effects) {
		out.SetTimer(1, time.Millisecond)
		out.SetTimer(2, time.Hour)
		out.SetTimer(3, time.Millisecond)
		out.StopTimer(3)
		out.SetTimer(4, 0)
		out.SetTimer(4, 20*time.Millisecond)
		out.StopTimer(99)
	})
	require.Equal(t, node.TimerID(1), l.expect(node.TimerFired).Timer)
	require.Equal(t, node.TimerID(4), l.expect(node.TimerFired).Timer)
	l.do(func(out *node.Effects) { out.SetTimer(2, 0); out.SetTimer(1, 10*time.Millisecond) })
	require.Equal(t, node.TimerID(2), l.expect(node.TimerFired).Timer)
	require.Equal(t, node.TimerID(1), l.expect(node.TimerFired).Timer)
	require.Empty(t, l.events)
}

func TestWorkAndScriptsEndWithAnEvent(t *testing.T) {
	l := start(t, nil)
	l.do(func(out *node.Effects) { out.Work(5, 1, func() any { return "done" }) })
	ev := l.expect(node.WorkDone)
	require.Equal(t, node.OpID(5), ev.Op)
	require.Equal(t, "done", ev.Result)
	for _, c := range []struct {
		path   string
		args   []string
		status int64
	}{
		{"/bin/sh", []string{"-c", "exit 0"}, 0},
		{"/bin/sh", []string{"-c", "exit 9"}, 9},
		{"/bin/sh", []string{"-c", "kill -9 $$"}, -9},
		{"/nonexistent", nil, 2},
	} {
		l.do(func(out *node.Effects) { out.Script(6, c.path, c.args...) })
		ev := l.expect(node.ScriptExited)
		require.Equal(t, node.OpID(6), ev.Op)
		require.Equal(t, c.status, ev.N, "%+v", c)
	}
	l.do(func(out *node.Effects) { out.Script(8, "/bin/sh", "-c", "sleep 1000") })
	l.do(func(out *node.Effects) { out.KillScript(8); out.KillScript(99) })
	ev = l.expect(node.ScriptExited)
	require.Equal(t, node.OpID(8), ev.Op)
	require.EqualValues(t, -9, ev.N)
	l.do(func(out *node.Effects) { out.Script(7, "/bin/sh", "-c", "sleep 1000") }) // ends with the life
}

func TestATakenPortIsToldAndSeveralAddressesCanBeHad(t *testing.T) {
	l := start(t, nil)
	addr := l.listen("127.0.0.1")
	l.listen("127.0.0.2")
	l.do(func(out *node.Effects) { out.Listen(addr); out.Listen("192.0.2.1:7000") })
	ev := l.expect(node.Listened)
	require.Equal(t, addr, ev.Local)
	require.Equal(t, node.ErrAddrInUse, ev.Err)
	require.Equal(t, node.Errno("Cannot assign requested address"), l.expect(node.Listened).Err)
}

func TestLogsFollowARenamedFileAndNotesComeInOrder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "redis.log")
	var stdout strings.Builder
	var notes []int64
	l := startWith(t, host.Config{Stdout: &stdout, Note: func(at node.Instant, n *node.Note) {
		require.NotZero(t, at)
		notes = append(notes, n.N)
	}}, nil)
	l.do(func(out *node.Effects) {
		out.Log("", "to the terminal")
		out.Log(file, "one")
		out.Log(file, "two")
		out.Log("/nonexistent/log", "lost")
		out.Note(node.Note{N: 1})
		out.Note(node.Note{N: 2})
		out.SetTimer(1, 0)
	})
	l.expect(node.TimerFired)
	require.NoError(t, os.Rename(file, file+".1"))
	l.do(func(out *node.Effects) {
		out.Log(file, "three")
		out.Note(node.Note{N: 3})
		out.Exit(0)
	})
	_, err := l.Wait()
	require.NoError(t, err)
	require.Equal(t, "to the terminal\n", stdout.String())
	require.Equal(t, []int64{1, 2, 3}, notes)
	for path, want := range map[string]string{file + ".1": "one\ntwo\n", file: "three\n"} {
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}

// What a core's clock says is the core's alone: notes of several machines go into one history, by one clock.
func TestClockOffsetMovesTheCoresClockAndNeitherItsTimersNorItsNotes(t *testing.T) {
	offset := -time.Hour
	notes, clocks := make(chan node.Instant, 1), make(chan node.Instant, 1)
	h := host.Start(stepper(func(now node.Instant, ev *node.Event, out *node.Effects) {
		switch ev.Kind {
		case node.Started:
			out.Note(node.Note{Kind: node.NoteStage})
			out.SetTimer(1, time.Millisecond)
		case node.TimerFired:
			clocks <- now
			out.Exit(0)
		}
	}), host.Config{Note: func(at node.Instant, _ *node.Note) { notes <- at }, ClockOffset: func() time.Duration { return offset }})
	_, err := h.Wait()
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(offset), (<-clocks).Time(), time.Minute)
	require.WithinDuration(t, time.Now(), (<-notes).Time(), time.Minute)
}

// stepper is a core made of its Step.
type stepper func(node.Instant, *node.Event, *node.Effects)

func (s stepper) Step(now node.Instant, ev *node.Event, out *node.Effects) { s(now, ev, out) }

func TestNothingIsLeftOfALife(t *testing.T) {
	before := openDescriptors(t)
	for i := range 20 {
		l := start(t, echo)
		addr := l.listen("127.0.0.1")
		nc := call(t, addr)
		id := l.expect(node.Accepted).Conn
		l.do(func(out *node.Effects) {
			out.Dial(addr, "")
			out.SetTimer(1, time.Millisecond)
			out.SetTimer(2, time.Hour)
			out.Send(id, make([]byte, 16<<20)) // nobody reads it
			out.CloseAfterFlush(id)
			out.Work(1, 1, func() any { return nil })
			out.Script(2, "/bin/sh", "-c", "sleep 1000")
			out.File(3, node.Background, node.FileStep{Kind: node.ReadFile, Path: "/dev/null"})
		})
		if i%2 == 0 {
			l.waitFor(func(ev node.Event) bool { return ev.Kind == node.TimerFired })
		}
		l.Kill()
		_, err := l.Wait()
		require.ErrorIs(t, err, host.ErrKilled)
		nc.Close()
	}
	require.LessOrEqual(t, openDescriptors(t), before+2)
}
