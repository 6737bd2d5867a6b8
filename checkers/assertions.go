package checkers

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ordeal-go/ordeal/histories"
)

// Assertions holds the systems under test to what they assert of themselves: what always holds held whenever it was
// looked at, and nobody came where nobody comes. What holds sometimes, or is reached, need not be in every run: that is
// for whoever plays many to say.
type Assertions struct{}

// Name implements Checker.
func (Assertions) Name() string { return "assertions" }

func (Assertions) Promise(r *Record) Promise {
	if !slices.ContainsFunc(r.Notes, func(n histories.Note) bool { return n.Kind == histories.NoteAssertion }) {
		return Nobody("nothing asserts anything")
	}
	return Unbroken()
}

// Check implements Checker.
func (Assertions) Check(r *Record) Verdict {
	q := &Inquiry{}
	for _, name := range []string{"held", "broken", "sometimes seen", "sometimes not seen", "not reached"} {
		q.Saw(name, 0)
	}
	all := AssertionsOf(r.History)
	for _, a := range all {
		switch {
		case a.Broken:
			q.Saw("broken", 1)
		case !a.Met && a.Kind == histories.AssertSometimes:
			q.Saw("sometimes not seen", 1)
		case !a.Met:
			q.Saw("not reached", 1)
		case a.Kind == histories.AssertSometimes:
			q.Saw("sometimes seen", 1)
		default:
			q.Saw("held", 1)
		}
	}
	for i := range r.Notes {
		n := &r.Notes[i]
		if n.Kind != histories.NoteAssertion || !falsified(n) {
			continue
		}
		what := fmt.Sprintf("%s: %q does not hold", n.Event, n.Key)
		if n.Event == histories.AssertUnreachable {
			what = fmt.Sprintf("unreachable: %q was reached", n.Key)
		}
		if n.Text != "" {
			what += ", " + n.Text
		}
		if n.Reason != "" {
			what += ", at " + n.Reason
		}
		q.Breach(n.Time, n.Machine, nil, "%s", what)
	}
	missing := ""
	if !slices.ContainsFunc(all, func(a Assertion) bool { return a.Met || a.Broken }) {
		missing = "no assertion was met"
	}
	return q.Verdict(missing, fmt.Sprintf("%d assertions held whenever they were looked at", q.Count("held")))
}

// falsified says whether a note is of an assertion that does not hold.
func falsified(n *histories.Note) bool {
	return n.Result == "false" && n.Event != histories.AssertSometimes
}

// Assertion is what came of one in a history.
type Assertion struct {
	Message string `json:"message"`
	Kind    string `json:"kind"` // histories.AssertAlways, …
	// Met says that it held at least once, or was reached. One that is always met or not reached at all asks for nothing
	// more.
	Met    bool `json:"met,omitempty"`
	Broken bool `json:"broken,omitempty"`
}

// Open says whether the assertion still has to be met by some run.
func (a Assertion) Open() bool {
	return !a.Met && !a.Broken && a.Kind != histories.AssertUnreachable && a.Kind != histories.AssertAlwaysOrUnreachable
}

// AssertionsOf is what came of each assertion in h, by kind and message.
func AssertionsOf(h *histories.History) []Assertion {
	var all []Assertion
	for i := range h.Notes {
		if n := &h.Notes[i]; n.Kind == histories.NoteAssertion {
			all = MergeAssertions(all, []Assertion{{Message: n.Key, Kind: n.Event, Met: n.Result == "true", Broken: falsified(n)}})
		}
	}
	return all
}

// MergeAssertions adds those of another history to all, and returns them in order of kind and message: one was met if
// any history met it, and broken if any broke it.
func MergeAssertions(all, more []Assertion) []Assertion {
	for _, m := range more {
		at, known := slices.BinarySearchFunc(all, m, func(a, b Assertion) int {
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Message, b.Message))
		})
		if !known {
			all = slices.Insert(all, at, m)
			continue
		}
		all[at].Met = all[at].Met || m.Met
		all[at].Broken = all[at].Broken || m.Broken
	}
	return all
}

// String says what is asserted.
func (a Assertion) String() string { return fmt.Sprintf("%s %q", a.Kind, a.Message) }
