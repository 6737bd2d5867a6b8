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
		check func(t *testing.T, s *Stage)
	}{
		{"a killed process closes its connections", killCloses},
		{"nobody answers at a killed process until it is restarted", restartAnswers},
		{"lifting a kill starts the process again", liftRestarts},
		{"a paused process is silent and answers after it is resumed", pauseHolds},
		{"two pauses need two lifts, or one resume", pausesCount},
		{"a pause ends with the process that it stopped", pauseEndsWithProcess},
		{"heal restarts what was killed and resumes what was paused", healRestarts},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			machines := []cluster.Machine{server(), {Name: "c1", Kind: cluster.Client, Port: 6379}}
			machines[0].Name, machines[0].Kind = "m1", cluster.Server
			machines[1].New = func(cluster.Boot) node.Core { return newPuppet(t, &machines[1]) }
			s := NewStage(t, open, machines...)
			s.Await("c1", "started")
			p.check(t, s)
		})
	}
}

// pinger dials the server until it answers, and returns the connection's number.
func (s *Stage) pinger(next *int) (conn int) {
	s.t.Helper()
	answered := false
	s.Until("an answer of m1", func() bool {
		conn = *next
		*next += 2
		s.Tell("c1", "dial %s", s.Addr("m1"))
		for range 100 {
			s.Pass(pulse)
			_, ended := s.Next("c1", "dial")
			if ended {
				break
			}
		}
		s.Tell("c1", "send %d PING\r\n", conn)
		for range 100 {
			s.Pass(pulse)
			if answered = s.Stream("c1", conn) == "+PONG\r\n"; answered {
				return true
			}
			if _, gone := s.Next("c1", "closed"); gone {
				return false
			}
		}
		s.Tell("c1", "close %d", conn)
		return false
	})
	s.Forget("c1")
	return conn
}

func (s *Stage) pongs(conn int) int { return strings.Count(s.Stream("c1", conn), "+PONG\r\n") }

func killCloses(t *testing.T, s *Stage) {
	next := 1
	conn := s.pinger(&next)
	s.Inflict("kill m1")
	s.Await("c1", "closed "+strconv.Itoa(conn))
	require.Equal(t, 1, len(s.down["m1"]))
}

func restartAnswers(t *testing.T, s *Stage) {
	next := 1
	s.pinger(&next)
	s.Inflict("kill m1")
	s.Pass(quiet)
	s.Tell("c1", "dial %s", s.Addr("m1"))
	s.Tell("c1", "send %d PING\r\n", next)
	s.Silent("c1", "received")
	next += 2
	s.Inflict("restart m1")
	s.pinger(&next)
	require.Equal(t, 2, s.ups["m1"])
}

func liftRestarts(t *testing.T, s *Stage) {
	next := 1
	s.pinger(&next)
	first, second := s.Inflict("kill m1"), s.Inflict("kill m1")
	s.Lift(first)
	s.Pass(quiet)
	require.Equal(t, 1, s.ups["m1"], "the other fault keeps it down")
	s.Lift(second)
	s.pinger(&next)
	require.Equal(t, 2, s.ups["m1"])
}

func pauseHolds(t *testing.T, s *Stage) {
	next := 1
	conn := s.pinger(&next)
	id := s.Inflict("pause m1")
	s.Tell("c1", "send %d PING\r\n", conn)
	s.Silent("c1", "received")
	s.Lift(id)
	s.Until("the answer after the pause", func() bool { return s.pongs(conn) == 2 })
	require.Empty(t, s.down["m1"])
}

func pausesCount(t *testing.T, s *Stage) {
	next := 1
	conn := s.pinger(&next)
	first := s.Inflict("pause m1")
	s.Inflict("pause m1")
	s.Lift(first)
	s.Tell("c1", "send %d PING\r\n", conn)
	s.Silent("c1", "received")
	s.Inflict("resume m1")
	s.Until("the answer after the pause", func() bool { return s.pongs(conn) == 2 })
}

func pauseEndsWithProcess(t *testing.T, s *Stage) {
	next := 1
	s.pinger(&next)
	pause := s.Inflict("pause m1")
	s.Inflict("kill m1")
	s.Inflict("restart m1")
	s.pinger(&next)
	s.Lift(pause)
	s.pinger(&next)
}

func healRestarts(t *testing.T, s *Stage) {
	next := 1
	conn := s.pinger(&next)
	s.Inflict("pause m1")
	s.Inflict("kill m1") // a stopped process can be killed
	s.Await("c1", "closed "+strconv.Itoa(conn))
	s.Inflict("heal")
	s.pinger(&next)
}
