package swarm

import "math/rand/v2"

// Dice make the choices of a draw. Of every choice 0 is the plainest, so that whoever shrinks choices towards 0 gets
// simpler scenarios.
type Dice interface {
	// Choose returns a number from 0 to n-1, n > 0. name says what is chosen.
	Choose(name string, n int) int
	// Seed returns a seed for a part that makes draws of its own.
	Seed(name string) uint64
}

// seeded are dice that a random stream throws.
type seeded struct{ *rand.Rand }

func (d seeded) Choose(_ string, n int) int { return d.IntN(n) }
func (d seeded) Seed(string) uint64         { return d.Uint64() }

// draw is a draw under way.
type draw struct{ Dice }

// pick returns one of values, which stand in order from the plainest.
func pick[T any](d draw, name string, values ...T) T { return values[d.Choose(name, len(values))] }

// in says yes once in n times.
func (d draw) in(n int, name string) bool { return d.Choose(name, n) == n-1 }

// between draws a number from least to most, both included.
func (d draw) between(name string, least, most int) int {
	return least + d.Choose(name, most-least+1)
}
