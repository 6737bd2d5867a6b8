package host

import (
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// timer is one of the core's timers, in the core's lock.
type timer struct {
	clock *time.Timer
	at    time.Time // when it is to fire, by the steady clock; zero while it is not set
}

func (h *Host) setTimer(id node.TimerID, after time.Duration) {
	if after <= 0 {
		h.stopTimer(id)
		h.soon = append(h.soon, id)
		return
	}
	h.notSoon(id)
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

// fireSoon fires the timers that were set to no wait at all. They need no clock: their time has come when everything
// that was ready together has been served, and before what came of it is written.
func (h *Host) fireSoon() {
	for n := len(h.soon); n > 0 && len(h.soon) > 0 && !h.ended; n-- { // those that are set meanwhile come next time
		id := h.soon[0]
		h.soon = append(h.soon[:0], h.soon[1:]...)
		h.run(node.Event{Kind: node.TimerFired, Timer: id})
	}
}

// notSoon forgets a timer that was set to no wait.
func (h *Host) notSoon(id node.TimerID) {
	h.soon = slices.DeleteFunc(h.soon, func(other node.TimerID) bool { return other == id })
}

func (h *Host) stopTimer(id node.TimerID) {
	h.notSoon(id)
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
