package worldtest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/nemesis"
)

func cutHolds(t *testing.T, open Open) {
	s := Puppets(t, open, "c1", "c2", "c3")
	s.Connect("c1", "c2")
	s.Tell("c3", "listen")
	s.Await("c3", "listened")
	s.Tell("c1", "dial %s", s.Addr("c3"))
	s.Await("c3", "accepted 2")

	id := s.Inflict("cut c1 | c2")
	s.Tell("c1", "send 1 hello")
	s.Tell("c2", "send 2 back")
	s.Silent("c2", "received")
	_, ok := s.Next("c1", "received")
	require.False(t, ok, "the cut holds both ways")
	s.Tell("c1", "send 3 other")
	s.AwaitStream("c3", 2, "other") // other links carry

	s.Lift(id)
	s.AwaitStream("c2", 2, "hello")
	s.AwaitStream("c1", 1, "back")
	s.Tell("c1", "send 1  again")
	s.AwaitStream("c2", 2, "hello again")
}

func cutOneWay(t *testing.T, open Open) {
	s := Puppets(t, open, "c1", "c2")
	s.Connect("c1", "c2")
	id := s.Inflict("cut c1 -> c2")
	s.Tell("c2", "send 2 passes")
	s.AwaitStream("c1", 1, "passes")
	s.Tell("c1", "send 1 held")
	s.Silent("c2", "received")
	s.Lift(id)
	s.AwaitStream("c2", 2, "held")
}

func cutsCount(t *testing.T, open Open) {
	s := Puppets(t, open, "c1", "c2", "c3")
	s.Connect("c1", "c2")
	first := s.Inflict("cut c1 | c2 c3")
	second := s.Inflict("cut c2 | c1")
	s.Tell("c1", "send 1 held")
	s.Silent("c2", "received")
	s.Lift(first)
	s.Silent("c2", "received")
	s.Lift(second)
	s.AwaitStream("c2", 2, "held")
}

func dialAcrossCut(t *testing.T, open Open) {
	s := Puppets(t, open, "c1", "c2")
	s.Tell("c2", "listen")
	s.Await("c2", "listened")
	id := s.Inflict("cut c1 | c2")
	s.Tell("c1", "dial %s", s.Addr("c2"))
	s.Silent("c2", "accepted")
	s.Tell("c1", "close 1")
	s.Lift(id)
	// Whatever became of the first attempt, a new one succeeds.
	s.Tell("c1", "dial %s", s.Addr("c2"))
	s.Await("c1", "dialled 3")
	s.Tell("c1", "send 3 hello")
	s.Until("the arrival at the other machine", func() bool { return s.Stream("c2", 2)+s.Stream("c2", 4) == "hello" })
}

func latenciesAdd(t *testing.T, open Open) {
	s := Puppets(t, open, "c1", "c2")
	s.Connect("c1", "c2")
	s.Tell("c2", "echo")
	s.Await("c2", "told echo") // bytes do not wait for what the harness tells
	roundTrip := func() time.Duration {
		from := s.World.Elapsed()
		s.Tell("c1", "send 1 x")
		return s.Await("c1", `received 1 "x"`).At - from
	}
	roundTrip()
	both := s.Inflict("latency c1 | c2 delay=60ms")
	oneWay := s.Inflict("latency c1 -> c2 delay=50ms")
	require.GreaterOrEqual(t, roundTrip(), 170*time.Millisecond)
	s.Lift(both)
	require.GreaterOrEqual(t, roundTrip(), 50*time.Millisecond)
	s.Lift(oneWay)
	s.Until("a round trip without the latency", func() bool { return roundTrip() < 50*time.Millisecond })
}

func healEndsAll(t *testing.T, open Open) {
	s := Puppets(t, open, "c1", "c2")
	s.Connect("c1", "c2")
	cut := s.Inflict("cut c1 | c2")
	s.Inflict("cut c1 -> c2")
	s.Tell("c1", "send 1 held")
	s.Silent("c2", "received")
	s.Inflict("heal")
	s.AwaitStream("c2", 2, "held")
	s.Lift(cut) // it is over already: that is no error, and changes nothing
	s.Tell("c1", "send 1 more")
	s.AwaitStream("c2", 2, "heldmore")
}

func unknownMachine(t *testing.T, open Open) {
	s := Puppets(t, open, "c1")
	ctx := context.Background()
	require.ErrorContains(t, s.World.Start(ctx, "c9"), "c9")
	require.ErrorContains(t, s.World.Tell("c9", "say x"), "c9")
	f := nemesis.Fault{Verb: nemesis.Cut, A: []string{"c1"}, B: []string{"c9"}}
	require.ErrorContains(t, s.World.Inflict(ctx, 1, f), "c9")
	require.Error(t, s.World.Inflict(ctx, 2, nemesis.Fault{Verb: "tickle", A: []string{"c1"}}))
	require.Error(t, s.World.Lift(ctx, 77))
}
