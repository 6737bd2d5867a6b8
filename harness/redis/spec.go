package redis

import (
	"fmt"

	"github.com/ordeal-go/ordeal/harness/redis/callers"
)

// Spec says which servers and Sentinels a run has and how they are configured. Its zero value is one master alone.
type Spec struct {
	Replicas  int  `yaml:"replicas" about:"replicas of the first master, r1 and on" range:"0..9"`
	Chain     bool `yaml:"chain,omitempty" about:"r1 replicates from m1, r2 from r1, and on; else all replicate from m1"`
	Sentinels int  `yaml:"sentinels,omitempty" about:"Sentinels, s1 and on" range:"0..9"`
	Quorum    int  `yaml:"quorum,omitempty" about:"how many Sentinels must call a master down" range:"0..9" otherwise:"a majority of the Sentinels"`

	// Machines that are laid out and do not start with the others: replica-add and sentinel-add start them.
	Spares         int `yaml:"spares,omitempty" about:"servers that wait for replica-add, named after the last replica; 9 with the replicas" range:"0..9"`
	SpareSentinels int `yaml:"spare-sentinels,omitempty" about:"Sentinels that wait for sentinel-add, named after the last one; 9 with the others" range:"0..9"`

	// Speed is how many bytes a second the disk of each server reads or writes, and how many it encodes and decodes of an
	// RDB; 0: a real machine's. A slow server's saves, transfers and loads last, so that faults meet them halfway. The live
	// world has the speed of its machine.
	Speed int64 `yaml:"speed,omitempty" about:"bytes a second that each server's disk, and its coding of an RDB, do; simulation only" range:"0.." otherwise:"a real machine's"`
}

// MasterName is the name by which the Sentinels know the master.
const MasterName = callers.MasterName

// firstMaster is the machine that is the master when a run begins.
const firstMaster = "m1"

// Ports on which the machines of every run listen; each machine has an IP of its own.
const (
	ServerPort   = 6379
	SentinelPort = 26379
)

// Limits of a cluster: each machine needs an address in the live world.
const (
	maxReplicas  = 9
	maxSentinels = 9
)

// Check says what is wrong with the spec, or nil.
func (s Spec) Check() error {
	switch {
	case s.Replicas < 0 || s.Replicas > maxReplicas:
		return fmt.Errorf("cluster: replicas: %d is not between 0 and %d", s.Replicas, maxReplicas)
	case s.Sentinels < 0 || s.Sentinels > maxSentinels:
		return fmt.Errorf("cluster: sentinels: %d is not between 0 and %d", s.Sentinels, maxSentinels)
	case s.Spares < 0 || s.Replicas+s.Spares > maxReplicas:
		return fmt.Errorf("cluster: spares: %d beside %d replicas is not between 0 and %d", s.Spares, s.Replicas, maxReplicas)
	case s.SpareSentinels < 0 || s.Sentinels+s.SpareSentinels > maxSentinels:
		return fmt.Errorf("cluster: spare-sentinels: %d beside %d Sentinels is not between 0 and %d", s.SpareSentinels, s.Sentinels, maxSentinels)
	case s.Speed < 0:
		return fmt.Errorf("cluster: speed: %d bytes a second is negative", s.Speed)
	case s.Quorum < 0:
		return fmt.Errorf("cluster: quorum: %d is negative", s.Quorum)
	case s.Quorum > s.Sentinels:
		return fmt.Errorf("cluster: quorum %d with %d Sentinels can never be reached: lower the quorum or add a Sentinel", s.Quorum, s.Sentinels)
	}
	return nil
}

// QuorumInForce is the quorum that the Sentinels are configured with.
func (s Spec) QuorumInForce() int {
	if s.Quorum > 0 {
		return s.Quorum
	}
	return s.Sentinels/2 + 1
}
