package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories"
)

// The lines of Redis 4.0, of 7.0 and of Valkey make the same notes.
func TestWhatAMachineDoesNotNoteIsHeardFromItsLog(t *testing.T) {
	log := func(machine string, lines string) (all []histories.LogLine) {
		for line := range strings.Lines(strings.TrimSpace(lines)) {
			all = append(all, histories.LogLine{Time: second, Machine: machine, Text: strings.TrimSpace(line)})
		}
		return all
	}
	a, b := strings.Repeat("a", 40), strings.Repeat("b", 40)
	machines := []histories.Machine{{Name: "m1", Kind: "server", Addr: "10.0.0.1:6379"}, {Name: "r1", Kind: "server", Addr: "10.0.0.2:6379"}, {Name: "s1", Kind: "sentinel", Addr: "10.0.0.4:26379"}}
	for version, slave := range map[string]string{"4.0": "slave", "7.0": "replica", "Valkey 8": "replica"} {
		master := "master"
		if version == "Valkey 8" {
			master = "primary"
		}
		t.Run(version, func(t *testing.T) {
			h := &histories.History{Header: histories.Header{Machines: machines}}
			h.Logs = append(log("m1", `
				7:M 22 Nov 2026 02:05:52.318 * Full resync requested by `+slave+` 10.0.0.2:6379
				7:M 22 Nov 2026 02:05:53.318 * Partial resynchronization not accepted: Requested offset for second ID was 90, but I can reply up to 70
				7:M 22 Nov 2026 02:05:53.318 * Full resync requested by `+slave+` 10.0.0.2:6379
				7:M 22 Nov 2026 02:05:53.318 * Partial resynchronization not accepted: Replication ID mismatch (Slave asked for '`+a+`', my replication IDs are '`+b+`' and '0')
				7:M 22 Nov 2026 02:05:53.318 * Full resync requested by `+slave+` 10.0.0.9:6379
				7:M 22 Nov 2026 02:05:54.318 * Partial resynchronization request from 10.0.0.2:6379 accepted. Sending 10 bytes of backlog starting from offset 61.`),
				append(log("r1", `
				8:S 22 Nov 2026 02:05:52.312 * Connecting to `+strings.ToUpper(master)+` 10.0.0.1:6379
				8:S 22 Nov 2026 02:05:57.376 * `+strings.ToUpper(master)+` <-> `+strings.ToUpper(slave)+` sync: Finished with success
				8:S 22 Nov 2026 02:05:58.376 * `+strings.ToUpper(master)+` <-> `+strings.ToUpper(slave)+` sync: `+strings.ToUpper(master[:1])+master[1:]+` accepted a Partial Resynchronization.
				8:M 22 Nov 2026 02:05:59.376 # Setting secondary replication ID to `+a+`, valid up to offset: 71. New replication ID is `+b),
					log("s1", `
				9:X 22 Nov 2026 02:05:57.491 # Sentinel ID is `+b+`
				9:X 22 Nov 2026 02:05:57.491 # +new-epoch 3
				9:X 22 Nov 2026 02:05:57.491 # +vote-for-leader `+b+` 3
				9:X 22 Nov 2026 02:05:57.492 # +sdown master mymaster 10.0.0.1 6379`)...)...)
			var told []string
			heardOf := *h
			heardOf.Notes = heard(h)
			for _, l := range newLanes(&heardOf) {
				for _, m := range l.Marks {
					told = append(told, l.Name+" "+m.Is+": "+m.Text)
				}
			}
			require.Equal(t, []string{
				"m1 fullsync: full sync for r1, which asked for it",
				"m1 fullsync: full sync for r1, which asked to continue: refused because of an offset beyond the second replid's",
				"m1 fullsync: full sync for 10.0.0.9:6379, which asked to continue: refused because of another replid",
				"m1 continue: lets r1 continue from offset 61",
				"r1 fullsync: link to m1 is up after a full sync",
				"r1 continue: link to m1 is up after a partial resync",
				"r1 promoted: became a master at offset 70, replid bbbbbbbb after aaaaaaaa",
				"s1 event: +new-epoch 3",
				"s1 vote: votes for s1 in epoch 3",
				"s1 sdown: +sdown master mymaster m1",
			}, told)
		})
	}
}

// A machine that notes what it does is believed; its log would only say everything twice.
func TestALogIsNotHeardOfAMachineThatSpeaks(t *testing.T) {
	h := &histories.History{Notes: []histories.Note{{Machine: "m1", Kind: "state", Role: "master"}},
		Logs: []histories.LogLine{{Machine: "m1", Text: "7:M 22 Nov 2026 02:05:52.318 * Full resync requested by slave 10.0.0.2:6379"}}}
	require.Len(t, heard(h), 1)
}

func TestLinesOfNoKnownShapeAreNotHeard(t *testing.T) {
	for _, line := range []string{"", "*", "#", " #", "7:M 01 Jan *", "7:M 01 Jan * ", "panic: x", "7:X 01 Jan # ", "* x", "9:X 01 Jan # +", "9:X 01 Jan # -", "7:M 01 Jan # Setting secondary replication ID to "} {
		l := &listener{}
		n := l.hear(line)
		require.Contains(t, []string{"", "event"}, n.Kind, line)
	}
}
