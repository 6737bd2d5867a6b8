package node

import "time"

// Instant is a machine's own wall clock: nanoseconds since the Unix epoch. It may jump forwards and backwards
// and drift against other machines' clocks; timers ([Effects.SetTimer]) run on the machine's steady clock instead.
type Instant int64

// Add returns t moved by d.
func (t Instant) Add(d time.Duration) Instant { return t + Instant(d) }

// Sub returns how long after u the instant t is; negative when the clock went back between them.
func (t Instant) Sub(u Instant) time.Duration { return time.Duration(t - u) }

// UnixMilli returns t in milliseconds since the epoch, rounded down.
func (t Instant) UnixMilli() int64 { return floorDiv(int64(t), int64(time.Millisecond)) }

// Unix returns t in seconds since the epoch, rounded down.
func (t Instant) Unix() int64 { return floorDiv(int64(t), int64(time.Second)) }

// Time returns t in UTC, for printing.
func (t Instant) Time() time.Time { return time.Unix(0, int64(t)).UTC() }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
