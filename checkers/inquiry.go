package checkers

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// inquiry collects what a checker finds until it comes to a verdict.
type inquiry struct {
	evidence []Count
	findings []Finding
	allowed  []Finding
	// moreAllowed counts those that were not even told, because there are so many.
	moreAllowed int
}

// saw counts evidence: n more of what is called name. Names keep the order in which they were first seen, so a
// checker begins with the ones it always reports.
func (q *inquiry) saw(name string, n int) {
	for i := range q.evidence {
		if q.evidence[i].Name == name {
			q.evidence[i].N += int64(n)
			return
		}
	}
	q.evidence = append(q.evidence, Count{name, int64(n)})
}

// most keeps the largest of what is called name, which begins with "max ".
func (q *inquiry) most(name string, n int64) {
	for i := range q.evidence {
		if q.evidence[i].Name == name {
			q.evidence[i].N = max(q.evidence[i].N, n)
			return
		}
	}
	q.evidence = append(q.evidence, Count{name, n})
}

func (q *inquiry) count(name string) int64 { return Verdict{Evidence: q.evidence}.Saw(name) }

// breach is a finding that breaks the property.
func (q *inquiry) breach(at time.Duration, machine string, ops []int, format string, args ...any) {
	q.findings = append(q.findings, Finding{Time: at, Machine: machine, Text: fmt.Sprintf(format, args...), Ops: ops})
}

// allow is a finding that looks bad and is within the promise.
func (q *inquiry) allow(at time.Duration, machine string, ops []int, format string, args ...any) {
	q.allowed = append(q.allowed, Finding{Time: at, Machine: machine, Text: fmt.Sprintf(format, args...), Ops: ops})
}

// verdict is invalid if anything was breached; else unknown if missing, a sentence, says what there was no evidence
// of; else valid, with the sentence why.
func (q *inquiry) verdict(missing, why string) Verdict {
	v := Verdict{Result: Valid, Why: why, Evidence: q.evidence}
	switch {
	case len(q.findings) == 1:
		v.Result, v.Why = Invalid, q.findings[0].String()
	case len(q.findings) > 1:
		slices.SortStableFunc(q.findings, earlier)
		v.Result, v.Why = Invalid, fmt.Sprintf("%v, and %d more", q.findings[0], len(q.findings)-1)
	case missing != "":
		v.Result, v.Why = Unknown, missing
	}
	slices.SortStableFunc(q.allowed, earlier)
	v.Findings, v.MoreFindings = capped(q.findings)
	v.Allowed, v.MoreAllowed = capped(q.allowed)
	v.MoreAllowed += q.moreAllowed
	return v
}

func earlier(a, b Finding) int { return cmp.Compare(a.Time, b.Time) }

func capped(all []Finding) ([]Finding, int) {
	if len(all) <= FindingsMax {
		return all, 0
	}
	return all[:FindingsMax], len(all) - FindingsMax
}
