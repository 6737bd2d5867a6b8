package clients

import (
	"math/rand"
	"os"
	"runtime"
)

// chance takes away what a seed can be blamed for least: which goroutine is faster, and the numbers that a client draws
// for its pauses between attempts. undo gives it back.
//
// One processor runs the goroutines of a moment nearly always in the same order. The functions of math/rand draw from the
// seed; those of math/rand/v2 have none, the order of maps and of a select's cases has none either.
func chance() (seed func(uint64), undo func()) {
	processors := runtime.GOMAXPROCS(1)
	old, had := os.LookupEnv("GODEBUG")
	os.Setenv("GODEBUG", old+",randseednop=0") // the last one counts
	//lint:ignore SA1019 libraries under test draw from the global source, and only Seed reaches it
	seed = func(n uint64) { rand.Seed(int64(n)) }
	return seed, func() {
		//lint:ignore SA1019 as above
		rand.Seed(int64(rand.Uint64()))
		if had {
			os.Setenv("GODEBUG", old)
		} else {
			os.Unsetenv("GODEBUG")
		}
		runtime.GOMAXPROCS(processors)
	}
}
