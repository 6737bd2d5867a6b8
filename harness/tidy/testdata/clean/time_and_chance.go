package clean

import (
	"fmt"
	"math/rand/v2"
	"time"
)

type core struct {
	rng  *rand.Rand
	dead time.Duration
	name fmt.Stringer
}

func step(c *core, now time.Duration) (string, bool) {
	c.dead = now + time.Duration(c.rng.IntN(1000))*time.Millisecond
	return fmt.Sprintf("%v at %v is 100%% patient", c.name, now), time.UnixMilli(now.Milliseconds()).UTC().Hour() > 3
}

func stream(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func twiceRounded(x, y, z float64) float64 { return float64(x*y) + z }
