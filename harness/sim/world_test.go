package sim_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/harness/worldtest"
)

func TestSimKeepsThePromisesOfEveryWorld(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			worldtest.Test(t, opener(seed))
		})
	}
}

func TestSimKeepsThePromisesAboutProcesses(t *testing.T) {
	worldtest.TestProcesses(t, opener(1), func() cluster.Machine {
		return redis.System{Cluster: redis.Spec{}}.Nodes(cluster.SimAddressing())[0]
	})
}

func opener(seed uint64) worldtest.Open {
	return func(t *testing.T, machines []cluster.Machine, sink cluster.Sink) harness.World {
		place(machines)
		w, err := sim.Open(sim.Config{Machines: machines, Seed: seed, Sink: sink})
		require.NoError(t, err)
		return w
	}
}

// place gives machines their addresses.
func place(machines []cluster.Machine) {
	for i := range machines {
		m := &machines[i]
		m.Host = fmt.Sprintf("10.0.0.%d", i+1)
		m.Announce, m.Dir = m.Host, "/"+m.Name
	}
}
