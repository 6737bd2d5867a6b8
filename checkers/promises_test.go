package checkers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/corpus"
)

const s = time.Second

func state(at time.Duration, machine, role string) histories.Note {
	return histories.Note{Time: at, Machine: machine, Kind: "state", Role: role, ReplID: "aa", Link: "up", Peer: "m1"}
}

func did(at time.Duration, process, fn, value, node string) histories.Operation {
	op := histories.Operation{Process: process, Func: fn, Key: "k", Node: node, Invoked: at, Returned: at + s/10, Outcome: histories.OK}
	if fn == histories.FuncWrite {
		op.Arg = histories.Text(value)
	} else if value != "" {
		op.Result = histories.Text(value)
	}
	return op
}

// twoServers is a history of a master and its replica that ends after 20 s.
func twoServers(ops []histories.Operation, notes []histories.Note, faults ...histories.Fault) *histories.History {
	h := &histories.History{Header: histories.Header{World: "sim", Machines: []histories.Machine{{Name: "m1", Kind: "server"}, {Name: "r1", Kind: "server"}}},
		Ops: ops, Faults: faults, Complete: true, Footer: histories.Footer{End: 20 * s}}
	h.Notes = append([]histories.Note{state(0, "m1", "master"), state(0, "r1", "slave")}, notes...)
	return h
}

func verdictOf(t *testing.T, h *histories.History, name string) checkers.Verdict {
	t.Helper()
	all, err := checkers.RunAsked(h, nil)
	require.NoError(t, err)
	for _, v := range all {
		if v.Checker == name {
			return v
		}
	}
	t.Fatalf("no verdict of %s", name)
	return checkers.Verdict{}
}

func TestLinearizableIsPromisedUntilTheMasterIsReplaced(t *testing.T) {
	promoted := state(5*s, "r1", "master")
	lost := []histories.Operation{did(1*s, "c1", "write", "1", "m1"), did(2*s, "c1", "read", "1", "m1"), did(6*s, "c1", "read", "", "r1")}

	v := verdictOf(t, twoServers(lost, []histories.Note{promoted}), "linearizable")
	require.Equal(t, checkers.Valid, v.Result, "what a failover lost is not held against anybody")
	require.Equal(t, 5*s, v.Promised.Until)
	require.Contains(t, v.Why, "promised for 5s of 20s: r1 changed its role")

	v = verdictOf(t, twoServers(lost, nil), "linearizable")
	require.Equal(t, checkers.Valid, v.Result, "a read at a replica says nothing")
	stale := append(lost[:2:2], did(3*s, "c2", "read", "", "m1"), lost[2])
	v = verdictOf(t, twoServers(stale, []histories.Note{promoted}), "linearizable")
	require.Equal(t, checkers.Invalid, v.Result, "what went wrong before the failover is")
}

func TestAWriteUnderWayAtTheEndOfThePromiseMayOrMayNotHaveHappened(t *testing.T) {
	across := did(4*s, "c1", "write", "2", "m1")
	across.Returned = 6 * s
	for _, seen := range []string{"1", "2"} {
		ops := []histories.Operation{did(1*s, "c1", "write", "1", "m1"), across, did(4*s+s/2, "c2", "read", seen, "m1")}
		v := verdictOf(t, twoServers(ops, []histories.Note{state(5*s, "r1", "master")}), "linearizable")
		require.Equal(t, checkers.Valid, v.Result, seen)
	}
}

func TestAReplicaThatWasMadeWritableIsNotAccused(t *testing.T) {
	set := histories.Fault{ID: 1, Text: "config-set r1 name=slave-read-only value=no", Start: 3 * s, Stop: 3 * s, Targets: []string{"r1"}}
	late := []histories.Operation{did(1*s, "c2", "read", "", "m1"), did(5*s, "c1", "write", "1", "r1")}
	v := verdictOf(t, twoServers(late, nil, set), "read-only")
	require.Equal(t, checkers.Valid, v.Result)
	require.Equal(t, 1, v.Excused)
	require.Contains(t, v.Why, "replicas may be written to (config-set r1 name=slave-read-only value=no)")

	early := []histories.Operation{did(1*s, "c1", "write", "1", "r1"), did(5*s, "c1", "write", "2", "r1")}
	v = verdictOf(t, twoServers(early, nil, set), "read-only")
	require.Equal(t, checkers.Invalid, v.Result)
	require.Len(t, v.Findings, 1)
	require.Equal(t, 1, v.Excused)
}

func TestAReplicaThatWasWritableFromTheBeginningIsNotAccused(t *testing.T) {
	said := histories.Note{Time: s / 10, Machine: "r1", Kind: "settings", From: "observer", Key: "slave-read-only", Text: "no"}
	h := twoServers([]histories.Operation{did(5*s, "c1", "write", "1", "r1")}, []histories.Note{said})
	for _, name := range []string{"read-only", "linearizable", "lost-writes", "stale-reads", "same-offset-same-data", "partial-resync", "convergence"} {
		v := verdictOf(t, h, name)
		require.Equal(t, checkers.NotPromised, v.Result, name)
		require.Contains(t, v.Why, "slave-read-only no at r1", name)
	}
}

func TestWhatNobodyDoesIsNotPromised(t *testing.T) {
	h := twoServers([]histories.Operation{did(1*s, "c1", "write", "1", "m1")}, nil)
	for name, why := range map[string]string{"transactions": "nobody works at a bank", "expiry": "nobody sets a time to live", "commands": "nobody has keys for himself", "pubsub": "nobody publishes",
		"wait": "nobody waits for replicas", "sentinel-safety": "there is no Sentinel", "min-slaves": "min-slaves-to-write was never in force"} {
		v := verdictOf(t, h, name)
		require.Equal(t, checkers.NotPromised, v.Result, name)
		require.Equal(t, why, v.Why, name)
	}
}

func TestWhatIsNotPromisedChangesNoOtherAnswer(t *testing.T) {
	for _, r := range []checkers.Result{checkers.Valid, checkers.Invalid, checkers.Unknown, checkers.NotPromised} {
		require.Equal(t, r, r.Merge(checkers.NotPromised))
		require.Equal(t, r, checkers.NotPromised.Merge(r))
	}
	require.Equal(t, checkers.Unknown, checkers.Verdicts{{Result: checkers.NotPromised}}.Result(), "nothing was judged")
}

// Whoever names a checker holds the history to it, whatever happened.
func TestANamedCheckerIsHeldToTheWholeHistory(t *testing.T) {
	set := histories.Fault{ID: 1, Text: "config-set r1 name=slave-read-only value=no", Start: 3 * s, Stop: 3 * s, Targets: []string{"r1"}}
	h := twoServers([]histories.Operation{did(5*s, "c1", "write", "1", "r1")}, nil, set)
	asked, err := checkers.RunAsked(h, []string{"read-only"})
	require.NoError(t, err)
	require.Equal(t, checkers.Invalid, asked.Result())
}

func TestSettingThatNobodyCouldAskForIsUnknownAndNotUnpromised(t *testing.T) {
	h, err := corpus.Open("min-slaves-unknown-no-config")
	require.NoError(t, err)
	verdicts, err := checkers.Run(h)
	require.NoError(t, err)
	for _, v := range verdicts {
		if v.Checker == "min-slaves" {
			require.Equal(t, checkers.Unknown, v.Result)
			require.Contains(t, v.Why, "m1: CONFIG GET: ERR unknown command")
		}
	}
}
