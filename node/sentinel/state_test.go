package sentinel

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

// stateOf is s as a search sees it at a time, within a horizon of a second.
func stateOf(s *Sentinel, at node.Instant) string {
	s.now = at
	return string(s.AppendState(nil, time.Second, Naming{
		Conn: func(id node.ConnID) string { return fmt.Sprint(id) },
		Word: func(word string) string { return word },
	}))
}

// TestStatesThatDecideTheSameAreOne: how long ago something was counts only where a limit is near.
func TestStatesThatDecideTheSameAreOne(t *testing.T) {
	w := cluster(2, 3, 2, "")
	w.advance(15 * time.Second)
	s := w.byName["s1"].sentinel()
	now := epoch.Add(w.now)
	is := stateOf(s, now)
	require.Equal(t, is, stateOf(s, now))

	master := s.masters[0]
	same := func(name string, change func()) {
		change()
		require.Equal(t, is, stateOf(s, now), name)
	}
	same("an INFO that is read", func() { master.info = append(master.info, "more"...) })
	same("counters", func() { s.front.Stats.Commands, s.nextOp = 99, 99 })
	same("a hello", func() { master.sentinels[0].lastHello = now })
	same("a vote for nobody known, long ago", func() { master.failover.logged = master.failover.notBefore })
	master.link.lastAvail = now.Add(-20 * time.Second)
	old := stateOf(s, now)
	require.NotEqual(t, is, old)
	master.link.lastAvail = now.Add(-30 * time.Second)
	require.Equal(t, old, stateOf(s, now), "too old is too old")
}

// TestStatesThatDecideOtherwiseAreTwo: each field that an election rests on.
func TestStatesThatDecideOtherwiseAreTwo(t *testing.T) {
	for name, change := range map[string]func(s *Sentinel, m *instance){
		"the epoch":                   func(s *Sentinel, _ *instance) { s.currentEpoch++ },
		"my vote":                     func(_ *Sentinel, m *instance) { m.leader = "x" },
		"the epoch of my vote":        func(_ *Sentinel, m *instance) { m.leaderEpoch++ },
		"another's vote":              func(_ *Sentinel, m *instance) { m.sentinels[1].leader = "x" },
		"the epoch of another's vote": func(_ *Sentinel, m *instance) { m.sentinels[1].leaderEpoch++ },
		"another's opinion":           func(_ *Sentinel, m *instance) { m.sentinels[0].masterDown = true },
		"down, as I see it":           func(_ *Sentinel, m *instance) { m.sDown = true },
		"down, as we see it":          func(_ *Sentinel, m *instance) { m.oDown = true },
		"the configuration":           func(_ *Sentinel, m *instance) { m.configEpoch++ },
		"the address":                 func(_ *Sentinel, m *instance) { m.addr.port++ },
		"the failover's state":        func(_ *Sentinel, m *instance) { m.failover.state = waitStart },
		"the failover's epoch":        func(_ *Sentinel, m *instance) { m.failover.epoch++ },
		"an order":                    func(_ *Sentinel, m *instance) { m.failover.forced = true },
		"when I may try next":         func(s *Sentinel, m *instance) { m.failover.notBefore = s.now.Add(time.Second) },
		"a replica's offset":          func(_ *Sentinel, m *instance) { m.slaves[0].offset++ },
		"a replica's priority":        func(_ *Sentinel, m *instance) { m.slaves[0].priority++ },
		"a replica's role":            func(_ *Sentinel, m *instance) { m.slaves[0].roleReported = kindMaster },
		"how far it has followed":     func(_ *Sentinel, m *instance) { m.slaves[0].reconf = reconfDone },
		"a link":                      func(_ *Sentinel, m *instance) { m.slaves[0].link.disconnected = true },
		"an answer to come":           func(_ *Sentinel, m *instance) { m.link.cmd.expect(toInfo, m) },
		"a replica's data":            func(_ *Sentinel, m *instance) { m.slaves[0].history.id = "x" },
		"the master's lineage":        func(_ *Sentinel, m *instance) { m.lineage.add(ancestor{"x", 7}) },
		"whose replica it is":         func(_ *Sentinel, m *instance) { m.slaves[0].anothers = true },
		"TILT":                        func(s *Sentinel, _ *instance) { s.tilt = true },
	} {
		w := cluster(2, 3, 2, "")
		w.advance(15 * time.Second)
		s := w.byName["s1"].sentinel()
		now := epoch.Add(w.now)
		is := stateOf(s, now)
		change(s, s.masters[0])
		require.NotEqual(t, is, stateOf(s, now), name)
	}
}
