package node

import "fmt"

// Violation is what [Assert] panics with: an invariant of the core itself that does not hold.
type Violation struct{ Sentence string }

func (v Violation) Error() string { return "invariant broken: " + v.Sentence }

// Assert panics with a [Violation] unless ok. It states what the core believes of itself, never what it hopes of
// its peers or its input. In the simulation a violation is a finding with a seed; live, the process dies.
//
// The arguments are evaluated and boxed on every call: on a hot path write if !ok { node.Assert(false, …) }.
func Assert(ok bool, format string, args ...any) {
	if !ok {
		panic(Violation{fmt.Sprintf(format, args...)})
	}
}
