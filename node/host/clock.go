package host

import (
	"sync/atomic"
	"time"
)

// Clock is how far a machine's wall clock is from the computer's, as a function of time. Two processes that know the
// same Clock agree on it at every moment.
type Clock struct {
	Base  time.Duration `json:"base"`            // by which it is ahead, whatever the time
	Rates []Rate        `json:"rates,omitempty"` // by which it gains or loses
}

// Rate is what a clock gains over a span of the computer's own time.
type Rate struct {
	From int64 `json:"from"`         // Unix time in nanoseconds
	To   int64 `json:"to,omitempty"` // 0: without an end
	PPM  int64 `json:"ppm"`          // µs gained every second
}

// At is how far the clock is ahead at a moment of the computer's own time.
func (c *Clock) At(now time.Time) time.Duration {
	ahead := c.Base
	for _, r := range c.Rates {
		end := now.UnixNano()
		if r.To != 0 {
			end = min(end, r.To)
		}
		if gained := end - r.From; gained > 0 {
			ahead += time.Duration(float64(gained) * float64(r.PPM) / 1e6)
		}
	}
	return ahead
}

// SetClock is a clock that can be set while it is read. The zero value is the computer's own.
type SetClock struct{ now atomic.Pointer[Clock] }

// Set has the clock go as c from now on. c is not to be changed any more.
func (s *SetClock) Set(c *Clock) { s.now.Store(c) }

// Offset is for [Config.ClockOffset].
func (s *SetClock) Offset() time.Duration {
	if c := s.now.Load(); c != nil {
		return c.At(time.Now())
	}
	return 0
}
