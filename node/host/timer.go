package host

import (
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// timer is one of the core's timers, in the core's lock.
type timer struct {
	clock *time.Timer
	at    time.Time // when it is to fire, by the steady clock; zero while it is not set
}

func (h *Host) setTimer(id node.TimerID, after time.Duration) {
	after = max(after, 0)
	t := h.timers[id]
	if t == nil {
		t = &timer{at: time.Now().Add(after)}
		t.clock = time.AfterFunc(after, func() {
			if h.enter() {
				defer h.wg.Done()
				h.fire(id, t)
			}
		})
		h.timers[id] = t
		return
	}
	t.at = time.Now().Add(after)
	t.clock.Reset(after)
}

func (h *Host) stopTimer(id node.TimerID) {
	if t := h.timers[id]; t != nil {
		t.at = time.Time{}
		t.clock.Stop()
	}
}

// fire is called when clock has run out, which may be after the core has moved or stopped the timer.
func (h *Host) fire(id node.TimerID, t *timer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || t.at.IsZero() || time.Now().Before(t.at) {
		return
	}
	t.at = time.Time{}
	h.deliverLocked(node.Event{Kind: node.TimerFired, Timer: id})
}
