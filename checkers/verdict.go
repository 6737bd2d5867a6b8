package checkers

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Result is a checker's answer.
type Result string

// The answers.
const (
	Valid   Result = "valid"   // the property held, and there was something to hold it against
	Invalid Result = "invalid" // the property was broken
	Unknown Result = "unknown" // the history does not say, or the checker could not tell in time
	// NotPromised is neither a failure nor a success: of this history, nobody promises the property.
	NotPromised Result = "not promised"
)

// Merge is the answer to two questions at once, as Jepsen merges: invalid beats unknown, unknown beats valid. What is not
// promised changes nothing.
func (r Result) Merge(s Result) Result {
	switch {
	case r == NotPromised:
		return s
	case s == NotPromised:
		return r
	case r == Invalid || s == Invalid:
		return Invalid
	case r == Valid && s == Valid:
		return Valid
	}
	return Unknown
}

// Verdict is what one checker says of one history.
type Verdict struct {
	Checker string `json:"checker"`
	Result  Result `json:"result"`
	// Why is one sentence: what was broken, what was missing, or what was found and is allowed.
	Why      string    `json:"why,omitempty"`
	Evidence []Count   `json:"evidence,omitempty"` // how much there was to judge
	Findings []Finding `json:"findings,omitempty"` // what broke the property, in order of time
	Allowed  []Finding `json:"allowed,omitempty"`  // what looks bad and is within the promise, in order of time
	// MoreFindings and MoreAllowed count those beyond the first FindingsMax, which are left out.
	MoreFindings int `json:"more_findings,omitempty"`
	MoreAllowed  int `json:"more_allowed,omitempty"`
	// Promised is how far the property is promised, if not of the whole history, and Excused counts the findings beyond.
	Promised *Promise `json:"promised,omitempty"`
	Excused  int      `json:"excused,omitempty"`
	// Figures are what the checker measured, by name: "lost_min", "outage_s". The end of a name is the unit; without one
	// it is a count. Limits are held against them, and comparisons made of them.
	Figures map[string]float64 `json:"figures,omitempty"`
}

// FindingsMax is how many findings a verdict lists: whoever reads a thousand reads none.
const FindingsMax = 100

// Count is how often a checker saw something. Of a name that begins with "max " it is the largest value instead, and
// the largest is kept when counts are merged.
type Count struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// Finding is one fact about one moment.
type Finding struct {
	Time    time.Duration `json:"t"` // from the run's start
	Machine string        `json:"machine,omitempty"`
	Text    string        `json:"text"`
	Ops     []int         `json:"ops,omitempty"` // the operations it is about: indexes into the history's Ops
}

func (f Finding) String() string {
	switch {
	case f.Machine == "" && f.Time == 0: // it is about the whole run
		return f.Text
	case f.Machine == "":
		return fmt.Sprintf("%v %s", f.Time, f.Text)
	}
	return fmt.Sprintf("%v %s: %s", f.Time, f.Machine, f.Text)
}

// String is the verdict on one line.
func (v Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", v.Checker, v.Result)
	if v.Why != "" {
		fmt.Fprintf(&b, ": %s", v.Why)
	}
	for i, c := range v.Evidence {
		b.WriteString([]string{" (", ", "}[min(i, 1)])
		fmt.Fprintf(&b, "%s %d", c.Name, c.N)
	}
	if len(v.Evidence) > 0 {
		b.WriteString(")")
	}
	return b.String()
}

// Thousands writes 60000 as 60,000.
func Thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Saw returns how often the verdict's checker saw what is called name.
func (v Verdict) Saw(name string) int64 {
	for _, c := range v.Evidence {
		if c.Name == name {
			return c.N
		}
	}
	return 0
}

// Verdicts are what several checkers say of one history.
type Verdicts []Verdict

// Result merges the answers. Of no verdict at all the result is unknown.
func (vs Verdicts) Result() Result {
	if len(vs) == 0 {
		return Unknown
	}
	r := NotPromised
	for _, v := range vs {
		r = r.Merge(v.Result)
	}
	if r == NotPromised {
		return Unknown // nothing was judged
	}
	return r
}
