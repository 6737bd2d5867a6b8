package worldtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func bytesInOrder(t *testing.T, open Open) {
	s := puppets(t, open, "c1", "c2")
	s.connect("c1", "c2")
	s.tell("c2", "echo")
	var want strings.Builder
	for i := range 300 {
		fmt.Fprintf(&want, "line-%d,rest-%d|", i, i)
		s.tell("c1", "send 1 line-%d,; send 1 rest-%d|", i, i)
		if i%50 == 49 {
			s.pass(time.Millisecond)
		}
	}
	s.until("the arrival of everything", func() bool { return len(s.stream("c1", 1)) >= want.Len() })
	require.Equal(t, want.String(), s.stream("c2", 2))
	require.Equal(t, want.String(), s.stream("c1", 1))
}

func largeSend(t *testing.T, open Open) {
	const size = 5 << 20
	s := puppets(t, open, "c1", "c2")
	s.connect("c1", "c2")
	s.tell("c1", "send 1 ab; tell 1 c; say between")
	s.await("c1", "sent 1 3") // N counts from the connection's beginning, and Send's bytes too
	s.tell("c1", "tell 1 d; tell 1 e")
	s.await("c1", "sent 1 4")
	s.await("c1", "sent 1 5")
	s.awaitStream("c2", 2, "abcde")

	s.tell("c2", "count")
	s.tell("c1", "bulk 1 %d", size)
	s.await("c1", fmt.Sprintf("sent 1 %d", size+5))
	s.await("c2", fmt.Sprintf("counted 2 %d wrong=false", size))
	s.tell("c1", "send 1 x")
	s.await("c2", fmt.Sprintf("counted 2 %d wrong=true", size+1)) // it does compare
}

func flushThenClose(t *testing.T, open Open) {
	const size = 3 << 20
	s := puppets(t, open, "c1", "c2")
	s.connect("c1", "c2")
	s.tell("c2", "count")
	s.tell("c1", "bulk 1 %d; flush 1", size)
	s.await("c2", fmt.Sprintf("counted 2 %d wrong=false", size))
	require.Equal(t, "closed 2", s.await("c2", "closed 2").text, "an orderly close is no error")
}

func closeIsLast(t *testing.T, open Open) {
	s := puppets(t, open, "c1", "c2")
	s.connect("c1", "c2")
	s.tell("c1", "send 1 bye")
	s.awaitStream("c2", 2, "bye")
	s.tell("c1", "close 1")
	s.await("c2", "closed 2")
	s.tell("c2", "send 2 too late; close 2")
	s.silent("c2", "closed")
	_, ok := s.next("c1", "closed")
	require.False(t, ok, "the side that closed hears of no close")
	_, ok = s.next("c1", "received")
	require.False(t, ok)

	// A new connection has a new number.
	s.tell("c1", "dial %s", s.addr("c2"))
	s.await("c1", "dialled 3")
	s.await("c2", "accepted 4")
}

func nobodyListens(t *testing.T, open Open) {
	s := puppets(t, open, "c1", "c2")
	s.tell("c1", "dial %s", s.addr("c2"))
	// A world whose links accept on behalf of the target may only find out afterwards.
	s.until("the end of the dial", func() bool {
		_, failed := s.next("c1", "dial-failed 1 Connection refused")
		_, closed := s.next("c1", "closed 1")
		return failed || closed
	})
	// It is no lasting state: once somebody listens, the same address answers.
	s.tell("c2", "listen")
	s.await("c2", "listened")
	s.tell("c1", "dial %s", s.addr("c2"))
	s.await("c1", "dialled 3")
	s.await("c2", "accepted 2")
}

func badAddress(t *testing.T, open Open) {
	s := puppets(t, open, "c1")
	s.tell("c1", "dial nowhere")
	s.await("c1", "dial-failed 1 Invalid argument")
}

func portInUse(t *testing.T, open Open) {
	s := puppets(t, open, "c1")
	s.tell("c1", "listen; listen")
	require.Equal(t, "listened", s.await("c1", "listened").text)
	require.Equal(t, "listened Address already in use", s.await("c1", "listened").text)
}

func toldInOrder(t *testing.T, open Open) {
	s := puppets(t, open, "c1")
	for i := range 100 {
		s.tell("c1", "say %d", i)
	}
	for i := range 100 {
		require.Equal(t, fmt.Sprintf("told say %d", i), s.await("c1", "told").text)
	}
}
