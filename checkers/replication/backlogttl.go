package replication

import (
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// backlogTTL holds masters to repl-backlog-ttl, where it is set: the backlog is given up when nobody has been
// connected for so long, and not before. Redis 4.0: replication.c, replicationCron.
func (l *touch) backlogTTL() {
	for i := range l.r.Logs {
		line := &l.r.Logs[i]
		if !strings.Contains(line.Text, "Replication backlog freed after") {
			continue
		}
		left, open := l.lastLeft(line.Machine, line.Time, "")
		ttl := l.set.Seconds(line.Machine, "repl-backlog-ttl", 0, left)
		if alone := line.Time - left; ttl > 0 && (open || left > 0 && alone < ttl-cronSlack) && !l.troubled(line.Machine, left, line.Time) {
			l.q.Breach(line.Time, line.Machine, nil, "gave its backlog up %v after the last replica had gone, although repl-backlog-ttl is %v", alone, ttl)
		}
	}
	for i := range l.r.Notes {
		n := &l.r.Notes[i]
		if n.Kind != "psync" || n.M == 0 {
			continue
		}
		left, open := l.lastLeft(n.Machine, n.Time, n.Peer)
		m, ttl := l.r.Timelines[n.Machine], l.set.Seconds(n.Machine, "repl-backlog-ttl", 0, left)
		if alone := n.Time - left; ttl > 0 && !open && left > 0 && alone > ttl+clockSlack+time.Second && !l.troubled(n.Machine, left, n.Time) &&
			l.r.Always(m, left-time.Millisecond, n.Time, checkers.IsMaster) {
			l.q.Breach(n.Time, n.Machine, nil, "had a backlog %v after the last replica had gone, although repl-backlog-ttl is %v", alone, ttl)
		}
	}
}

// lastLeft is when the last replica of a machine had gone, as of a moment: 0 if there never was one; open says that one
// is still there. A replica that is asking at that very moment, "" for none, does not count with what it asks.
func (l *links) lastLeft(machine string, at time.Duration, asking string) (left time.Duration, open bool) {
	for _, t := range l.talks {
		asked := t.first("psync", "")
		if t.master != machine || asked > at || t.replica == asking && asked > at-10*time.Millisecond {
			continue
		}
		closed := t.first("closed", "master")
		if closed == histories.Forever || closed > at {
			return left, true
		}
		left = max(left, closed)
	}
	return left, false
}
