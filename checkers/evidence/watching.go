package evidence

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
)

// Watching is how the Sentinels of a record were configured, as it was laid out and as their own words have it. What a user
// set at run time counts beside what was laid out: a judge takes the value that favours the accused.
type Watching struct {
	DownAfter       []time.Duration // > 0, that of the layout first; 30 s if nothing is said
	FailoverTimeout []time.Duration // > 0, that of the layout first; 180 s if nothing is said
	ParallelSyncs   []int           // > 0, that of the layout first; 1 if nothing is said
	Quorum          int             // 0: not known, or less than a majority
}

// Defaults of sentinel.conf. Redis 4.0: sentinel.c.
const (
	defaultDownAfter       = 30 * time.Second
	defaultFailoverTimeout = 180 * time.Second
)

// WatchingOf reads how the Sentinels of a record were configured.
func WatchingOf(r *checkers.Record) Watching { return checkers.Derived(r, readWatching) }

func readWatching(r *checkers.Record) Watching {
	set, sentinels := SettingsOf(r), r.OfKind("sentinel")
	numbers := func(name string, otherwise int) (all []int) {
		for _, value := range set.Ever(sentinels, name) {
			if n, err := strconv.Atoi(value); err == nil && n > 0 {
				all = append(all, n)
			}
		}
		if len(all) == 0 {
			all = []int{otherwise}
		}
		return all
	}
	millis := func(name string, otherwise time.Duration) (all []time.Duration) {
		for _, n := range numbers(name, int(otherwise/time.Millisecond)) {
			all = append(all, time.Duration(n)*time.Millisecond)
		}
		return all
	}
	w := Watching{
		DownAfter:       millis("down-after-milliseconds", defaultDownAfter),
		FailoverTimeout: millis("failover-timeout", defaultFailoverTimeout),
		ParallelSyncs:   numbers("parallel-syncs", 1),
		Quorum:          slices.Min(numbers("quorum", 0)),
	}
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "event" && n.Event == "+set" {
			w.set(strings.Fields(n.Text))
		}
	}
	return w
}

// set takes what a Sentinel says that it was told: "master NAME IP PORT option value".
func (w *Watching) set(words []string) {
	if len(words) != 6 {
		return
	}
	n, err := strconv.Atoi(words[5])
	if err != nil || n <= 0 {
		return
	}
	switch words[4] {
	case "down-after-milliseconds":
		w.DownAfter = append(w.DownAfter, time.Duration(n)*time.Millisecond)
	case "failover-timeout":
		w.FailoverTimeout = append(w.FailoverTimeout, time.Duration(n)*time.Millisecond)
	case "parallel-syncs":
		w.ParallelSyncs = append(w.ParallelSyncs, n)
	case "quorum":
		w.Quorum = min(w.Quorum, n)
	}
}

func (w Watching) DownAfterLeast() time.Duration { return slices.Min(w.DownAfter) }

// StoodStill says whether the run stood still in [from, to] for so long at a time that Sentinels may take anybody for
// down, or for so long in all that what took too long may have been in time on a quieter computer.
func StoodStill(r *checkers.Record, from, to time.Duration) bool {
	total, longest := r.Stalled(from, to)
	return longest > 0 && longest >= WatchingOf(r).DownAfterLeast()/2 || total > (to-from)/10
}
