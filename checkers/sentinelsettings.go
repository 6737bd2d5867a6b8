package checkers

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// watching is how the Sentinels of a history were configured, as its plan and their own words have it. What a user set
// at run time counts beside what was planned: a judge takes the value that favours the accused.
type watching struct {
	downAfter       []time.Duration // > 0, the planned one first; 30 s if nothing is said
	failoverTimeout []time.Duration // > 0, the planned one first; 180 s if nothing is said
	parallelSyncs   []int           // > 0, the planned one first; 1 if nothing is said
	quorum          int             // 0: not known, or less than a majority
}

// Defaults of sentinel.conf. Redis 4.0: sentinel.c.
const (
	defaultDownAfter       = 30 * time.Second
	defaultFailoverTimeout = 180 * time.Second
)

func watchingOf(h *histories.History) watching {
	millis := func(name string, otherwise time.Duration) []time.Duration {
		if n, is := inPlan(h.Plan, name); is && n > 0 {
			return []time.Duration{time.Duration(n) * time.Millisecond}
		}
		return []time.Duration{otherwise}
	}
	w := watching{
		downAfter:       millis("down-after-milliseconds", defaultDownAfter),
		failoverTimeout: millis("failover-timeout", defaultFailoverTimeout),
		parallelSyncs:   []int{1},
	}
	if n, is := inPlan(h.Plan, "parallel-syncs"); is && n > 0 {
		w.parallelSyncs[0] = n
	}
	if n, is := inPlan(h.Plan, "quorum"); is {
		w.quorum = n
	}
	for i := range h.Notes {
		if n := &h.Notes[i]; n.Kind == "event" && n.Event == "+set" {
			w.set(strings.Fields(n.Text))
		}
	}
	return w
}

// set takes what a Sentinel says that it was told: "master NAME IP PORT option value".
func (w *watching) set(words []string) {
	if len(words) != 6 {
		return
	}
	n, err := strconv.Atoi(words[5])
	if err != nil || n <= 0 {
		return
	}
	switch words[4] {
	case "down-after-milliseconds":
		w.downAfter = append(w.downAfter, time.Duration(n)*time.Millisecond)
	case "failover-timeout":
		w.failoverTimeout = append(w.failoverTimeout, time.Duration(n)*time.Millisecond)
	case "parallel-syncs":
		w.parallelSyncs = append(w.parallelSyncs, n)
	case "quorum":
		w.quorum = min(w.quorum, n)
	}
}

func (w watching) downAfterLeast() time.Duration { return slices.Min(w.downAfter) }

// inPlan finds a number in a scenario's YAML, whichever way it is laid out and quoted.
func inPlan(plan, name string) (int, bool) {
	m := regexp.MustCompile(`(?:^|[\s{,"'])` + regexp.QuoteMeta(name) + `["']?\s*[: ]\s*["']?(\d+)`).FindStringSubmatch(plan)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return n, err == nil
}
