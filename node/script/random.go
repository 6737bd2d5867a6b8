package script

import "math"

// random is the 48-bit linear congruential generator of POSIX's drand48 with its constants: the same sequence on
// every machine, so that a script that draws does so alike on a replica. Redis 4.0: rand.c.
type random struct{ x uint64 }

func (r *random) seed(s int32) { r.x = uint64(uint32(s))<<16 | 0x330e }

// float is the next number in [0, 1). Redis 4.0: scripting.c, redis_math_random: what was drawn modulo its largest,
// so that 1 is never reached.
func (r *random) float() float64 {
	r.x = (r.x*0x5deece66d + 0xb) & (1<<48 - 1)
	return float64(r.x>>17%math.MaxInt32) / math.MaxInt32
}
