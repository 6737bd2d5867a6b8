package live_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "8") // they wait for processes more than they need the processor
	goleak.VerifyTestMain(m)
}

const (
	patience = 30 * time.Second
	quiet    = 100 * time.Millisecond
)

// addressed gives machines addresses and folders that no other test has.
func addressed(t *testing.T, machines []cluster.Machine) *live.Lease {
	t.Helper()
	lease, err := live.Addresses()
	require.NoError(t, err)
	addr := lease.Addressing(t.TempDir())
	for i := range machines {
		m := &machines[i]
		m.Host, m.Announce, m.Dir = addr.Host(i+1), addr.Announce(i+1), addr.Dir(m.Name)
	}
	return lease
}

func open(t *testing.T, machines []cluster.Machine, sink cluster.Sink) *live.World {
	t.Helper()
	w, err := live.Open(t.Context(), live.Config{Lease: addressed(t, machines), Machines: machines, Sink: sink, Seed: 1})
	require.NoError(t, err)
	t.Cleanup(func() { w.Close() })
	return w
}

// record is a sink that remembers.
type record struct {
	mu    sync.Mutex
	lines []string
}

func (r *record) write(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *record) Note(_ time.Duration, machine string, n *node.Note) {
	r.write("%s note %s %s", machine, n.Kind, n.Text)
}
func (r *record) Log(_ time.Duration, machine, line string) { r.write("%s log %s", machine, line) }
func (r *record) Down(_ time.Duration, machine, why string) { r.write("%s down %s", machine, why) }
func (r *record) Up(_ time.Duration, machine string)        { r.write("%s up", machine) }

func (r *record) count(text string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

func (r *record) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

// echo listens, and sends back what it receives. Told an address, it dials that; told anything else, it sends that on
// the connection it dialled last.
type echo struct {
	machine *cluster.Machine
	dialled node.ConnID
}

func (e *echo) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	say := func(format string, args ...any) {
		out.Note(node.Note{Kind: node.NoteStage, Text: fmt.Sprintf(format, args...)})
	}
	switch ev.Kind {
	case node.Started:
		out.Listen(fmt.Sprintf("%s:%d", e.machine.Host, e.machine.Port))
	case node.Told:
		switch text := string(ev.Bytes); {
		case text == "break":
			node.Assert(false, "it was told to break")
		case text == "exit":
			out.Log("", "goodbye")
			out.Exit(3)
		case strings.HasPrefix(text, "dial "):
			e.dialled = out.Dial(strings.TrimPrefix(text, "dial "), e.machine.Host)
		default:
			out.Send(e.dialled, ev.Bytes)
		}
	case node.Accepted:
		say("accepted from %s", ev.Remote[:strings.LastIndex(ev.Remote, ":")])
	case node.Received:
		if ev.Conn == e.dialled {
			say("echoed %s", ev.Bytes)
		} else {
			out.Send(ev.Conn, ev.Bytes)
		}
	case node.Listened, node.Dialled, node.Closed, node.DialFailed:
		say("%v %s", ev.Kind, ev.Err)
	}
}

func echoes(names ...string) []cluster.Machine {
	machines := make([]cluster.Machine, len(names))
	for i, name := range names {
		m := &machines[i]
		*m = cluster.Machine{Name: name, Kind: cluster.Client, Port: 6379, New: func(cluster.Boot) node.Core { return &echo{machine: m} }}
	}
	return machines
}

func eventually(t *testing.T, w *live.World, r *record, what string, done func() bool) {
	t.Helper()
	for limit := w.Elapsed() + patience; !done(); {
		require.Less(t, w.Elapsed(), limit, "%s did not happen:\n%s", what, r.all())
		require.NoError(t, w.Advance(context.Background(), w.Elapsed()+2*time.Millisecond), r.all())
	}
}

func startAll(t *testing.T, w *live.World, r *record, machines []cluster.Machine) {
	t.Helper()
	for _, m := range machines {
		require.NoError(t, w.Start(t.Context(), m.Name))
		eventually(t, w, r, "listening", func() bool { return r.count(m.Name+" note stage listened ") == 1 })
	}
}

func inflict(t *testing.T, w *live.World, id int, text string) {
	t.Helper()
	f, err := nemesis.Parse(text)
	require.NoError(t, err)
	require.NoError(t, w.Inflict(context.Background(), id, f))
}

// Each of six machines keeps a connection to each other one. Every ordered pair is cut and healed by itself; the
// round trips over all other pairs of machines go on.
func TestEveryOrderedPairIsCutByItself(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c", "d", "e", "f"}
	all := slices.Clone(names)
	for _, x := range names { // a caller for each pair, so that each has one connection to talk over
		for _, y := range names {
			if x != y {
				all = append(all, x+y)
			}
		}
	}
	machines := echoes(all...)
	for i := range machines[6:] {
		m := &machines[6+i]
		m.Port, m.New = 0, func(cluster.Boot) node.Core { return &caller{machine: m} }
	}
	r := &record{}
	w := open(t, machines, r)
	startAll(t, w, r, machines[:6])
	addr := map[string]string{}
	for _, m := range machines {
		addr[m.Name] = m.Addr()
	}
	for _, m := range machines[6:] {
		require.NoError(t, w.Start(t.Context(), m.Name))
		require.NoError(t, w.Tell(m.Name, "dial "+addr[m.Name[1:]]))
		eventually(t, w, r, "the connection of "+m.Name, func() bool { return r.count(m.Name+" note stage dialled") == 1 })
	}
	for round, cut := range machines[6:] {
		for dir, arrow := range []string{"->", "|"} {
			id := 10*round + dir
			inflict(t, w, id, fmt.Sprintf("cut %s %s %s", cut.Name, arrow, cut.Name[1:]))
			word := fmt.Sprintf("round-%d-%d;", round, dir)
			for _, m := range machines[6:] {
				require.NoError(t, w.Tell(m.Name, word))
			}
			for _, m := range machines[6:] {
				if m.Name != cut.Name {
					eventually(t, w, r, m.Name+"'s echo", func() bool { return r.count(m.Name+" note stage echoed "+word) == 1 })
				}
			}
			require.NoError(t, w.Advance(context.Background(), w.Elapsed()+20*time.Millisecond))
			require.Zero(t, r.count(cut.Name+" note stage echoed "+word))
			require.NoError(t, w.Lift(context.Background(), id))
			eventually(t, w, r, "the echo after the heal", func() bool { return r.count(cut.Name+" note stage echoed "+word) == 1 })
		}
	}
}

// caller is an echo that does not listen.
type caller struct {
	machine *cluster.Machine
	echo    echo
}

func (c *caller) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	if ev.Kind != node.Started {
		c.echo.machine = c.machine
		c.echo.Step(now, ev, out)
	}
}

func TestMachinesSeeTheAddressOfWhoeverCalls(t *testing.T) {
	machines := echoes("a", "b")
	r := &record{}
	w := open(t, machines, r)
	startAll(t, w, r, machines)
	require.NoError(t, w.Tell("a", "dial "+machines[1].Addr()))
	eventually(t, w, r, "the call", func() bool { return r.count("b note stage accepted from "+machines[0].Host) == 1 })
}

func TestStrangersPassStraightThrough(t *testing.T) {
	machines := echoes("a", "b")
	r := &record{}
	w := open(t, machines, r)
	startAll(t, w, r, machines)
	inflict(t, w, 1, "cut a | b")
	c, err := net.Dial("tcp", machines[0].Addr())
	require.NoError(t, err)
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	_, err = c.Write([]byte("hello"))
	require.NoError(t, err)
	got := make([]byte, 5)
	_, err = io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
	w.Close()
	_, err = c.Read(got)
	require.Error(t, err, "the world takes them with it")
	require.NotContains(t, err.Error(), "timeout")
}

func TestBrokenInvariantOfACoreFailsTheRun(t *testing.T) {
	machines := echoes("a", "b")
	r := &record{}
	w := open(t, machines, r)
	startAll(t, w, r, machines)
	require.NoError(t, w.Tell("a", "break"))
	err := w.Advance(context.Background(), w.Elapsed()+patience)
	var died *cluster.Died
	require.ErrorAs(t, err, &died)
	require.Equal(t, "a", died.Machine)
	require.Equal(t, "invariant broken: it was told to break", died.Why)
	require.Contains(t, died.Stack, "echo")
	require.Equal(t, 1, r.count("a down invariant broken: it was told to break"))
	require.Equal(t, err, w.Advance(context.Background(), w.Elapsed()), "and goes on failing it")
	require.ErrorContains(t, w.Tell("a", "x"), "is down")
}

func TestCoreThatExitsFailsTheRun(t *testing.T) {
	machines := echoes("a")
	r := &record{}
	w := open(t, machines, r)
	startAll(t, w, r, machines)
	require.NoError(t, w.Tell("a", "exit"))
	err := w.Advance(context.Background(), w.Elapsed()+patience)
	require.ErrorContains(t, err, "machine a went down by itself")
	require.ErrorContains(t, err, "exit 3")
	require.ErrorContains(t, err, "goodbye")
}

func TestContextEndsTheWorld(t *testing.T) {
	machines := echoes("a", "b")
	ctx, cancel := context.WithCancel(context.Background())
	r := &record{}
	w, err := live.Open(ctx, live.Config{Machines: machines, Lease: addressed(t, machines), Sink: r})
	require.NoError(t, err)
	startAll(t, w, r, machines)
	waiting := make(chan error, 1)
	go func() { waiting <- w.Advance(ctx, time.Hour) }()
	cancel()
	require.ErrorIs(t, <-waiting, context.Canceled)
	_, err = w.Close() // waits for what the context has begun
	require.NoError(t, err)
	_, err = net.Dial("tcp", machines[0].Addr())
	require.ErrorContains(t, err, "refused")
	_, err = w.Close()
	require.NoError(t, err, "closing twice is no error")
	require.ErrorContains(t, w.Start(context.Background(), "a"), "closed")
}

func TestWorldsAtTheSameTimeHaveAddressesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for range 5 {
		machines := echoes("a", "b")
		r := &record{}
		w := open(t, machines, r)
		startAll(t, w, r, machines)
		require.False(t, seen[machines[0].Host])
		seen[machines[0].Host] = true
	}
}

func TestLeaseIsFreeAfterRelease(t *testing.T) {
	lease, err := live.Addresses()
	require.NoError(t, err)
	again, err := live.Addresses()
	require.NoError(t, err)
	require.NotEqual(t, lease.Host(1), again.Host(1))
	require.NoError(t, again.Release())
	third, err := live.Addresses()
	require.NoError(t, err)
	require.Equal(t, again.Host(1), third.Host(1))
	require.NoError(t, third.Release())
	require.NoError(t, lease.Release())
	require.NoError(t, lease.Release())
}

func TestTakenAddressIsRefusedAtOnce(t *testing.T) {
	machines := echoes("a", "b")
	lease := addressed(t, machines)
	l, err := net.Listen("tcp", machines[1].Addr())
	require.NoError(t, err)
	defer l.Close()
	_, err = live.Open(t.Context(), live.Config{Machines: machines, Lease: lease, Sink: &record{}})
	require.ErrorContains(t, err, "machine b cannot be announced")
	require.ErrorContains(t, err, "address already in use")
}

func TestFolderMustBeAbsolute(t *testing.T) {
	machines := echoes("a")
	lease := addressed(t, machines)
	machines[0].Dir = "relative"
	_, err := live.Open(t.Context(), live.Config{Machines: machines, Lease: lease, Sink: &record{}})
	require.ErrorContains(t, err, `its folder "relative" is not an absolute path`)
}

func TestFilesLieOnTheDiskBeforeTheFirstStart(t *testing.T) {
	machines := echoes("a")
	lease := addressed(t, machines)
	path := filepath.Join(machines[0].Dir, "deep", "redis.conf")
	machines[0].Files = map[string]string{path: "port 1\n"}
	w, err := live.Open(t.Context(), live.Config{Machines: machines, Lease: lease, Sink: &record{}})
	require.NoError(t, err)
	defer w.Close()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "port 1\n", string(b))
}

func TestFaultsOnMachinesOfTheHarnessAreRefused(t *testing.T) {
	machines := echoes("a", "b")
	w := open(t, machines, &record{})
	f, err := nemesis.Parse("kill a")
	require.NoError(t, err)
	require.ErrorContains(t, w.Inflict(t.Context(), 1, f), "a runs inside the harness, only its links can be hurt")
}

func TestAPIShowsTheLinks(t *testing.T) {
	machines := echoes("a", "b")
	w := open(t, machines, &record{})
	inflict(t, w, 4, "cut a -> b")
	res, err := http.Get("http://" + w.API() + "/proxies/a->b")
	require.NoError(t, err)
	defer res.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Contains(t, string(b), `"faults":[4]`)
}
