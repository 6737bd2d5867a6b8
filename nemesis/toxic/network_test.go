package toxic_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/nemesis/toxic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patience = 20 * time.Second
	quiet    = 100 * time.Millisecond
)

// lab is a network of machines, each of which has a listener behind the network.
type lab struct {
	*testing.T
	network *toxic.Network
	behind  map[string]*net.TCPListener
}

func newLab(t *testing.T, machines ...string) *lab {
	l := &lab{T: t, behind: map[string]*net.TCPListener{}}
	var pairs []toxic.Pair
	for _, a := range machines {
		for _, b := range machines {
			if a != b {
				pairs = append(pairs, toxic.Pair{From: a, To: b})
			}
		}
		l.behind[a] = listen(t)
	}
	var err error
	l.network, err = toxic.NewNetwork(toxic.Options{Links: pairs, Seed: 1})
	require.NoError(t, err)
	t.Cleanup(l.network.Close)
	return l
}

func listen(t *testing.T) *net.TCPListener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l.(*net.TCPListener)
}

// call makes a connection that from opened to to, as far as the caller's kernel.
func (l *lab) call(from, to string) (caller *net.TCPConn, carried <-chan error) {
	l.Helper()
	front := listen(l.T)
	caller = dial(l.T, front.Addr())
	accepted, err := front.AcceptTCP()
	require.NoError(l, err)
	done := make(chan error, 1)
	go func() {
		done <- l.network.Link(from, to).Carry(accepted, func(ctx context.Context) (*net.TCPConn, error) {
			c, err := new(net.Dialer).DialContext(ctx, "tcp", l.behind[to].Addr().String())
			if err != nil {
				return nil, err
			}
			return c.(*net.TCPConn), nil
		})
	}()
	return caller, done
}

func dial(t *testing.T, addr net.Addr) *net.TCPConn {
	c, err := net.DialTimeout("tcp", addr.String(), patience)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// connect is both ends of a connection that is under way.
func (l *lab) connect(from, to string) (caller, callee *net.TCPConn) {
	l.Helper()
	caller, carried := l.call(from, to)
	require.NoError(l, <-carried)
	return caller, l.accept(to)
}

func (l *lab) accept(to string) *net.TCPConn {
	l.Helper()
	l.behind[to].SetDeadline(time.Now().Add(patience))
	callee, err := l.behind[to].AcceptTCP()
	require.NoError(l, err)
	l.Cleanup(func() { callee.Close() })
	return callee
}

func (l *lab) inflict(id int, text string) {
	l.Helper()
	f, err := nemesis.Parse(text)
	require.NoError(l, err)
	require.NoError(l, l.network.Inflict(id, f))
}

func send(t *testing.T, c *net.TCPConn, text string) {
	t.Helper()
	_, err := c.Write([]byte(text))
	require.NoError(t, err)
}

func receives(t *testing.T, c *net.TCPConn, text string) {
	t.Helper()
	got := make([]byte, len(text))
	c.SetReadDeadline(time.Now().Add(patience))
	_, err := io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
}

func silent(t *testing.T, c *net.TCPConn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(quiet))
	n, err := c.Read(make([]byte, 1))
	require.ErrorContains(t, err, "timeout", "%d bytes came, or an end", n)
}

func ends(t *testing.T, c *net.TCPConn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	_, err := c.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "timeout")
}

func exchange(t *testing.T, a, b *net.TCPConn) {
	t.Helper()
	send(t, a, "there")
	receives(t, b, "there")
	send(t, b, "back")
	receives(t, a, "back")
}

func TestCutHoldsBothWaysAndDeliversAfterwards(t *testing.T) {
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	exchange(t, a, b)
	l.inflict(1, "cut a | b")
	send(t, a, "one ")
	send(t, b, "eins ")
	silent(t, a)
	silent(t, b)
	send(t, a, "two")
	send(t, b, "zwei")
	require.True(t, l.network.Lift(1))
	receives(t, b, "one two")
	receives(t, a, "eins zwei")
	exchange(t, a, b)
	require.False(t, l.network.Lift(1))
}

func TestOneWayCutHoldsOneWayWhoeverDialled(t *testing.T) {
	l := newLab(t, "a", "b")
	a1, b1 := l.connect("a", "b")
	b2, a2 := l.connect("b", "a")
	l.inflict(1, "cut a -> b")
	for _, c := range []struct{ a, b *net.TCPConn }{{a1, b1}, {a2, b2}} {
		send(t, c.b, "free")
		receives(t, c.a, "free")
		send(t, c.a, "held")
		silent(t, c.b)
	}
	l.network.Heal()
	receives(t, b1, "held")
	receives(t, b2, "held")
}

func TestEveryOrderedPairIsCutByItself(t *testing.T) {
	machines := []string{"a", "b", "c", "d"}
	l := newLab(t, machines...)
	type both struct{ caller, callee *net.TCPConn }
	conns := map[toxic.Pair]both{}
	var pairs []toxic.Pair
	for _, x := range machines {
		for _, y := range machines {
			if x != y {
				p := toxic.Pair{From: x, To: y}
				caller, callee := l.connect(x, y)
				conns[p], pairs = both{caller, callee}, append(pairs, p)
			}
		}
	}
	for i, cut := range pairs {
		l.inflict(i, fmt.Sprintf("cut %s -> %s", cut.From, cut.To))
		for p, c := range conns {
			send(t, c.caller, "there")
			send(t, c.callee, "back")
			if p != cut {
				receives(t, c.callee, "there")
			}
			if back := (toxic.Pair{From: p.To, To: p.From}); back != cut {
				receives(t, c.caller, "back")
			}
		}
		// Everything else has arrived by now, so what is on its way here is held.
		silent(t, conns[cut].callee)
		silent(t, conns[toxic.Pair{From: cut.To, To: cut.From}].caller)
		l.network.Lift(i)
		receives(t, conns[cut].callee, "there")
		receives(t, conns[toxic.Pair{From: cut.To, To: cut.From}].caller, "back")
	}
}

func TestCutsAddUp(t *testing.T) {
	l := newLab(t, "a", "b", "c")
	a, b := l.connect("a", "b")
	l.inflict(1, "cut a | b c")
	l.inflict(2, "cut b | a")
	send(t, a, "held")
	l.network.Lift(1)
	silent(t, b)
	l.network.Lift(2)
	receives(t, b, "held")
}

func TestConnectAcrossACutHangsAndThenSucceeds(t *testing.T) {
	for _, text := range []string{"cut a | b", "cut a -> b", "cut b -> a"} {
		l := newLab(t, "a", "b")
		l.inflict(1, text)
		a, carried := l.call("a", "b")
		send(t, a, "hello ")
		silent(t, a)
		require.Empty(t, carried)
		l.network.Lift(1)
		b := l.accept("b")
		require.NoError(t, <-carried)
		send(t, a, "again")
		receives(t, b, "hello again")
		exchange(t, a, b)
	}
}

func TestCallerThatGivesUpAcrossACutIsNeverHeardOf(t *testing.T) {
	l := newLab(t, "a", "b")
	l.inflict(1, "cut a | b")
	a, carried := l.call("a", "b")
	send(t, a, "hello")
	a.Close()
	require.Error(t, <-carried)
	l.network.Lift(1)
	l.behind["b"].SetDeadline(time.Now().Add(quiet))
	_, err := l.behind["b"].Accept()
	require.ErrorContains(t, err, "timeout")
}

func TestCallerIsResetWhenNobodyListens(t *testing.T) {
	l := newLab(t, "a", "b")
	l.behind["b"].Close()
	a, carried := l.call("a", "b")
	require.Error(t, <-carried)
	a.SetReadDeadline(time.Now().Add(patience))
	_, err := a.Read(make([]byte, 1))
	require.ErrorContains(t, err, "reset")
}

func TestEndOfAConnectionIsHeldToo(t *testing.T) {
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "cut a | b")
	send(t, a, "last words")
	a.Close()
	silent(t, b)
	l.network.Lift(1)
	receives(t, b, "last words")
	ends(t, b)
}

func TestHalfClosedConnectionCarriesTheOtherWay(t *testing.T) {
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	require.NoError(t, a.CloseWrite())
	ends(t, b)
	send(t, b, "still here")
	receives(t, a, "still here")
	b.Close()
	ends(t, a)
}

func TestResetArrivesAsAReset(t *testing.T) {
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	a.SetLinger(0)
	a.Close()
	b.SetReadDeadline(time.Now().Add(patience))
	_, err := b.Read(make([]byte, 1))
	require.ErrorContains(t, err, "reset")
}

func TestHealAfterBothEndsAreGone(t *testing.T) {
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "cut a | b")
	send(t, a, "to nobody")
	send(t, b, "to nobody")
	a.SetLinger(0)
	a.Close()
	b.SetLinger(0)
	b.Close()
	l.network.Lift(1) // goleak: nothing stays behind
	a2, b2 := l.connect("a", "b")
	exchange(t, a2, b2)
}

func TestLatencyDelaysEachDirectionItIsFor(t *testing.T) {
	const delay = 60 * time.Millisecond
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, fmt.Sprintf("latency a -> b delay=%s", delay))
	start := time.Now()
	send(t, a, "slow")
	receives(t, b, "slow")
	require.GreaterOrEqual(t, time.Since(start), delay)
	l.inflict(2, fmt.Sprintf("latency a | b delay=%s jitter=10ms", delay))
	start = time.Now()
	send(t, a, "slower")
	receives(t, b, "slower")
	require.GreaterOrEqual(t, time.Since(start), 2*delay, "delays add up")
	start = time.Now()
	send(t, b, "slow")
	receives(t, a, "slow")
	require.GreaterOrEqual(t, time.Since(start), delay)
	l.network.Heal()
	exchange(t, a, b)
}

// Whatever is done to the link meanwhile, every byte arrives once and in order.
func TestStreamsStayWholeUnderFaults(t *testing.T) {
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	sent := make([]byte, 8<<20) // more than a link and the kernel hold
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range sent {
		sent[i] = byte(rng.Uint32())
	}
	results := make(chan []byte, 2)
	for _, c := range []struct{ from, to *net.TCPConn }{{a, b}, {b, a}} {
		go func() {
			c.from.Write(sent)
			c.from.CloseWrite()
		}()
		go func() {
			got := make([]byte, len(sent))
			n, _ := io.ReadFull(c.to, got)
			results <- got[:n]
		}()
	}
	for i := range 40 {
		text := []string{"cut a | b", "cut a -> b", "cut b -> a", "latency a | b delay=2ms jitter=3ms"}[i%4]
		l.inflict(i, text)
		time.Sleep(time.Duration(rng.IntN(5)) * time.Millisecond)
		l.network.Lift(i)
	}
	for range 2 {
		select {
		case got := <-results:
			require.True(t, bytes.Equal(sent, got), "%d of %d bytes came", len(got), len(sent))
		case <-time.After(patience):
			t.Fatal("the stream does not go on after the faults")
		}
	}
}

func TestCloseEndsHeldAndWaitingConnections(t *testing.T) {
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "cut a | b")
	send(t, a, "held")
	waiting, carried := l.call("a", "b")
	silent(t, waiting)
	l.network.Close()
	ends(t, a)
	ends(t, b)
	ends(t, waiting)
	require.Error(t, <-carried)
}

func TestFaultsThatMakeNoSenseAreRefused(t *testing.T) {
	l := newLab(t, "a", "b")
	l.inflict(1, "cut a | b")
	for text, want := range map[string]string{
		"cut a | x": `cut a | x: no machine is called "x"`,
		"kill a":    "kill a: not a fault on links, or one that is made of others",
		"cut b | a": "cut b | a: fault 1 is in force already: cut a | b",
	} {
		f, err := nemesis.Parse(text)
		require.NoError(t, err)
		id := map[bool]int{true: 1, false: 2}[text == "cut b | a"] // only that one is a second 1
		require.EqualError(t, l.network.Inflict(id, f), want)
	}
}

func TestAPIShowsWhatIsInForceAndTakesToxicsOfItsOwn(t *testing.T) {
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	api := l.network.Handler()
	ask := func(method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(method, "http://127.0.0.1:8474"+path, strings.NewReader(body)))
		return w.Code, w.Body.String()
	}
	l.inflict(7, "cut a -> b")
	status, text := ask("GET", "/proxies/a->b", "")
	require.Equal(t, 200, status)
	require.Contains(t, text, `"attributes":{"delay_ms":0,"faults":[7],"from":"a","hold":true,"jitter_ms":0,"to":"b"}`)
	require.Contains(t, text, `"attributes":{"delay_ms":0,"faults":[],"from":"b","hold":false,"jitter_ms":0,"to":"a"}`)
	l.network.Lift(7)

	status, text = ask("POST", "/proxies/a->b/toxics", `{"type":"latency","stream":"upstream","attributes":{"latency":50}}`)
	require.Equal(t, 200, status, text)
	start := time.Now()
	exchange(t, a, b)
	require.GreaterOrEqual(t, time.Since(start), 50*time.Millisecond)
	status, text = ask("POST", "/proxies/a->b/toxics/latency_upstream", `{"attributes":{"latency":150}}`)
	require.Equal(t, 200, status, text)
	start = time.Now()
	exchange(t, a, b)
	require.GreaterOrEqual(t, time.Since(start), 150*time.Millisecond, "what is changed is changed on connections there are")
	status, _ = ask("DELETE", "/proxies/a->b/toxics/latency_upstream", "")
	require.Equal(t, 204, status)
	exchange(t, a, b)

	for _, bad := range [][3]string{
		{"POST", "/reset", ""}, {"POST", "/proxies", `{"name":"x"}`}, {"DELETE", "/proxies/a->b", ""},
		{"DELETE", "/proxies/a->b/toxics/nemesis_upstream", ""},
		{"POST", "/proxies/a->b/toxics/nemesis_upstream", `{"attributes":{"hold":true}}`},
		{"POST", "/proxies/a->b/toxics", `{"type":"nemesis"}`},
	} {
		status, text := ask(bad[0], bad[1], bad[2])
		require.GreaterOrEqual(t, status, 400, "%v", bad)
		require.Contains(t, text, "error")
	}
	exchange(t, a, b)
}

func TestAPIAnswersNoPageOfTheWeb(t *testing.T) {
	l := newLab(t, "a", "b")
	api := l.network.Handler()
	for _, c := range []struct {
		url    string
		header [2]string
		status int
	}{
		{"http://127.0.0.1:8474/proxies", [2]string{"User-Agent", "toxiproxy-cli"}, 200},
		{"http://127.3.10.1/proxies", [2]string{}, 200},
		{"http://localhost:8474/proxies", [2]string{}, 200},
		{"http://[::1]:8474/proxies", [2]string{}, 200},
		{"http://127.0.0.1:8474/proxies", [2]string{"Origin", "http://evil.example"}, 403},
		{"http://127.0.0.1:8474/proxies", [2]string{"Origin", "null"}, 403},
		{"http://127.0.0.1:8474/proxies", [2]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"http://evil.example:8474/proxies", [2]string{}, 403}, // its name stands for 127.0.0.1 now
		{"http://10.0.0.1:8474/proxies", [2]string{}, 403},
	} {
		r := httptest.NewRequest("GET", c.url, nil)
		if c.header[0] != "" {
			r.Header.Set(c.header[0], c.header[1])
		}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		require.Equal(t, c.status, w.Code, "%s %v: %s", c.url, c.header, w.Body)
	}
}
