package swarm

import (
	"slices"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
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
	case "linearizable":
		// Redis promises it of one process that is the master all the time. Sentinels may promote another one, and a
		// master that starts again has the data of its last snapshot.
		return s.Cluster.Sentinels == 0 && only(s.Faults, harmlessToData)
	case "min-slaves":
		return s.Config.Server.Get("min-slaves-to-write", "0") != "0" && !has(s.Faults, "config-set")
	case "sentinel-safety":
		// A vote must survive on disk, which must not lie, and what an operator orders needs no election.
		return s.Cluster.Sentinels > 0 && !has(s.Faults, "lying-fsync", "torn-tail", "eio-write", "eio-sync", "disk-full", "file-gone",
			"restore-config", "sentinel-reset", "sentinel-remove", "sentinel-add", "sentinel-failover", "sentinel-set", "run-as")
	case "lost-writes", "stale-reads":
		// What an operator throws away is gone, and an older RDB holds older data.
		return !has(s.Faults, "flushall", "restore-rdb", "run-as")
	case "read-only":
		return !has(s.Faults, "config-set", "run-as")
	case "partial-resync", "same-offset-same-data":
		return !has(s.Faults, "restore-rdb", "run-as", "config-set")
	case "convergence":
		// Nobody puts right what an operator set wrong. And a replica whose PSYNC is answered by MASTERDOWN takes its master
		// for one that knows only SYNC (Redis 4.0: replication.c, slaveTryPartialResynchronization): it gets the same data,
		// and neither the name of the history nor the offset, until its link breaks again.
		return !mayAnswerMasterDown(s) && !has(s.Faults, "promote", "slaveof", "config-set", "sentinel-set", "sentinel-remove", "sentinel-reset", "sentinel-add",
			"replica-add", "replica-remove", "restore-config", "run-as", "eio-write", "eio-sync", "disk-full", "file-gone")
	}
	return true
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
