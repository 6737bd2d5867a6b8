package harnesstest_test

import (
	"testing"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/harnesstest"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/nemesis"
)

// failover is a scenario built in Go. One of a file is read with Systems.ReadScenario("testdata/failover.yaml").
func failover() harness.Scenario {
	return harness.Scenario{
		Name: "failover",
		System: redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
			Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "1000"}, {Name: "failover-timeout", Value: "5000"}}},
		Duration: 20 * time.Second,
		Faults:   nemesis.Schedule{{At: 2 * time.Second, Fault: nemesis.Fault{Verb: nemesis.Kill, A: []string{"m1"}}, For: 10 * time.Second}},
	}
}

// A test of a scenario with ten seeds.
func ExampleTest() {
	_ = func(t *testing.T) { // TestFailover
		harnesstest.Test(t, failover())
	}
	// Output:
}

// A test with a hundred seeds, which keeps each run with its report.
func ExampleTestWith() {
	_ = func(t *testing.T) { // TestManyFailovers
		harnesstest.TestWith(t, failover(), 100, harness.Options{Out: t.TempDir()})
	}
	// Output:
}

// The functions that the examples show, played.
func TestExamplesHold(t *testing.T) {
	harnesstest.TestWith(t, failover(), 3, harness.Options{Out: t.TempDir()})
}
