package checkers

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPercentilesAreThoseOfSortedTimes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		times := make([]time.Duration, 1+rng.IntN(400))
		for i := range times {
			times[i] = time.Duration(rng.IntN(1 + rng.IntN(300)))
		}
		if rng.IntN(4) == 0 {
			slices.Sort(times)
		}
		sorted := slices.Sorted(slices.Values(times))
		for _, p := range []int{1, 50, 95, 100} {
			require.Equal(t, sorted[max(0, (len(times)*p+99)/100-1)], Percentile(times, p), "%d of %v", p, sorted)
		}
		require.Equal(t, sorted, slices.Sorted(slices.Values(times)), "the same times")
	}
}
