package versions

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories/corpus"
)

// What a version says otherwise is in a history of the corpus, where a judge has to understand it.
func TestTheWordsOfEachVersionStandInTheCorpus(t *testing.T) {
	var logs []string
	for _, name := range corpus.Names() {
		h, err := corpus.Open(name)
		require.NoError(t, err)
		for i := range h.Logs {
			logs = append(logs, h.Logs[i].Text)
		}
	}
	all := strings.Join(logs, "\n")
	for e := range wordings {
		for _, w := range wordings[e] {
			require.Contains(t, all, w.text, "no history of the corpus has the words of %s", w.since)
		}
	}
}

func TestEveryEventHasItsWordsVersionAndSource(t *testing.T) {
	for e, all := range wordings {
		require.NotEmpty(t, all, e)
		for _, w := range all {
			require.NotEmpty(t, w.text, e)
			require.Regexp(t, `^(Redis|Valkey) \d`, w.since)
			require.Contains(t, w.source, ".c,", w.text)
			rest, says := After("8:S 01 Jan 2026 10:00:00.002 * "+w.text+"x", Event(e))
			require.True(t, says)
			require.Equal(t, "x", rest)
			for other := range wordings {
				require.True(t, other == e || !Says(w.text, Event(other)), "%q is two events: %d and %d", w.text, e, other)
			}
		}
	}
}

// Lines of real logs, by version.
func TestLinesOfEachVersionAreUnderstood(t *testing.T) {
	a := strings.Repeat("a", 40)
	for _, c := range []struct {
		line string
		says Event
		rest string
	}{
		{"7:S 22 Nov 02:05:52.318 * Full resync from master: " + a + ":1", FullSync, a + ":1"},                                 // 4.0
		{"7:S 22 Nov 2026 02:05:52.318 * MASTER <-> REPLICA sync: Flushing old data", DataFlushed, ""},                         // 5.0 to 8
		{"7:S 22 Nov 02:05:52.318 * MASTER <-> SLAVE sync: Flushing old data", DataFlushed, ""},                                // 4.0
		{"7:S 22 Nov 2026 02:05:52.318 * PRIMARY <-> REPLICA sync: Flushing old data", DataFlushed, ""},                        // Valkey 8
		{"7:S 22 Nov 2026 02:05:52.318 * Full resync from primary: " + a + ":1", FullSync, a + ":1"},                           // Valkey 8
		{"7:M 22 Nov 2026 02:05:52.318 * Connection with replica 10.0.0.2:6379 lost.", ReplicaLost, "10.0.0.2:6379 lost."},     // 6.2
		{"7:M 22 Nov 2026 02:05:52.318 # Connection with slave 10.0.0.2:6379 lost.", ReplicaLost, "10.0.0.2:6379 lost."},       // 4.0
		{"7:M 22 Nov 2026 02:05:52.318 * Ready to accept connections tcp", Serving, " tcp"},                                    // 7.2
		{"7:M 22 Nov 2026 02:05:52.318 * Ready to accept connections", Serving, ""},                                            // 4.0 to 7.0
		{"7:M 22 Nov 2026 02:05:52.318 * DB loaded from append only file: 0.000 seconds", LoadedAppendOnly, ": 0.000 seconds"}, // 7.0
		{"9:X 22 Nov 2026 02:05:52.318 * Executing user requested FAILOVER of 'mymaster'", FailoverOrdered, " 'mymaster'"},     // 7.2
		{"7:S 22 Nov 2026 02:05:52.318 * PRIMARY <-> REPLICA sync: Primary accepted a Partial Resynchronization.", Joined, ""}, // Valkey 8
		{"7:S 22 Nov 2026 02:05:52.318 * MASTER <-> REPLICA sync: Finished with success", Synced, ""},                          // 5.0
		{"7:M 22 Nov 2026 02:05:52.318 * Full resync requested by replica 10.0.0.2:6379", FullSyncAsked, "10.0.0.2:6379"},      // 5.0
		{"7:M 22 Nov 02:05:52.318 * Full resync requested by slave 10.0.0.2:6379", FullSyncAsked, "10.0.0.2:6379"},             // 4.0
		{"7:S 22 Nov 2026 02:05:52.318 * Primary replication ID changed to " + a, NewID, a},                                    // Valkey 8
	} {
		rest, says := After(c.line, c.says)
		require.True(t, says, c.line)
		require.Equal(t, c.rest, rest)
	}
}
