package harness_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live/runs"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
)

// waiting is a scenario with Sentinels whose master dies, and whose schedule waits for what follows.
func waiting(t *testing.T, schedule string) harness.Scenario {
	t.Helper()
	faults, err := harness.Language(redis.System{}).ParseSchedule(schedule)
	require.NoError(t, err)
	return harness.Scenario{Name: "waiting", System: redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
		Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "500"}, {Name: "failover-timeout", Value: "5000"}}},
		Workload: workload.Spec{Clients: 2, Rate: 20, Mix: []workload.Work{{Kind: "register", Keys: 3, Reads: 50}}},
		Duration: 12 * time.Second, Faults: faults, Checks: []string{"convergence"}}
}

// began finds the fault that is called text.
func began(t *testing.T, h *histories.History, text string) histories.Fault {
	t.Helper()
	i := slices.IndexFunc(h.Faults, func(f histories.Fault) bool { return f.Text == text || f.Asked == text })
	require.GreaterOrEqual(t, i, 0, "%s was not done", text)
	return h.Faults[i]
}

// noted finds the first note that matches, at a time or later.
func noted(t *testing.T, h *histories.History, from time.Duration, match func(n *histories.Note) bool) *histories.Note {
	t.Helper()
	for i := range h.Notes {
		if n := &h.Notes[i]; n.Time >= from && match(n) {
			return n
		}
	}
	require.Fail(t, "there is no such note")
	return nil
}

func promoted(n *histories.Note) bool { return n.Kind == "promoted" }

func event(name string) func(*histories.Note) bool {
	return func(n *histories.Note) bool { return n.Event == name }
}

// What a step waits for and its fault are of one moment, to the nanosecond.
func TestAFaultThatWaitsComesAtTheVeryMoment(t *testing.T) {
	t.Parallel()
	for schedule, check := range map[string]func(t *testing.T, h *histories.History){
		// The leader dies between two effects of a step: what it was sending never leaves.
		"at 1s kill m1\nwhen promotes kill it for 2s": func(t *testing.T, h *histories.History) {
			f := began(t, h, "kill it")
			n := noted(t, h, 0, event("+failover-state-wait-promotion"))
			require.Equal(t, n.Time, f.Start)
			require.Equal(t, []string{n.Machine}, f.Targets)
			require.Equal(t, 2*time.Second, f.Stop-f.Start)
			require.Greater(t, noted(t, h, 0, promoted).Time, f.Stop)
		},
		// A moment later it has left: the replica obeys, whoever asked is dead.
		"at 1s kill m1\nwhen promotes +1ms kill it for 2s": func(t *testing.T, h *histories.History) {
			f := began(t, h, "kill it")
			require.Less(t, noted(t, h, 0, promoted).Time, f.Start+10*time.Millisecond)
		},
		// It died before it said how it had voted.
		"at 1s kill m1\nwhen s2 votes kill s2": func(t *testing.T, h *histories.History) {
			f := began(t, h, "kill s2")
			require.Equal(t, noted(t, h, 0, func(n *histories.Note) bool { return n.Kind == "vote" && n.Machine == "s2" }).Time, f.Start)
		},
		"when failover-started +200ms pause r1 for 300ms\nat 1s kill m1": func(t *testing.T, h *histories.History) {
			f := began(t, h, "pause r1")
			require.Equal(t, noted(t, h, 0, event("+try-failover")).Time+200*time.Millisecond, f.Start)
			require.Equal(t, 300*time.Millisecond, f.Stop-f.Start)
		},
		"after 20 writes kill m1": func(t *testing.T, h *histories.History) {
			f := began(t, h, "kill m1")
			acknowledged := 0
			for _, op := range h.Ops {
				if op.Func == histories.FuncWrite && op.Outcome == histories.OK && op.Returned <= f.Start {
					acknowledged++
				}
			}
			require.Equal(t, 20, acknowledged)
		},
		"at 2s then after 10 reads cut m1 | r1 for 1s": func(t *testing.T, h *histories.History) {
			f := began(t, h, "cut m1 | r1")
			stage := noted(t, h, 0, func(n *histories.Note) bool { return n.Kind == "stage" && n.Text == "formed" })
			require.Greater(t, f.Start, stage.Time+2*time.Second)
			require.Less(t, f.Start, stage.Time+4*time.Second)
		},
		"at 1s bgsave m1\nwhen m1 saves then at rename 1 of m1's disk kill m1 for 1s": func(t *testing.T, h *histories.History) {
			f := began(t, h, "kill m1")
			require.Equal(t, noted(t, h, time.Second, func(n *histories.Note) bool { return n.Machine == "m1" && n.Event == "renamed" }).Time, f.Start)
			for _, l := range h.Logs { // the file is in its place, and its server never got to say so
				require.False(t, l.Machine == "m1" && l.Time >= f.Start && l.Time < f.Stop, l.Text)
			}
		},
		"at 1s kill m1 for 1s\nwhen m1 stops +100ms kill r1 for 1s\nwhen m1 starts kill r2 for 1s": func(t *testing.T, h *histories.History) {
			m := began(t, h, "kill m1")
			require.Equal(t, m.Start+100*time.Millisecond, began(t, h, "kill r1").Start)
			require.Equal(t, m.Stop, began(t, h, "kill r2").Start)
		},
	} {
		t.Run(schedule, func(t *testing.T) {
			t.Parallel()
			res, err := harness.Run(t.Context(), waiting(t, schedule), harness.Options{Seed: 1})
			require.NoError(t, err)
			require.Nil(t, res.NotDone, "%v", res.NotDone)
			check(t, res.History)
			again, err := harness.Run(t.Context(), waiting(t, schedule), harness.Options{Seed: 1})
			require.NoError(t, err)
			require.Equal(t, res.Trace, again.Trace)
		})
	}
}

// A step that waits in vain is said not to have been done, and why.
func TestWhatAFaultWaitedForInVainIsSaid(t *testing.T) {
	t.Parallel()
	res, err := harness.Run(t.Context(), waiting(t, "when promoted kill m1\nafter 100000 writes kill r1\nwhen m1 synced then when m1 votes heal\n"+
		"after 1 operations +1m kill r2\nat 1s pause r1 for 1s"), harness.Options{Seed: 1})
	require.NoError(t, err)
	require.Equal(t, 5, res.NotDone.Of)
	require.Equal(t, "when promoted kill m1", res.NotDone.Faults[0].Fault)
	require.Equal(t, "what it waits for has not happened: when promoted", res.NotDone.Faults[0].Why)
	require.Regexp(t, `^what it waits for has not happened: after 100000 writes \(there were \d+\)$`, res.NotDone.Faults[1].Why)
	require.Equal(t, "what it waits for has not happened: when m1 synced", res.NotDone.Faults[2].Why)
	require.Equal(t, "what it waits for happened too late: the time of faults was over before 1m0s more had gone by", res.NotDone.Faults[3].Why)
	require.Len(t, res.NotDone.Faults, 4)
	require.Contains(t, res.String(), "4 of 5 faults could not be done here:\n  when promoted kill m1: ")
}

func TestWhatCannotBeWaitedForIsRefusedWithItsLine(t *testing.T) {
	for line, want := range map[string]string{
		"when promots kill m1":             `there is no event and no goal "promots": did you mean promotes? ordeal list events and ordeal list goals name all`,
		"when s1 failover-started kill m1": `failover-started is a goal of the whole run, and not s1's: write "when failover-started"`,
		"when r9 promoted kill m1":         `there is no machine "r9" to wait for: did you mean r1? There are m1, r1, r2, s1, s2, s3`,
		"at write 1 of c1's disk kill m1":  `there is no machine "c1" to wait for`,
		"when write-lost kill m1":          "write-lost is known only when all is over: nothing can wait for it",
		"after 5 writs kill m1":            `clients do nothing that is called "writs": did you mean writes? There are writes, reads, operations, write, read, cas`,
		"when failover-started kill it":    `there is no machine that "it" could be: the step waits for nothing that happens to one`,
		"at 2s kill it":                    `there is no machine that "it" could be`,
		"at 40s then when promoted heal":   "starts after the run's 30s",
		"when failover-started kil m1":     "column 23: unknown fault \"kil\": did you mean kill?",
	} {
		_, err := harness.Systems{redis.System{}}.ParseScenario("s.yaml", []byte("name: s\ncluster: {replicas: 2, sentinels: 3}\nfaults:\n  - at 1s heal\n  - "+line+"\n"))
		require.ErrorContains(t, err, "s.yaml:5:5: ", line)
		require.ErrorContains(t, err, want, line)
	}
}

// Live a fault comes as soon as the harness has heard of what its step waited for.
func TestFaultsWaitLiveToo(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays a live run")
	}
	res, err := harness.Run(t.Context(), waiting(t, "after 10 writes kill m1 for 8s\nwhen promotes kill it for 2s\nwhen failover-started pause r2 for 300ms\n"+
		"at write 1 of r1's disk kill r1"), harness.Options{World: harness.WorldLive, Live: runs.Live{}, Seed: 1})
	require.NoError(t, err)
	f := began(t, res.History, "kill it")
	n := noted(t, res.History, 0, event("+failover-state-wait-promotion"))
	require.GreaterOrEqual(t, f.Start, n.Time)
	require.Equal(t, []string{n.Machine}, f.Targets)
	require.GreaterOrEqual(t, f.Stop-f.Start, 2*time.Second)
	require.GreaterOrEqual(t, began(t, res.History, "pause r2").Start, noted(t, res.History, 0, event("+try-failover")).Time)
	require.Len(t, res.NotDone.Faults, 1)
	require.Contains(t, res.NotDone.Faults[0].Why, "what r1 does to its disk cannot be seen")
}
