// Package seed turns one seed into independent random streams, told apart by name, so that a draw added in one part
// of a run shifts no draw of another.
package seed

import (
	"math/rand/v2"
)

// Stream returns the stream called name of a run's seed. The same seed and name always give the same stream.
func Stream(seed uint64, name string) *rand.Rand {
	return rand.New(Source(seed, name))
}

// Source is what [Stream] draws from.
func Source(seed uint64, name string) *rand.PCG { return rand.NewPCG(mix(seed), Derive(seed, name)) }

// Restart makes source that of another seed or name.
func Restart(source *rand.PCG, seed uint64, name string) { source.Seed(mix(seed), Derive(seed, name)) }

// Derive returns a seed of its own for the part of a run called name.
func Derive(seed uint64, name string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return mix(seed ^ mix(h))
}

// mix is the finalizer of SplitMix64: neighbouring seeds give unrelated values.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
