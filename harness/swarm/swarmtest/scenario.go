package swarmtest

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/swarm"
	"github.com/ordeal-go/ordeal/nemesis"
)

// Scenario draws the scenarios of a swarm, every draw made. Rapid's simplest is one master, one replica, one client, no
// Sentinel and no fault.
func Scenario(of swarm.System) *rapid.Generator[harness.Scenario] {
	return rapid.Custom(func(t *rapid.T) harness.Scenario {
		s := swarm.With(of, dice{t})
		// A schedule keeps what its generator promises when steps are left out, so rapid may leave out what it likes.
		var kept nemesis.Schedule
		for _, step := range s.Faults {
			if rapid.IntRange(0, 7).Draw(t, "keep "+step.String()) > 0 {
				kept = append(kept, step)
			}
		}
		s.Faults = kept
		return s
	})
}

// dice let rapid choose.
type dice struct{ *rapid.T }

func (d dice) Choose(name string, n int) int { return rapid.IntRange(0, n-1).Draw(d.T, name) }
func (d dice) Seed(name string) uint64       { return rapid.Uint64().Draw(d.T, name) }

// Property is a property of every scenario: played in the simulation, it breaks nothing. It is for rapid.Check and, by
// way of rapid.MakeFuzz, for go test -fuzz.
func Property(of swarm.System) func(t *rapid.T) {
	return func(t *rapid.T) { property(t, of) }
}

func property(t *rapid.T, of swarm.System) {
	s := Scenario(of).Draw(t, "scenario")
	seed := rapid.Uint64Range(1, 1<<20).Draw(t, "seed")
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: seed})
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if res.Result() == checkers.Invalid {
		text, _ := s.YAML()
		t.Fatalf("%s\nthe scenario, to be run with -seed %d:\n%s", res, seed, text)
	}
}

// Fuzz lets go test -fuzz explore scenarios, guided by what they reach in the code of servers and Sentinels.
func Fuzz(f *testing.F, of swarm.System) { f.Fuzz(rapid.MakeFuzz(Property(of))) }
