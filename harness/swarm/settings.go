package swarm

import (
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
)

// serverSettings draws what replication depends on. Most settings are left alone in most draws.
func (d draw) serverSettings(c cluster.Spec) cluster.Settings {
	var s settings
	// A link must outlive a few pings, or it never lasts.
	ping := pick(d, "repl-ping-slave-period", 1, 1, 2, 3)
	s.put("repl-ping-slave-period", ping)
	s.put("repl-timeout", 2*ping+pick(d, "repl-timeout", 4, 1, 2, 8, 20))
	if d.in(3, "backlog") {
		s.put("repl-backlog-size", pick(d, "repl-backlog-size", "1mb", "16kb", "32kb", "64kb"))
	}
	if d.in(5, "backlog ttl") {
		s.put("repl-backlog-ttl", pick(d, "repl-backlog-ttl", 60, 1, 5, 0))
	}
	if d.in(3, "min-slaves") {
		direct := c.Replicas
		if c.Chain {
			direct = 1
		}
		s.put("min-slaves-to-write", d.between("min-slaves-to-write", 1, min(direct, 2)))
		s.put("min-slaves-max-lag", pick(d, "min-slaves-max-lag", 10, 2, 3, 5))
	}
	if d.in(3, "diskless") {
		s.put("repl-diskless-sync", "yes")
		s.put("repl-diskless-sync-delay", pick(d, "repl-diskless-sync-delay", 5, 0, 1, 2))
	}
	if d.in(3, "stale data") {
		s.put("slave-serve-stale-data", "no")
	}
	if d.in(4, "saves") {
		s.put("save", pick(d, "save", `""`, "5 1", "1 1", "10 100"))
	}
	if d.in(8, "hz") {
		s.put("hz", pick(d, "hz rate", 10, 50, 100))
	}
	if d.in(6, "priority") {
		s.put("slave-priority", pick(d, "slave-priority", 100, 1, 0))
	}
	if d.in(6, "password") {
		s.put("requirepass", password)
		s.put("masterauth", password)
	}
	return cluster.Settings(s)
}

const password = "correct-horse"

// sentinelSettings draws how patient the Sentinels are.
func (d draw) sentinelSettings(c cluster.Spec, server cluster.Settings) cluster.Settings {
	if c.Sentinels == 0 {
		return nil
	}
	var s settings
	s.put("down-after-milliseconds", pick(d, "down-after-milliseconds", 1000, 500, 2000, 3000, 5000))
	s.put("failover-timeout", pick(d, "failover-timeout", 10000, 3000, 5000, 20000, 30000))
	if d.in(2, "parallel-syncs") {
		s.put("parallel-syncs", d.between("parallel-syncs", 1, 3))
	}
	if set := server.Get("requirepass", ""); set != "" {
		s.put("auth-pass", set)
	}
	return cluster.Settings(s)
}

type settings cluster.Settings

func (s *settings) put(name string, value any) {
	text, ok := value.(string)
	if n, isInt := value.(int); !ok && isInt {
		text = strconv.Itoa(n)
	}
	*s = append(*s, cluster.Setting{Name: name, Value: text})
}

// settle is how long the cluster may take once nothing hurts it: several attempts at a failover, of which each waits
// for two times its time limit, and as many times a full sync that somebody has to notice is dead. It costs nothing
// where the cluster is faster.
func settle(s harness.Scenario) time.Duration {
	failover := s.Config.Sentinel.Millis("failover-timeout", 180*time.Second)
	if s.Cluster.Sentinels == 0 {
		failover = 0
	}
	timeout := s.Config.Server.Millis("repl-timeout", 0) * 1000 // it is in seconds
	return max(2*time.Minute, 8*failover+8*timeout*time.Duration(1+s.Cluster.Replicas)).Round(time.Second)
}
