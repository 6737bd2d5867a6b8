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

// System is one that can draw itself.
type System interface {
	harness.System
	// Draw draws a layout and settings. Most settings are best left alone in most draws.
	Draw(d Draw) System
	// DrawWork draws how a kind of work is done.
	DrawWork(d Draw, kind string) workload.Work
	// Settle is how long the cluster may take to settle once nothing hurts it.
	Settle() time.Duration
}

// Framer is a System that draws what a run's other faults stand between. Those come at random, and mostly one upon the
// other: then little is promised of what follows, and a judge can say less. So nearly every draw begins with one fault
// while all is well, after which much is promised, and ends as an operator would leave it.
type Framer interface {
	// Open draws how a run begins; nothing else is done before that is over.
	Open(d Draw) nemesis.Schedule
	// Close draws what an operator does when the faults are over, if anything.
	Close(d Draw, faults nemesis.Schedule) []nemesis.Fault
}

// closing is how long the cluster has to take an operator's last orders, while its clients still work.
const closing = 5 * time.Second

// Scenario is the scenario that is another one for each seed.
func Scenario(of System) harness.Scenario {
	return harness.Scenario{Name: Name, Why: "each seed draws its own cluster, settings, workload and mix of faults", System: of,
		Make: func(runSeed uint64) harness.Scenario { return Of(of, runSeed) }}
}

// Of returns the scenario of a seed, every draw made.
func Of(system System, runSeed uint64) harness.Scenario {
	return With(system, seeded{seed.Stream(runSeed, "swarm")})
}

// With draws a scenario by dice.
func With(system System, dice Dice) harness.Scenario {
	d := Draw{dice}
	drawn := system.Draw(d)
	s := harness.Scenario{Name: Name, Why: "drawn", System: drawn}
	s.Workload = works(d, drawn)
	s.Duration = time.Duration(d.Between("duration", 10, 45)) * time.Second
	s.Settle = drawn.Settle()
	framer, framed := drawn.(Framer)
	quiet := time.Second
	if framed {
		s.Faults = framer.Open(d)
		quiet += over(s.Faults)
		s.Duration += quiet - time.Second
	}
	s.Faults = append(s.Faults, faults(d, s, quiet)...)
	if framed {
		for _, f := range framer.Close(d, s.Faults) {
			s.Faults = append(s.Faults, nemesis.Step{At: s.Duration + time.Second, Fault: f})
		}
		if over(s.Faults) > s.Duration {
			s.Duration += closing
		}
	}
	s.Limits.TotalLoss = true // what a drawn cluster loses without persistence is no bug of the servers
	return s.WithDefaults()
}

// over is when the last step of a schedule ends.
func over(schedule nemesis.Schedule) (end time.Duration) {
	for _, step := range schedule {
		end = max(end, step.At+step.For)
	}
	return end
}

func works(d Draw, system System) workload.Spec {
	clients := d.Between("clients", 1, 8)
	rate := Pick(d, "rate", 5, 10, 20, 40, 100) / Pick(d, "slower", 1, 1, 2, 5)
	spec := workload.Spec{Clients: clients}
	for i, kind := range system.Kinds() {
		if i == 0 || d.In(4, kind.Name) {
			spec.Mix = append(spec.Mix, system.DrawWork(d, kind.Name))
		}
	}
	// Each kind of work has a few operations a second; beyond so many, more of the same shows no more.
	least := (4*len(spec.Mix) + clients - 1) / clients
	spec.Rate = min(max(rate, least), 200/clients)
	return spec.WithDefaults(system.Kinds())
}

// faults draws which kinds of faults there are, how often each, and then a schedule of them.
func faults(d Draw, s harness.Scenario, quiet time.Duration) nemesis.Schedule {
	count := Pick(d, "faults", 1, 2, 3, 4, 5, 6, 8, 10, 14, 0)
	if count == 0 {
		return nil
	}
	opts := nemesis.GeneratorOptions{Duration: s.Duration, Quiet: quiet, Faults: count, Language: harness.Language(s.System)}
	opts.Mix, opts.Orders = mix(d, s.System.OrderDraws())
	opts.Longest = time.Duration(Pick(d, "longest", 15, 5, 8, 25)) * time.Second
	opts.Shortest = Pick(d, "shortest", time.Second, 300*time.Millisecond, 3*time.Second)
	opts.Partitions = Pick(d, "partitions", 1, 1, 2, 3)
	for _, m := range s.System.Nodes(cluster.SimAddressing()) {
		if m.Kind == cluster.Sentinel {
			opts.Sentinels = append(opts.Sentinels, m.Name)
		} else {
			opts.Servers = append(opts.Servers, m.Name)
		}
	}
	opts.Clients = workload.Clients(s.Workload)
	if d.In(4, "all servers may be down") {
		opts.ServersDown = len(opts.Servers)
	}
	if len(opts.Sentinels) > 0 && d.In(4, "all Sentinels may be down") {
		opts.SentinelsDown = len(opts.Sentinels)
	}
	part := d.Seed("schedule")
	if d.In(4, "faults that wait") {
		opts.Waiting = d.Between("that wait", 1, min(count, 3))
		opts.Await = await(s, opts)
	}
	schedule := nemesis.Generate(rand.New(rand.NewPCG(part, 1)), opts)
	if d.In(5, "narrow links") && len(opts.Servers) > 1 {
		schedule = append(nemesis.Schedule{narrow(d, quiet, s.Duration)}, schedule...)
	}
	return schedule
}

// narrow makes what the master sends to the others take its time, from a moment until the end: what is one step where it
// is done is then many where it arrives.
func narrow(d Draw, from, end time.Duration) nemesis.Step {
	rate := strconv.Itoa(Pick(d, "rate of narrow links", 256, 64, 32))
	return nemesis.Step{At: from, For: end - from, Fault: nemesis.Fault{Verb: "bandwidth", A: []string{nemesis.RoleMaster}, B: []string{nemesis.RoleReplicas}, OneWay: true,
		Args: []nemesis.Arg{{Name: "rate", Value: rate}}}}
}

// mix leaves each kind of fault, and of orders, out of half of the draws, whatever kinds there are, and weighs the others.
func mix(d Draw, orders []nemesis.OrderDraw) (mix nemesis.Mix, weighed []nemesis.OrderDraw) {
	weight := func(name string) int { return Pick(d, name, 0, 0, 0, 1, 2, 4) }
	v := reflect.ValueOf(&mix).Elem()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; name != "RunAs" { // it takes programs, and a swarm is played in the simulation
			v.Field(i).SetInt(int64(weight(name)))
		}
	}
	for _, o := range orders {
		o.Weight = weight(o.Name)
		weighed = append(weighed, o)
	}
	weight("RunAs")     // of dice that a seed throws the later ones stay what they were
	return mix, weighed // all zero: the generator's own mix
}
