package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
)

// scripted runs a script every second, and kills what has not ended by then.
type scripted struct {
	running node.OpID
	n       node.OpID
	exits   map[string]int
	killed  bool
}

func (s *scripted) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.ScriptExited:
		switch {
		case ev.Op != s.running:
			s.exits["of another"]++
		case s.killed && ev.N == -9:
			s.exits["killed"]++
		case ev.N > 1:
			s.exits["failed"]++
		case ev.N < 0:
			s.exits["died"]++
		default:
			s.exits[map[int64]string{0: "well", 1: "again"}[ev.N]]++
		}
		s.running, s.killed = 0, false
	case node.TimerFired, node.Started:
		out.SetTimer(1, 20*time.Second)
		if s.running != 0 {
			s.killed = true
			out.KillScript(s.running)
			return
		}
		s.n++
		s.running = s.n
		out.Script(s.n, "/bin/notify", "+sdown", "master x")
		out.KillScript(s.n - 1) // it has ended
	}
}

func TestScriptsEndInEveryWayAndAreNoted(t *testing.T) {
	s := &scripted{exits: map[string]int{}}
	sink := &scriptNotes{ledger: &ledger{}}
	w := alone(t, sink, func(cluster.Boot) node.Core { return s })
	require.NoError(t, w.Advance(context.Background(), 3*time.Hour))
	for _, how := range []string{"well", "again", "failed", "died", "killed"} {
		require.Greater(t, s.exits[how], 5, "%s: %v", how, s.exits)
	}
	require.Zero(t, s.exits["of another"])
	require.Equal(t, `["/bin/notify","+sdown","master x"]`, sink.words)
	require.LessOrEqual(t, sink.started-sink.ended, 1)
	require.Greater(t, sink.ended, 100)
}

// scriptNotes counts what is noted of scripts.
type scriptNotes struct {
	*ledger
	started, ended int
	words          string
}

func (s *scriptNotes) Note(_ time.Duration, _ string, n *node.Note) {
	if n.Kind != node.NoteScript {
		return
	}
	if n.Event == "started" {
		s.started++
		s.words = n.Text
	} else {
		s.ended++
	}
}
