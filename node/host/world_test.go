package host_test

import (
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/host"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen. A passing test waits for none of it.
const patience = 20 * time.Second

// wake is a signal number by which a test makes its core run the next of the functions it was handed.
const wake = 100

// probe is a core that does what a test tells it to, and shows the test what happened.
type probe struct {
	react func(ev *node.Event, out *node.Effects) // may be nil

	mu   sync.Mutex
	asks []func(out *node.Effects)

	events chan node.Event // all but Received and Started, their bytes copied
	bytes  chan received
}

type received struct {
	conn  node.ConnID
	bytes string
}

func newProbe(react func(ev *node.Event, out *node.Effects)) *probe {
	return &probe{react: react, events: make(chan node.Event, 1<<16), bytes: make(chan received, 1<<16)}
}

func (p *probe) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	if ev.Kind == node.StopRequested && ev.N == wake {
		p.mu.Lock()
		ask := p.asks[0]
		p.asks = p.asks[1:]
		p.mu.Unlock()
		ask(out)
		return
	}
	switch ev.Kind {
	case node.Started:
	case node.Received:
		p.bytes <- received{ev.Conn, string(ev.Bytes)}
	default:
		kept := *ev
		kept.Bytes = append([]byte(nil), ev.Bytes...)
		p.events <- kept
	}
	if p.react != nil {
		p.react(ev, out)
	}
}

// life is a probe on a host.
type life struct {
	*probe
	*host.Host
	t *testing.T
}

func start(t *testing.T, react func(ev *node.Event, out *node.Effects)) *life {
	return startWith(t, host.Config{}, react)
}

func startWith(t *testing.T, cfg host.Config, react func(ev *node.Event, out *node.Effects)) *life {
	p := newProbe(react)
	l := &life{probe: p, Host: host.Start(p, cfg), t: t}
	t.Cleanup(func() {
		l.Kill()
		l.Wait()
	})
	return l
}

// do makes the core add effects, in the order of the calls.
func (l *life) do(ask func(out *node.Effects)) {
	l.mu.Lock()
	l.asks = append(l.asks, ask)
	l.mu.Unlock()
	l.Stop(wake)
}

// expect waits for the next event that is not Received and requires its kind.
func (l *life) expect(kind node.EventKind) node.Event {
	l.t.Helper()
	select {
	case ev := <-l.events:
		require.Equal(l.t, kind.String(), ev.Kind.String(), "%+v", ev)
		return ev
	case <-time.After(patience):
		require.FailNow(l.t, "nothing happened", "waiting for %v", kind)
	}
	panic("unreachable")
}

// hear waits until the core has received want on conn.
func (l *life) hear(conn node.ConnID, want string) {
	l.t.Helper()
	got := ""
	for got != want {
		select {
		case r := <-l.bytes:
			require.Equal(l.t, conn, r.conn)
			got += r.bytes
			require.True(l.t, len(got) <= len(want), "%q is not a beginning of %q", got, want)
		case <-time.After(patience):
			require.FailNow(l.t, "not heard", "%q, only %q", want, got)
		}
	}
}

// listen makes the core listen on a free port of ip and returns the address.
func (l *life) listen(ip string) string {
	l.t.Helper()
	addr := fmt.Sprintf("%s:%d", ip, freePort(l.t, ip))
	l.do(func(out *node.Effects) { out.Listen(addr) })
	ev := l.expect(node.Listened)
	require.Equal(l.t, node.ErrNone, ev.Err)
	require.Equal(l.t, addr, ev.Local)
	return addr
}

// call connects to addr as a peer of the core's would.
func call(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	nc, err := net.DialTimeout("tcp", addr, patience)
	require.NoError(t, err)
	require.NoError(t, nc.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { nc.Close() })
	return nc.(*net.TCPConn)
}

func freePort(t *testing.T, ip string) int {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("this system has no /proc/self/fd")
	}
	return len(entries)
}

func after() <-chan time.Time { return time.After(patience) }
