package scripts

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

// stage is a world whose scripts end when the test says so.
type stage struct {
	started [][]string
	killed  []node.OpID
	told    []string
}

func (s *stage) Start(argv []string) node.OpID {
	s.started = append(s.started, argv)
	return node.OpID(len(s.started))
}

func (s *stage) Kill(op node.OpID) { s.killed = append(s.killed, op) }

func (s *stage) Tell(_ node.LogLevel, event, payload string) {
	s.told = append(s.told, event+" "+payload)
}

const begin = node.Instant(1e18)

func TestAScriptThatFailsIsRunAgainLater(t *testing.T) {
	var (
		q      Queue
		w      stage
		delays []time.Duration
	)
	now := begin
	q.Add("/x.sh", "arg")
	for {
		q.Tick(now, &w)
		require.Equal(t, 1, q.Running())
		q.Exited(now, q.Jobs()[0].Op, 1, &w)
		if len(q.Jobs()) == 0 {
			break
		}
		at := q.Jobs()[0].At
		delays = append(delays, at.Sub(now))
		q.Tick(at-1, &w)
		require.Zero(t, q.Running(), "not before its time")
		now = at
	}
	require.Len(t, w.started, RunsMost)
	require.Len(t, delays, 9)
	for i, d := range delays {
		require.Equal(t, 30*time.Second<<i, d)
	}
	require.Equal(t, "-script-error /x.sh 0 1", w.told[len(w.told)-1])
}

func TestWhichEndsAreFinal(t *testing.T) {
	for status, want := range map[int64]string{0: "", 2: "-script-error /x.sh 0 2", 1: "again", -9: "again", -15: "again"} {
		var q Queue
		var w stage
		q.Add("/x.sh")
		q.Tick(begin, &w)
		q.Exited(begin, 1, status, &w)
		require.Equal(t, fmt.Sprintf("-script-child 1 %d %d", max(status, 0), max(-status, 0)), w.told[1])
		require.Equal(t, want == "again", len(q.Jobs()) == 1, "%d", status)
		if want != "" && want != "again" {
			require.Equal(t, want, w.told[2])
		} else {
			require.Len(t, w.told, 2, "%d", status)
		}
	}
}

// TestAScriptThatHangsIsKilledOnce: after its minute; and its end by the signal has it run again.
func TestAScriptThatHangsIsKilledOnce(t *testing.T) {
	var q Queue
	var w stage
	q.Add("/hangs.sh")
	q.Tick(begin, &w)
	q.Tick(begin.Add(RuntimeMost), &w)
	require.Empty(t, w.killed)
	q.Tick(begin.Add(RuntimeMost+1), &w)
	q.Tick(begin.Add(2*RuntimeMost), &w)
	require.Equal(t, []node.OpID{1}, w.killed)
	require.Equal(t, []string{"+script-child 1", "-script-timeout /hangs.sh 1"}, w.told)
	q.Exited(begin.Add(2*RuntimeMost), 1, -9, &w)
	require.Len(t, q.Jobs(), 1)
	q.Tick(begin.Add(2*RuntimeMost+RetryDelay), &w)
	require.Len(t, w.started, 2)
	q.Tick(begin.Add(4*RuntimeMost+RetryDelay), &w)
	require.Equal(t, []node.OpID{1, 2}, w.killed, "the second run has a minute of its own")
}

func TestTheOldestThatWaitsIsDropped(t *testing.T) {
	var q Queue
	var w stage
	q.Add("first")
	q.Tick(begin, &w)
	for i := range QueueMost {
		q.Add(fmt.Sprint(i))
	}
	require.Len(t, q.Jobs(), QueueMost)
	require.Equal(t, "first", q.Jobs()[0].Argv[0], "it runs")
	require.Equal(t, "1", q.Jobs()[1].Argv[0])
	q.Tick(begin, &w)
	require.Equal(t, RunningMost, q.Running())
	require.PanicsWithError(t, "invariant broken: script 99 ended, which does not run", func() { q.Exited(begin, 99, 0, &w) })
}
