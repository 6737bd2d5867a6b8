package workload

import (
	"math/rand/v2"
	"time"
)

// Pace draws how long a client waits for its next operation: the rate, with half of the period left to chance.
func (s Spec) Pace(rng *rand.Rand) time.Duration {
	period := time.Second / time.Duration(s.Rate)
	return period*3/4 + time.Duration(rng.Int64N(int64(period/2)+1))
}

// Choose draws one of the works of the mix by their weights.
func (s Spec) Choose(rng *rand.Rand) int {
	if len(s.Mix) == 1 {
		return 0
	}
	total := 0
	for _, w := range s.Mix {
		total += w.Weight
	}
	at := rng.IntN(total)
	for i, w := range s.Mix {
		if at -= w.Weight; at < 0 {
			return i
		}
	}
	return len(s.Mix) - 1
}

// OpsMax is the number that no client's operations exceed in a run of that length.
func OpsMax(s Spec, duration time.Duration) int {
	period := time.Second / time.Duration(s.Rate)
	return int(duration/max(period*3/4, 1)) + 1
}
