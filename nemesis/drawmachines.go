package nemesis

import (
	"strconv"
	"time"
)

// down draws a fault that takes one machine out.
func down(verb Verb) func(g *generator) ([]Fault, resource) {
	return func(g *generator) ([]Fault, resource) { return g.machineFault(verb) }
}

// hurtOne aims at one machine, which goes on running.
func (g *generator) hurtOne(verb Verb, args ...Arg) []Fault {
	faults, _ := g.machineFault(verb)
	for i := range faults {
		faults[i].Args = args
	}
	return faults
}

// server draws one server by role or by name.
func (g *generator) server() string {
	roles := []string{RoleMaster}
	if len(g.Servers) > 1 {
		roles = append(roles, RoleReplica)
	}
	if g.rng.IntN(3) == 0 {
		roles = g.Servers
	}
	return pick(g, roles...)
}

func (g *generator) slowCPU() ([]Fault, resource) {
	return g.hurtOne(SlowCPU, Arg{"factor", strconv.Itoa(pick(g, 5, 20, 100, 500))}), unlimited
}

func (g *generator) oldFiles() ([]Fault, resource) {
	if g.rng.IntN(2) == 0 {
		return g.machineFault(RestoreConfig)
	}
	return []Fault{{Verb: RestoreRDB, A: []string{g.server()}, Args: []Arg{{"age", pick(g, "1s", "5s", "20s", "1m")}}}}, servers
}

func (g *generator) storm() ([]Fault, resource) {
	faults, of := g.machineFault(Storm)
	for i := range faults {
		faults[i].Args = []Arg{{"times", strconv.Itoa(2 + g.rng.IntN(6))}, {"every", pick(g, "200ms", "1s", "3s")}}
	}
	return faults, of
}

func (g *generator) bounce() ([]Fault, resource) { return []Fault{{Verb: BounceAll}}, everything }

func (g *generator) runAs() ([]Fault, resource) {
	return []Fault{{Verb: RunAs, A: []string{g.server()}, Args: []Arg{{"program", "redis-server"}}}}, servers
}

func (g *generator) slowDisk() ([]Fault, resource) {
	return g.hurtOne(SlowDisk, Arg{"delay", (time.Millisecond << g.rng.IntN(9)).String()}), unlimited // 1 ms … 256 ms
}

func (g *generator) diskError() ([]Fault, resource) {
	switch verb := pick(g, EIORead, EIOWrite, EIOSync, DiskFull, FileGone); verb {
	case FileGone:
		return []Fault{{Verb: FileGone, A: []string{g.server()}, Args: []Arg{{"file", "dump.rdb"}}}}, unlimited
	default:
		return g.hurtOne(verb), unlimited
	}
}

// badSync lets a machine lose power while its disk does not do what it says.
func (g *generator) badSync() ([]Fault, resource) {
	of, names := servers, g.Servers
	if len(g.Sentinels) > 0 && g.rng.IntN(3) == 0 {
		of, names = sentinels, g.Sentinels
	}
	a := []string{pick(g, names...)} // by name: a role may be another machine each time
	return []Fault{{Verb: pick(g, LyingFsync, TornTail), A: a}, {Verb: PowerLoss, A: a}}, of
}

func (g *generator) clock() ([]Fault, resource) {
	by := (100 * time.Millisecond << g.rng.IntN(8)) // 0.1 s … 12.8 s
	if g.rng.IntN(2) == 0 {
		by = -by
	}
	switch pick(g, ClockJump, ClockDrift, ClockOffset) {
	case ClockJump:
		return g.hurtOne(ClockJump, Arg{"by", by.String()}), unlimited
	case ClockDrift:
		return g.hurtOne(ClockDrift, Arg{"ppm", pick(g, "200", "-200", "50000", "-50000")}), unlimited
	default:
		return g.hurtOne(ClockOffset, Arg{"by", by.String()}), unlimited
	}
}
