package evidence

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
)

// Watching is how the Sentinels of a history were configured, as its plan and their own words have it. What a user set
// at run time counts beside what was planned: a judge takes the value that favours the accused.
type Watching struct {
	DownAfter       []time.Duration // > 0, the planned one first; 30 s if nothing is said
	FailoverTimeout []time.Duration // > 0, the planned one first; 180 s if nothing is said
	ParallelSyncs   []int           // > 0, the planned one first; 1 if nothing is said
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
	millis := func(name string, otherwise time.Duration) []time.Duration {
		if n, is := InPlan(r.Plan, name); is && n > 0 {
			return []time.Duration{time.Duration(n) * time.Millisecond}
		}
		return []time.Duration{otherwise}
	}
	w := Watching{
		DownAfter:       millis("down-after-milliseconds", defaultDownAfter),
		FailoverTimeout: millis("failover-timeout", defaultFailoverTimeout),
		ParallelSyncs:   []int{1},
	}
	if n, is := InPlan(r.Plan, "parallel-syncs"); is && n > 0 {
		w.ParallelSyncs[0] = n
	}
	if n, is := InPlan(r.Plan, "quorum"); is {
		w.Quorum = n
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

// InPlan finds a number in a scenario's YAML, whichever way it is laid out and quoted.
func InPlan(plan, name string) (int, bool) {
	m := regexp.MustCompile(`(?:^|[\s{,"'])` + regexp.QuoteMeta(name) + `["']?\s*[: ]\s*["']?(\d+)`).FindStringSubmatch(plan)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return n, err == nil
}

// StoodStill says whether the run stood still in [from, to] for so long at a time that Sentinels may take anybody for
// down, or for so long in all that what took too long may have been in time on a quieter computer.
func StoodStill(r *checkers.Record, from, to time.Duration) bool {
	total, longest := r.Stalled(from, to)
	return longest > 0 && longest >= WatchingOf(r).DownAfterLeast()/2 || total > (to-from)/10
}
