package nemesis_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/nemesis"
)

func drawOptions(t *rapid.T) nemesis.GeneratorOptions {
	all := func(prefix string, least, most int) (names []string) {
		for i := range rapid.IntRange(least, most).Draw(t, prefix) {
			names = append(names, prefix+string(rune('1'+i)))
		}
		return names
	}
	return nemesis.GeneratorOptions{
		Servers: all("m", 1, 4), Sentinels: all("s", 0, 5), Clients: all("c", 0, 3),
		Duration: time.Duration(rapid.IntRange(0, 120).Draw(t, "duration")) * time.Second,
		Quiet:    time.Duration(rapid.IntRange(0, 5).Draw(t, "quiet")) * time.Second,
		Faults:   rapid.IntRange(0, 30).Draw(t, "faults"),
		Waiting:  rapid.IntRange(0, 2).Draw(t, "waiting"),
		Await:    anyEvent,
		Mix:      drawMix(t),
		Orders:   drawOrders(t),
		Language: language,
		Spares:   rapid.IntRange(0, 1).Draw(t, "spares"), SpareSentinels: rapid.IntRange(0, 1).Draw(t, "spare Sentinels"),
		ServersDown:   rapid.IntRange(0, 3).Draw(t, "servers down"),
		SentinelsDown: rapid.IntRange(-1, 2).Draw(t, "sentinels down"),
		Partitions:    rapid.IntRange(0, 2).Draw(t, "partitions"),
	}
}

// anyEvent is something that happens to a server, or to a Sentinel.
func anyEvent(rng *rand.Rand) (nemesis.Trigger, string) {
	if rng.IntN(2) == 0 {
		return nemesis.Trigger{Event: "votes"}, nemesis.RoleSentinels
	}
	return nemesis.Trigger{Disk: nemesis.DiskWrite, Of: "m1", Count: 1 + rng.IntN(9)}, nemesis.RoleServers
}

// happened gives every step that waits a time at which what it waits for happens.
func happened(s nemesis.Schedule, opts nemesis.GeneratorOptions, rng *rand.Rand) nemesis.Schedule {
	s = slices.Clone(s)
	for i := range s {
		if len(s[i].When) > 0 {
			s[i].At += time.Duration(rng.Int64N(int64(opts.Duration-s[i].At) + 1))
		}
	}
	s.Sort()
	return s
}

// The orders of a system that there is not.
const (
	leave  nemesis.Verb = "leave"  // a server goes, and comes back
	forget nemesis.Verb = "forget" // a Sentinel does nothing for a while
	fill   nemesis.Verb = "fill"   // one server keeps another from its work
	join   nemesis.Verb = "join"   // a machine comes
	watch  nemesis.Verb = "watch"  // a Sentinel comes
)

var language = nemesis.Speak([]nemesis.Order{{Verb: leave, Lasts: true, Downs: true}, {Verb: forget, Lasts: true}, {Verb: fill, To: true, Lasts: true, Args: []nemesis.Attribute{nemesis.CountArg("limit")}},
	{Verb: join, Joins: nemesis.RoleServers, Synonyms: []string{"enter"}}, {Verb: watch, Joins: nemesis.RoleSentinels}})

var orderDraws = []nemesis.OrderDraw{
	{Name: "leave", Even: 1, Draw: func(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
		if d.Servers() < 2 {
			return nil, nemesis.UsesNothing
		}
		return []nemesis.Fault{{Verb: leave, A: []string{nemesis.RoleReplica}}}, nemesis.UsesServer
	}},
	{Name: "forget", Draw: func(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
		if d.Sentinels() == 0 {
			return nil, nemesis.UsesNothing
		}
		return []nemesis.Fault{{Verb: forget, A: []string{nemesis.RoleSentinel}}}, nemesis.UsesSentinel
	}},
	{Name: "fill", Draw: func(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
		if d.Servers() < 2 {
			return nil, nemesis.UsesNothing
		}
		return []nemesis.Fault{{Verb: fill, A: []string{nemesis.RoleMaster}, B: []string{nemesis.RoleReplica}, OneWay: true}}, nemesis.UsesServer
	}},
	{Name: "join", Draw: func(d nemesis.Drawing) ([]nemesis.Fault, nemesis.Uses) {
		verb, spares := join, d.Spares()
		if d.Rand().IntN(2) == 0 {
			verb, spares = watch, d.SpareSentinels()
		}
		if spares == 0 {
			return nil, nemesis.UsesNothing
		}
		d.Add(verb == watch)
		return []nemesis.Fault{{Verb: verb, A: []string{nemesis.RoleSpare}}}, nemesis.UsesNothing
	}},
}

// drawOrders gives each kind of orders a weight, mostly none.
func drawOrders(t *rapid.T) (all []nemesis.OrderDraw) {
	for _, o := range orderDraws {
		o.Weight = max(0, rapid.IntRange(-2, 3).Draw(t, o.Name))
		all = append(all, o)
	}
	return all
}

// drawMix gives each kind of fault a weight, mostly none.
func drawMix(t *rapid.T) (m nemesis.Mix) {
	v := reflect.ValueOf(&m).Elem()
	for i := range v.NumField() {
		v.Field(i).SetInt(max(0, rapid.Int64Range(-2, 3).Draw(t, v.Type().Field(i).Name)))
	}
	return m
}

// stopped are the machines that f keeps from working.
func stopped(f nemesis.Fault, opts nemesis.GeneratorOptions) []string {
	switch {
	case f.Verb == nemesis.BounceAll:
		return slices.Concat(opts.Servers, opts.Sentinels)
	case f.Verb == fill:
		return f.B
	case f.Downs(), f.Verb == nemesis.Pause, f.Verb == nemesis.Stall, f.Verb == nemesis.Storm, f.Verb == leave, f.Verb == forget:
		return f.A
	}
	return nil
}

func TestGeneratedSchedulesParseBackAndEndInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opts := drawOptions(t)
		s := nemesis.Generate(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), opts)
		again, err := language.ParseSchedule(s.String())
		require.NoError(t, err, "%s", s)
		require.Equal(t, s.String(), again.String())
		for _, step := range s {
			require.GreaterOrEqual(t, step.At, opts.Quiet)
			require.Equal(t, language.Lasts(step.Fault), step.For > 0, "%s", step)
			require.LessOrEqual(t, step.At+step.For, opts.Duration)
		}
	})
}

// A model resolves every step against random leadership and counts who is down.
func TestGeneratedSchedulesNeverHurtMoreThanAllowed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opts := drawOptions(t)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		s := happened(nemesis.Generate(rng, opts), opts, rng)
		serversDown := opts.ServersDown
		if serversDown == 0 {
			serversDown = max(len(opts.Servers)-1, 1)
		}
		sentinelsDown := opts.SentinelsDown
		if sentinelsDown == 0 {
			sentinelsDown = (len(opts.Sentinels) - 1) / 2
		}
		var inForce []nemesis.Step // resolved
		for _, step := range s {
			inForce = slices.DeleteFunc(inForce, func(o nemesis.Step) bool { return o.At+o.For < step.At })
			var down []string
			for _, o := range inForce {
				down = append(down, stopped(o.Fault, opts)...)
			}
			view := nemesis.View{Servers: opts.Servers, Sentinels: opts.Sentinels, Clients: opts.Clients, Down: down,
				Spares: []string{"r8", "r9"}[:opts.Spares], SpareSentinels: []string{"s8", "s9"}[:opts.SpareSentinels]}
			view.Master = opts.Servers[rng.IntN(len(opts.Servers))]
			if len(step.When) > 0 {
				view.It = "m1"
				if step.When[0].Event == "votes" && len(opts.Sentinels) > 0 {
					view.It = opts.Sentinels[rng.IntN(len(opts.Sentinels))]
				}
			}
			for _, m := range opts.Servers {
				if m != view.Master {
					view.Replicas = append(view.Replicas, m)
				}
			}
			f, err := language.Resolve(step.Fault, view, rng)
			if err != nil {
				require.ErrorContains(t, err, "down", "only a machine that is down already excuses a fault: %s", step)
				continue
			}
			for _, m := range stopped(f, opts) {
				if f.Verb != fill && f.Verb != forget && f.Verb != nemesis.BounceAll {
					require.NotContains(t, down, m, "%s hits who is down already\n%s", step, s)
				}
				down = append(down, m)
			}
			inForce = append(inForce, nemesis.Step{At: step.At, Fault: f, For: step.For})
			of := func(kind []string) (n int) {
				for _, m := range down {
					if slices.Contains(kind, m) {
						n++
					}
				}
				return n
			}
			require.LessOrEqual(t, of(opts.Servers), serversDown, "%s", s)
			require.LessOrEqual(t, of(opts.Sentinels), max(sentinelsDown, 0), "%s", s)
		}
	})
}

func TestSameSeedSameSchedule(t *testing.T) {
	opts := nemesis.GeneratorOptions{Servers: []string{"m1", "r1", "r2"}, Sentinels: []string{"s1", "s2", "s3"},
		Clients: []string{"c1"}, Duration: time.Minute, Faults: 8}
	draw := func(seed uint64) string { return nemesis.Generate(rand.New(rand.NewPCG(seed, 0)), opts).String() }
	require.Equal(t, draw(1), draw(1))
	require.NotEqual(t, draw(1), draw(2))
}

func TestEveryFaultIsDrawn(t *testing.T) {
	every := nemesis.Mix{}
	v := reflect.ValueOf(&every).Elem()
	for i := range v.NumField() {
		v.Field(i).SetInt(1)
	}
	opts := nemesis.GeneratorOptions{Servers: []string{"m1", "r1", "r2"}, Sentinels: []string{"s1", "s2", "s3"}, Spares: 1, SpareSentinels: 1,
		Clients: []string{"c1"}, Duration: time.Minute, Faults: 10, Quiet: 2 * time.Second, Mix: every, Orders: slices.Clone(orderDraws), Language: language, ServersDown: 3, SentinelsDown: 3}
	for i := range opts.Orders {
		opts.Orders[i].Weight = 1
	}
	rng := rand.New(rand.NewPCG(1, 1))
	seen := map[nemesis.Verb]int{}
	for range 1000 {
		for _, step := range nemesis.Generate(rng, opts) {
			seen[step.Fault.Verb]++
		}
	}
	// Isolate and the other grudges are drawn as the cuts that they are made of, and every step ends by itself.
	for _, written := range []nemesis.Verb{nemesis.Isolate, nemesis.Halves, nemesis.Bridge, nemesis.Ring, nemesis.Restart, nemesis.Resume, nemesis.Heal} {
		seen[written] += 100
	}
	for _, verb := range language.Verbs() {
		require.Greater(t, seen[verb], 10, "%s", verb)
	}
}
