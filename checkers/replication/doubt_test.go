package replication_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/replication"
	"github.com/ordeal-go/ordeal/histories"
)

// r2 was away since offset 70, and joined the new history with that little of the old one. It refuses r3, which has
// more, because it cannot know that the new history shares it: Redis 4.0 sets the second offset to its own.
func TestServerThatJoinedLateNeedNotKnowHowMuchItShares(t *testing.T) {
	h := &histories.History{Header: histories.Header{World: "sim"}, Notes: []histories.Note{
		{Time: 1, Machine: "r1", Kind: "promoted", ReplID: "bb", ReplID2: "aa", Offset: 8823, Offset2: 8824},
		{Time: 2, Machine: "r2", Kind: "psync", ReplID: "bb", ReplID2: "aa", Offset: 10170, Offset2: 71, Peer: "r3",
			Result: "fullresync", Reason: "second-offset", AskedID: "aa", AskedOffset: 8204, N: 71, M: 10171},
	}}
	require.Equal(t, checkers.Valid, checkers.Judge(replication.PartialResync{}, checkers.NewRecord(h)).Result)

	h.Notes[1].Machine = "r1" // who was promoted knows it
	require.Equal(t, checkers.Invalid, checkers.Judge(replication.PartialResync{}, checkers.NewRecord(h)).Result)

	h.Notes[1].Machine, h.Notes[1].Result = "r2", "continue" // and beyond what is shared nobody may go
	h.Notes[1].AskedOffset = 9000
	require.Equal(t, checkers.Invalid, checkers.Judge(replication.PartialResync{}, checkers.NewRecord(h)).Result)
}

// The observer looks once a second and sees one good replica each time; in between there were two.
func TestReplicaThatCameAndWentBetweenTwoLooksCounts(t *testing.T) {
	ms := time.Millisecond
	state := func(at time.Duration, from string, good, needed int64) histories.Note {
		return histories.Note{Time: at, Machine: "m1", Kind: "state", From: from, Role: "master", ReplID: "aa", N: good, M: needed}
	}
	h := &histories.History{
		Header: histories.Header{World: "sim", Plan: "config: {min-slaves-to-write: 2}", Machines: []histories.Machine{{Name: "m1", Kind: "server"}}},
		Ops: []histories.Operation{{Process: "c1", Func: histories.FuncWrite, Key: "k", Arg: histories.Text("1"), Node: "m1",
			Invoked: 1660 * ms, Returned: 1670 * ms, Outcome: histories.OK}},
		Notes: []histories.Note{state(100*ms, "", 1, 2), state(1420*ms, "observer", 1, 0), state(1640*ms, "", 2, 2), state(2100*ms, "", 1, 2),
			state(2420*ms, "observer", 1, 0), state(3420*ms, "observer", 1, 0)},
	}
	require.Equal(t, checkers.Valid, checkers.Judge(replication.MinSlaves{}, checkers.NewRecord(h)).Result)

	h.Notes[2].N = 1 // the master itself never had two
	require.Equal(t, checkers.Invalid, checkers.Judge(replication.MinSlaves{}, checkers.NewRecord(h)).Result)
}

// r1 started again, was promoted before it had a link, and took writes that nobody followed: they do not move its
// offset, so its place in the old history is no place of its data any more.
func TestAMasterNobodyFollowsIsAtNoPlaceOfTheOldHistory(t *testing.T) {
	digest := func(at time.Duration, machine, id, data string) histories.Note {
		return histories.Note{Time: at, Machine: machine, Kind: "digest", ReplID: id, Offset: 28, Digest: data}
	}
	h := &histories.History{Header: histories.Header{World: "sim"}, Ops: []histories.Operation{{Process: "c1", Func: histories.FuncWrite, Key: "k",
		Arg: histories.Text("1"), Node: "r1", Invoked: 3, Returned: 4, Outcome: histories.OK}}, Notes: []histories.Note{
		digest(1, "m1", "aa", "11"), digest(2, "r1", "aa", "11"),
		{Time: 3, Machine: "r1", Kind: "promoted", ReplID: "bb", ReplID2: "aa", Offset: 28, Offset2: 29},
		digest(4, "r1", "bb", "22"),
	}}
	require.Equal(t, checkers.Valid, checkers.Judge(replication.SameData{}, checkers.NewRecord(h)).Result)

	h.Notes = append(h.Notes, digest(5, "r2", "bb", "22")) // who is followed counts
	require.Equal(t, checkers.Invalid, checkers.Judge(replication.SameData{}, checkers.NewRecord(h)).Result)
}
