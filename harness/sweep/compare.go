package sweep

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
)

// Side is one of the things that are compared: a plan, and what it is called in the tables.
type Side struct {
	Plan
	Label string
}

// Comparison holds several settings against each other: the same seeds, the same faults at the same moments.
type Comparison struct {
	Scenario string      `json:"scenario"`
	World    string      `json:"world"`
	First    uint64      `json:"first_seed"`
	Last     uint64      `json:"last_seed"`
	Sides    []*Compared `json:"sides"`
	Pairs    []Pair      `json:"pairs"` // each side against the first
	Words    []string    `json:"words"` // what can be said, in sentences
	Complete bool        `json:"complete"`
	Failures []Failure   `json:"failures,omitempty"`

	metrics []Metric // those that any run has
}

// Compared is one side's figures.
type Compared struct {
	Label   string            `json:"label"`
	Runs    int               `json:"runs"`
	Spreads map[string]Spread `json:"figures"`

	bySeed map[uint64]figures
}

// Spread is how one figure is spread over the runs that have it.
type Spread struct {
	N      int     `json:"n"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	Worst  float64 `json:"worst"`
	Mean   float64 `json:"mean"`

	values []float64 // sorted
}

// Metric is a figure that is compared. More of it is worse, unless it only tells how much there was.
type Metric struct {
	Figure, Title, Unit string
	Tells               tells
}

// tells is what is said of a figure in words.
type tells uint8

const (
	certain tells = iota // that there is a difference, if that is certain
	always               // and that there may be one, or too few runs to tell
	nothing              // it tells how much there was
)

// metrics are the figures that are compared, in the order of the tables. Those of which all runs have none are left out.
func metrics() []Metric {
	return []Metric{
		{"acknowledged", "writes acknowledged", "", nothing},
		{"lost_max", "writes lost", "", always},
		{"lost_failover_max", "lost by failover", "", certain},
		{"lost_split_brain_max", "lost by split brain", "", certain},
		{"lost_restart_without_data_max", "lost by a restart without data", "", certain},
		{"lost_wiped_by_its_master_max", "lost, wiped by its master", "", certain},
		{"lost_operator_max", "lost by the operator", "", certain},
		{"lost_disk_max", "lost by the disk", "", certain},
		{"oldest_lost_ms", "age of the oldest lost", "ms", certain},
		{"exposed_p95_ms", "exposed, 95 of 100", "ms", certain},
		{"masterless_s", "without a master that takes writes", "s", certain},
		{"outage_s", "no client's write was taken", "s", always},
		{"recovery_max_s", "the last client's recovery", "s", certain},
		{"refused", "writes refused", "", always},
		{"stale_reads", "stale reads", "", always},
		{"stale_p95_ms", "staleness, 95 of 100", "ms", certain},
		{"failovers_per_accident", "failovers per accident", "", certain},
		{"full_syncs", "full syncs", "", certain},
	}
}

// measuring are the checkers whose figures are compared: they judge every run, whatever its scenario asks for.
var measuring = []string{"lost-writes", "stale-reads", "availability"}

// Compare plays every side with the same seeds and holds what they cost against each other. A run that breaks a property
// is listed, and counts all the same: the sides are compared by what happened. Limits are not held.
func Compare(ctx context.Context, scenario string, sides []Side, opts Options) (*Comparison, error) {
	c := &Comparison{Scenario: scenario, World: cmp.Or(opts.Run.World, harness.WorldSim), First: opts.First, Last: opts.Last}
	byName := map[string]*Compared{}
	var plans []Plan
	for _, s := range sides {
		side := &Compared{Label: s.Label, bySeed: map[uint64]figures{}}
		if byName[s.Scenario.Name] != nil {
			return nil, fmt.Errorf("two of the scenarios are called %s: give each its own name", s.Scenario.Name)
		}
		byName[s.Scenario.Name] = side
		c.Sides = append(c.Sides, side)
		p := s.Plan
		p.Scenario.Checks = slices.Clone(p.Scenario.WithDefaults().Checks)
		if slices.Equal(p.Scenario.Checks, checkers.Set(p.Scenario.System.Checkers()).Names()) {
			p.Scenario.Checks = nil // nothing in particular is asked: what settings cost is, not what holds whatever they are
		}
		for _, name := range measuring {
			if _, err := checkers.Set(p.Scenario.System.Checkers()).ByName(name); err == nil && !slices.Contains(p.Scenario.Checks, name) {
				p.Scenario.Checks = append(p.Scenario.Checks, name)
			}
		}
		plans = append(plans, p)
	}
	opts.FailuresMax = 0
	opts.Run.Limits.TotalLoss = true
	opts.Each = func(r *Record) {
		side := byName[r.Scenario]
		side.Runs++
		if f := r.Figures; f["faults"] > 0 {
			f["failovers_per_accident"] = f["failovers"] / f["faults"]
		}
		side.bySeed[r.Seed] = r.Figures
	}
	summary, err := Run(ctx, plans, opts)
	if err != nil {
		return nil, err
	}
	c.Complete, c.Failures = summary.Complete, summary.Failures
	c.conclude()
	return c, nil
}

// conclude computes what the tables show.
func (c *Comparison) conclude() {
	for _, m := range metrics() {
		any := false
		for _, s := range c.Sides {
			for _, f := range s.bySeed { // any order: it asks whether one is there
				any = any || f[m.Figure] != 0
			}
		}
		if any {
			c.metrics = append(c.metrics, m)
		}
	}
	for _, s := range c.Sides {
		s.Spreads = map[string]Spread{}
		for _, m := range c.metrics {
			var values []float64
			for _, seed := range slices.Sorted(maps.Keys(s.bySeed)) {
				if v, ok := s.bySeed[seed].get(m.Figure); ok {
					values = append(values, v)
				}
			}
			s.Spreads[m.Figure] = spread(values)
		}
	}
	for i := 1; i < len(c.Sides); i++ {
		for _, m := range c.metrics {
			p := c.pair(0, i, m)
			c.Pairs = append(c.Pairs, p)
			if p.Says != "" {
				c.Words = append(c.Words, p.Says)
			}
		}
	}
}

// spread sorts values, which it takes over.
func spread(values []float64) Spread {
	s := Spread{N: len(values), values: values}
	if len(values) == 0 {
		return s
	}
	slices.Sort(values)
	rank := func(p float64) float64 { return values[max(0, int(math.Ceil(p*float64(len(values))))-1)] }
	s.Median, s.P95, s.Worst = rank(0.5), rank(0.95), values[len(values)-1]
	for _, v := range values {
		s.Mean += v / float64(len(values))
	}
	return s
}

// Pair is the difference that one side makes against another, seed by seed.
type Pair struct {
	A      string  `json:"a"`
	B      string  `json:"b"`
	Figure string  `json:"figure"`
	N      int     `json:"n"`    // seeds of which both sides have the figure
	Mean   float64 `json:"mean"` // of B minus A
	Low    float64 `json:"low"`  // the interval that holds the mean difference in 95 of 100 cases, by bootstrap
	High   float64 `json:"high"`
	Says   string  `json:"says,omitempty"`
}

// Numbers of the bootstrap, and the fewest pairs that it says anything about.
const (
	resamples = 2000
	pairsMin  = 6
)

func (c *Comparison) pair(a, b int, m Metric) Pair {
	p := Pair{A: c.Sides[a].Label, B: c.Sides[b].Label, Figure: m.Figure}
	var differences []float64
	for _, seed := range slices.Sorted(maps.Keys(c.Sides[a].bySeed)) {
		x, first := c.Sides[a].bySeed[seed].get(m.Figure)
		other, played := c.Sides[b].bySeed[seed]
		y, second := other.get(m.Figure)
		if first && played && second {
			differences = append(differences, y-x)
		}
	}
	if p.N = len(differences); p.N == 0 {
		return p
	}
	p.Mean, p.Low, p.High = bootstrap(differences)
	p.Says = p.says(m, differences)
	return p
}

// bootstrap is the mean of values and the interval of its 2.5th to its 97.5th percentile over resamples of them. It draws
// from a stream of its own, so that the same runs say the same.
func bootstrap(values []float64) (mean, low, high float64) {
	rng := rand.New(rand.NewPCG(uint64(len(values)), 0x6f7264656c))
	means := make([]float64, resamples)
	for i := range means {
		for range values {
			means[i] += values[rng.IntN(len(values))] / float64(len(values))
		}
	}
	slices.Sort(means)
	for _, v := range values {
		mean += v / float64(len(values))
	}
	return mean, means[resamples*25/1000], means[resamples*975/1000-1]
}

func (p Pair) says(m Metric, differences []float64) string {
	same := !slices.ContainsFunc(differences, func(d float64) bool { return d != 0 })
	switch {
	case same, m.Tells == nothing, m.Tells == certain && (p.N < pairsMin || p.Low <= 0 && p.High >= 0):
		return ""
	case p.N < pairsMin:
		return fmt.Sprintf("%s: %d pairs of runs are too few to tell %s from %s", m.Title, p.N, p.B, p.A)
	case p.Low <= 0 && p.High >= 0:
		return fmt.Sprintf("%s: %d pairs of runs do not tell %s from %s: the difference is between %s and %s", m.Title, p.N, p.B, p.A,
			signed(p.Low, m.Unit), signed(p.High, m.Unit))
	}
	return fmt.Sprintf("%s: %s with %s than with %s, by %s (%s to %s)", m.Title, map[bool]string{true: "less", false: "more"}[p.Mean < 0], p.B, p.A,
		strings.TrimLeft(signed(p.Mean, m.Unit), "+−"), signed(p.Low, m.Unit), signed(p.High, m.Unit))
}

// figures are those of one run.
type figures map[string]float64

// get is the figure called name. A cause that no write was lost by is 0, if losses were counted at all.
func (f figures) get(name string) (float64, bool) {
	v, ok := f[name]
	if _, counted := f["acknowledged"]; !ok && counted && strings.HasPrefix(name, "lost_") {
		return 0, true
	}
	return v, ok
}
