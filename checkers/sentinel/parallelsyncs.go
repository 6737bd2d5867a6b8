package sentinel

import (
	"slices"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
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
func (ParallelSyncs) Check(r *checkers.Record) checkers.Verdict {
	q := &checkers.Inquiry{}
	most := slices.Max(evidence.WatchingOf(r).ParallelSyncs)
	for _, name := range []string{"replicas pointed at a new master", "max at a time"} {
		q.Saw(name, 0)
	}
	if missing := evidence.SettingsOf(r).Missing(r.OfKind("sentinel")); missing != "" {
		return q.Verdict(missing, "")
	}
	names := evidence.ByAddress(r)
	underWay := map[string]map[string]bool{} // leader → replicas on their way
	promoted := map[string]string{}          // leader → the new master's address
	asked, widest := 0, 0
	all := evidence.Events(r)
	for i := range all {
		e := &all[i]
		switch e.Name {
		case "+try-failover", "+switch-master", "+failover-end", "+monitor":
			delete(underWay, e.Machine)
			delete(promoted, e.Machine)
		case "+promoted-slave":
			promoted[e.Machine] = e.Instance()
		case "+slave-reconf-sent":
			if underWay[e.Machine] == nil {
				underWay[e.Machine] = map[string]bool{}
			}
			to := e.Instance()
			underWay[e.Machine][to] = true
			asked++
			n := len(underWay[e.Machine])
			widest = max(widest, n)
			switch {
			case promoted[e.Machine] == "":
				q.Breach(e.At, e.Machine, nil, "pointed %s at a new master before there was one", orAddress(names, to))
			case promoted[e.Machine] == to:
				q.Breach(e.At, e.Machine, nil, "pointed the new master %s at itself", orAddress(names, to))
			case n > most:
				q.Breach(e.At, e.Machine, nil, "pointed %s at the new master while %d others were on their way: parallel-syncs is %d", orAddress(names, to), n-1, most)
			}
		case "+slave-reconf-done", "-slave-reconf-sent-timeout":
			delete(underWay[e.Machine], e.Instance())
		}
	}
	q.Saw("replicas pointed at a new master", asked)
	q.Saw("max at a time", widest)
	missing := ""
	if asked == 0 {
		missing = "no failover pointed a replica at a new master"
	}
	return q.Verdict(missing, "replicas followed the new master no more at a time than parallel-syncs allows")
}

// orAddress is the name of the machine at an address, or the address if there is none.
func orAddress(names map[string]string, addr string) string {
	if name := names[addr]; name != "" {
		return name
	}
	return addr
}
func (ParallelSyncs) Promise(r *checkers.Record) checkers.Promise { return withChoice(r) }
