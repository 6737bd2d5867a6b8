package explore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryOrderOfAnElectionEndsWell: nothing is promised twice in any of them, and most lead to a new master.
func TestEveryOrderOfAnElectionEndsWell(t *testing.T) {
	r, err := Search(Plan{Rounds: 7})
	require.NoError(t, err)
	require.True(t, r.Complete, r.Why)
	require.Empty(t, r.Violation, strings.Join(r.Path, "\n"))
	require.Greater(t, r.States, 10_000)
	require.Greater(t, r.Depth, 40)
	require.Greater(t, r.Switched, r.Ends*3/4, "of %d ends", r.Ends)
	t.Logf("%d states, %d transitions, %d moves deep, %d ends", r.States, r.Transitions, r.Depth, r.Ends)
}

// TestAFaultOfAnyKindAnywhere: in the rounds of the election, on a cluster of the least size that has one.
func TestAFaultOfAnyKindAnywhere(t *testing.T) {
	for _, kind := range FaultKinds() {
		r, err := Search(Plan{Replicas: 1, Rounds: 2, Faults: 1, Kinds: []string{kind}})
		require.NoError(t, err)
		require.True(t, r.Complete, "%s: %s", kind, r.Why)
		require.Empty(t, r.Violation, strings.Join(r.Path, "\n"))
		none, err := Search(Plan{Replicas: 1, Rounds: 2})
		require.NoError(t, err)
		require.Greater(t, r.States, 2*none.States, kind)
	}
}

// TestAnswersNeedNoOrder: that an answer is delivered at once leads to the same ends as every moment of its round does.
func TestAnswersNeedNoOrder(t *testing.T) {
	w, err := newWorld(Plan{Replicas: 1, Rounds: 5})
	require.NoError(t, err)
	s, err := w.lead()
	require.NoError(t, err)
	ends := func(every bool) (ends map[[2]uint64]bool, states int) { // of one world: another one numbers otherwise
		w.plan.Every = every
		q := search{w: w, seen: map[[2]uint64]struct{}{}}
		q.add(s, -1, move{})
		ends = map[[2]uint64]bool{}
		for len(q.frontier) > 0 {
			level, base := q.frontier, q.base
			q.frontier, q.base = nil, q.base+len(level)
			for i, b := range level {
				if is := decode(b, len(w.machines)); int(is.round) >= w.plan.Rounds {
					ends[hash(b)] = true
				}
				require.True(t, q.expand(b, base+i), q.report.Violation)
			}
		}
		return ends, q.report.States
	}
	few, states := ends(false)
	all, allStates := ends(true)
	require.Equal(t, all, few)
	require.Greater(t, len(few), 5)
	require.Greater(t, allStates, 2*states)
}

func TestASearchIsTheSameEveryTime(t *testing.T) {
	plan := Plan{Replicas: 1, Rounds: 3, Faults: 1, Kinds: []string{"restart"}, States: 20_000}
	one, err := Search(plan)
	require.NoError(t, err)
	two, err := Search(plan)
	require.NoError(t, err)
	require.Equal(t, one, two)
}

func TestStatesAreReadAsTheyWereWritten(t *testing.T) {
	w, err := newWorld(Plan{Rounds: 3, Faults: 2})
	require.NoError(t, err)
	s, err := w.lead()
	require.NoError(t, err)
	met := 0
	for round := 0; round < 3 && met < 200; met++ {
		b := s.encode(nil)
		read := decode(b, len(w.machines))
		require.Equal(t, b, read.encode(nil))
		moves := w.can(s)
		m := moves[met*7%len(moves)]
		require.Nil(t, w.do(s, m), w.describe(read, m))
		round = int(s.round)
	}
	require.Greater(t, met, 10)
}

// TestAPathIsToldAsItHappened: every move has its line, and what Sentinels logged stands below it.
func TestAPathIsToldAsItHappened(t *testing.T) {
	w, err := newWorld(Plan{Rounds: 6})
	require.NoError(t, err)
	s, err := w.lead()
	require.NoError(t, err)
	from := s.clone()
	var moves []move
	for s.round < 6 {
		m := w.can(s)[0]
		moves = append(moves, m)
		require.Nil(t, w.do(s, m))
	}
	story := strings.Join(w.tell(from, moves), "\n")
	for _, words := range []string{"s1 ticks\n      s1 +sdown master mymaster m1", " hears s", ": SENTINEL is-master-down-by-addr m1 1 s", "+elected-leader", "MASTER MODE enabled",
		"+switch-master mymaster m1 r", "round 6 is over"} {
		require.Contains(t, story, words)
	}
}

func TestAPlanThatCannotBeIsRefused(t *testing.T) {
	_, err := Search(Plan{Sentinels: 3, Quorum: 4})
	require.ErrorContains(t, err, "can never be reached")
	_, err = Search(Plan{Replicas: 9, Sentinels: 9})
	require.ErrorContains(t, err, "more than 16")
	r, err := Search(Plan{Rounds: 5, States: 100})
	require.NoError(t, err)
	require.False(t, r.Complete)
	require.Equal(t, "more than 100 states", r.Why)
}
