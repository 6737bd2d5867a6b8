package sim

import (
	"math/bits"
	"time"

	"github.com/ordeal-go/ordeal/harness/seed"
)

// NetworkModel says how good every link is before a fault hits it. A zero field has its default; a negative one
// means none.
type NetworkModel struct {
	Latency   time.Duration // from one machine to another, one way; default 200 µs
	Jitter    time.Duration // up to this much more, drawn for each piece; default 50 µs
	Loopback  time.Duration // from a machine to itself; default 10 µs
	Bandwidth int64         // bytes per second of each link; default unlimited
	Window    int           // bytes that the two kernels' socket buffers hold per direction; default 1 MiB
	Split     int           // one in this many pieces is cut in two at a random byte; default 16
}

func (n NetworkModel) withDefaults() NetworkModel {
	n.Latency = orDefault(n.Latency, 200*time.Microsecond)
	n.Jitter = orDefault(n.Jitter, 50*time.Microsecond)
	n.Loopback = orDefault(n.Loopback, 10*time.Microsecond)
	n.Bandwidth = orDefault(n.Bandwidth, 0)
	n.Window = orDefault(n.Window, 1<<20)
	n.Split = orDefault(n.Split, 16)
	return n
}

func orDefault[T int | int64 | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return max(v, 0)
}

// link carries what one machine sends to another. Each direction is a link of its own.
type link struct {
	latency   int64    // ns, the model's and that of every fault in force
	jitter    int64    // ns
	bandwidth int64    // bytes per second, 0: unlimited
	free      int64    // when everything sent so far has passed, if bandwidth is limited
	cuts      int      // faults in force that cut it
	refusals  int      // faults in force that refuse connections dialled over it
	holes     int      // faults in force that leave requests for connections without an answer
	proxies   []*proxy // toxics in force, in the order in which they came
	state     chance
	stalled   []uint32 // endpoints that retransmit over it
	owing     []uint32 // endpoints whose bytes were read but not acknowledged: the acknowledgement goes this way
}

// arrival draws when n bytes sent now reach the other end.
func (l *link) arrival(now int64, n int) int64 {
	if l.bandwidth > 0 {
		l.free = max(l.free, now) + int64(n)*int64(time.Second)/l.bandwidth
		now = l.free
	}
	now += l.latency
	if l.jitter > 0 {
		now += int64(l.state.below(uint64(l.jitter) + 1))
	}
	return now
}

// chance is a random stream of eight bytes (SplitMix64): there is one for each link and each disk, so that what
// happens on one shifts no draw of another.
type chance uint64

func newChance(root uint64, name string) chance { return chance(seed.Derive(root, name)) }

func (c *chance) draw() uint64 {
	*c += 0x9e3779b97f4a7c15
	x := uint64(*c)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below draws from [0, n).
func (c *chance) below(n uint64) uint64 {
	hi, _ := bits.Mul64(c.draw(), n)
	return hi
}

// oneIn is true once in n draws on average, never if n is 0.
func (c *chance) oneIn(n int) bool { return n > 0 && c.below(uint64(n)) == 0 }

// mend takes one cut away; with the last one, what was lost on the link will be sent again.
func (w *World) mend(l *link) {
	l.cuts--
	if l.cuts > 0 {
		return
	}
	stalled, owing := l.stalled, l.owing
	l.stalled, l.owing = nil, nil
	for _, i := range stalled {
		if e := w.endpoints[i]; e != nil {
			e.healed()
		}
	}
	for _, i := range owing {
		if e := w.endpoints[i]; e != nil && e.owed > 0 {
			w.queue.push(item{at: l.arrival(w.now, 0), what: windowOpens, machine: e.m.index, a: i, b: uint32(e.owed)})
			e.owed = 0
		}
	}
}
