package replication

import (
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
)

// signsOfReplicas are what shows a master that one of its replicas is there.
var signsOfReplicas = []string{"psync", "payload", "sent", "acked", "alive"}

// unheardPings: a master that has heard of no replica for two seconds says no PING. It would count in a history that
// nobody shares, and keep the master from going on with that of the replica which is promoted meanwhile (#7002).
func (l *touch) unheardPings() {
	heard := map[string][]time.Duration{} // by master, when it heard of a replica
	for _, t := range l.talks {
		for _, n := range t.notes {
			if slices.Contains(signsOfReplicas, n.Event) {
				heard[t.master] = append(heard[t.master], n.Time)
			}
		}
	}
	for _, times := range heard { // any order: each is sorted by itself
		slices.Sort(times)
	}
	for _, t := range l.talks {
		m := l.r.Timelines[t.master]
		for _, n := range t.notes {
			if n.Event != "ping" {
				continue
			}
			times := heard[t.master]
			i, _ := slices.BinarySearch(times, n.Time+1) // what a PSYNC is answered with may hold old ones
			if i == 0 {
				continue // of what came before nobody knows
			}
			last := times[i-1]
			if n.Time-last > 2*time.Second+cronSlack && l.r.Always(m, last, n.Time, checkers.IsMaster) && !l.troubled(t.master, last, n.Time) {
				l.q.Breach(n.Time, t.master, nil, "said PING to %s, and had heard of no replica for %v: the PING counts in a history that nobody shares",
					t.replica, n.Time-last)
			}
		}
	}
}
