package checkers

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Inquiry collects what a checker finds until it comes to a verdict.
type Inquiry struct {
	evidence []Count
	Findings []Finding
	Allowed  []Finding
	// MoreAllowed counts those that were not even told, because there are so many.
	MoreAllowed int
}

// Saw counts evidence: n more of what is called name. Names keep the order in which they were first seen, so a
// checker begins with the ones it always reports.
func (q *Inquiry) Saw(name string, n int) {
	for i := range q.evidence {
		if q.evidence[i].Name == name {
			q.evidence[i].N += int64(n)
			return
		}
	}
	q.evidence = append(q.evidence, Count{name, int64(n)})
}

// Most keeps the largest of what is called name, which begins with "max ".
func (q *Inquiry) Most(name string, n int64) {
	for i := range q.evidence {
		if q.evidence[i].Name == name {
			q.evidence[i].N = max(q.evidence[i].N, n)
			return
		}
	}
	q.evidence = append(q.evidence, Count{name, n})
}

func (q *Inquiry) Count(name string) int64 { return Verdict{Evidence: q.evidence}.Saw(name) }

// Breach is a finding that breaks the property.
func (q *Inquiry) Breach(at time.Duration, machine string, ops []int, format string, args ...any) {
	q.Findings = append(q.Findings, Finding{Time: at, Machine: machine, Text: fmt.Sprintf(format, args...), Ops: ops})
}

// Allow is a finding that looks bad and is within the promise.
func (q *Inquiry) Allow(at time.Duration, machine string, ops []int, format string, args ...any) {
	q.Allowed = append(q.Allowed, Finding{Time: at, Machine: machine, Text: fmt.Sprintf(format, args...), Ops: ops})
}

// Verdict is invalid if anything was breached; else unknown if missing, a sentence, says what there was no evidence
// of; else valid, with the sentence why.
func (q *Inquiry) Verdict(missing, why string) Verdict {
	v := Verdict{Result: Valid, Why: why, Evidence: q.evidence}
	switch {
	case len(q.Findings) == 1:
		v.Result, v.Why = Invalid, q.Findings[0].String()
	case len(q.Findings) > 1:
		slices.SortStableFunc(q.Findings, earlier)
		v.Result, v.Why = Invalid, fmt.Sprintf("%v, and %d more", q.Findings[0], len(q.Findings)-1)
	case missing != "":
		v.Result, v.Why = Unknown, missing
	}
	slices.SortStableFunc(q.Allowed, earlier)
	v.Findings, v.MoreFindings = capped(q.Findings)
	v.Allowed, v.MoreAllowed = capped(q.Allowed)
	v.MoreAllowed += q.MoreAllowed
	return v
}

func earlier(a, b Finding) int { return cmp.Compare(a.Time, b.Time) }

func capped(all []Finding) ([]Finding, int) {
	if len(all) <= FindingsMax {
		return all, 0
	}
	return all[:FindingsMax], len(all) - FindingsMax
}
