package checkers

import (
	"slices"

	"github.com/ordeal-go/ordeal/histories"
)

// ParallelSyncs holds the leader of a failover to parallel-syncs: of the replicas that it points at the new master, no
// more than that many are on their way at any moment, so that the others can serve. Nor is any pointed there before the
// new master says that it is one, or pointed at itself.
//
// What a leader does is known by its events. The last attempt after failover-timeout, which asks all that are left at
// once, has an event of its own and is not counted. Redis 4.0: sentinel.c, sentinelFailoverReconfNextSlave.
type ParallelSyncs struct{}

// Name implements Checker.
func (ParallelSyncs) Name() string { return "parallel-syncs" }

// Check implements Checker.
func (ParallelSyncs) Check(h *histories.History) Verdict {
	r, q := index(h), &inquiry{}
	most := slices.Max(watchingOf(h).parallelSyncs)
	for _, name := range []string{"replicas pointed at a new master", "max at a time"} {
		q.saw(name, 0)
	}
	names := r.byAddress()
	underWay := map[string]map[string]bool{} // leader → replicas on their way
	promoted := map[string]string{}          // leader → the new master's address
	asked, widest := 0, 0
	all := r.happenings()
	for i := range all {
		e := &all[i]
		switch e.name {
		case "+try-failover", "+switch-master", "+failover-end", "+monitor":
			delete(underWay, e.machine)
			delete(promoted, e.machine)
		case "+promoted-slave":
			promoted[e.machine] = e.instance()
		case "+slave-reconf-sent":
			if underWay[e.machine] == nil {
				underWay[e.machine] = map[string]bool{}
			}
			to := e.instance()
			underWay[e.machine][to] = true
			asked++
			n := len(underWay[e.machine])
			widest = max(widest, n)
			switch {
			case promoted[e.machine] == "":
				q.breach(e.at, e.machine, nil, "pointed %s at a new master before there was one", orAddress(names, to))
			case promoted[e.machine] == to:
				q.breach(e.at, e.machine, nil, "pointed the new master %s at itself", orAddress(names, to))
			case n > most:
				q.breach(e.at, e.machine, nil, "pointed %s at the new master while %d others were on their way: parallel-syncs is %d", orAddress(names, to), n-1, most)
			}
		case "+slave-reconf-done", "-slave-reconf-sent-timeout":
			delete(underWay[e.machine], e.instance())
		}
	}
	q.saw("replicas pointed at a new master", asked)
	q.saw("max at a time", widest)
	missing := ""
	if asked == 0 {
		missing = "no failover pointed a replica at a new master"
	}
	return q.verdict(missing, "replicas followed the new master no more at a time than parallel-syncs allows")
}

// orAddress is the name of the machine at an address, or the address if there is none.
func orAddress(names map[string]string, addr string) string {
	if name := names[addr]; name != "" {
		return name
	}
	return addr
}
