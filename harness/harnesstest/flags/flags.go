// Package flags has the flags by which go test says what a test plays, for all packages that play something in tests.
package flags

import "flag"

var (
	seed  = flag.Uint64("ordeal.seed", 0, "play only this seed")
	seeds = flag.Int("ordeal.seeds", 0, "play so many seeds; 0: the test's own number")
	world = flag.String("ordeal.world", "", "play in this world: sim or live; \"\": the test's own")
	out   = flag.String("ordeal.out", "", "keep the runs in this folder")
)

// Seeds are the first and the last seed to play of a test that plays own many by itself.
func Seeds(own int) (first, last uint64) {
	switch {
	case *seed > 0:
		return *seed, *seed
	case *seeds > 0:
		return 1, uint64(*seeds)
	}
	return 1, uint64(own)
}

// World is the world to play in, own unless the flag says another.
func World(own string) string {
	if *world != "" {
		return *world
	}
	return own
}

// Out is the folder to keep runs in; "": none.
func Out() string { return *out }
