package checkers

import (
	"fmt"
	"runtime/debug"

	"github.com/ordeal-go/ordeal/histories"
)

// Checker judges one property. It must not change the history, and may be used for several at a time.
type Checker interface {
	Name() string
	Check(h *histories.History) Verdict
}

// All returns every checker with its defaults, in the order of PROPERTIES.md: those of a Redis.
func All() []Checker {
	return []Checker{Linearizable{}, LostWrites{}, ReadOnly{}, StaleReads{}, MinSlaves{}, PartialResync{}, SameData{},
		Transactions{}, Expiry{}, Commands{}, PubSub{}, Wait{}, Authentication{}, Links{}, Snapshots{}, Convergence{}, SentinelSafety{}, NeedlessFailover{}, SentinelLiveness{},
		SentinelSelection{}, ParallelSyncs{}, Lineage{}, SentinelConduct{}, SentinelDetection{}, Availability{}, Crashes{}, Clients{}, Assertions{}}
}

// Names lists the names of All.
func Names() []string { return Set(All()).Names() }

// ByName returns the checker of All called name.
func ByName(name string) (Checker, error) { return Set(All()).ByName(name) }

// Run judges h by the checkers called names, or by all of them if there are no names, whatever happened in it. The error is
// that of a name that is none's.
func Run(h *histories.History, names ...string) (Verdicts, error) {
	if len(names) == 0 {
		names = Names()
	}
	return RunAsked(h, names)
}

// Judge lets c judge h. A checker that panics has not understood the history: its verdict is unknown, never valid.
func Judge(c Checker, h *histories.History) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			v = Verdict{Checker: c.Name(), Result: Unknown, Why: fmt.Sprintf("the checker broke down, which is a bug of ordeal: %v", p)}
			v.Findings = []Finding{{Text: string(debug.Stack())}}
		}
	}()
	v = c.Check(h)
	v.Checker = c.Name()
	return v
}
