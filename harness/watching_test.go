package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories"
)

func TestWhatTheObserverCostsIsMeasuredAndSaid(t *testing.T) {
	var plan Scenario
	plan.System = impatient{}
	h := &histories.History{Header: histories.Header{World: WorldLive}, Footer: histories.Footer{End: 10 * time.Second}}
	require.Nil(t, watchingOf(h, plan), "nobody answered")
	for i := range 100 {
		h.Notes = append(h.Notes, histories.Note{Time: time.Duration(i) * 100 * time.Millisecond, Machine: []string{"m1", "r1"}[i%2], Kind: "state", From: "observer", Took: time.Millisecond})
	}
	require.Equal(t, "the observer asked each server 5.0 times a second, which took at most 0.5 % of its time (median 1ms)\n", watchingOf(h, plan).String())
	h.Notes[99].Took = 700 * time.Millisecond
	require.Empty(t, watchingOf(h, plan).Over, "an answer may be late for another reason")
	h.Notes = append(h.Notes, histories.Note{Time: h.Notes[99].Time, Machine: "r1", Kind: "digest", From: "observer"})
	require.Equal(t, "the observer asked each server 5.0 times a second, which took at most 0.5 % of its time (median 1ms; with a digest of all data 700ms at most), "+
		"which is longer than down-after-milliseconds (600ms): what these settings decide may be its doing\n", watchingOf(h, plan).String())
	h.World = WorldSim
	require.Nil(t, watchingOf(h, plan))
}
