package swarm

import (
	"slices"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

// Applicable returns the checks that correct servers pass in s, whatever order things happen in.
func Applicable(s harness.Scenario) []string {
	var names []string
	for _, name := range checkers.Names() {
		if holds(name, s) {
			names = append(names, name)
		}
	}
	return names
}

func holds(check string, s harness.Scenario) bool {
	switch check {
	case "transactions":
		return works(s, workload.Bank())
	case "expiry":
		return works(s, workload.Expiry())
	case "pubsub":
		return works(s, workload.Publish())
	case "wait":
		return works(s, workload.Wait())
	case "linearizable":
		// Redis promises it of one process that is the master all the time. Sentinels may promote another one, and a
		// master that starts again has the data of its last snapshot.
		return s.Cluster.Sentinels == 0 && only(s.Faults, harmlessToData)
	case "min-slaves":
		return s.Config.Server.Get("min-slaves-to-write", "0") != "0" && !has(s.Faults, "config-set", "run-as")
	case "sentinel-safety":
		// A vote must survive on a disk that does not lie; one that fails says so, and no vote is given. What an operator orders needs no election; and a RESET, which
		// takes a replica out too, makes a Sentinel forget a failover that is past its point of no return.
		return s.Cluster.Sentinels > 0 && !has(s.Faults, "lying-fsync", "torn-tail", "file-gone",
			"restore-config", "sentinel-reset", "sentinel-remove", "sentinel-add", "sentinel-failover", "sentinel-set", "replica-add", "replica-remove", "run-as")
	case "needless-failover", "sentinel-liveness", "sentinel-selection", "parallel-syncs":
		return s.Cluster.Sentinels > 0
	case "lost-writes", "stale-reads":
		// What an operator throws away is gone, an older RDB holds older data, and what is written to a replica lasts until
		// its next full sync.
		return !has(s.Faults, "flushall", "restore-rdb", "run-as") && !sets(s.Faults, "slave-read-only")
	case "read-only":
		return !has(s.Faults, "run-as") && !sets(s.Faults, "slave-read-only")
	case "partial-resync", "same-offset-same-data":
		return !has(s.Faults, "restore-rdb", "run-as") && !sets(s.Faults, "slave-read-only")
	case "convergence":
		// Nobody puts right what an operator set wrong, or what a disk lost of a configuration file. And a replica whose PSYNC is answered by MASTERDOWN takes its master
		// for one that knows only SYNC (Redis 4.0: replication.c, slaveTryPartialResynchronization): it gets the same data,
		// and neither the name of the history nor the offset, until its link breaks again.
		return !mayAnswerMasterDown(s) && !has(s.Faults, "promote", "slaveof", "config-set", "sentinel-set", "sentinel-remove", "sentinel-reset", "sentinel-add",
			"replica-add", "replica-remove", "restore-config", "run-as", "lying-fsync", "torn-tail", "eio-write", "eio-sync", "disk-full", "file-gone")
	}
	return true
}

// works says whether the clients do work of the kind.
func works(s harness.Scenario, kind *workload.Kind) bool {
	return slices.ContainsFunc(s.Workload.Mix, func(w workload.Work) bool { return w.Kind == kind.Name })
}

// harmlessToData are the faults after which a master that nobody replaces still has all its data.
var harmlessToData = []nemesis.Verb{"cut", "drop", "isolate", "halves", "bridge", "ring", "clog", "unclog", "refuse", "blackhole",
	"half-open", "flap", "latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data", "pause", "resume", "stall",
	"slow-cpu", "slow-disk", "debug-sleep", "bgsave", "client-kill", "heal"}

func only(faults nemesis.Schedule, verbs []nemesis.Verb) bool {
	return !slices.ContainsFunc(faults, func(f nemesis.Step) bool { return !slices.Contains(verbs, f.Fault.Verb) })
}

func has(faults nemesis.Schedule, verbs ...nemesis.Verb) bool {
	return slices.ContainsFunc(faults, func(f nemesis.Step) bool { return slices.Contains(verbs, f.Fault.Verb) })
}

// mayAnswerMasterDown says whether a server from which another replicates may refuse commands because its own link is
// down: in a chain, and while Sentinels turn masters into replicas.
func mayAnswerMasterDown(s harness.Scenario) bool {
	return s.Config.Server.Get("slave-serve-stale-data", "yes") == "no" && (s.Cluster.Chain || s.Cluster.Sentinels > 0)
}

// sets says whether an operator changes the setting called name.
func sets(faults nemesis.Schedule, name string) bool {
	return slices.ContainsFunc(faults, func(f nemesis.Step) bool {
		return f.Fault.Verb == "config-set" && slices.ContainsFunc(f.Fault.Args, func(a nemesis.Arg) bool { return a.Name == "name" && a.Value == name })
	})
}
