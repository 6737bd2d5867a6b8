package sentinel

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

// count is how often a line with text stands in the logs of the Sentinels.
func (w *testWorld) count(text string) int {
	n := 0
	for _, m := range w.order {
		if strings.HasPrefix(m.name, "s") {
			n += strings.Count(strings.Join(m.log, "\n")+"\n", text)
		}
	}
	return n
}

// TestOneFailoverForOneKill: whenever the master dies between two reconnections, the new one is watched from its first
// moment as one that nobody has said anything of.
func TestOneFailoverForOneKill(t *testing.T) {
	for offset := 0; offset < 1100; offset += 37 {
		w := cluster(2, 3, 2, "")
		w.advance(15*time.Second + time.Duration(offset)*time.Millisecond)
		w.byName["m1"].kill()
		w.advance(12 * time.Second)
		require.Equal(t, 1, w.count(" +promoted-slave "), "killed %d ms later", offset)
		require.Equal(t, 3, w.count(" +switch-master "), "killed %d ms later", offset)
	}
}

// TestWhatWasSaidOfAnAddressDiesWithIt: opinions, answers under way, and what was measured on links.
func TestWhatWasSaidOfAnAddressDiesWithIt(t *testing.T) {
	w := cluster(1, 3, 3, "")
	w.advance(15 * time.Second)
	s := w.byName["s1"].sentinel()
	master := s.masters[0]
	w.byName["m1"].kill()
	w.advance(1300 * time.Millisecond)
	require.True(t, master.sDown)
	s.now, s.out = epoch.Add(w.now), new(node.Effects)
	asked := master.sentinels[0]
	s.askOthers(master, askForced)
	asked.masterDown = true

	s.changeAddress(master, address{"10.0.0.2", 6379})
	require.Equal(t, s.unobserved(kindMaster), master.observed)
	require.Equal(t, s.unheard(), master.link.linkTimes)
	require.Empty(t, master.runID)
	for _, other := range master.sentinels {
		require.False(t, other.masterDown)
		for _, e := range other.link.cmd.pending[other.link.cmd.head:] {
			require.NotEqual(t, expected{toAsk, other}, e, "an answer about the old address is still waited for")
		}
	}
}

// TestSplitVoteIsTriedAgainWithinASecondOrTwo: candidates that hear of each other only after they voted for themselves.
func TestSplitVoteIsTriedAgainWithinASecondOrTwo(t *testing.T) {
	splits := 0
	for _, sentinels := range []int{3, 5, 7} {
		for offset := 0; offset < 1000; offset += 97 {
			w := cluster(2, sentinels, sentinels/2+1, "")
			w.advance(15*time.Second + time.Duration(offset)*time.Millisecond)
			w.hop = 120 * time.Millisecond // farther from each other than the candidates in time
			w.advance(3 * time.Second)
			w.byName["m1"].kill()
			w.advance(9 * time.Second)
			require.Equal(t, 1, w.count(" +promoted-slave "), "%d Sentinels, killed %d ms later", sentinels, offset)
			splits += w.count(" -failover-abort-not-elected ")
			requireOneVotePerEpoch(t, w)
		}
	}
	require.Greater(t, splits, 10, "votes must have split, or this test shows nothing")
}

// requireOneVotePerEpoch: by their own words, on disk before they are told.
func requireOneVotePerEpoch(t *testing.T, w *testWorld) {
	t.Helper()
	given := map[string]string{}
	for _, m := range w.order {
		for _, n := range m.notes {
			if n.Kind != "vote" {
				continue
			}
			ballot := fmt.Sprint(n.ID, n.Epoch)
			require.Contains(t, []string{"", n.Leader}, given[ballot], "%s voted twice in epoch %d", m.name, n.Epoch)
			given[ballot] = n.Leader
		}
	}
}

// TestMinorityDoesNotDriveTheEpochUp: an election in which too few are heard is not split, and is not tried again at once.
func TestMinorityDoesNotDriveTheEpochUp(t *testing.T) {
	w := cluster(2, 5, 2, "")
	w.advance(15 * time.Second)
	for _, gone := range []string{"s3", "s4", "s5"} {
		w.byName[gone].kill()
	}
	w.byName["m1"].kill()
	w.advance(30 * time.Second)
	require.Zero(t, w.count(" +promoted-slave "))
	require.LessOrEqual(t, w.byName["s1"].sentinel().currentEpoch, int64(2))
}

// TestResetDoesNotBringTheOldMasterBack: a replica that never follows keeps the failover in its last state.
func TestResetDoesNotBringTheOldMasterBack(t *testing.T) {
	w := cluster(2, 3, 2, "")
	w.advance(15 * time.Second)
	for _, r := range []string{"r1", "r2"} {
		w.byName[r].core.(*fakeRedis).syncing = time.Minute
	}
	w.byName["m1"].kill()
	w.advance(3 * time.Second)
	for _, name := range []string{"s1", "s2", "s3"} {
		if m := w.byName[name].sentinel().masters[0]; m.failover.state == reconfSlaves {
			promoted := m.failover.promoted.addr
			w.ask(name, words("SENTINEL RESET *"))
			require.Equal(t, promoted, m.addr)
			require.Contains(t, w.byName[name].configFile(), "sentinel monitor mymaster "+promoted.ip)
			return
		}
	}
	t.Fatal("nobody leads a failover that waits for its replicas")
}
