package redis

import (
	"github.com/ordeal-go/ordeal/nemesis"
)

// OrderDraws implements [harness.System]. Even are those after which a cluster gets well by itself.
func (System) OrderDraws() []nemesis.OrderDraw {
	return []nemesis.OrderDraw{
		{Name: "ClientKill", Even: 1, Draw: drawClientKill}, // links of replication closed by an operator
		{Name: "Sleep", Even: 1, Draw: drawSleep},
		{Name: "Hold", Draw: drawHold},
		{Name: "Reload", Draw: func(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) { return toServer(d, DebugReload) }},
		{Name: "Save", Even: 1, Draw: func(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) { return toServer(d, BGSave) }},
		{Name: "OutputLimit", Even: 1, Draw: drawOutputLimit},
		{Name: "ConfigSet", Draw: drawConfigSet},
		{Name: "Hand", Draw: drawHand}, // SLAVEOF by hand
		{Name: "Flush", Draw: func(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) { return toServer(d, FlushAll) }},
		{Name: "Sentinel", Draw: drawSentinelOrder},
		{Name: "Add", Draw: drawAdd},
		{Name: "Remove", Draw: drawRemove},
	}
}

func pick[T any](d nemesis.Drawing, values ...T) T { return values[d.Rand().IntN(len(values))] }

// toServer is a command to one server.
func toServer(d nemesis.Drawing, verb nemesis.Verb, args ...nemesis.Arg) ([]nemesis.Fault, nemesis.Uses) {
	return []nemesis.Fault{{Verb: verb, A: []string{d.Server()}, Args: args}}, nemesis.UsesNothing
}

func arg(name, value string) nemesis.Arg { return nemesis.Arg{Name: name, Value: value} }

func drawClientKill(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
	return toServer(d, ClientKill, arg("type", pick(d, "replica", "replica", "master", "normal", "pubsub")))
}

func drawSleep(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
	return toServer(d, DebugSleep, arg("seconds", pick(d, "0.1", "0.5", "1", "2")))
}

func drawHold(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
	return toServer(d, ClientPause, arg("ms", pick(d, "100", "500", "1000", "2000")))
}

// drawOutputLimit is about one replica, which it stops reading.
func drawOutputLimit(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
	if d.Servers() < 2 {
		return nil, nemesis.UsesNothing
	}
	return []nemesis.Fault{{Verb: OutputLimit, A: []string{nemesis.RoleMaster}, B: []string{nemesis.RoleReplica}, OneWay: true}}, nemesis.UsesServer
}

func drawConfigSet(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
	set := pick(d, arg("repl-timeout", pick(d, "2", "5", "60")), arg("repl-backlog-size", pick(d, "16384", "1048576")),
		arg("repl-ping-slave-period", pick(d, "1", "3")), arg("repl-diskless-sync", pick(d, "yes", "no")),
		arg("repl-diskless-sync-delay", pick(d, "0", "3")), arg("min-slaves-to-write", pick(d, "0", "1")),
		arg("min-slaves-max-lag", pick(d, "2", "10")), arg("slave-priority", pick(d, "1", "100")),
		arg("slave-serve-stale-data", pick(d, "yes", "no")), arg("slave-read-only", pick(d, "yes", "no")),
		arg("repl-backlog-ttl", pick(d, "1", "3600")), arg("repl-disable-tcp-nodelay", pick(d, "yes", "no")))
	return toServer(d, ConfigSet, arg("name", set.Name), arg("value", set.Value))
}

func drawHand(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
	if d.Servers() < 2 {
		return nil, nemesis.UsesNothing
	}
	if d.Rand().IntN(2) == 0 {
		return []nemesis.Fault{{Verb: Promote, A: []string{nemesis.RoleReplica}}}, nemesis.UsesNothing
	}
	return []nemesis.Fault{{Verb: SlaveOf, A: []string{nemesis.RoleReplica}, B: []string{nemesis.RoleMaster}, OneWay: true}}, nemesis.UsesNothing
}

func drawSentinelOrder(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
	if d.Sentinels() == 0 {
		return nil, nemesis.UsesNothing
	}
	f := nemesis.Fault{Verb: pick(d, SentinelReset, SentinelFailover, SentinelSet, SentinelRemove), A: []string{nemesis.RoleSentinel}}
	switch f.Verb {
	case SentinelSet:
		set := pick(d, arg("parallel-syncs", "1"), arg("parallel-syncs", "3"), arg("failover-timeout", "5000"), arg("down-after-milliseconds", "500"))
		f.Args = []nemesis.Arg{arg("name", set.Name), arg("value", set.Value)}
	case SentinelRemove:
		return []nemesis.Fault{f}, nemesis.UsesSentinel
	}
	return []nemesis.Fault{f}, nemesis.UsesNothing
}

func drawAdd(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
	switch {
	case d.Spares() > 0 && (d.SpareSentinels() == 0 || d.Rand().IntN(2) == 0):
		d.Add(false)
		return []nemesis.Fault{{Verb: pick(d, ReplicaAdd, ReplicaAdd, ReplicaAdd, TenantAdd), A: []string{nemesis.RoleSpare}}}, nemesis.UsesNothing
	case d.SpareSentinels() > 0:
		d.Add(true)
		return []nemesis.Fault{{Verb: SentinelAdd, A: []string{nemesis.RoleSpare}}}, nemesis.UsesNothing
	}
	return nil, nemesis.UsesNothing
}

func drawRemove(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
	if d.Servers() < 2 {
		return nil, nemesis.UsesNothing
	}
	return []nemesis.Fault{{Verb: ReplicaRemove, A: []string{nemesis.RoleReplica}}}, nemesis.UsesServer
}
