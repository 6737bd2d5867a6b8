package why

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/oracle"
)

// Options say how to ask.
type Options struct {
	Seed     uint64
	Check    string // the checker whose property was broken; "": the first that says invalid
	Workers  int    // runs at a time, at least 1
	Branches int    // runs for each moment and each change, 0: 20
	Run      harness.Options
	Progress func(doing string, runs int) // after each run, one at a time; nil: not
}

// Answer is what was found out.
type Answer struct {
	Check   string        `json:"check"`
	Finding string        `json:"finding"`
	Found   time.Duration `json:"found_ns"` // when the property was first broken, from the moment the cluster had formed
	Curve   []Share       `json:"curve"`    // by moment
	Turn    *Turn         `json:"point_of_no_return,omitempty"`
	Causes  []Change      `json:"causes"` // what was needed, the most needed first
	Saved   []Change      `json:"saved"`  // what would have saved the run, the surest first
	Runs    int           `json:"runs"`
}

// Share is how many of the runs that branch off at a moment break the property.
type Share struct {
	At     time.Duration `json:"at_ns"` // from the moment the cluster had formed
	Runs   int           `json:"runs"`
	Failed int           `json:"failed"`
}

// Value is the share, from 0 to 1.
func (s Share) Value() float64 { return float64(s.Failed) / float64(max(1, s.Runs)) }

// Interval holds the probability with 95 % certainty. Wilson 1927.
func (s Share) Interval() (low, high float64) {
	const z = 1.96
	n, p := float64(max(1, s.Runs)), s.Value()
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, middle-half), min(1, middle+half)
}

// Turn is the moment at which the run was lost: what was before it might have gone well.
type Turn struct {
	Before Share    `json:"before"`
	After  Share    `json:"after"`
	Events []string `json:"events"` // what happened in between, in order
}

// Change is the run with something changed.
type Change struct {
	What     string           `json:"what"`
	With     Share            `json:"with"`    // as it was, branched off where the change makes a difference
	Without  Share            `json:"changed"` // changed, branched off there
	Scenario harness.Scenario `json:"-"`       // the change, not branched
}

// Effect is by how much the change makes the property less likely to be broken.
func (c Change) Effect() float64 { return c.With.Value() - c.Without.Value() }

// Ask finds out why the run of s with a seed breaks a property. The error says that it breaks none, or cannot be played. If
// ctx ends before all is known, the answer is what is known by then.
func Ask(ctx context.Context, s harness.Scenario, opts Options) (*Answer, error) {
	s = s.Drawn(opts.Seed)
	a := &asking{opts: opts, s: s, asIs: map[time.Duration]Share{}, oracle: oracle.Oracle{Check: opts.Check, Run: opts.Run}}
	a.opts.Branches = cmp.Or(opts.Branches, 20)
	var err error
	if a.oracle.Check == "" {
		if a.oracle.Check, err = oracle.Property(ctx, s, opts.Seed, opts.Run); err != nil {
			return nil, fmt.Errorf("%w: there is nothing to ask about", err)
		}
	}
	first, err := a.oracle.Play(ctx, s, opts.Seed)
	if err != nil {
		return nil, err
	}
	if !first.Fails {
		return nil, fmt.Errorf("seed %d does not break %s", opts.Seed, a.oracle.Check)
	}
	a.oracle.Like = first.Why
	a.answer = &Answer{Check: a.oracle.Check, Finding: first.Why, Found: first.Found}
	a.findTurn(ctx)
	a.findCauses(ctx)
	a.findSaviours(ctx)
	a.answer.Runs = a.runs
	return a.answer, nil
}

// asking is a question under way.
type asking struct {
	opts   Options
	s      harness.Scenario
	oracle oracle.Oracle
	answer *Answer
	asIs   map[time.Duration]Share // of the run as it was, by moment

	mu    sync.Mutex
	runs  int
	doing string
}

// unchanged is the share of the run as it was that fails when it branches off at a moment; it is played once.
func (a *asking) unchanged(ctx context.Context, at time.Duration) Share {
	if _, known := a.asIs[at]; !known {
		a.asIs[at] = a.branches(ctx, a.s, at)
	}
	return a.asIs[at]
}

// branches plays s with other chances from a moment on, and counts.
func (a *asking) branches(ctx context.Context, s harness.Scenario, at time.Duration) Share {
	share := Share{At: at}
	next := uint64(0)
	var workers sync.WaitGroup
	for range min(max(1, a.opts.Workers), a.opts.Branches) {
		workers.Go(func() {
			for {
				a.mu.Lock()
				n := next
				next++
				a.mu.Unlock()
				if n >= uint64(a.opts.Branches) || ctx.Err() != nil {
					return
				}
				out, err := a.oracle.Play(ctx, s.Branched(harness.Branch{At: at, Seed: n}), a.opts.Seed)
				a.mu.Lock()
				a.counted(&share, out, err)
				a.mu.Unlock()
			}
		})
	}
	workers.Wait()
	return share
}

func (a *asking) counted(share *Share, out oracle.Outcome, err error) {
	if err != nil || !out.Played {
		return
	}
	share.Runs++
	if out.Fails {
		share.Failed++
	}
	a.runs++
	if a.opts.Progress != nil {
		a.opts.Progress(a.doing, a.runs)
	}
}

// How the curve is drawn.
const (
	coarse   = 8                     // moments from the beginning to the finding
	fine     = 20 * time.Millisecond // between the last moment of hope and the first without
	fineMost = 10                    // moments looked at to get there
)

// findTurn draws the curve, and looks closer where it rises.
func (a *asking) findTurn(ctx context.Context) {
	a.doing = "looking for the point of no return"
	end := min(max(a.answer.Found, fine), a.s.Duration)
	curve := make([]Share, 0, coarse+fineMost)
	for i := range coarse + 1 {
		curve = append(curve, a.unchanged(ctx, (end*time.Duration(i)/coarse).Truncate(time.Millisecond)))
	}
	for range fineMost {
		i := rise(curve)
		if i < 0 || curve[i+1].At-curve[i].At <= fine || ctx.Err() != nil {
			break
		}
		middle := (curve[i].At + (curve[i+1].At-curve[i].At)/2).Truncate(time.Millisecond)
		curve = slices.Insert(curve, i+1, a.unchanged(ctx, middle))
	}
	a.answer.Curve = curve
	if i := rise(curve); i >= 0 && ctx.Err() == nil {
		a.answer.Turn = &Turn{Before: curve[i], After: curve[i+1], Events: a.between(ctx, curve[i].At, curve[i+1].At)}
	}
}

// rise is after which moment of a curve the runs fare worse than before it: where all that lies before and all that lies
// after differ most, -1 if nowhere by more than chance.
func rise(curve []Share) int {
	best, most := -1, 0.0
	for i := range len(curve) - 1 {
		before, after := pooled(curve[:i+1]), pooled(curve[i+1:])
		_, high := before.Interval()
		low, _ := after.Interval()
		if by := after.Value() - before.Value(); by > most && low > high {
			best, most = i, by
		}
	}
	return best
}

func pooled(shares []Share) (all Share) {
	for _, s := range shares {
		all.Runs += s.Runs
		all.Failed += s.Failed
	}
	return all
}

// eventsMost is how many events of a moment are told.
const eventsMost = 8

// between plays the run as it was and tells what happened between two moments, from the formation on.
func (a *asking) between(ctx context.Context, from, to time.Duration) []string {
	res, err := harness.Run(ctx, a.s, oracle.Options(a.opts.Run, a.opts.Seed))
	if err != nil {
		return nil
	}
	type told struct {
		at   time.Duration
		text string
	}
	var all []told
	in := func(at time.Duration) bool { return at > res.Formed+from && at <= res.Formed+to }
	h := res.History
	for i := range h.Faults {
		f := &h.Faults[i]
		if in(f.Start) {
			all = append(all, told{f.Start, "fault: " + f.Text})
		}
		if f.Stop > f.Start && in(f.Stop) {
			all = append(all, told{f.Stop, "end of fault: " + f.Text})
		}
	}
	for i := range h.Logs {
		if l := &h.Logs[i]; in(l.Time) {
			all = append(all, told{l.Time, l.Machine + ": " + message(l.Text)})
		}
	}
	for i := range h.Notes {
		if n := &h.Notes[i]; in(n.Time) && (n.Kind == "up" || n.Kind == "down") {
			all = append(all, told{n.Time, n.Machine + " is " + n.Kind})
		}
	}
	slices.SortStableFunc(all, func(x, y told) int { return cmp.Compare(x.at, y.at) })
	var lines []string
	for _, t := range all[:min(len(all), eventsMost)] {
		lines = append(lines, fmt.Sprintf("%v %s", (t.at-res.Formed).Round(time.Microsecond), t.text))
	}
	if more := len(all) - eventsMost; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return lines
}
