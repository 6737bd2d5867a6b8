package redis

import (
	"strconv"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis/callers"
	"github.com/ordeal-go/ordeal/harness/swarm"
	"github.com/ordeal-go/ordeal/harness/workload"
)

var _ swarm.System = System{}

// Draw implements [swarm.System].
func (System) Draw(d swarm.Draw) swarm.System {
	var s System
	s.Cluster = drawCluster(d)
	s.Config = drawServer(d, s.Cluster)
	s.Sentinel = drawSentinel(d, s.Cluster, s.Config)
	// A slow disk under an append only file keeps the server itself: Sentinels then replace a master that no fault touched.
	if s.Config.Get("appendonly", "no") == "no" {
		s.Cluster.Speed = swarm.Pick[int64](d, "speed", 0, 0, 0, 0, 100_000, 20_000)
	}
	return s
}

func drawCluster(d swarm.Draw) Spec {
	s := Spec{Replicas: swarm.Pick(d, "replicas", 1, 2, 2, 2, 3, 3, 4, 5)}
	s.Chain = s.Replicas > 1 && d.In(4, "chain")
	s.Sentinels = swarm.Pick(d, "sentinels", 0, 0, 0, 3, 3, 3, 3, 5, 5, 1, 2, 4, 7)
	if s.Sentinels > 1 && d.In(3, "quorum") {
		s.Quorum = d.Between("quorum", 1, s.Sentinels)
	}
	return s
}

// drawServer draws what replication depends on. Most settings are left alone in most draws.
func drawServer(d swarm.Draw, c Spec) cluster.Settings {
	var s settings
	// A link must outlive a few pings, or it never lasts.
	ping := swarm.Pick(d, "repl-ping-slave-period", 1, 1, 2, 3)
	s.put("repl-ping-slave-period", ping)
	s.put("repl-timeout", 2*ping+swarm.Pick(d, "repl-timeout", 4, 1, 2, 8, 20))
	if d.In(3, "backlog") {
		s.put("repl-backlog-size", swarm.Pick(d, "repl-backlog-size", "1mb", "16kb", "32kb", "64kb"))
	}
	if d.In(5, "backlog ttl") {
		s.put("repl-backlog-ttl", swarm.Pick(d, "repl-backlog-ttl", 60, 1, 5, 0))
	}
	if d.In(3, "min-slaves") {
		direct := c.Replicas
		if c.Chain {
			direct = 1
		}
		s.put("min-slaves-to-write", d.Between("min-slaves-to-write", 1, min(direct, 2)))
		s.put("min-slaves-max-lag", swarm.Pick(d, "min-slaves-max-lag", 10, 2, 3, 5))
	}
	if d.In(3, "diskless") {
		s.put("repl-diskless-sync", "yes")
		s.put("repl-diskless-sync-delay", swarm.Pick(d, "repl-diskless-sync-delay", 5, 0, 1, 2))
	}
	if d.In(3, "stale data") {
		s.put("slave-serve-stale-data", "no")
	}
	if d.In(4, "saves") {
		s.put("save", swarm.Pick(d, "save", `""`, "5 1", "1 1", "10 100"))
	}
	if d.In(3, "append only file") {
		s.put("appendonly", "yes")
		s.put("appendfsync", swarm.Pick(d, "appendfsync", "everysec", "always", "no"))
		s.put("aof-use-rdb-preamble", swarm.Pick(d, "preamble", "no", "yes"))
		s.put("auto-aof-rewrite-min-size", swarm.Pick(d, "rewrites", "64mb", "1kb", "16kb"))
		if d.In(4, "spare the disk") {
			s.put("no-appendfsync-on-rewrite", "yes")
		}
	}
	if d.In(8, "hz") {
		s.put("hz", swarm.Pick(d, "hz rate", 10, 50, 100))
	}
	if d.In(6, "priority") {
		s.put("slave-priority", swarm.Pick(d, "slave-priority", 100, 1, 0))
	}
	if d.In(6, "password") {
		s.put("requirepass", drawnPassword)
		s.put("masterauth", drawnPassword)
	}
	return cluster.Settings(s)
}

// drawnPassword has a blank in it: whoever says it in a line of words says two.
const drawnPassword = `"correct horse"`

// drawSentinel draws how patient the Sentinels are.
func drawSentinel(d swarm.Draw, c Spec, server cluster.Settings) cluster.Settings {
	if c.Sentinels == 0 {
		return nil
	}
	var s settings
	s.put("down-after-milliseconds", swarm.Pick(d, "down-after-milliseconds", 1000, 500, 2000, 3000, 5000))
	s.put("failover-timeout", swarm.Pick(d, "failover-timeout", 10000, 3000, 5000, 20000, 30000))
	if d.In(2, "parallel-syncs") {
		s.put("parallel-syncs", d.Between("parallel-syncs", 1, 3))
	}
	if set := server.Get("requirepass", ""); set != "" {
		s.put("auth-pass", set)
	}
	if d.In(3, "notification script") {
		s.put("notification-script", "notify.sh")
	}
	if d.In(3, "client-reconfig script") {
		s.put("client-reconfig-script", "reconfig.sh")
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

// DrawWork implements [swarm.System].
func (System) DrawWork(d swarm.Draw, kind string) workload.Work {
	w := workload.Work{
		Kind: kind, Keys: swarm.Pick(d, "keys", 1, 2, 3, 5, 8, 20),
		Reads:        workload.Percent(10 * d.Between("reads", 0, 9)),
		ReplicaReads: workload.Percent(swarm.Pick(d, "replica reads", 0, 10, 20, 50)),
		Probes:       workload.Percent(swarm.Pick(d, "probes", 0, 2, 5, 20)),
		DB:           swarm.Pick(d, "db", 0, 0, 0, 1, 9),
	}
	switch kind {
	case callers.Register().Name: // it is in every draw: what replicas answer is seen in nearly all
		w.ReplicaReads = workload.Percent(swarm.Pick(d, "reads of replicas", 0, 10, 20, 20, 30, 30, 50, 50, 20, 10, 10, 20))
		w.Probes = workload.Percent(swarm.Pick(d, "writes at replicas", 0, 5, 5, 10, 10, 10, 20, 20, 20, 5, 10, 5))
	case callers.Raw().Name:
		w.Commands = rawCommands
	case callers.Databases().Name:
		w.DB = 0
	}
	return w
}

// rawCommands are commands with which data can go different ways on different servers.
var rawCommands = []string{"SET {key} {value}", "SET {key} {n} EX 1", "APPEND {key} {value}", "DEL {key}", "INCRBYFLOAT {other} 0.1",
	"INCRBY {key} {n}", "SETRANGE {key} {n} {value}", "SETBIT {other} {n} 1", "RENAME {key} {other}", "PEXPIRE {key} {n}", "EXPIRE {other} 1",
	"PERSIST {key}", "MSET {key} {n} {other} {value}", "GETSET {key} {value}", "SETNX {key} {n}", "PSETEX {other} {n} {value}",
	"MOVE {key} 5", "SWAPDB 5 6", "MSETNX {key} {n} {other} {n}",
	"LPUSH {key} {n} {value}", "RPUSH {other} {n}", "LPOP {key}", "RPOPLPUSH {key} {other}", "LTRIM {key} 0 3", "LSET {key} 0 {value}",
	"LINSERT {key} BEFORE {n} {value}", "LREM {key} 0 {n}", "BLPOP {key} {other} 1", "BRPOPLPUSH {key} {other} 1",
	"SADD {key} {n} {value}", "SADD {other} {n}", "SREM {key} {n}", "SPOP {key}", "SPOP {other} 2", "SMOVE {key} {other} {n}",
	"SINTERSTORE {key} {other} {key}", "SUNIONSTORE {key} {other} {key}", "SDIFFSTORE {other} {key} {other}",
	"EVAL return(redis.call('INCR',KEYS[1])) 1 {key}", "EVAL return(redis.call('SMEMBERS',KEYS[1])) 1 {key}",
	"EVAL redis.replicate_commands()redis.call('APPEND',KEYS[1],ARGV[1])return(redis.call('INCRBYFLOAT',KEYS[2],0.5)) 2 {key} {other} {value}",
	"EVAL redis.call('SET',KEYS[1],ARGV[1])return(redis.call('LPUSH',KEYS[2],unpack(redis.call('SMEMBERS',KEYS[2])))) 2 {key} {other} {n}",
	"SORT {key} ALPHA STORE {other}", "SORT {key} BY nosort LIMIT 0 2 STORE {other}",
	"HSET h{key} {n} {value} a {n}", "HSETNX h{key} {n} {value}", "HMSET h{other} a {n} b {n}", "HINCRBY h{key} a {n}",
	"HINCRBYFLOAT h{key} a 0.1", "HINCRBYFLOAT h{other} b 1e-3", "HDEL h{key} a {n}", "HDEL h{other} a b", "EXPIRE h{other} 1",
	"ZADD z{key} {n} {value} {n} a", "ZADD z{key} INCR 1.1 a", "ZADD z{other} XX CH {n} a", "ZINCRBY z{other} 0.1 {n}", "ZREM z{key} a {n}",
	"ZREMRANGEBYRANK z{key} 0 1", "ZREMRANGEBYSCORE z{key} {n} +inf", "ZREMRANGEBYLEX z{other} [a [m", "ZUNIONSTORE z{other} 2 z{key} z{other} WEIGHTS 2 0.5",
	"ZINTERSTORE z{other} 2 z{key} {key} AGGREGATE MAX", "RENAME z{key} z{other}", "PFADD p{key} {value} {n}", "PFADD p{other} {n}", "PFCOUNT p{key}",
	"PFMERGE p{key} p{other}", "GEOADD z{key} {n} {n} {value}", "GEORADIUS z{key} 40 40 3000 km STOREDIST z{other}"}
