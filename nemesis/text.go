package nemesis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// String returns the fault as [Parse] reads it: "cut m1 -> r1 r2", "latency m1 | r1 delay=50ms jitter=10ms".
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(string(f.Verb))
	for _, name := range f.A {
		b.WriteString(" " + name)
	}
	if len(f.B) > 0 {
		b.WriteString(f.separator())
	}
	for _, name := range f.B {
		b.WriteString(" " + name)
	}
	for _, a := range f.Args {
		b.WriteString(" " + a.Name + "=" + quoted(a.Value))
	}
	return b.String()
}

// quoted puts a value in quotes that is not one word.
func quoted(value string) string {
	for i := range len(value) {
		if !inWord(value[i]) || strings.HasPrefix(value[i:], "->") {
			return `"` + value + `"`
		}
	}
	if value == "" {
		return `""`
	}
	return value
}

func (f Fault) separator() string {
	if f.OneWay {
		return " ->"
	}
	return " |"
}

// String returns the step as [ParseStep] reads it: "at 3s cut m1 -> r1 r2 for 5s", "when s1 votes kill s2 for 2s".
func (s Step) String() string {
	text := s.begins() + " " + s.Fault.String()
	if s.For > 0 {
		text += " for " + short(s.For)
	}
	return text
}

// begins says when the step does.
func (s Step) begins() string {
	var parts []string
	if s.At > 0 || len(s.When) == 0 {
		parts = append(parts, "at "+short(s.At))
	}
	for _, t := range s.When {
		parts = append(parts, t.String())
	}
	return strings.Join(parts, " "+then+" ")
}

// String returns the schedule as [ParseSchedule] reads it: a step a line, each ended by a newline.
func (s Schedule) String() string {
	var b strings.Builder
	for _, step := range s {
		b.WriteString(step.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// short prints d without the zeros that nobody writes: 1m, not 1m0s.
func short(d time.Duration) string {
	text := d.String()
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}

// Targets returns the names the fault is aimed at, A's first.
func (f Fault) Targets() []string { return slices.Concat(f.A, f.B) }

// Lasts says whether the fault stays in force until it is lifted. The others (restart, resume, heal) end faults. Of orders
// [Language.Lasts] knows.
func (f Fault) Lasts() bool {
	g, _ := grammarOf(f.Verb)
	return g.lasts
}

// Validate says what is wrong with a fault that was put together in Go; what Parse returns is valid.
func (f Fault) Validate() error { return Language{}.validate(f) }

func (l Language) validate(f Fault) error {
	again, err := l.Parse(f.String())
	if err != nil {
		return err
	}
	if !again.equal(f) {
		return fmt.Errorf("fault %q is not what it prints as: a name or a value has a character that it cannot have", f)
	}
	return nil
}

// Validate says what is wrong with a step that was put together in Go; what ParseStep returns is valid.
func (s Step) Validate() error { return Language{}.Validate(s) }

// Validate is [Step.Validate], and knows the orders.
func (l Language) Validate(s Step) error {
	if err := l.validate(s.Fault); err != nil {
		return err
	}
	again, err := l.ParseStep(s.String())
	if err != nil {
		return err
	}
	if again.At != s.At || again.For != s.For || !slices.Equal(again.When, s.When) {
		return fmt.Errorf("step %q is not what it prints as: a time is negative, a fault that does not last has one, or a name has a character that it cannot have", s)
	}
	return nil
}

func (f Fault) equal(g Fault) bool {
	return f.Verb == g.Verb && f.OneWay == g.OneWay && slices.Equal(f.A, g.A) && slices.Equal(f.B, g.B) &&
		slices.Equal(f.Args, g.Args)
}

// MarshalText is String, or the error that Validate finds.
func (f Fault) MarshalText() ([]byte, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	return []byte(f.String()), nil
}

// UnmarshalText is Parse.
func (f *Fault) UnmarshalText(text []byte) (err error) {
	*f, err = Parse(string(text))
	return err
}

// MarshalText is String.
func (s Step) MarshalText() ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return []byte(s.String()), nil
}

// UnmarshalText is ParseStep.
func (s *Step) UnmarshalText(text []byte) (err error) {
	*s, err = ParseStep(string(text))
	return err
}

// Sort puts the steps in order of time; those of one moment keep theirs.
func (s Schedule) Sort() {
	slices.SortStableFunc(s, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
}
