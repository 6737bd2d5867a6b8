package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/histories"
)

func TestRunThatStoodStillLongerThanASettingSaysSo(t *testing.T) {
	var plan Scenario
	plan.Config = cluster.Config{Server: cluster.Settings{{Name: "repl-timeout", Value: "6"}, {Name: "min-slaves-max-lag", Value: "1"}},
		Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "600"}}}
	h := &histories.History{}
	require.Nil(t, stallsOf(h, plan))
	h.Notes = append(h.Notes, histories.Note{Kind: "stalled", Machine: "world", Took: 200 * time.Millisecond})
	require.Equal(t, &Stalls{Times: 1, Longest: 200 * time.Millisecond, Total: 200 * time.Millisecond}, stallsOf(h, plan))
	h.Notes = append(h.Notes, histories.Note{Kind: "stalled", Machine: "world", Took: 1200 * time.Millisecond})
	s := stallsOf(h, plan)
	require.Equal(t, []string{"down-after-milliseconds (600ms)", "min-slaves-max-lag (1s)"}, s.Over)
	require.Equal(t, "this computer let the run stand still 2 times, for 1.2s at most, which is longer than down-after-milliseconds (600ms), "+
		"min-slaves-max-lag (1s): what these settings decide may be its doing; run again on a quieter computer\n", s.String())
}
