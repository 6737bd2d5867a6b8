package checkers

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Limits are what somebody accepts of what a run may cost: what replication allows may still be more than that. The zero
// value accepts any figure, but not that everything is gone.
type Limits struct {
	Lost      *int           // acknowledged writes lost, at most
	LostShare *float64       // the same as a share of the acknowledged, 0..1
	Outage    *time.Duration // without a master that takes writes, in all
	OutageMax *time.Duration // the same, at a time
	Stale     *time.Duration // age of what a replica answers
	TotalLoss bool           // it is accepted that at some moment nothing of what had been acknowledged was left
}

// LimitsName is what the verdict about limits is called. It is none of a [Set]: it is held against
// their figures.
const LimitsName = "limits"

// Any says whether anything is asked beyond what always is.
func (l Limits) Any() bool {
	return l.Lost != nil || l.LostShare != nil || l.Outage != nil || l.OutageMax != nil || l.Stale != nil
}

// Judge holds the limits against the figures of verdicts. There is no verdict, and ok is false, if nothing was asked and
// nothing was wiped. A limit whose figure nobody measured is not known to be kept.
func (l Limits) Judge(vs Verdicts) (v Verdict, ok bool) {
	q := &Inquiry{}
	var missing []string
	q.Saw("limits", 0)
	hold := func(name string, asked bool, most float64, render func(float64) string) {
		if !asked {
			return
		}
		q.Saw("limits", 1)
		value, measured := vs.Figure(name)
		switch {
		case !measured:
			missing = append(missing, name)
		case value > most:
			q.Breach(0, "", nil, "%s, and at most %s are accepted", render(value), render(most))
		}
	}
	writes := func(n float64) string { return Thousands(int(n)) + " acknowledged writes lost" }
	share := func(n float64) string { return fmt.Sprintf("%.2f %% of the acknowledged writes lost", 100*n) }
	seconds := func(what string) func(float64) string {
		return func(n float64) string { return fmt.Sprintf("%.2f s %s", n, what) }
	}
	// Where losses are a range, the limit is held against what may be the case.
	hold("lost_max", l.Lost != nil, float64(given(l.Lost)), writes)
	hold("lost_share_max", l.LostShare != nil, given(l.LostShare), share)
	hold("outage_s", l.Outage != nil, given(l.Outage).Seconds(), seconds("in all without a master that takes writes"))
	hold("outage_max_s", l.OutageMax != nil, given(l.OutageMax).Seconds(), seconds("at a time without a master that takes writes"))
	hold("stale_max_ms", l.Stale != nil, float64(given(l.Stale).Milliseconds()), func(n float64) string { return fmt.Sprintf("reads stale by %.0f ms", n) })
	if wiped, _ := vs.Figure("wiped"); wiped > 0 && !l.TotalLoss {
		q.Saw("limits", 1)
		q.Breach(0, "", nil, "everything that had been acknowledged was gone: %s writes (a scenario that expects it says so: limits: {total-loss: accepted})", Thousands(int(wiped)))
	}
	if q.Count("limits") == 0 {
		return Verdict{}, false
	}
	why := ""
	if len(missing) > 0 {
		why = "nobody measured " + strings.Join(missing, ", ") + ": run the checkers lost-writes, availability and stale-reads"
	}
	v = q.Verdict(why, "everything stayed within the limits")
	v.Checker = LimitsName
	return v, true
}

func given[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// Figure is what a checker measured under name.
func (vs Verdicts) Figure(name string) (value float64, ok bool) {
	for _, v := range vs {
		if value, ok = v.Figures[name]; ok {
			return value, true
		}
	}
	return 0, false
}

// With is l with what more sets in place of its own.
func (l Limits) With(more Limits) Limits {
	return Limits{Lost: cmp.Or(more.Lost, l.Lost), LostShare: cmp.Or(more.LostShare, l.LostShare), Outage: cmp.Or(more.Outage, l.Outage),
		OutageMax: cmp.Or(more.OutageMax, l.OutageMax), Stale: cmp.Or(more.Stale, l.Stale), TotalLoss: l.TotalLoss || more.TotalLoss}
}

// Check says what is wrong with the limits, or nil.
func (l Limits) Check() error {
	switch {
	case l.Lost != nil && *l.Lost < 0:
		return fmt.Errorf("max-lost: %d is negative", *l.Lost)
	case l.LostShare != nil && (*l.LostShare < 0 || *l.LostShare > 1):
		return fmt.Errorf("max-lost-share: %.0f%% is not between 0%% and 100%%", 100**l.LostShare)
	}
	for _, d := range []*time.Duration{l.Outage, l.OutageMax, l.Stale} {
		if d != nil && *d < 0 {
			return fmt.Errorf("a limit of %v is negative", *d)
		}
	}
	return nil
}
