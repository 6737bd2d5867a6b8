package server

import (
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// stats are the counters of the server itself since the start or CONFIG RESETSTAT. Redis 4.0: server.c, resetServerStats.
type stats struct {
	ops, in, out rate
}

// rate measures how much a counter grows in a second: the mean of the last samples.
type rate struct {
	samples [16]int64 // per second
	next    int
	last    int64 // value of the counter at
	at      node.Instant
}

// sample notes the value of the counter, at most every 100 ms.
func (r *rate) sample(now node.Instant, counter int64) {
	const every = 100 * time.Millisecond
	passed := now.Sub(r.at)
	if passed >= 0 && passed < every {
		return
	}
	if r.at != 0 && passed > 0 {
		r.samples[r.next] = (counter - r.last) * int64(time.Second) / int64(passed)
		r.next = (r.next + 1) % len(r.samples)
	}
	r.last, r.at = counter, now
}

func (r *rate) perSecond() int64 {
	var sum int64
	for _, x := range r.samples {
		sum += x
	}
	return sum / int64(len(r.samples))
}

func (t *stats) sample(now node.Instant, f *front.Stats) {
	t.ops.sample(now, f.Commands)
	t.in.sample(now, f.NetIn)
	t.out.sample(now, f.NetOut)
}
