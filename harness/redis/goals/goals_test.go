package goals_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/redis/goals"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/corpus"
	"github.com/ordeal-go/ordeal/nemesis"
)

func TestGoalsHaveNamesOfTheirOwnAndSayWhatTheyAre(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range goals.Catalogue().Goals {
		require.Regexp(t, regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`), g.Name)
		require.NotEmpty(t, g.Why)
		require.False(t, seen[g.Name], "%s twice", g.Name)
		seen[g.Name] = true
		same, err := goals.Catalogue().ByName(g.Name)
		require.NoError(t, err)
		require.Equal(t, g.Why, same.Why)
	}
	require.GreaterOrEqual(t, len(seen), 40)
	_, err := goals.Catalogue().ByName("glory")
	require.ErrorContains(t, err, `there is no goal "glory": there are full-sync`)
}

// What steps can wait for is told apart by its name alone.
func TestEventsHaveNamesThatNoFaultAndNoGoalHas(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range goals.Catalogue().Names() {
		seen[name] = true
	}
	for _, v := range nemesis.Verbs() {
		require.False(t, seen[string(v)], "%s is a goal and a fault", v)
		seen[string(v)] = true
	}
	for _, e := range harness.Events(redis.System{}) {
		require.Regexp(t, regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`), e.Name)
		require.False(t, seen[e.Name], "%s is not an event alone", e.Name)
		require.NotEmpty(t, e.Why)
		require.True(t, e.Note != nil || e.Log != nil)
		seen[e.Name] = true
	}
}

// Whoever watches a history while it is written sees the goals that it meets, but for those that only its end tells.
func TestGoalsAreSeenWhileAHistoryIsWritten(t *testing.T) {
	for _, name := range corpus.Names() {
		h, err := corpus.Open(name)
		require.NoError(t, err)
		watch := goals.Catalogue().Watch(&histories.History{Header: h.Header})
		seen := map[string]bool{}
		look := func() {
			for _, g := range goals.Catalogue().Names() {
				seen[g] = seen[g] || watch.Meets(g)
			}
		}
		for i := range h.Logs {
			watch.Log(&h.Logs[i])
			look()
		}
		faults := h.Faults
		for i := range h.Notes {
			for ; len(faults) > 0 && faults[0].Start < h.Notes[i].Time; faults = faults[1:] {
				watch.Began(&faults[0])
				look()
			}
			watch.Note(&h.Notes[i])
			look()
		}
		for i := range h.Ops {
			watch.Returned(&h.Ops[i])
			look()
		}
		for _, met := range goals.Catalogue().Met(h) {
			g, err := goals.Catalogue().ByName(met)
			require.NoError(t, err)
			require.True(t, seen[met] || g.Late, "%s: %s is met, and was not seen", name, met)
		}
	}
}

func TestAnEmptyHistoryMeetsNothing(t *testing.T) {
	require.Empty(t, goals.Catalogue().Met(&histories.History{}))
}

func TestGoalsAreRecognizedByWhatWasNoted(t *testing.T) {
	const s = time.Second
	servers := []histories.Machine{{Name: "m1", Kind: "server"}, {Name: "r1", Kind: "server"}, {Name: "r2", Kind: "server"}, {Name: "s1", Kind: "sentinel"}}
	master := func(at time.Duration, m string) histories.Note {
		return histories.Note{Time: at, Machine: m, Kind: "state", Role: "master", ReplID: "aa"}
	}
	replica := func(at time.Duration, m, of string) histories.Note {
		return histories.Note{Time: at, Machine: m, Kind: "state", Role: "slave", Peer: of, ReplID: "aa"}
	}
	write := func(at time.Duration, value string, outcome histories.Outcome) histories.Operation {
		return histories.Operation{Process: "c1", Func: "write", Key: "k", Arg: histories.Text(value), Node: "m1", Invoked: at, Returned: at + s, Outcome: outcome}
	}
	for _, c := range []struct {
		goal    string
		yes, no histories.History
	}{
		{"two-masters", histories.History{Notes: []histories.Note{master(1, "m1"), master(2, "r1")}},
			histories.History{Notes: []histories.Note{master(1, "m1"), {Time: 2, Machine: "m1", Kind: "down", Text: "killed"}, master(3, "r1")}}},
		{"old-master-demoted", histories.History{Notes: []histories.Note{master(1, "m1"), replica(2, "m1", "r1")}},
			histories.History{Notes: []histories.Note{replica(1, "r1", "m1"), replica(2, "r1", "m1")}}},
		{"vote-split", histories.History{Notes: []histories.Note{{Kind: "vote", Epoch: 3, Leader: "x"}, {Kind: "vote", Epoch: 3, Leader: "y"}}},
			histories.History{Notes: []histories.Note{{Kind: "vote", Epoch: 3, Leader: "x"}, {Kind: "vote", Epoch: 4, Leader: "y"}}}},
		{"promotion-during-full-sync", histories.History{Notes: []histories.Note{
			{Machine: "m1", Kind: "psync", Peer: "r2", Result: "fullresync", Reason: "asked"}, {Machine: "r1", Kind: "promoted"}}},
			histories.History{Notes: []histories.Note{{Machine: "m1", Kind: "psync", Peer: "r2", Result: "fullresync", Reason: "asked"},
				{Machine: "r2", Kind: "resync", Result: "fullresync"}, {Machine: "r1", Kind: "promoted"}}}},
		{"partial-sync-by-second-id", histories.History{Notes: []histories.Note{{Kind: "psync", Result: "continue", AskedID: "aa", ReplID: "bb", ReplID2: "aa"}}},
			histories.History{Notes: []histories.Note{{Kind: "psync", Result: "continue", AskedID: "bb", ReplID: "bb", ReplID2: "aa"}}}},
		{"chain-went-on-after-promotion", histories.History{Notes: []histories.Note{replica(1, "r2", "r1"), {Time: 2, Machine: "r1", Kind: "promoted"},
			{Time: 3, Machine: "r1", Kind: "psync", Peer: "r2", Result: "continue", AskedID: "aa", ReplID: "bb", ReplID2: "aa"}}},
			histories.History{Notes: []histories.Note{replica(1, "r2", "m1"), {Time: 2, Machine: "r1", Kind: "promoted"},
				{Time: 3, Machine: "r1", Kind: "psync", Peer: "r2", Result: "continue", AskedID: "aa", ReplID: "bb", ReplID2: "aa"}}}},
		{"tilt", histories.History{Notes: []histories.Note{{Kind: "event", Event: "+tilt"}}}, histories.History{Notes: []histories.Note{{Kind: "event", Event: "-tilt"}}}},
		{"odown", histories.History{Notes: []histories.Note{{Kind: "event", Event: "+odown", Text: "master x"}}},
			histories.History{Notes: []histories.Note{{Kind: "event", Event: "+sdown", Text: "master x"}}}},
		{"sdown", histories.History{Notes: []histories.Note{{Kind: "event", Event: "+sdown", Text: "master mymaster 10.0.0.1 6379"}}},
			histories.History{Notes: []histories.Note{{Kind: "event", Event: "+sdown", Text: "slave 10.0.0.2:6379 10.0.0.2 6379"}}}},
		{"no-majority", histories.History{Notes: []histories.Note{{Kind: "event", Event: "+odown"}, {Kind: "event", Event: "+try-failover"}}},
			histories.History{Notes: []histories.Note{{Kind: "event", Event: "+odown"}, {Kind: "event", Event: "+try-failover"}, {Kind: "event", Event: "+elected-leader"}}}},
		{"resumed-after-restart", histories.History{Notes: []histories.Note{{Machine: "r1", Kind: "up"}, {Machine: "r1", Kind: "down", Text: "killed"}, {Machine: "r1", Kind: "up"},
			{Machine: "r1", Kind: "resync", Result: "continue"}}},
			histories.History{Notes: []histories.Note{{Machine: "r1", Kind: "up"}, {Machine: "r1", Kind: "resync", Result: "continue"}}}},
		{"all-servers-down", histories.History{Notes: []histories.Note{{Machine: "m1", Kind: "down"}, {Machine: "r1", Kind: "down"}, {Machine: "r2", Kind: "down"}}},
			histories.History{Notes: []histories.Note{{Machine: "m1", Kind: "down"}, {Machine: "r1", Kind: "down"}, {Machine: "m1", Kind: "up"}, {Machine: "r2", Kind: "down"}}}},
		{"master-paused", histories.History{Notes: []histories.Note{master(1, "m1")}, Faults: []histories.Fault{{Text: "pause m1", Targets: []string{"m1"}, Start: 2}}},
			histories.History{Notes: []histories.Note{master(1, "m1")}, Faults: []histories.Fault{{Text: "pause r1", Targets: []string{"r1"}, Start: 2}}}},
		{"write-refused-min-slaves", histories.History{Ops: []histories.Operation{{Func: "write", Outcome: histories.Fail, Error: "NOREPLICAS Not enough good slaves to write."}}},
			histories.History{Ops: []histories.Operation{{Func: "write", Outcome: histories.Fail, Error: "READONLY You can't"}}}},
		{"write-lost", histories.History{Ops: []histories.Operation{write(1*s, "a", histories.OK), write(3*s, "b", histories.OK),
			{Func: "read", Key: "k", Result: histories.Text("a"), Final: true, Invoked: 9 * s, Returned: 9 * s, Outcome: histories.OK}}},
			histories.History{Ops: []histories.Operation{write(1*s, "a", histories.OK), write(3*s, "b", histories.OK),
				{Func: "read", Key: "k", Result: histories.Text("b"), Final: true, Invoked: 9 * s, Returned: 9 * s, Outcome: histories.OK}}}},
		{"stale-read", histories.History{Ops: []histories.Operation{write(1*s, "a", histories.OK), write(3*s, "b", histories.OK),
			{Func: "read", Key: "k", Result: histories.Text("a"), Node: "r1", Invoked: 9 * s, Returned: 9 * s, Outcome: histories.OK}}},
			histories.History{Ops: []histories.Operation{write(1*s, "a", histories.OK), write(3*s, "b", histories.OK),
				{Func: "read", Key: "k", Result: histories.Text("b"), Node: "r1", Invoked: 9 * s, Returned: 9 * s, Outcome: histories.OK}}}},
		{"backlog-overrun", histories.History{Notes: []histories.Note{{Kind: "psync", Result: "continue", N: 1001, M: 1001 + 16384}}},
			histories.History{Notes: []histories.Note{{Kind: "psync", Result: "continue", N: 1001, M: 1001 + 4000}}}},
		{"sync-joined-running-save", histories.History{Logs: []histories.LogLine{{Text: "1:M * Waiting for end of BGSAVE for SYNC"}}},
			histories.History{Logs: []histories.LogLine{{Text: "1:M * Waiting for next BGSAVE for SYNC"}}}},
		{"promotion-by-hand", histories.History{Notes: []histories.Note{{Kind: "order", Text: "SLAVEOF NO ONE", Result: "+OK"}}},
			histories.History{Notes: []histories.Note{{Kind: "order", Text: "SLAVEOF NO ONE", Result: "given up: no answer"}}}},
	} {
		c.yes.Machines, c.no.Machines = servers, servers
		require.Contains(t, goals.Catalogue().Met(&c.yes), c.goal)
		require.NotContains(t, goals.Catalogue().Met(&c.no), c.goal)
	}
}

func TestAnyHistoryCanBeAsked(t *testing.T) {
	for _, name := range corpus.Names() {
		h, err := corpus.Open(name)
		require.NoError(t, err)
		first := goals.Catalogue().Met(h)
		require.Equal(t, first, goals.Catalogue().Met(h), name)
	}
}
