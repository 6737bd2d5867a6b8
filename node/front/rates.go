package front

import (
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// rates measure how fast the counters of [Stats] grow. Redis 4.0: server.c, trackInstantaneousMetric.
type rates struct{ ops, in, out rate }

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

func (r *rate) kbps() string { return strconv.FormatFloat(float64(r.perSecond())/1024, 'f', 2, 64) }

// Sample measures; ten times a second is enough.
func (f *Front) Sample() {
	f.rates.ops.sample(f.Now, f.Stats.Commands)
	f.rates.in.sample(f.Now, f.Stats.NetIn)
	f.rates.out.sample(f.Now, f.Stats.NetOut)
}

// ResetStats begins to count anew. Rates go on from the counters, which start again.
func (f *Front) ResetStats() {
	was := f.rates
	f.Stats, f.rates = Stats{}, rates{}
	f.rates.ops.at, f.rates.in.at, f.rates.out.at = was.ops.at, was.in.at, was.out.at
	f.Table.All(func(cmd *Command) { cmd.Calls, cmd.Usec = 0, 0 })
}
