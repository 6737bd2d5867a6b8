package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories"
)

// impatient is a system of which nothing is known but how long it waits.
type impatient struct{ System }

func (impatient) Patience() []Patience {
	return []Patience{{"down-after-milliseconds", 600 * time.Millisecond}, {"min-slaves-max-lag", time.Second}, {"repl-timeout", 6 * time.Second}}
}

func TestRunThatStoodStillLongerThanASettingSaysSo(t *testing.T) {
	var plan Scenario
	plan.System = impatient{}
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
