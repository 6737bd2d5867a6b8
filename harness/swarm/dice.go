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

// Draw is a draw under way.
type Draw struct{ Dice }

// Pick returns one of values, which stand in order from the plainest.
func Pick[T any](d Draw, name string, values ...T) T { return values[d.Choose(name, len(values))] }

// In says yes once in n times.
func (d Draw) In(n int, name string) bool { return d.Choose(name, n) == n-1 }

// Between draws a number from least to most, both included.
func (d Draw) Between(name string, least, most int) int {
	return least + d.Choose(name, most-least+1)
}
