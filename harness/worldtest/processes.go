package worldtest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
)

// TestProcesses checks the promises about processes that are killed, restarted and paused. The machine m1 is made by
// server: a server under test that listens at its Port, which open may change, and answers a line "PING" with
// "+PONG".
func TestProcesses(t *testing.T, open func(t *testing.T, machines []cluster.Machine, sink cluster.Sink) harness.World,
	server func() cluster.Machine) {
	for _, p := range []struct {
		name  string
		check func(t *testing.T, s *stage)
	}{
		{"a killed process closes its connections", killCloses},
		{"nobody answers at a killed process until it is restarted", restartAnswers},
		{"lifting a kill starts the process again", liftRestarts},
		{"a paused process is silent and answers after it is resumed", pauseHolds},
		{"two pauses need two lifts, or one resume", pausesCount},
		{"heal restarts what was killed and resumes what was paused", healRestarts},
	} {
		t.Run(p.name, func(t *testing.T) {
			machines := []cluster.Machine{server(), {Name: "c1", Kind: cluster.Client, Port: 6379}}
			machines[0].Name, machines[0].Kind = "m1", cluster.Server
			machines[1].New = func(cluster.Boot) node.Core { return newPuppet(&machines[1]) }
			s := newStage(t, open, machines...)
			s.await("c1", "started")
			p.check(t, s)
		})
	}
}

// pinger dials the server until it answers, and returns the connection's number.
func (s *stage) pinger(next *int) (conn int) {
	s.t.Helper()
	answered := false
	s.until("an answer of m1", func() bool {
		conn = *next
		*next += 2
		s.tell("c1", "dial %s", s.addr("m1"))
		for range 100 {
			s.pass(pulse)
			_, ended := s.next("c1", "dial")
			if ended {
				break
			}
		}
		s.tell("c1", "send %d PING\r\n", conn)
		for range 100 {
			s.pass(pulse)
			if answered = s.stream("c1", conn) == "+PONG\r\n"; answered {
				return true
			}
			if _, gone := s.next("c1", "closed"); gone {
				return false
			}
		}
		s.tell("c1", "close %d", conn)
		return false
	})
	s.forget("c1")
	return conn
}

func (s *stage) pongs(conn int) int { return strings.Count(s.stream("c1", conn), "+PONG\r\n") }

func killCloses(t *testing.T, s *stage) {
	next := 1
	conn := s.pinger(&next)
	s.inflict("kill m1")
	s.await("c1", "closed "+strconv.Itoa(conn))
	require.Equal(t, 1, len(s.down["m1"]))
}

func restartAnswers(t *testing.T, s *stage) {
	next := 1
	s.pinger(&next)
	s.inflict("kill m1")
	s.pass(quiet)
	s.tell("c1", "dial %s", s.addr("m1"))
	s.tell("c1", "send %d PING\r\n", next)
	s.silent("c1", "received")
	next += 2
	s.inflict("restart m1")
	s.pinger(&next)
	require.Equal(t, 2, s.ups["m1"])
}

func liftRestarts(t *testing.T, s *stage) {
	next := 1
	s.pinger(&next)
	first, second := s.inflict("kill m1"), s.inflict("kill m1")
	s.lift(first)
	s.pass(quiet)
	require.Equal(t, 1, s.ups["m1"], "the other fault keeps it down")
	s.lift(second)
	s.pinger(&next)
	require.Equal(t, 2, s.ups["m1"])
}

func pauseHolds(t *testing.T, s *stage) {
	next := 1
	conn := s.pinger(&next)
	id := s.inflict("pause m1")
	s.tell("c1", "send %d PING\r\n", conn)
	s.silent("c1", "received")
	s.lift(id)
	s.until("the answer after the pause", func() bool { return s.pongs(conn) == 2 })
	require.Empty(t, s.down["m1"])
}

func pausesCount(t *testing.T, s *stage) {
	next := 1
	conn := s.pinger(&next)
	first := s.inflict("pause m1")
	s.inflict("pause m1")
	s.lift(first)
	s.tell("c1", "send %d PING\r\n", conn)
	s.silent("c1", "received")
	s.inflict("resume m1")
	s.until("the answer after the pause", func() bool { return s.pongs(conn) == 2 })
}

func healRestarts(t *testing.T, s *stage) {
	next := 1
	conn := s.pinger(&next)
	s.inflict("pause m1")
	s.inflict("kill m1") // a stopped process can be killed
	s.await("c1", "closed "+strconv.Itoa(conn))
	s.inflict("heal")
	s.pinger(&next)
}
