package toxic_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// To add or remove a toxic, toxiproxy interrupts the one before it and gives it another output. A toxic that closes its
// output when it is interrupted leaves the one before it with a closed one.
func TestConnectionUnderAResetOutlivesItsNeighboursComingAndGoing(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	a, b := l.connect("a", "b")
	l.inflict(1, "reset_peer a -> b timeout=300")
	send(t, a, "begins the time")
	began := time.Now()
	l.inflict(2, "slicer a -> b average_size=100") // behind it
	l.network.Lift(2)
	send(t, b, "the other direction goes on")
	receives(t, a, "the other direction goes on")
	isReset(t, a)
	require.GreaterOrEqual(t, time.Since(began), 250*time.Millisecond, "the time goes on where it was")
	isReset(t, b)
}

func TestResetTakenAwayEndsTheConnectionsWhoseTimeRunsAndNoOther(t *testing.T) {
	t.Parallel()
	for range 20 {
		l := newLab(t, "a", "b")
		a, b := l.connect("a", "b")
		idle, idleEnd := l.connect("a", "b")
		l.inflict(1, "reset_peer a -> b timeout=60000")
		send(t, a, "begins the time")
		send(t, a, "and more")
		silent(t, b)
		l.network.Lift(1)
		isReset(t, a)
		isReset(t, b)
		exchange(t, idle, idleEnd)
		l.network.Close()
	}
}

// Toxics of all kinds come and go, as faults have them and in any order, while connections come, talk, half-close and
// end in every way. Nothing breaks: a defect here is a panic of the whole program.
func TestToxicsComeAndGoWhileConnectionsDo(t *testing.T) {
	t.Parallel()
	l := newLab(t, "a", "b")
	faults := []string{"reset_peer a | b timeout=5", "reset_peer a | b timeout=60000", "timeout a | b timeout=3", "timeout a | b timeout=0",
		"limit_data a | b bytes=300", "slow_close a | b delay=5ms", "latency a | b latency=2", "slicer a | b average_size=10",
		"bandwidth a | b rate=50", "half-open a | b", "clog a | b connections=2", "drop a | b", "cut a | b"}
	deadline := time.Now().Add(3 * time.Second)
	var work sync.WaitGroup
	for worker := range uint64(4) {
		work.Go(func() {
			rng := rand.New(rand.NewPCG(worker, 1))
			for time.Now().Before(deadline) {
				l.talk(rng)
			}
		})
	}
	for worker := range 3 {
		work.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(worker), 2))
			for i := 0; time.Now().Before(deadline); i++ {
				id := 10_000*worker + i
				l.inflict(id, faults[rng.IntN(len(faults))])
				time.Sleep(time.Duration(rng.IntN(4)) * time.Millisecond)
				require.True(t, l.network.Lift(id), fmt.Sprint(id))
			}
		})
	}
	work.Wait()
	exchange2(l, "a", "b")
}

// talk makes a connection, sends on both sides, and ends it in one of the ways there are.
func (l *lab) talk(rng *rand.Rand) {
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return
	}
	defer front.Close()
	caller, err := net.Dial("tcp", front.Addr().String())
	if err != nil {
		return
	}
	defer caller.Close()
	accepted, err := front.Accept()
	if err != nil {
		return
	}
	near, far := pair(l.T)
	defer far.Close()
	if l.network.Carry("a", "b", accepted.(*net.TCPConn), given(near)) != nil {
		near.Close()
		return
	}
	b := make([]byte, 1+rng.IntN(200))
	for range rng.IntN(4) {
		caller.Write(b)
		far.Write(b)
		time.Sleep(time.Duration(rng.IntN(2)) * time.Millisecond)
	}
	switch rng.IntN(3) {
	case 0:
		caller.(*net.TCPConn).SetLinger(0)
	case 1:
		caller.(*net.TCPConn).CloseWrite()
		time.Sleep(time.Duration(rng.IntN(3)) * time.Millisecond)
	}
}

// pair is both ends of a connection.
func pair(t *testing.T) (near, far *net.TCPConn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	accepted, err := l.Accept()
	require.NoError(t, err)
	return c.(*net.TCPConn), accepted.(*net.TCPConn)
}

// given is a dial that has succeeded.
func given(c *net.TCPConn) func(context.Context) (*net.TCPConn, error) {
	return func(context.Context) (*net.TCPConn, error) { return c, nil }
}
