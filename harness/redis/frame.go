package redis

import (
	"slices"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/harness/swarm"
	"github.com/ordeal-go/ordeal/nemesis"
)

var _ swarm.Framer = System{}

const (
	grain     = 100 * time.Millisecond
	replacing = 4 * time.Second // a few rounds of opinions and votes, and the promotion
)

// Open implements [swarm.Framer]. With Sentinels the master dies, and nothing disturbs its replacement; without, every link
// of replication is broken once and may go on where it stopped.
func (s System) Open(d swarm.Draw) nemesis.Schedule {
	if d.Choose("opening", 16) == 0 {
		return nil
	}
	at := time.Duration(d.Between("opening at", 5, 30)) * grain
	if s.Cluster.Sentinels == 0 {
		return nemesis.Schedule{{At: at, For: 2 * grain, Fault: nemesis.Fault{Verb: nemesis.Drop,
			A: []string{nemesis.RoleMaster}, B: []string{nemesis.RoleReplicas}}}}
	}
	// Dead for long enough to be noticed, voted on and replaced, and then for a while or not.
	patience := s.Sentinel.Millis("down-after-milliseconds", 30*time.Second)
	long := patience + replacing + time.Duration(d.Between("old master away", 0, 40))*grain
	return nemesis.Schedule{{At: at, For: long.Round(grain), Fault: nemesis.Fault{Verb: nemesis.Kill, A: []string{nemesis.RoleMaster}}}}
}

// Close implements [swarm.Framer]. Of a cluster without Sentinels in which an operator promoted or moved replicas he makes
// the first server the master of all again, for nobody else would.
func (s System) Close(d swarm.Draw, faults nemesis.Schedule) []nemesis.Fault {
	byHand := slices.ContainsFunc(faults, func(step nemesis.Step) bool {
		return step.Fault.Verb == Promote || step.Fault.Verb == SlaveOf
	})
	if !byHand || s.Cluster.Sentinels > 0 || d.Choose("put right", 16) == 0 {
		return nil
	}
	var replicas []string
	for i := range s.Cluster.Replicas {
		replicas = append(replicas, "r"+strconv.Itoa(i+1))
	}
	return []nemesis.Fault{{Verb: SlaveOf, A: replicas, B: []string{"m1"}, OneWay: true}}
}
