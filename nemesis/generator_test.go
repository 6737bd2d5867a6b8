package nemesis_test

import (
	"math/rand/v2"
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
	weight := rapid.IntRange(0, 3)
	return nemesis.GeneratorOptions{
		Servers: all("m", 1, 4), Sentinels: all("s", 0, 5), Clients: all("c", 0, 3),
		Duration:      time.Duration(rapid.IntRange(0, 120).Draw(t, "duration")) * time.Second,
		Quiet:         time.Duration(rapid.IntRange(0, 5).Draw(t, "quiet")) * time.Second,
		Faults:        rapid.IntRange(0, 30).Draw(t, "faults"),
		Mix:           nemesis.Mix{Partition: weight.Draw(t, "p"), OneWay: weight.Draw(t, "o"), Latency: weight.Draw(t, "l"), Kill: weight.Draw(t, "k"), Pause: weight.Draw(t, "z")},
		ServersDown:   rapid.IntRange(0, 3).Draw(t, "servers down"),
		SentinelsDown: rapid.IntRange(-1, 2).Draw(t, "sentinels down"),
		Partitions:    rapid.IntRange(0, 2).Draw(t, "partitions"),
	}
}

func TestGeneratedSchedulesParseBackAndEndInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opts := drawOptions(t)
		s := nemesis.Generate(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), opts)
		again, err := nemesis.ParseSchedule(s.String())
		require.NoError(t, err, "%s", s)
		require.Equal(t, s.String(), again.String())
		for _, step := range s {
			require.GreaterOrEqual(t, step.At, opts.Quiet)
			require.Positive(t, step.For)
			require.LessOrEqual(t, step.At+step.For, opts.Duration)
		}
	})
}

// A model resolves every step against random leadership and counts who is down.
func TestGeneratedSchedulesNeverHurtMoreThanAllowed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opts := drawOptions(t)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		s := nemesis.Generate(rng, opts)
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
				if !o.Fault.Links() {
					down = append(down, o.Fault.A...)
				}
			}
			view := nemesis.View{Servers: opts.Servers, Sentinels: opts.Sentinels, Clients: opts.Clients, Down: down}
			view.Master = opts.Servers[rng.IntN(len(opts.Servers))]
			for _, m := range opts.Servers {
				if m != view.Master {
					view.Replicas = append(view.Replicas, m)
				}
			}
			f, err := nemesis.Resolve(step.Fault, view, rng)
			if err != nil {
				require.ErrorContains(t, err, "down", "only a machine that is down already excuses a fault: %s", step)
				continue
			}
			if !f.Links() {
				require.NotContains(t, down, f.A[0], "%s hits who is down already\n%s", step, s)
				down = append(down, f.A[0])
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

func TestEveryKindOfFaultIsDrawn(t *testing.T) {
	opts := nemesis.GeneratorOptions{Servers: []string{"m1", "r1", "r2"}, Sentinels: []string{"s1", "s2", "s3"},
		Clients: []string{"c1"}, Duration: time.Minute, Faults: 10, Quiet: 2 * time.Second}
	rng := rand.New(rand.NewPCG(1, 1))
	seen := map[string]int{}
	for range 200 {
		s := nemesis.Generate(rng, opts)
		require.NotEmpty(t, s)
		for _, step := range s {
			kind := string(step.Fault.Verb)
			if step.Fault.OneWay {
				kind += " one way"
			}
			seen[kind]++
		}
	}
	for _, kind := range []string{"cut", "cut one way", "latency", "latency one way", "kill", "pause"} {
		require.Greater(t, seen[kind], 50, "%v", seen)
	}
}
