package sentinel

import (
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// tickPeriod is the time between two ticks at hz ticks a second, in whole milliseconds as Redis counts.
func tickPeriod(hz int) time.Duration { return time.Duration(1000/hz) * time.Millisecond }

// checkTilt notices that the clock jumped or that this process stood still. What was measured across such a gap says
// nothing about others, so this Sentinel goes on watching but does not act for a while.
// Redis 4.0: sentinel.c, sentinelCheckTiltCondition.
func (s *Sentinel) checkTilt() {
	gap := s.since(s.lastTick)
	if gap < 0 || gap > tiltTrigger {
		s.tilt = true
		s.tiltSince = s.now
		s.event(node.LogWarning, "+tilt", nil, "#tilt mode entered")
	}
	s.lastTick = s.now
}

// inTilt says whether this Sentinel must not act, and ends TILT when its time is over.
func (s *Sentinel) inTilt() bool {
	if s.tilt && s.since(s.tiltSince) >= tiltPeriod {
		s.tilt = false
		s.event(node.LogWarning, "-tilt", nil, "#tilt mode exited")
	}
	return s.tilt
}
