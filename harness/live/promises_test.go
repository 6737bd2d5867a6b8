package live_test

import (
	"testing"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/worldtest"
)

func TestWorldKeepsItsPromises(t *testing.T) {
	t.Parallel()
	worldtest.Test(t, func(t *testing.T, machines []cluster.Machine, sink cluster.Sink) harness.World {
		return open(t, machines, sink)
	})
}

func TestProcessesKeepTheirPromises(t *testing.T) {
	t.Parallel()
	worldtest.TestProcesses(t, func(t *testing.T, machines []cluster.Machine, sink cluster.Sink) harness.World {
		return open(t, machines, sink)
	}, func() cluster.Machine { return cluster.Machine{Port: redis.ServerPort} })
}
