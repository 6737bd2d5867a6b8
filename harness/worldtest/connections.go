package worldtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func bytesInOrder(t *testing.T, open Open) {
	s := Puppets(t, open, "c1", "c2")
	s.Connect("c1", "c2")
	s.Tell("c2", "echo")
	s.Await("c2", "told echo") // bytes do not wait for what the harness tells
	var want strings.Builder
	for i := range 300 {
		fmt.Fprintf(&want, "line-%d,rest-%d|", i, i)
		s.Tell("c1", "send 1 line-%d,; send 1 rest-%d|", i, i)
		if i%50 == 49 {
			s.Pass(time.Millisecond)
		}
	}
	s.Until("the arrival of everything", func() bool { return len(s.Stream("c1", 1)) >= want.Len() })
	require.Equal(t, want.String(), s.Stream("c2", 2))
	require.Equal(t, want.String(), s.Stream("c1", 1))
}

func largeSend(t *testing.T, open Open) {
	const size = 5 << 20
	s := Puppets(t, open, "c1", "c2")
	s.Connect("c1", "c2")
	s.Tell("c1", "send 1 ab; tell 1 c; say between")
	s.Await("c1", "sent 1 3") // N counts from the connection's beginning, and Send's bytes too
	s.Tell("c1", "tell 1 d; tell 1 e")
	s.Await("c1", "sent 1 4")
	s.Await("c1", "sent 1 5")
	s.AwaitStream("c2", 2, "abcde")

	s.Tell("c2", "count")
	s.Tell("c1", "bulk 1 %d", size)
	s.Await("c1", fmt.Sprintf("sent 1 %d", size+5))
	s.Await("c2", fmt.Sprintf("counted 2 %d wrong=false", size))
	s.Tell("c1", "send 1 x")
	s.Await("c2", fmt.Sprintf("counted 2 %d wrong=true", size+1)) // it does compare
}

func heldBack(t *testing.T, open Open) {
	const size = 30 << 20 // more than any kernel keeps
	s := Puppets(t, open, "c1", "c2")
	s.Connect("c1", "c2")
	s.Tell("c1", "send 1 before")
	s.AwaitStream("c2", 2, "before")
	s.Tell("c2", "hold 2; count; say deaf")
	s.Await("c2", "deaf")
	s.Tell("c1", "bulk 1 %d", size)
	s.Pass(500 * time.Millisecond)
	_, left := s.Next("c1", "sent")
	require.False(t, left, "what nobody reads cannot all have left")
	_, read := s.Next("c2", "counted")
	require.False(t, read, "who holds back hears nothing")
	s.Tell("c2", "go-on 2")
	s.Await("c2", fmt.Sprintf("counted 2 %d wrong=false", size))
	s.Await("c1", fmt.Sprintf("sent 1 %d", size+len("before")))
	s.Tell("c2", "hold 2")
	s.Tell("c1", "send 1 x; flush 1")
	s.Tell("c2", "go-on 2")
	s.Await("c2", "closed 2")
}

func flushThenClose(t *testing.T, open Open) {
	const size = 3 << 20
	s := Puppets(t, open, "c1", "c2")
	s.Connect("c1", "c2")
	s.Tell("c2", "count")
	s.Tell("c1", "bulk 1 %d; flush 1", size)
	s.Await("c2", fmt.Sprintf("counted 2 %d wrong=false", size))
	require.Equal(t, "closed 2", s.Await("c2", "closed 2").Text, "an orderly close is no error")
}

func closeIsLast(t *testing.T, open Open) {
	s := Puppets(t, open, "c1", "c2")
	s.Connect("c1", "c2")
	s.Tell("c1", "send 1 bye")
	s.AwaitStream("c2", 2, "bye")
	s.Tell("c1", "close 1")
	s.Await("c2", "closed 2")
	s.Tell("c2", "send 2 too late; close 2")
	s.Silent("c2", "closed")
	_, ok := s.Next("c1", "closed")
	require.False(t, ok, "the side that closed hears of no close")
	_, ok = s.Next("c1", "received")
	require.False(t, ok)

	// A new connection has a new number.
	s.Tell("c1", "dial %s", s.Addr("c2"))
	s.Await("c1", "dialled 3")
	s.Await("c2", "accepted 4")
}

func nobodyListens(t *testing.T, open Open) {
	s := Puppets(t, open, "c1", "c2")
	s.Tell("c1", "dial %s", s.Addr("c2"))
	// A world whose links accept on behalf of the target may only find out afterwards.
	s.Until("the end of the dial", func() bool {
		_, failed := s.Next("c1", "dial-failed 1 Connection refused")
		_, closed := s.Next("c1", "closed 1")
		return failed || closed
	})
	// It is no lasting state: once somebody listens, the same address answers.
	s.Tell("c2", "listen")
	s.Await("c2", "listened")
	s.Tell("c1", "dial %s", s.Addr("c2"))
	s.Await("c1", "dialled 3")
	s.Await("c2", "accepted 2")
}

func badAddress(t *testing.T, open Open) {
	s := Puppets(t, open, "c1")
	s.Tell("c1", "dial nowhere")
	s.Await("c1", "dial-failed 1 Invalid argument")
}

func portInUse(t *testing.T, open Open) {
	s := Puppets(t, open, "c1")
	s.Tell("c1", "listen; listen")
	require.Equal(t, "listened", s.Await("c1", "listened").Text)
	require.Equal(t, "listened Address already in use", s.Await("c1", "listened").Text)
}

func toldInOrder(t *testing.T, open Open) {
	s := Puppets(t, open, "c1")
	for i := range 100 {
		s.Tell("c1", "say %d", i)
	}
	for i := range 100 {
		require.Equal(t, fmt.Sprintf("told say %d", i), s.Await("c1", "told").Text)
	}
}
