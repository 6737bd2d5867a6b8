package nemesis

// order draws an operator's command to one server.
func (g *generator) order(verb Verb, args ...Arg) ([]Fault, resource) {
	return []Fault{{Verb: verb, A: []string{g.server()}, Args: args}}, unlimited
}

func (g *generator) clientKill() ([]Fault, resource) {
	return g.order(ClientKill, Arg{"type", pick(g, "replica", "replica", "master", "normal", "pubsub")})
}

func (g *generator) sleep() ([]Fault, resource) {
	return g.order(DebugSleep, Arg{"seconds", pick(g, "0.1", "0.5", "1", "2")})
}

func (g *generator) hold() ([]Fault, resource) {
	return g.order(ClientPause, Arg{"ms", pick(g, "100", "500", "1000", "2000")})
}

func (g *generator) reload() ([]Fault, resource) { return g.order(DebugReload) }

func (g *generator) save() ([]Fault, resource) { return g.order(BGSave) }

func (g *generator) flush() ([]Fault, resource) { return g.order(FlushAll) }

// outputLimit is about one replica, which it stops reading.
func (g *generator) outputLimit() ([]Fault, resource) {
	if len(g.Servers) < 2 {
		return nil, unlimited
	}
	return []Fault{{Verb: OutputLimit, A: []string{RoleMaster}, B: []string{RoleReplica}, OneWay: true}}, servers
}

func (g *generator) configSet() ([]Fault, resource) {
	set := pick(g, Arg{"repl-timeout", pick(g, "2", "5", "60")}, Arg{"repl-backlog-size", pick(g, "16384", "1048576")},
		Arg{"repl-ping-slave-period", pick(g, "1", "3")}, Arg{"repl-diskless-sync", pick(g, "yes", "no")},
		Arg{"repl-diskless-sync-delay", pick(g, "0", "3")}, Arg{"min-slaves-to-write", pick(g, "0", "1")},
		Arg{"min-slaves-max-lag", pick(g, "2", "10")}, Arg{"slave-priority", pick(g, "1", "100")},
		Arg{"slave-serve-stale-data", pick(g, "yes", "no")}, Arg{"slave-read-only", pick(g, "yes", "no")},
		Arg{"repl-backlog-ttl", pick(g, "1", "3600")}, Arg{"repl-disable-tcp-nodelay", pick(g, "yes", "no")})
	return g.order(ConfigSet, Arg{"name", set.Name}, Arg{"value", set.Value})
}

func (g *generator) hand() ([]Fault, resource) {
	if len(g.Servers) < 2 {
		return nil, unlimited
	}
	if g.rng.IntN(2) == 0 {
		return []Fault{{Verb: Promote, A: []string{RoleReplica}}}, unlimited
	}
	return []Fault{{Verb: SlaveOf, A: []string{RoleReplica}, B: []string{RoleMaster}, OneWay: true}}, unlimited
}

func (g *generator) sentinelOrder() ([]Fault, resource) {
	if len(g.Sentinels) == 0 {
		return nil, unlimited
	}
	f := Fault{Verb: pick(g, SentinelReset, SentinelFailover, SentinelSet, SentinelRemove), A: []string{RoleSentinel}}
	switch f.Verb {
	case SentinelSet:
		set := pick(g, Arg{"parallel-syncs", "1"}, Arg{"parallel-syncs", "3"}, Arg{"failover-timeout", "5000"}, Arg{"down-after-milliseconds", "500"})
		f.Args = []Arg{{"name", set.Name}, {"value", set.Value}}
	case SentinelRemove:
		return []Fault{f}, sentinels
	}
	return []Fault{f}, unlimited
}

func (g *generator) add() ([]Fault, resource) {
	switch {
	case g.Spares > 0 && (g.SpareSentinels == 0 || g.rng.IntN(2) == 0):
		g.Spares--
		return []Fault{{Verb: pick(g, ReplicaAdd, ReplicaAdd, ReplicaAdd, TenantAdd), A: []string{RoleSpare}}}, unlimited
	case g.SpareSentinels > 0:
		g.SpareSentinels--
		return []Fault{{Verb: SentinelAdd, A: []string{RoleSpare}}}, unlimited
	}
	return nil, unlimited
}

func (g *generator) remove() ([]Fault, resource) {
	if len(g.Servers) < 2 {
		return nil, unlimited
	}
	return []Fault{{Verb: ReplicaRemove, A: []string{RoleReplica}}}, servers
}
