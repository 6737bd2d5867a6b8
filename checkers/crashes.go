package checkers

import (
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// Crashes holds servers and Sentinels to staying up: none ends but by a fault of the nemesis, and none ever breaks an
// invariant of its own.
type Crashes struct{}

// crashSlack is how long after a fault is over its machine may still end of it: a process takes time to die.
const crashSlack = time.Second

// closedWithTheWorld is how machines end when the run does.
const closedWithTheWorld = "closed with the world"

// Name implements Checker.
func (Crashes) Name() string { return "crashes" }

// Check implements Checker.
func (Crashes) Check(r *Record) Verdict {
	var q Inquiry
	q.Saw("starts", 0)
	q.Saw("ends", 0)
	for i := range r.Notes {
		switch n := &r.Notes[i]; n.Kind {
		case "up":
			q.Saw("starts", 1)
		case "down":
			if n.Text == closedWithTheWorld {
				continue
			}
			q.Saw("ends", 1)
			if broke(n.Text) || !asked(n.Text) && !hit(r.History, n.Machine, n.Time) {
				q.Breach(n.Time, n.Machine, nil, "ended, and nobody ended it: %s", n.Text)
			}
		}
	}
	missing := ""
	if q.Count("starts") == 0 {
		missing = "no machine is known to have started"
	}
	return q.Verdict(missing, "nothing ended but what the nemesis ended")
}

// broke tells the ends that no fault excuses.
func broke(why string) bool {
	return strings.HasPrefix(why, "invariant broken") || strings.HasPrefix(why, "panic")
}

// asked tells the ends that the world itself made, or asked for: the process may take its time, such as a master that
// waits for replicas that lag.
func asked(why string) bool {
	return strings.HasPrefix(why, versions.Killed) || why == versions.Terminated
}

// hit says whether a fault was in force on the machine at that time, or just before.
func hit(h *histories.History, machine string, at time.Duration) bool {
	for _, f := range h.Faults {
		over := f.Stop
		if over != histories.Forever {
			over += crashSlack
		}
		if f.Start > at || over < at {
			continue
		}
		for _, target := range f.Targets {
			if target == machine {
				return true
			}
		}
	}
	return false
}
