package toxic_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// isReset wants the connection reset, and not ended in order.
func isReset(t *testing.T, c *net.TCPConn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	_, err := io.Copy(io.Discard, c)
	require.True(t, errors.Is(err, syscall.ECONNRESET), "%v", err)
}

// isClosed wants the connection ended in order.
func isClosed(t *testing.T, c *net.TCPConn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	_, err := io.Copy(io.Discard, c)
	require.NoError(t, err)
}

func (l *lab) refused(from, to string) {
	l.Helper()
	caller, carried := l.call(from, to)
	isReset(l.T, caller)
	require.Error(l, <-carried)
}

func TestDropResetsWhatIsUpAndWhatComesUntilItEnds(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b", "c")
	a, b := l.connect("a", "b")
	other, otherEnd := l.connect("b", "a")
	third, thirdEnd := l.connect("a", "c")
	l.inflict(1, "drop a -> b")
	isReset(t, a)
	isReset(t, b)
	exchange(t, other, otherEnd) // b opened it
	l.inflict(2, "drop a | b")
	isReset(t, other)
	isReset(t, otherEnd)
	l.refused("a", "b")
	l.refused("b", "a")
	exchange(t, third, thirdEnd)
	l.network.Lift(2)
	l.refused("a", "b")
	l.network.Lift(1)
	exchange2(l, "a", "b")
}

// exchange2 makes a new connection and uses it.
func exchange2(l *lab, from, to string) {
	l.Helper()
	a, b := l.connect(from, to)
	exchange(l.T, a, b)
}

func TestDropEndsCallsThatWaitAcrossACut(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	l.inflict(1, "cut a | b")
	a, carried := l.call("a", "b")
	silent(t, a)
	l.inflict(2, "drop a -> b")
	isReset(t, a)
	require.Error(t, <-carried)
}

func TestRefuseLeavesWhatIsUp(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "refuse a -> b")
	l.refused("a", "b")
	exchange(t, a, b)
	exchange2(l, "b", "a")
	l.network.Lift(1)
	exchange2(l, "a", "b")
}

func TestBlackHoleAnswersNewCallersWhenItEnds(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "blackhole a -> b")
	require.True(t, l.network.Held("a", "b"))
	caller, carried := l.call("a", "b")
	send(t, caller, "early")
	silent(t, caller)
	exchange(t, a, b)
	exchange2(l, "b", "a")
	select {
	case err := <-carried:
		t.Fatalf("it was answered: %v", err)
	default:
	}
	l.network.Lift(1)
	require.NoError(t, <-carried)
	receives(t, l.accept("b"), "early")
}

func TestClogHoldsTheOldestConnectionsOneByOne(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a1, b1 := l.connect("a", "b")
	b2, a2 := l.connect("b", "a")
	a3, b3 := l.connect("a", "b")
	l.inflict(1, "clog a -> b connections=2")
	send(t, a1, "one")
	send(t, a2, "two")
	silent(t, b1)
	silent(t, b2)
	send(t, b1, "back")
	receives(t, a1, "back")
	exchange(t, a3, b3)
	exchange2(l, "a", "b")
	l.inflict(2, "clog a -> b")
	send(t, a3, "three")
	silent(t, b3)

	l.inflict(3, "unclog a -> b") // the first that was clogged
	receives(t, b1, "one")
	silent(t, b2)
	l.network.Lift(1)
	receives(t, b2, "two")
	silent(t, b3)
	l.network.Lift(2)
	receives(t, b3, "three")
}

func TestHalfOpenConnectionIsSilentForGoodAndTellsOnlyWhoSends(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "half-open a -> b")
	send(t, a, "lost")
	silent(t, b)
	send(t, b, "heard")
	receives(t, a, "heard")
	exchange2(l, "a", "b")
	l.network.Lift(1)
	silent(t, a) // it is told when it sends
	send(t, a, "lost too")
	isReset(t, a)
	silent(t, b)
	send(t, b, "into the void")
	silent(t, b)
}

func TestHalfOpenConnectionHidesItsEnd(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "half-open a -> b")
	a.Close()
	silent(t, b)
	l.network.Lift(1)
	silent(t, b)
}

func TestLatencyToxicDelaysOnlyItsDirection(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	b2, a2 := l.connect("b", "a")
	l.inflict(1, "latency a -> b latency=150")
	for _, pair := range [][2]*net.TCPConn{{a, b}, {a2, b2}} { // whoever opened it
		start := time.Now()
		send(t, pair[0], "x")
		receives(t, pair[1], "x")
		require.GreaterOrEqual(t, time.Since(start), 150*time.Millisecond)
	}
	l.inflict(2, "latency a -> b latency=100000 stream=downstream")
	send(t, a, "upstream")
	receives(t, b, "upstream")
	send(t, a2, "down")
	silent(t, b2)
	l.network.Lift(2)
	receives(t, b2, "down")
	l.inflict(3, "timeout a -> b timeout=1 toxicity=0")
	send(t, a, "no connection is hit")
	receives(t, b, "no connection is hit")
}

func TestBandwidthToxicTakesTheTimeOfItsRate(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "bandwidth a -> b rate=100")
	start := time.Now()
	text := strings.Repeat("x", 40_000)
	send(t, a, text)
	receives(t, b, text)
	require.GreaterOrEqual(t, time.Since(start), 300*time.Millisecond) // 40 kB at 100 kB/s
	l.network.Lift(1)
	exchange(t, a, b)
}

func TestSlowCloseToxicDelaysTheEnd(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "slow_close a -> b delay=300")
	send(t, a, "last words")
	a.CloseWrite()
	start := time.Now()
	receives(t, b, "last words")
	silent(t, b)
	isClosed(t, b)
	require.GreaterOrEqual(t, time.Since(start), 200*time.Millisecond)
}

func TestTimeoutToxicLosesBytesAndClosesTheConnection(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "timeout a -> b timeout=200")
	send(t, a, "lost")
	isClosed(t, b)
	ends(t, a)

	a, b = l.connect("b", "a")
	l.inflict(2, "timeout b -> a timeout=0")
	send(t, a, "lost")
	silent(t, b)
	l.network.Lift(2)
	isClosed(t, b)
}

func TestResetPeerToxicResetsBothSidesAfterTheFirstByte(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "reset_peer a -> b timeout=150")
	silent(t, a)
	send(t, b, "nothing was sent yet")
	receives(t, a, "nothing was sent yet")
	start := time.Now()
	send(t, a, "lost")
	isReset(t, b)
	isReset(t, a)
	require.GreaterOrEqual(t, time.Since(start), 150*time.Millisecond)
	l.network.Lift(1)
	exchange2(l, "a", "b")
}

func TestSlicerToxicSendsSlicesWithPauses(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "slicer a -> b average_size=10 size_variation=2 delay=20000")
	text := strings.Repeat("0123456789", 10)
	start := time.Now()
	send(t, a, text)
	b.SetReadDeadline(time.Now().Add(patience))
	first, err := b.Read(make([]byte, 100))
	require.NoError(t, err)
	require.Less(t, first, 100)
	receives(t, b, text[first:])
	require.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond) // at least six pauses of 20 ms
}

func TestLimitDataToxicEndsTheConnectionAfterSoManyBytes(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	l.inflict(1, "limit_data a -> b bytes=10")
	a, b := l.connect("a", "b")
	send(t, a, "0123456789abcdef")
	receives(t, b, "0123456789")
	isClosed(t, b)
	ends(t, a)
}

// Toxiproxy interrupts a toxic to put another one beside it, and cannot interrupt one that waits for a receiver.
func TestToxicsComeAndGoWhileNobodyReads(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "slow_close a -> b delay=1")
	flooded := make(chan int, 1)
	go func() {
		sent := 0
		a.SetWriteDeadline(time.Now().Add(2 * time.Second))
		for {
			n, err := a.Write(make([]byte, 1<<16))
			if sent += n; err != nil {
				flooded <- sent
				return
			}
		}
	}()
	sent := <-flooded
	require.Less(t, sent, 64<<20, "who sends to a receiver that does not read must feel it")
	l.inflict(2, "latency a -> b latency=1")
	l.inflict(3, "slicer a -> b average_size=100000")
	exchange2(l, "a", "b")
	for id := 1; id <= 3; id++ {
		require.True(t, l.network.Lift(id))
	}
	exchange2(l, "a", "b")
	b.SetReadDeadline(time.Now().Add(patience))
	n, err := io.ReadFull(b, make([]byte, sent))
	require.NoError(t, err)
	require.Equal(t, sent, n)
}

func TestNetworkClosesUnderAnyToxic(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"bandwidth a -> b rate=0", "timeout a -> b timeout=0", "reset_peer a -> b timeout=100000",
		"latency a -> b latency=100000", "slow_close a | b delay=100000", "half-open a -> b", "clog a | b", "blackhole a | b"} {
		t.Run(text, func(t *testing.T) {
			l := newLab(t, "a", "b")
			a, _ := l.connect("a", "b")
			l.inflict(1, text)
			send(t, a, "held up")
			a.CloseWrite()
			closed := make(chan bool)
			go func() { l.network.Close(); close(closed) }()
			select {
			case <-closed:
			case <-time.After(patience):
				t.Fatal("the network does not close")
			}
		})
	}
}

func TestEveryOrderedPairIsCutAlone(t *testing.T) {
	t.Parallel()
	names := []string{"m1", "r1", "r2", "s1", "s2", "s3"}
	l := newLab(t, names...)
	type conn struct {
		from, to       string
		caller, callee *net.TCPConn
	}
	var conns []conn
	for _, a := range names {
		for _, b := range names {
			if a != b {
				caller, callee := l.connect(a, b)
				conns = append(conns, conn{a, b, caller, callee})
			}
		}
	}
	require.Len(t, conns, 30)
	for id, cut := range conns {
		l.inflict(id, fmt.Sprintf("cut %s -> %s", cut.from, cut.to))
		word := fmt.Sprintf("during %02d", id)
		for _, c := range conns {
			send(t, c.caller, word)
			send(t, c.callee, word)
		}
		held := []*net.TCPConn{}
		for _, c := range conns {
			if c.from == cut.from && c.to == cut.to {
				held = append(held, c.callee)
			} else {
				receives(t, c.callee, word)
			}
			if c.to == cut.from && c.from == cut.to {
				held = append(held, c.caller)
			} else {
				receives(t, c.caller, word)
			}
		}
		require.Len(t, held, 2)
		for _, c := range held {
			c.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
			_, err := c.Read(make([]byte, 1))
			require.ErrorContains(t, err, "timeout")
		}
		l.network.Lift(id)
		for _, c := range held {
			receives(t, c, word)
		}
	}
}
