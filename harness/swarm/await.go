package swarm

import (
	"math/rand/v2"
	"slices"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/goals"
	"github.com/ordeal-go/ordeal/nemesis"
)

// await draws what faults wait for: mostly an event of the system, which then takes place somewhere in the middle of what
// it belongs to; or so many operations of the clients, or on a disk.
func await(s harness.Scenario, opts nemesis.GeneratorOptions) nemesis.Await {
	machines := map[string][]string{string(cluster.Server): opts.Servers, string(cluster.Sentinel): opts.Sentinels} // to look up only
	roles := map[string]string{string(cluster.Server): nemesis.RoleServers, string(cluster.Sentinel): nemesis.RoleSentinels}
	events := slices.DeleteFunc(harness.Events(s.System), func(e goals.Event) bool { return e.Kind != "" && len(machines[e.Kind]) == 0 })
	return func(rng *rand.Rand) (nemesis.Trigger, string) {
		switch rng.IntN(5) {
		case 0:
			words := []string{nemesis.OpsWrites, nemesis.OpsReads, nemesis.OpsAll}
			return nemesis.Trigger{Ops: words[rng.IntN(len(words))], Count: 1 + rng.IntN(300)}, ""
		case 1:
			ops := nemesis.DiskOps()
			return nemesis.Trigger{Disk: ops[rng.IntN(len(ops))], Of: opts.Servers[rng.IntN(len(opts.Servers))], Count: 1 + rng.IntN(30)}, nemesis.RoleServers
		}
		e := events[rng.IntN(len(events))]
		t := nemesis.Trigger{Event: e.Name}
		if of := machines[e.Kind]; len(of) > 0 && rng.IntN(3) == 0 {
			t.Of = of[rng.IntN(len(of))]
		}
		return t, roles[e.Kind]
	}
}
