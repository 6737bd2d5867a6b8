package redis_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/commands"
	"github.com/ordeal-go/ordeal/checkers/replication"
	"github.com/ordeal-go/ordeal/checkers/sentinel"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/corpus"
)

// withStall is a history of the corpus in which the computer let the run stand still.
func withStall(t *testing.T, name string, at, took time.Duration) *histories.History {
	h, err := corpus.Open(name)
	require.NoError(t, err)
	h.Notes = append(h.Notes, histories.Note{Time: at, Machine: "world", Kind: "stalled", Took: took})
	slices.SortStableFunc(h.Notes, func(a, b histories.Note) int { return int(a.Time - b.Time) })
	return h
}

// What is invalid is no longer so if the computer stood still when it counts; a stall elsewhere, or one too short to
// matter, excuses nothing.
func TestWhatLiesWithinAStallIsNoEvidence(t *testing.T) {
	for _, c := range []struct {
		history    string
		judge      checkers.Checker
		at, took   time.Duration
		want       checkers.Result
		elsewhere  time.Duration
		tookThere  time.Duration
		becauseHas string
	}{
		{"convergence-bad-silent", replication.Convergence{}, 5 * time.Millisecond, 6 * time.Millisecond, checkers.Unknown, 15 * time.Millisecond, time.Millisecond, "let it stand still for 6ms"},
		{"liveness-bad-late", sentinel.Liveness{}, 7 * time.Second, 600 * time.Millisecond, checkers.Unknown, 60 * time.Second, 600 * time.Millisecond, ""},
		{"liveness-bad-late", sentinel.Liveness{}, 7 * time.Second, 600 * time.Millisecond, checkers.Unknown, 7 * time.Second, 200 * time.Millisecond, ""},
		{"min-slaves-bad-acknowledged", replication.MinSlaves{}, 9 * time.Millisecond, 5 * time.Millisecond, checkers.Unknown, 5 * time.Second, time.Second, ""},
		{"wait-bad-not-counted", commands.Wait{}, 100 * time.Millisecond, 200 * time.Millisecond, checkers.Unknown, 5 * time.Second, time.Second, ""},
	} {
		v := checkers.Judge(c.judge, checkers.NewRecord(withStall(t, c.history, c.at, c.took)))
		require.Equal(t, c.want, v.Result, "%s: %s", c.history, v.Why)
		require.Contains(t, v.Why, c.becauseHas)
		v = checkers.Judge(c.judge, checkers.NewRecord(withStall(t, c.history, c.elsewhere, c.tookThere)))
		require.Equal(t, checkers.Invalid, v.Result, "%s: %s", c.history, v.Why)
	}
}

func TestFailoverAfterAStallIsNotHeldAgainstTheSentinels(t *testing.T) {
	h, err := corpus.Open("needless-bad-live")
	require.NoError(t, err)
	found := checkers.Judge(sentinel.NeedlessFailover{}, checkers.NewRecord(h)).Findings
	require.Len(t, found, 1)
	at := found[0].Time
	v := checkers.Judge(sentinel.NeedlessFailover{}, checkers.NewRecord(withStall(t, "needless-bad-live", at-2*time.Second, 1500*time.Millisecond)))
	require.Empty(t, v.Findings)
	v = checkers.Judge(sentinel.NeedlessFailover{}, checkers.NewRecord(withStall(t, "needless-bad-live", at+2*time.Second, 1500*time.Millisecond)))
	require.Len(t, v.Findings, 1, "it came later")
}

func TestOutageIsCountedWithoutWhatTheComputerLetStandStill(t *testing.T) {
	h, err := corpus.Open("availability-good")
	require.NoError(t, err)
	whole := checkers.Judge(checkers.Availability{}, checkers.NewRecord(h))
	var from time.Duration // the last write before the outage
	for i := 1; i < len(h.Ops); i++ {
		if h.Ops[i].Returned-h.Ops[i-1].Returned > 3*time.Second {
			from = h.Ops[i-1].Returned
		}
	}
	require.NotZero(t, from)
	part := checkers.Judge(checkers.Availability{}, checkers.NewRecord(withStall(t, "availability-good", from+time.Second, time.Second)))
	require.InDelta(t, whole.Figures["outage_s"]-1, part.Figures["outage_s"], 1e-9)
	require.InDelta(t, 1, part.Figures["stalled_s"], 1e-9)
	require.Contains(t, part.Why, "not counted: this computer let the run stand still for 1.0 s")
	none := checkers.Judge(checkers.Availability{}, checkers.NewRecord(withStall(t, "availability-good", from, 3*time.Second)))
	require.Zero(t, none.Figures["outages"], "what is left is no outage")
}
