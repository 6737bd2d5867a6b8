package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/harness/worldtest"
)

// puppets opens a world whose links have no jitter and cut nothing in two, so that times can be told exactly.
func puppets(t *testing.T, names ...string) *worldtest.Stage {
	return worldtest.Puppets(t, func(t *testing.T, machines []cluster.Machine, sink cluster.Sink) harness.World {
		place(machines)
		w, err := sim.Open(sim.Config{Machines: machines, Seed: 1, Sink: sink,
			Network: sim.NetworkModel{Latency: time.Millisecond, Jitter: -1, Split: -1, Window: 100_000}})
		require.NoError(t, err)
		return w
	}, names...)
}

func TestConnectionRequestIsRepeatedAfterOneThreeAndSevenSeconds(t *testing.T) {
	s := puppets(t, "c1", "c2")
	s.Tell("c2", "listen")
	s.Await("c2", "listened")
	id := s.Inflict("cut c1 | c2")
	s.Tell("c1", "dial %s", s.Addr("c2"))
	asked := s.World.Elapsed()
	s.Pass(4 * time.Second)
	s.Lift(id)
	require.Equal(t, 7*time.Second+2*time.Millisecond, s.Await("c1", "dialled 1").At-asked)
	require.Equal(t, 7*time.Second+3*time.Millisecond, s.Await("c2", "accepted 2").At-asked)
}

func TestConnectionRequestTimesOutAfter127Seconds(t *testing.T) {
	s := puppets(t, "c1", "c2")
	s.Tell("c2", "listen")
	s.Inflict("cut c2 -> c1") // the request arrives, the answer does not
	s.Tell("c1", "dial %s", s.Addr("c2"))
	asked := s.World.Elapsed()
	s.Pass(127 * time.Second)
	r := s.Await("c1", "dial-failed 1")
	require.Equal(t, "dial-failed 1 Connection timed out", r.Text)
	require.Equal(t, 127*time.Second, r.At-asked)
	_, ok := s.Next("c2", "accepted")
	require.False(t, ok)
}

func TestRefusedComesAfterOneRoundTrip(t *testing.T) {
	s := puppets(t, "c1", "c2")
	s.Tell("c1", "dial %s; dial 10.9.9.9:1; dial 127.0.0.1:1; dial 10.0.0.2; dial 10.0.0.2:0", s.Addr("c2"))
	asked := s.World.Elapsed()
	s.Pass(10 * time.Millisecond)
	require.Equal(t, []string{"dial-failed 3 No route to host", "dial-failed 7 Invalid argument", "dial-failed 9 Invalid argument",
		"dial-failed 5 Connection refused", "dial-failed 1 Connection refused"}, s.Texts("c1", 2))
	require.Equal(t, 2*time.Millisecond, s.Await("c1", "dial-failed 1").At-asked)
}

func TestRetransmissionWaitsGrow(t *testing.T) {
	s := puppets(t, "c1", "c2")
	s.Connect("c1", "c2")
	id := s.Inflict("cut c1 -> c2")
	s.Tell("c1", "send 1 x")
	sent := s.World.Elapsed()
	s.Pass(5 * time.Second)
	s.Tell("c1", "send 1 y")
	s.Lift(id)
	// Sent again after 0.2, 0.6, 1.4, 3, 6.2 s: the last one gets through, and what was sent since is with it.
	require.Equal(t, 6201*time.Millisecond, s.Await("c2", "received 2").At-sent)
	s.AwaitStream("c2", 2, "xy")
}

func TestCutConnectionTimesOutAfterFifteenMinutes(t *testing.T) {
	s := puppets(t, "c1", "c2")
	s.Connect("c1", "c2")
	s.Inflict("cut c1 | c2")
	s.Tell("c1", "send 1 x")
	sent := s.World.Elapsed()
	s.Pass(925 * time.Second)
	r := s.Await("c1", "closed 1")
	require.Equal(t, "closed 1 Connection timed out", r.Text)
	require.Equal(t, 924600*time.Millisecond, r.At-sent)
	s.Silent("c2", "closed") // who sends nothing learns nothing
}

func TestHalfOpenConnectionIsResetWhenItIsUsed(t *testing.T) {
	s := puppets(t, "c1", "c2")
	s.Connect("c1", "c2")
	cut := s.Inflict("cut c1 | c2")
	s.Tell("c1", "send 1 half-open?")
	s.Inflict("kill c1")
	s.Pass(10 * time.Minute) // the kernel of c1 has given up its fin by now
	s.Inflict("restart c1")
	s.Await("c1", "started")
	s.Lift(cut)
	s.Pass(10 * time.Minute)
	_, ok := s.Next("c2", "closed")
	require.False(t, ok, "c2 does not know that the other end is gone")
	s.Tell("c2", "send 2 are you there")
	require.Equal(t, "closed 2 Connection reset by peer", s.Await("c2", "closed 2").Text)
}

func TestKillDuringCutIsSeenAfterTheHeal(t *testing.T) {
	s := puppets(t, "c1", "c2")
	s.Connect("c1", "c2")
	cut := s.Inflict("cut c1 | c2")
	s.Inflict("kill c1")
	s.Silent("c2", "closed")
	s.Lift(cut)
	require.Equal(t, "closed 2", s.Await("c2", "closed 2").Text)
}

func TestCloseWithUnreadBytesIsAReset(t *testing.T) {
	s := puppets(t, "c1", "c2")
	s.Connect("c1", "c2")
	s.Tell("c2", "busy 1s; close 2")
	s.Tell("c1", "send 1 never read")
	require.Equal(t, "closed 1 Connection reset by peer", s.Await("c1", "closed 1").Text)
}

func TestOutputWaitsInTheProcessWhileThePeerDoesNotRead(t *testing.T) {
	s := puppets(t, "c1", "c2")
	s.Connect("c1", "c2")
	s.Tell("c2", "count")
	s.Pass(time.Second)
	id := s.Inflict("pause c2")
	s.Tell("c1", "bulk 1 60000; bulk 1 300000")
	s.Await("c1", "sent 1 60000")
	s.Silent("c1", "sent") // 100,000 bytes are what the kernels take
	s.Lift(id)
	s.Await("c1", "sent 1 360000")
	s.Await("c2", "counted 2 360000")

	cut := s.Inflict("cut c2 -> c1") // bytes arrive, acknowledgements do not
	s.Tell("c1", "bulk 1 300000")
	s.Silent("c1", "sent")
	s.Lift(cut)
	s.Await("c1", "sent 1 660000")
	s.Await("c2", "counted 2 660000")
}

func TestKernelOfAPausedMachineTakesConnectionsAndBytes(t *testing.T) {
	s := puppets(t, "c1", "c2")
	s.Tell("c2", "listen; timer 7 100ms")
	s.Await("c2", "listened")
	id := s.Inflict("pause c2")
	s.Tell("c1", "dial %s", s.Addr("c2"))
	s.Await("c1", "dialled 1")
	s.Tell("c1", "send 1 a; send 1 b")
	s.Pass(time.Second)
	s.Tell("c1", "send 1 c; flush 1")
	s.Pass(time.Second)
	n := len(s.Texts("c2", 0))
	s.Lift(id)
	s.Await("c2", "closed 2")
	// In the order in which they happened; and what lies in a socket is read at once.
	require.Equal(t, []string{"accepted 2", `received 2 "abc"`, "timer-fired 7", "closed 2"}, s.Texts("c2", n))
}

func TestLinkWithBandwidthTakesTimeForBytes(t *testing.T) {
	machines := echoMachines(1)
	w, err := sim.Open(sim.Config{Machines: machines, Network: sim.NetworkModel{Latency: time.Millisecond, Jitter: -1, Split: -1, Bandwidth: 3300}})
	require.NoError(t, err)
	ctx := context.Background()
	require.NoError(t, w.Start(ctx, "m1", "c1"))
	require.NoError(t, w.Advance(ctx, 10*time.Second))
	// 33 bytes take 10 ms and the link 1 ms, twice for each round; each round is two events.
	require.InDelta(t, 2*10000/22, float64(w.Steps()), 5)
}
