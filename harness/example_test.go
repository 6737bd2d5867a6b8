package harness_test

import (
	"context"
	"fmt"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

// A scenario is a value: which cluster, worked on by whom, hurt how, judged by what. In a test, harnesstest.Test plays it
// with several seeds.
func ExampleRun() {
	s := harness.Scenario{
		Name: "a-short-cut",
		Why:  "a replica that missed a second of the stream goes on from where it was",
		System: redis.System{Cluster: redis.Spec{Replicas: 1},
			Config: cluster.Settings{{Name: "repl-timeout", Value: "2"}, {Name: "repl-ping-slave-period", Value: "1"}}},
		Workload: workload.Spec{Clients: 2, Rate: 20, Mix: []workload.Work{{Keys: 2, Reads: 50}}},
		Duration: 10 * time.Second,
		Faults:   nemesis.Schedule{{At: 2 * time.Second, Fault: nemesis.Fault{Verb: nemesis.Cut, A: []string{"m1"}, B: []string{"r1"}}, For: 4 * time.Second}},
		Checks:   []string{"linearizable", "partial-resync", "convergence"},
	}
	result, err := harness.Run(context.Background(), s, harness.Options{Seed: 7})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range result.Verdicts {
		fmt.Println(v.Checker, v.Result)
	}
	fmt.Println(result.Replay)
	// Output:
	// linearizable valid
	// partial-resync valid
	// convergence valid
	// ordeal run a-short-cut -seed 7
}
