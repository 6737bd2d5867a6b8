package checkers

import (
	"fmt"
	"runtime/debug"
)

// Checker judges one property. It must not change the history, and may be used for several at a time.
type Checker interface {
	Name() string
	Check(r *Record) Verdict
}

// Judge lets c judge a record. A checker that panics has not understood the history: its verdict is unknown, never valid.
func Judge(c Checker, r *Record) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			v = Verdict{Checker: c.Name(), Result: Unknown, Why: fmt.Sprintf("the checker broke down, which is a bug of ordeal: %v", p)}
			v.Findings = []Finding{{Text: string(debug.Stack())}}
		}
	}()
	v = c.Check(r)
	v.Checker = c.Name()
	return v
}
