package harness

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node"
)

// Watching is what it costs the servers of a live run that the observer asks them how they are. An answer's time is that
// of the connection and of whatever else the server does as well: what is said here is at most the case.
type Watching struct {
	Answers   int           `json:"answers"`    // of all servers
	PerSecond float64       `json:"per_second"` // of one server, on average
	Median    time.Duration `json:"median_ns"`  // until one came
	Share     float64       `json:"share"`      // of a server's time, 0..1
	Digest    time.Duration `json:"digest_ns"`  // the longest answer that had a digest of all data, during which a server does nothing else; 0: none
	// Over are the settings under test that are shorter than that: what they decide may be the observer's doing.
	Over []string `json:"over,omitempty"`
}

// watchingOf measures the observer's load by its answers; nil in the simulation, where servers tell by themselves, and
// where none came.
func watchingOf(h *histories.History, plan Scenario) *Watching {
	if h.World == WorldSim || h.End <= 0 {
		return nil
	}
	var w Watching
	var took []time.Duration
	asked := map[string]bool{}
	for i := range h.Notes {
		n := &h.Notes[i]
		if n.Kind != string(node.NoteState) || n.From == "" || n.Took <= 0 {
			continue
		}
		took, asked[n.Machine] = append(took, n.Took), true
		if i+1 < len(h.Notes) { // the digest is noted right after the state that it belongs to
			if d := &h.Notes[i+1]; d.Kind == string(node.NoteDigest) && d.From == n.From && d.Machine == n.Machine && d.Time-n.Time < time.Millisecond {
				w.Digest = max(w.Digest, n.Took)
			}
		}
	}
	if len(took) == 0 {
		return nil
	}
	slices.Sort(took)
	w.Answers, w.Median = len(took), took[len(took)/2]
	w.PerSecond = float64(w.Answers) / float64(len(asked)) / h.End.Seconds()
	w.Share = w.PerSecond * w.Median.Seconds()
	w.Over = plan.shorterThan(w.Digest)
	return &w
}

func (w *Watching) String() string {
	text := fmt.Sprintf("the observer asked each server %.1f times a second, which took at most %.2g %% of its time (median %v", w.PerSecond, 100*w.Share, w.Median.Round(10*time.Microsecond))
	if w.Digest > 0 {
		text += fmt.Sprintf("; with a digest of all data %v at most", w.Digest.Round(10*time.Microsecond))
	}
	text += ")"
	if len(w.Over) > 0 {
		text += ", which is longer than " + strings.Join(w.Over, ", ") + ": what these settings decide may be its doing"
	}
	return text + "\n"
}
