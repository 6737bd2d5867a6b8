package worldtest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/nemesis"
)

func cutHolds(t *testing.T, open Open) {
	s := puppets(t, open, "c1", "c2", "c3")
	s.connect("c1", "c2")
	s.tell("c3", "listen")
	s.await("c3", "listened")
	s.tell("c1", "dial %s", s.addr("c3"))
	s.await("c3", "accepted 2")

	id := s.inflict("cut c1 | c2")
	s.tell("c1", "send 1 hello")
	s.tell("c2", "send 2 back")
	s.silent("c2", "received")
	_, ok := s.next("c1", "received")
	require.False(t, ok, "the cut holds both ways")
	s.tell("c1", "send 3 other")
	s.awaitStream("c3", 2, "other") // other links carry

	s.lift(id)
	s.awaitStream("c2", 2, "hello")
	s.awaitStream("c1", 1, "back")
	s.tell("c1", "send 1  again")
	s.awaitStream("c2", 2, "hello again")
}

func cutOneWay(t *testing.T, open Open) {
	s := puppets(t, open, "c1", "c2")
	s.connect("c1", "c2")
	id := s.inflict("cut c1 -> c2")
	s.tell("c2", "send 2 passes")
	s.awaitStream("c1", 1, "passes")
	s.tell("c1", "send 1 held")
	s.silent("c2", "received")
	s.lift(id)
	s.awaitStream("c2", 2, "held")
}

func cutsCount(t *testing.T, open Open) {
	s := puppets(t, open, "c1", "c2", "c3")
	s.connect("c1", "c2")
	first := s.inflict("cut c1 | c2 c3")
	second := s.inflict("cut c2 | c1")
	s.tell("c1", "send 1 held")
	s.silent("c2", "received")
	s.lift(first)
	s.silent("c2", "received")
	s.lift(second)
	s.awaitStream("c2", 2, "held")
}

func dialAcrossCut(t *testing.T, open Open) {
	s := puppets(t, open, "c1", "c2")
	s.tell("c2", "listen")
	s.await("c2", "listened")
	id := s.inflict("cut c1 | c2")
	s.tell("c1", "dial %s", s.addr("c2"))
	s.silent("c2", "accepted")
	s.tell("c1", "close 1")
	s.lift(id)
	// Whatever became of the first attempt, a new one succeeds.
	s.tell("c1", "dial %s", s.addr("c2"))
	s.await("c1", "dialled 3")
	s.tell("c1", "send 3 hello")
	s.until("the arrival at the other machine", func() bool { return s.stream("c2", 2)+s.stream("c2", 4) == "hello" })
}

func latenciesAdd(t *testing.T, open Open) {
	s := puppets(t, open, "c1", "c2")
	s.connect("c1", "c2")
	s.tell("c2", "echo")
	roundTrip := func() time.Duration {
		from := s.world.Elapsed()
		s.tell("c1", "send 1 x")
		return s.await("c1", `received 1 "x"`).at - from
	}
	roundTrip()
	both := s.inflict("latency c1 | c2 delay=60ms")
	oneWay := s.inflict("latency c1 -> c2 delay=50ms")
	require.GreaterOrEqual(t, roundTrip(), 170*time.Millisecond)
	s.lift(both)
	require.GreaterOrEqual(t, roundTrip(), 50*time.Millisecond)
	s.lift(oneWay)
	s.until("a round trip without the latency", func() bool { return roundTrip() < 50*time.Millisecond })
}

func healEndsAll(t *testing.T, open Open) {
	s := puppets(t, open, "c1", "c2")
	s.connect("c1", "c2")
	cut := s.inflict("cut c1 | c2")
	s.inflict("cut c1 -> c2")
	s.tell("c1", "send 1 held")
	s.silent("c2", "received")
	s.inflict("heal")
	s.awaitStream("c2", 2, "held")
	s.lift(cut) // it is over already: that is no error, and changes nothing
	s.tell("c1", "send 1 more")
	s.awaitStream("c2", 2, "heldmore")
}

func unknownMachine(t *testing.T, open Open) {
	s := puppets(t, open, "c1")
	ctx := context.Background()
	require.ErrorContains(t, s.world.Start(ctx, "c9"), "c9")
	require.ErrorContains(t, s.world.Tell("c9", "say x"), "c9")
	f := nemesis.Fault{Verb: nemesis.Cut, A: []string{"c1"}, B: []string{"c9"}}
	require.ErrorContains(t, s.world.Inflict(ctx, 1, f), "c9")
	require.Error(t, s.world.Inflict(ctx, 2, nemesis.Fault{Verb: "tickle", A: []string{"c1"}}))
	require.Error(t, s.world.Lift(ctx, 77))
}
