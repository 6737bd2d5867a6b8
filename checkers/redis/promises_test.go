package redis_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/redis"
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
	all, err := redis.RunAsked(h, nil)
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
	asked, err := redis.RunAsked(h, []string{"read-only"})
	require.NoError(t, err)
	require.Equal(t, checkers.Invalid, asked.Result())
}

func TestSettingThatNobodyCouldAskForIsUnknownAndNotUnpromised(t *testing.T) {
	h, err := corpus.Open("min-slaves-unknown-no-config")
	require.NoError(t, err)
	verdicts, err := redis.Run(h)
	require.NoError(t, err)
	for _, v := range verdicts {
		if v.Checker == "min-slaves" {
			require.Equal(t, checkers.Unknown, v.Result)
			require.Contains(t, v.Why, "m1: CONFIG GET: ERR unknown command")
		}
	}
}

// three is a cluster of three servers and a Sentinel, in which nothing settles.
func three(notes []histories.Note, faults ...histories.Fault) *histories.History {
	h := twoServers([]histories.Operation{did(1*s, "c1", "write", "1", "m1"), did(15*s, "c1", "read", "1", "m1")}, nil, faults...)
	h.Machines = append(h.Machines, histories.Machine{Name: "r2", Kind: "server"}, histories.Machine{Name: "s1", Kind: "sentinel", Addr: "10.0.0.9:1"})
	h.Machines[0].Addr, h.Machines[1].Addr, h.Machines[2].Addr = "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"
	for i := range h.Notes {
		h.Notes[i].From = "observer"
	}
	h.Notes = append(h.Notes, state(0, "r2", "slave"))
	h.Notes[2].From = "observer"
	h.Notes = append(h.Notes, notes...)
	return h
}

func found(at time.Duration, addr string) histories.Note {
	return histories.Note{Time: at, Machine: "s1", Kind: "event", Event: "+slave", ID: "id",
		Text: "slave " + addr + " " + addr[:len(addr)-2] + " 1 @ mymaster 10.0.0.1 1"}
}

func order(at time.Duration, machine, text string) histories.Note {
	return histories.Note{Time: at, Machine: machine, Kind: "order", From: "observer", Text: text, Result: "+OK"}
}

func TestConvergenceIsPromisedIfWhatAnOperatorDidIsPutRight(t *testing.T) {
	both := []histories.Note{found(1*s, "10.0.0.2:1"), found(1*s, "10.0.0.3:1")}
	fault := func(text string, targets ...string) histories.Fault {
		return histories.Fault{ID: 1, Text: text, Start: 3 * s, Stop: 4 * s, Targets: targets}
	}
	named := func(sentinel, master string, epoch int64) histories.Note {
		return histories.Note{Time: 9 * s, Machine: sentinel, Kind: "config", Master: "mymaster", Peer: master, Epoch: epoch, From: "observer"}
	}
	united := fault("slaveof r1 r2 -> m1", "r1", "r2")
	united.Start, united.Stop = 8*s, 8*s
	for _, c := range []struct {
		name     string
		promised bool
		notes    []histories.Note
		faults   []histories.Fault
	}{
		{"nothing was done", true, both, nil},
		{"a setting of no consequence", true, both, []histories.Fault{fault("config-set r1 name=repl-backlog-size value=16384", "r1")}},
		{"links that cannot last", false, both, []histories.Fault{fault("config-set r1 name=repl-timeout value=2", "r1")}},
		{"another quorum", false, both, []histories.Fault{fault("sentinel-set s1 name=quorum value=9", "s1")}},
		{"a server's disk", true, both, []histories.Fault{fault("slow-disk r1 delay=8ms", "r1")}},
		{"a disk that was full", true, both, []histories.Fault{fault("disk-full m1", "m1")}},
		{"a disk that lied", false, both, []histories.Fault{fault("lying-fsync s1", "s1")}},
		{"a promotion that Sentinels see", true, both, []histories.Fault{fault("promote r2", "r2")}},
		{"a promotion that they do not", false, both[:1], []histories.Fault{fault("promote r2", "r2")}},
		{"a promotion that is put right", true, append(both[:1:1], order(9*s, "r1", "SLAVEOF 10.0.0.1 1"), order(9*s, "r2", "SLAVEOF 10.0.0.1 1")),
			[]histories.Fault{fault("promote r2", "r2"), united}},
		{"one that was not obeyed", false, append(both[:1:1], order(9*s, "r1", "SLAVEOF 10.0.0.1 1")),
			[]histories.Fault{fault("promote r2", "r2"), united}},
		{"a RESET after which all is found again", true, append(both[:2:2], order(4*s, "s1", "SENTINEL RESET mymaster"), found(5*s, "10.0.0.2:1"), found(5*s, "10.0.0.3:1"),
			histories.Note{Time: 5 * s, Machine: "s1", Kind: "event", Event: "+monitor", Text: "master mymaster 10.0.0.1 1 quorum 1"}),
			[]histories.Fault{fault("sentinel-reset s1", "s1")}},
		{"a RESET after which one is missing", false, append(both[:2:2], order(4*s, "s1", "SENTINEL RESET mymaster"), found(5*s, "10.0.0.2:1")),
			[]histories.Fault{fault("sentinel-reset s1", "s1")}},
		{"a failover by order that all hear of", true, append(both[:2:2], named("s1", "r1", 2), named("s2", "r1", 2)), []histories.Fault{fault("sentinel-failover s1", "s1")}},
		{"one beside another in the same epoch", false, append(both[:2:2], named("s1", "r1", 2), named("s2", "r2", 2)), []histories.Fault{fault("sentinel-failover s1", "s1")}},
		{"another program that never came", true, append(both[:2:2], histories.Note{Time: 3 * s, Machine: "nemesis", Kind: "skipped", Text: "run-as r1 program=redis-server"}),
			[]histories.Fault{{ID: 1, Text: "run-as r1 program=redis-server", Start: 3 * s, Stop: 3 * s, Targets: []string{"r1"}}}},
	} {
		v := verdictOf(t, three(c.notes, c.faults...), "convergence")
		require.Equal(t, c.promised, v.Result != checkers.NotPromised, "%s: %s", c.name, v.Why)
	}
}

func TestConvergenceIsNotPromisedWhileAServerCannotSave(t *testing.T) {
	full := histories.Fault{ID: 1, Text: "disk-full m1", Start: 3 * s, Stop: 4 * s, Targets: []string{"m1"}}
	line := func(at time.Duration, text string) histories.LogLine {
		return histories.LogLine{Time: at, Machine: "m1", Text: "1:M 01 Jan 00:00:00.000 * " + text}
	}
	h := three(nil, full)
	h.Logs = []histories.LogLine{line(3*s, "Background saving error")}
	require.Equal(t, checkers.NotPromised, verdictOf(t, h, "convergence").Result)
	h.Logs = append(h.Logs, line(5*s, "Background saving terminated with success"))
	require.NotEqual(t, checkers.NotPromised, verdictOf(t, h, "convergence").Result)
}

// What only the simulation shows leaves no gap in a live run, and one in a simulated run: there it was to be seen.
func TestWhatOnlyTheSimulationShowsIsNotPromisedOfALiveRun(t *testing.T) {
	names := []string{"links", "snapshots", "sentinel-detection"}
	for world, want := range map[string]checkers.Result{"live": checkers.NotPromised, "sim": checkers.Unknown} {
		h := &histories.History{Header: histories.Header{World: world, Machines: []histories.Machine{{Name: "m1", Kind: "server"}, {Name: "s1", Kind: "sentinel"}}}}
		verdicts, err := redis.RunAsked(h, names)
		require.NoError(t, err)
		for i, v := range verdicts {
			require.Equal(t, want, v.Result, "%s in the %s world: %v", names[i], world, v)
			require.NotEmpty(t, v.Why)
		}
	}
	bad, err := corpus.Open("links-bad-ack-beyond")
	require.NoError(t, err)
	bad.World = "live"
	verdicts, err := redis.RunAsked(bad, names[:1])
	require.NoError(t, err)
	require.Equal(t, checkers.Invalid, verdicts[0].Result, "what was seen is judged wherever it was")
}
