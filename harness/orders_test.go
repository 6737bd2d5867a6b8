package harness_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/nemesis"
)

// account is a run's history, with the moment at which its first fault began.
type account struct {
	*harness.Result
	t  *testing.T
	at time.Duration
}

// note finds the first note of a machine after the fault began that matches.
func (a account) note(machine string, match func(n *histories.Note) bool) *histories.Note {
	a.t.Helper()
	for i := range a.History.Notes {
		n := &a.History.Notes[i]
		if n.Machine == machine && n.Time >= a.at && match(n) {
			return n
		}
	}
	require.Fail(a.t, "the history has no such note of "+machine)
	return nil
}

func (a account) event(sentinel, event string) {
	a.t.Helper()
	a.note(sentinel, func(n *histories.Note) bool { return n.Kind == "event" && n.Event == event })
}

func (a account) logged(machine, text string) {
	a.t.Helper()
	for _, l := range a.History.Logs {
		if l.Machine == machine && l.Time >= a.at && strings.Contains(l.Text, text) {
			return
		}
	}
	require.Failf(a.t, "a log does not say it", "%s: %s", machine, text)
}

// orders has, for each fault that an operator's commands bring about, a step and what it leads to.
var orders = map[nemesis.Verb]struct {
	step  string
	shows func(a account)
}{
	redis.Promote: {"at 1s promote r1", func(a account) {
		a.note("r1", func(n *histories.Note) bool { return n.Kind == "promoted" })
	}},
	redis.SlaveOf: {"at 1s slaveof r2 -> r1", func(a account) {
		a.note("r2", func(n *histories.Note) bool { return n.Kind == "state" && n.Peer == "r1" && n.Link == "up" })
	}},
	redis.ConfigSet: {"at 1s config-set m1 name=min-slaves-to-write value=5", func(a account) {
		a.note("m1", func(n *histories.Note) bool { return n.Kind == "refused" && n.Reason == "noreplicas" && n.M == 5 })
	}},
	redis.ClientKill: {"at 1s client-kill m1 type=replica", func(a account) {
		for _, r := range []string{"r1", "r2"} {
			a.note(r, func(n *histories.Note) bool { return n.Kind == "state" && n.Link == "down" })
			a.note(r, func(n *histories.Note) bool { return n.Kind == "resync" })
		}
	}},
	redis.DebugSleep: {"at 1s debug-sleep m1 seconds=2", func(a account) {
		for _, op := range a.History.Ops {
			if op.Node == "m1" && op.Outcome == histories.OK {
				asleep := op.Returned > a.at+100*time.Millisecond && op.Returned < a.at+2*time.Second
				require.False(a.t, asleep, "m1 answers in its sleep, at %v", op.Returned)
			}
		}
	}},
	redis.ClientPause: {"at 1s client-pause m1 ms=2000", func(a account) {
		for _, op := range a.History.Ops {
			if op.Node == "m1" && op.Outcome == histories.OK {
				paused := op.Returned > a.at+100*time.Millisecond && op.Returned < a.at+2*time.Second
				require.False(a.t, paused, "m1 answers in the pause, at %v", op.Returned)
			}
		}
	}},
	redis.DebugReload: {"at 1s debug-reload r1", func(a account) { a.logged("r1", "DB reloaded by DEBUG RELOAD") }},
	redis.BGSave:      {"at 1s bgsave r1", func(a account) { a.logged("r1", "Background saving terminated with success") }},
	redis.FlushAll:    {"at 3s flushall m1", func(a account) { a.lost() }},
	redis.SentinelReset: {"at 1s sentinel-reset s1", func(a account) {
		a.event("s1", "+reset-master")
	}},
	redis.SentinelFailover: {"at 1s sentinel-failover s1", func(a account) {
		a.event("s1", "+switch-master")
		require.Equal(a.t, checkers.Valid, a.Result.Result(), "%s", a.Result)
	}},
	redis.SentinelSet: {"at 1s sentinel-set s1 name=quorum value=3", func(a account) {
		a.note("s1", func(n *histories.Note) bool {
			return n.Kind == "event" && n.Event == "+set" && strings.HasSuffix(n.Text, "quorum 3")
		})
	}},
	redis.SentinelRemove: {"at 1s sentinel-remove s1 for 3s", func(a account) {
		a.event("s1", "-monitor")
		a.event("s1", "+monitor")
		a.event("s1", "+sentinel") // it finds the others again
		require.Equal(a.t, checkers.Valid, a.Result.Result(), "%s", a.Result)
	}},
	redis.SentinelAdd: {"at 1s sentinel-add spare", func(a account) {
		a.note("s4", func(n *histories.Note) bool { return n.Kind == "up" })
		a.event("s4", "+sentinel")
		a.event("s1", "+sentinel")
		require.Equal(a.t, checkers.Valid, a.Result.Result(), "%s", a.Result)
	}},
	redis.ReplicaAdd: {"at 1s replica-add spare", func(a account) {
		a.note("r3", func(n *histories.Note) bool { return n.Kind == "up" })
		a.note("r3", func(n *histories.Note) bool { return n.Kind == "state" && n.Link == "up" && n.Peer == "m1" })
		a.event("s1", "+slave")
		require.Equal(a.t, checkers.Valid, a.Result.Result(), "%s", a.Result)
	}},
	redis.TenantAdd: {"at 1s tenant-add r3", func(a account) {
		a.note("r3", func(n *histories.Note) bool { return n.Kind == "state" && n.Role == "master" })
		require.Equal(a.t, checkers.Valid, a.Result.Result(), "%s", a.Result)
	}},
	redis.ReplicaRemove: {"at 1s replica-remove r1 for 4s", func(a account) {
		down := a.note("r1", func(n *histories.Note) bool { return n.Kind == "down" })
		require.Equal(a.t, "exit 0", down.Text, "it was asked to")
		a.event("s2", "+reset-master")
		up := a.note("r1", func(n *histories.Note) bool { return n.Kind == "up" })
		require.InDelta(a.t, 4, (up.Time - a.at).Seconds(), 0.1)
		require.Equal(a.t, checkers.Valid, a.Result.Result(), "%s", a.Result)
	}},
	redis.OutputLimit: {"at 1s output-limit m1 -> r2 for 5s", func(a account) {
		a.logged("m1", "scheduled to be closed ASAP for overcoming of output buffer limits")
		a.note("r2", func(n *histories.Note) bool { return n.Kind == "resync" })
		require.Equal(a.t, checkers.Valid, a.Result.Result(), "%s", a.Result)
	}},

	// Compound faults, of which a world knows the parts only.
	nemesis.Flap: {"at 1s flap m1 | r1 period=1500ms duty=60% for 5s", func(a account) {
		require.Len(a.t, a.History.Faults, 1, "it is one fault")
		f := a.History.Faults[0]
		require.InDelta(a.t, 5, (f.Stop - f.Start).Seconds(), 0.01)
	}},
	nemesis.Storm: {"at 1s storm r1 times=3 every=2s", func(a account) {
		require.Len(a.t, a.History.Faults, 1)
		require.InDelta(a.t, 5, (a.History.Faults[0].Stop - a.at).Seconds(), 0.01, "it ends with the third start")
		ups := 0
		for _, n := range a.History.Notes {
			if n.Machine == "r1" && n.Kind == "up" && n.Time > a.at {
				ups++
			}
		}
		require.Equal(a.t, 3, ups)
	}},
	nemesis.Stall: {"at 1s stall s1 for 4s", func(a account) { a.event("s1", "+tilt") }},
	nemesis.BounceAll: {"at 1s bounce-all for 2s", func(a account) {
		for _, m := range []string{"m1", "r1", "r2", "s1", "s2", "s3"} {
			a.note(m, func(n *histories.Note) bool { return n.Kind == "up" })
		}
	}},
	nemesis.Isolate: {"at 1s isolate m1 for 4s", func(a account) { a.event("s1", "+sdown") }},
}

// lost shows that a key that was there is not any more.
func (a account) lost() {
	there := map[string]bool{}
	for _, op := range a.History.Ops {
		switch {
		case op.Outcome != histories.OK:
		case op.Func == histories.FuncWrite:
			there[op.Key] = true
		case op.Returned > a.at && there[op.Key] && !op.Found():
			return
		}
	}
	require.Fail(a.t, "no key has gone")
}

func TestOperatorsFaultsHaveAnEffect(t *testing.T) {
	for _, verb := range nemesis.Verbs() {
		order, ok := orders[verb]
		if !ok {
			require.False(t, (nemesis.Fault{Verb: verb}).Order(), "%s has no test that shows what it does", verb)
			continue
		}
		t.Run(string(verb), func(t *testing.T) {
			t.Parallel()
			step, err := harness.Language(redis.System{}).ParseStep(order.step)
			require.NoError(t, err)
			s := harness.Scenario{
				Name: "operator",
				System: redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3, Spares: 1, SpareSentinels: 1},
					Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "3000"}},
					Config:   cluster.Settings{{Name: "repl-timeout", Value: "4"}, {Name: "repl-ping-slave-period", Value: "1"}}},
				Workload: workload.Spec{Clients: 3, Rate: 50, Mix: []workload.Work{{Keys: 60, Reads: 50}}},
				Duration: 10 * time.Second,
				Faults:   nemesis.Schedule{step},
				Checks:   []string{"convergence", "same-offset-same-data"},
			}
			if verb == redis.Promote || verb == redis.SlaveOf {
				s.System = redis.System{Cluster: redis.Spec{Replicas: 2}, Config: s.System.(redis.System).Config} // Sentinels would undo it
			}
			res, err := harness.Run(t.Context(), s, harness.Options{Seed: 5})
			require.NoError(t, err)
			require.NotEmpty(t, res.History.Faults)
			skipped := slices.ContainsFunc(res.History.Notes, func(n histories.Note) bool { return n.Kind == "skipped" })
			require.False(t, skipped, "%s", res)
			order.shows(account{res, t, res.History.Faults[0].Start})
		})
	}
}
