package evidence

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// TestAnOrderStandsBeforeTheAttemptThatItLedTo: live, a line comes behind what was noted in the same moment. One that comes
// long after an attempt is of another.
func TestAnOrderStandsBeforeTheAttemptThatItLedTo(t *testing.T) {
	const line = "1:X 25 Nov 23:32:02.075 # Executing user requested FAILOVER of 'mymaster'"
	for _, c := range []struct {
		line time.Duration
		want []string
	}{
		{time.Millisecond, []string{"", "+new-epoch", "+try-failover", "+elected-leader"}},
		{2*time.Second + time.Millisecond, []string{"+new-epoch", "", "+try-failover", "+elected-leader"}},
		{2*time.Second + 60*time.Millisecond, []string{"+new-epoch", "", "+try-failover", "+elected-leader"}},
		{4 * time.Second, []string{"+new-epoch", "+try-failover", "+elected-leader", ""}},
	} {
		h := &histories.History{}
		h.Machines = []histories.Machine{{Name: "s1", Kind: "sentinel", Addr: "10.0.1.1:26379"}}
		for i, event := range []string{"+new-epoch", "+try-failover", "+elected-leader"} {
			at := 2*time.Second + time.Duration(i/2)*50*time.Millisecond
			h.Notes = append(h.Notes, histories.Note{Time: at, Machine: "s1", Kind: "event", Event: event, Text: "master mymaster 10.0.0.1 6379"})
		}
		h.Logs = []histories.LogLine{{Time: c.line, Machine: "s1", Text: line}}
		var names []string
		for _, e := range Events(checkers.NewRecord(h)) {
			names = append(names, e.Name)
		}
		require.Equal(t, c.want, names, "%v", c.line)
	}
}
