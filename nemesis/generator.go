package nemesis

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// GeneratorOptions says from what a schedule is drawn and how much it may hurt.
type GeneratorOptions struct {
	Servers   []string // by name; at least one
	Sentinels []string
	Clients   []string

	Spares, SpareSentinels int // how many machines can be added

	Duration time.Duration // every fault is over by then
	Quiet    time.Duration // nothing starts before
	Faults   int           // how many to draw; fewer come out where the limits leave no room
	Waiting  int           // how many of them wait for something, which Await draws
	Await    Await         // needed if Waiting is not 0
	Mix      Mix           // zero, and no order with a weight: EvenMix, and the orders by their Even
	Orders   []OrderDraw   // that a system has
	Language Language      // the system's
	Shortest time.Duration // a fault lasts at least so long; 0: 1 s
	Longest  time.Duration // and at most so long; 0: 15 s

	// ServersDown is how many servers may be down or paused at a time; 0: all but one, and one at least.
	ServersDown int
	// SentinelsDown is how many Sentinels may be down or paused at a time; 0: as many as leave a majority of them
	// running; -1: none.
	SentinelsDown int
	// Partitions is how many partitions and one-way cuts may be in force at a time; 0: 1.
	Partitions int
}

// grain is what times are rounded to, so that a schedule is easy to read and to edit.
const grain = 100 * time.Millisecond

// Generate draws a schedule. It is a function of rng and opts alone. Every step that lasts has a For that ends within
// opts.Duration, and no limit of opts is exceeded at any moment, whoever the roles turn out to be.
func Generate(rng *rand.Rand, opts GeneratorOptions) Schedule {
	g := generator{rng: rng, GeneratorOptions: opts.withDefaults()}
	if g.Quiet+g.Shortest > g.Duration {
		return nil
	}
	for range g.Waiting {
		for range 10 {
			if g.drawTriggered() {
				break
			}
		}
	}
	for range g.Faults - g.Waiting {
		for range 10 { // another kind or another time may still find room
			if g.draw() {
				break
			}
		}
	}
	g.schedule.Sort()
	return g.schedule
}

func (o GeneratorOptions) withDefaults() GeneratorOptions {
	if o.Mix == (Mix{}) && !slices.ContainsFunc(o.Orders, func(d OrderDraw) bool { return d.Weight > 0 }) {
		o.Mix = EvenMix
		o.Orders = slices.Clone(o.Orders)
		for i := range o.Orders {
			o.Orders[i].Weight = o.Orders[i].Even
		}
	}
	o.Shortest = max(cmp.Or(o.Shortest, time.Second).Round(grain), grain)
	o.Longest = max(cmp.Or(o.Longest, 15*time.Second), o.Shortest)
	o.ServersDown = cmp.Or(o.ServersDown, max(len(o.Servers)-1, 1))
	o.SentinelsDown = cmp.Or(o.SentinelsDown, (len(o.Sentinels)-1)/2)
	o.Partitions = cmp.Or(o.Partitions, 1)
	return o
}

type generator struct {
	GeneratorOptions
	rng      *rand.Rand
	schedule Schedule
	harms    []harm
}

// resource is what a fault uses up of what the options allow.
type resource uint8

const (
	unlimited resource = iota
	servers
	sentinels
	partitions
	everything // all servers and all Sentinels
)

// harm is a resource in use from a moment to another.
type harm struct {
	of       resource
	from, to time.Duration
	named    bool // the machine is named, and not found by its role
}

func (r resource) machines() bool { return r == servers || r == sentinels }

// draw puts one more fault into the schedule, or says that it did not fit.
func (g *generator) draw() bool {
	faults, of := g.faults()
	if len(faults) == 0 {
		return false
	}
	h := harm{of: of, named: of.machines() && !slices.Contains(Roles(), faults[0].A[0])}
	h.from, h.to = g.interval()
	if !g.room(h) {
		return false
	}
	g.harms = append(g.harms, h)
	for _, f := range faults {
		step := Step{At: h.from, Fault: f}
		if len(faults) > 1 && f.Kind() == OnDisks { // it has been bad for a while when the loss of power shows it
			step.At = g.Quiet + g.between(0, h.from-g.Quiet)
		}
		if g.Language.Lasts(f) {
			step.For = h.to - step.At
		}
		g.schedule = append(g.schedule, step)
	}
	return true
}

// room says whether h fits. A machine that is named may be the one that a role turns out to be, so a fault that names
// one shares its time with no other of its kind. Two that touch overlap: a machine told to start is not up at once.
func (g *generator) room(h harm) bool {
	if h.of == unlimited {
		return true
	}
	if h.of == everything {
		return g.roomForAll(h)
	}
	left := g.limit(h.of)
	for _, other := range g.harms {
		if other.of == everything && h.of.machines() && other.from <= h.to && h.from <= other.to {
			return false
		}
		if other.of == h.of && other.from <= h.to && h.from <= other.to {
			if other.named || h.named {
				return false
			}
			left--
		}
	}
	return left > 0
}

// roomForAll says whether every machine may be down during h, which nothing else brings down then.
func (g *generator) roomForAll(h harm) bool {
	if g.ServersDown < len(g.Servers) || g.SentinelsDown < len(g.Sentinels) {
		return false
	}
	for _, other := range g.harms {
		if (other.of.machines() || other.of == everything) && other.from <= h.to && h.from <= other.to {
			return false
		}
	}
	return true
}

func (g *generator) interval() (from, to time.Duration) {
	from = g.Quiet + g.between(0, g.Duration-g.Shortest-g.Quiet)
	return from, from + g.between(g.Shortest, min(g.Longest, g.Duration-from))
}

// between draws a duration from least to most, both included, in steps of grain.
func (g *generator) between(least, most time.Duration) time.Duration {
	return least + time.Duration(g.rng.Int64N(int64((most-least)/grain)+1))*grain
}

func (g *generator) limit(of resource) int {
	switch of {
	case servers:
		return g.ServersDown
	case sentinels:
		return g.SentinelsDown
	default:
		return g.Partitions
	}
}

// machines returns whom a partition is about, shuffled: the servers and Sentinels, and half the time the clients too.
func (g *generator) machines() []string {
	machines := slices.Concat(g.Servers, g.Sentinels)
	if g.rng.IntN(2) == 0 {
		machines = append(machines, g.Clients...)
	}
	g.rng.Shuffle(len(machines), func(i, j int) { machines[i], machines[j] = machines[j], machines[i] })
	return machines
}

func (g *generator) partition() ([]Fault, resource) {
	machines := g.machines()
	var grudge Grudge
	switch g.rng.IntN(5) {
	case 0:
		grudge = HalvesGrudge(machines)
	case 1:
		grudge = BridgeGrudge(machines)
	case 2:
		grudge = MajoritiesRing(machines)
	case 3:
		grudge = IsolationGrudge(machines[0], machines)
	case 4:
		return g.cutMaster(false), partitions
	}
	return grudge.Cuts(machines), partitions
}

func (g *generator) oneWay() ([]Fault, resource) {
	machines := g.machines()
	if g.rng.IntN(2) == 0 || len(machines) < 2 {
		return g.cutMaster(true), partitions
	}
	at := 1 + g.rng.IntN(len(machines)-1)
	return []Fault{{Verb: Cut, A: machines[:at], B: machines[at:], OneWay: true}}, partitions
}

// cutMaster cuts whoever is the master by then from its replicas, the Sentinels, or both.
func (g *generator) cutMaster(oneWay bool) []Fault {
	others := g.others()
	if len(others) == 0 {
		return nil
	}
	if len(others) == 2 && g.rng.IntN(2) == 0 {
		others = others[g.rng.IntN(2):][:1]
	}
	f := Fault{Verb: Cut, A: []string{RoleMaster}, B: others, OneWay: oneWay}
	if oneWay && g.rng.IntN(2) == 0 {
		f.A, f.B = f.B, f.A
	}
	return []Fault{f}
}

// others returns the roles beside the master's that somebody has.
func (g *generator) others() []string {
	var roles []string
	if len(g.Servers) > 1 {
		roles = append(roles, RoleReplicas)
	}
	if len(g.Sentinels) > 0 {
		roles = append(roles, RoleSentinels)
	}
	return roles
}

func (g *generator) latency() ([]Fault, resource) {
	left, right := []string{RoleServers}, g.others()
	switch {
	case len(right) > 0 && g.rng.IntN(2) == 0:
		left = []string{RoleMaster}
	case len(g.Clients) > 0 && (len(g.Sentinels) == 0 || g.rng.IntN(2) == 0):
		right = []string{RoleClients}
	case len(g.Sentinels) > 0:
		right = []string{RoleSentinels}
	default:
		return nil, unlimited
	}
	delay := time.Duration(5<<g.rng.IntN(8)) * time.Millisecond // 5 ms … 640 ms
	f := Fault{Verb: Latency, A: left, B: right, OneWay: g.rng.IntN(4) == 0, Args: []Arg{{"delay", delay.String()}}}
	if g.rng.IntN(2) == 0 {
		f.Args = append(f.Args, Arg{"jitter", (delay / 2).String()})
	}
	return []Fault{f}, unlimited
}

// machineFault aims at one server or one Sentinel, mostly by role.
func (g *generator) machineFault(verb Verb) ([]Fault, resource) {
	of, names, roles := servers, g.Servers, []string{RoleMaster}
	if len(g.Servers) > 1 {
		roles = append(roles, RoleReplica)
	}
	if len(g.Sentinels) > 0 && g.rng.IntN(3) == 0 {
		of, names, roles = sentinels, g.Sentinels, []string{RoleSentinel}
	}
	if g.rng.IntN(3) == 0 {
		roles = names
	}
	return []Fault{{Verb: verb, A: []string{roles[g.rng.IntN(len(roles))]}}}, of
}
