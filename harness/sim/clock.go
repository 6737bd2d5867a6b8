package sim

import (
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// epoch is the wall-clock time at which every simulated world begins: 2019-01-01 00:00:00 UTC.
const epoch = node.Instant(1546300800 * int64(time.Second))

// wallClock is a machine's idea of the time of day. Timers do not follow it.
type wallClock struct {
	offset time.Duration // how far it is ahead of the epoch plus virtual time, at since
	drift  int64         // parts per million it gains
	since  int64         // virtual time from which drift counts

	slewed  time.Duration // how far it has been slewed at slewing
	target  time.Duration // how far it is being slewed
	slewing int64
}

func (c *wallClock) at(now int64) node.Instant {
	t := epoch + node.Instant(now) + node.Instant(c.offset)
	if c.drift != 0 {
		t += node.Instant(c.drifted(now))
	}
	if c.slewing != 0 {
		t += node.Instant(c.slewedAt(now))
	}
	return t
}

func (c *wallClock) drifted(now int64) int64 {
	const million = 1_000_000
	d := now - c.since
	return d/million*c.drift + d%million*c.drift/million
}

// jump sets the clock forwards, or with a negative d backwards.
func (c *wallClock) jump(d time.Duration) { c.offset += d }

// setDrift makes the clock gain ppm parts per million from now on.
func (c *wallClock) setDrift(now int64, ppm int64) {
	c.offset += time.Duration(c.drifted(now))
	c.since, c.drift = now, ppm
}

// slewRate is how much of the time that passes a clock gains or loses while it is slewed: it never goes back. Far more
// than adjtime's 500 ppm, so that it happens within a run.
const slewRate = 2 // one half

// slew moves the clock by d from now on, smoothly.
func (c *wallClock) slew(now int64, d time.Duration) {
	c.slewed = c.slewedAt(now)
	c.slewing = max(now, 1)
	c.target += d
}

func (c *wallClock) slewedAt(now int64) time.Duration {
	moved := time.Duration((now - c.slewing) / slewRate)
	if c.target >= c.slewed {
		return min(c.slewed+moved, c.target)
	}
	return max(c.slewed-moved, c.target)
}
