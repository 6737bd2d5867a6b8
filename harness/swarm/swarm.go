package swarm

import (
	"math/rand/v2"
	"reflect"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/seed"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

// Name is what the scenario that draws a swarm is called.
const Name = "swarm"

// Scenario is the scenario that is another one for each seed.
func Scenario() harness.Scenario {
	return harness.Scenario{Name: Name, Why: "each seed draws its own cluster, settings, workload and mix of faults", Make: Draw}
}

// Draw returns the scenario of a seed, every draw made.
func Draw(runSeed uint64) harness.Scenario { return With(seeded{seed.Stream(runSeed, "swarm")}) }

// With draws a scenario by dice.
func With(dice Dice) harness.Scenario {
	d := draw{dice}
	s := harness.Scenario{Name: Name, Why: "drawn"}
	s.Cluster = d.cluster()
	s.Config.Server = d.serverSettings(s.Cluster)
	s.Config.Sentinel = d.sentinelSettings(s.Cluster, s.Config.Server)
	s.Workload = d.workload()
	s.Duration = time.Duration(d.between("duration", 10, 45)) * time.Second
	s.Settle = settle(s)
	s.Faults = d.faults(s)
	s.Limits.TotalLoss = true // what a drawn cluster loses without persistence is no bug of the servers
	return s.WithDefaults()
}

func (d draw) cluster() cluster.Spec {
	s := cluster.Spec{Replicas: pick(d, "replicas", 1, 2, 2, 2, 3, 3, 4, 5)}
	s.Chain = s.Replicas > 1 && d.in(4, "chain")
	s.Sentinels = pick(d, "sentinels", 0, 0, 0, 3, 3, 3, 3, 5, 5, 1, 2, 4, 7)
	if s.Sentinels > 1 && d.in(3, "quorum") {
		s.Quorum = d.between("quorum", 1, s.Sentinels)
	}
	return s
}

func (d draw) workload() workload.Spec {
	clients := d.between("clients", 1, 8)
	rate := pick(d, "rate", 5, 10, 20, 40, 100) / pick(d, "slower", 1, 1, 2, 5)
	spec := workload.Spec{Clients: clients, Rate: min(rate, 200/clients)} // more of the same shows no more
	spec.Mix = []workload.Work{d.work(workload.Register().Name)}
	for _, kind := range workload.Kinds() {
		if kind.Name != workload.Register().Name && d.in(4, kind.Name) {
			spec.Mix = append(spec.Mix, d.work(kind.Name))
		}
	}
	return spec.WithDefaults()
}

// work draws how a kind of work is done.
func (d draw) work(kind string) workload.Work {
	w := workload.Work{
		Kind: kind, Keys: pick(d, "keys", 1, 2, 3, 5, 8, 20),
		Reads:        workload.Percent(10 * d.between("reads", 0, 9)),
		ReplicaReads: workload.Percent(pick(d, "replica reads", 0, 10, 20, 50)),
		Probes:       workload.Percent(pick(d, "probes", 0, 2, 5, 20)),
		DB:           pick(d, "db", 0, 0, 0, 1, 9),
	}
	switch kind {
	case workload.Raw().Name:
		w.Commands = rawCommands
	case workload.Databases().Name:
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

// faults draws which kinds of faults there are, how often each, and then a schedule of them.
func (d draw) faults(s harness.Scenario) nemesis.Schedule {
	count := pick(d, "faults", 1, 2, 3, 4, 5, 6, 8, 10, 14, 0)
	if count == 0 {
		return nil
	}
	opts := nemesis.GeneratorOptions{Duration: s.Duration, Quiet: time.Second, Faults: count, Mix: d.mix(s)}
	opts.Longest = time.Duration(pick(d, "longest", 15, 5, 8, 25)) * time.Second
	opts.Shortest = pick(d, "shortest", time.Second, 300*time.Millisecond, 3*time.Second)
	opts.Partitions = pick(d, "partitions", 1, 1, 2, 3)
	for _, m := range cluster.Nodes(s.Cluster, cluster.Config{}, cluster.SimAddressing()) {
		if m.Kind == cluster.Sentinel {
			opts.Sentinels = append(opts.Sentinels, m.Name)
		} else {
			opts.Servers = append(opts.Servers, m.Name)
		}
	}
	opts.Clients = workload.Clients(s.Workload)
	if d.in(4, "all servers may be down") {
		opts.ServersDown = len(opts.Servers)
	}
	if len(opts.Sentinels) > 0 && d.in(4, "all Sentinels may be down") {
		opts.SentinelsDown = len(opts.Sentinels)
	}
	part := d.Seed("schedule")
	schedule := nemesis.Generate(rand.New(rand.NewPCG(part, 1)), opts)
	if d.in(5, "narrow links") && len(opts.Servers) > 1 {
		schedule = append(nemesis.Schedule{d.narrow(opts.Servers, s.Duration)}, schedule...)
	}
	return schedule
}

// narrow makes what the first master sends to the others take its time, from the beginning: what is one step where it is
// done is then many where it arrives.
func (d draw) narrow(servers []string, long time.Duration) nemesis.Step {
	rate := strconv.Itoa(pick(d, "rate of narrow links", 256, 64, 32))
	return nemesis.Step{At: 0, For: long, Fault: nemesis.Fault{Verb: "bandwidth", A: servers[:1], B: servers[1:], OneWay: true,
		Args: []nemesis.Arg{{Name: "rate", Value: rate}}}}
}

// mix leaves each kind of fault out of half of the draws, whatever kinds there are, and weighs the others.
func (d draw) mix(harness.Scenario) nemesis.Mix {
	var mix nemesis.Mix
	v := reflect.ValueOf(&mix).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Int {
			v.Field(i).SetInt(int64(pick(d, v.Type().Field(i).Name, 0, 0, 0, 1, 2, 4)))
		}
	}
	return mix // all zero: the generator's own mix
}
