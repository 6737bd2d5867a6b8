package nemesis

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ParseError says where a text stopped being a fault, what was found there and what could have stood there.
type ParseError struct {
	Line   int    // from 1; 0 if the text is one line
	Column int    // from 1, in bytes
	Reason string // `unknown fault "cutt": did you mean cut?`
}

func (e *ParseError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
	}
	return fmt.Sprintf("column %d: %s", e.Column, e.Reason)
}

// Parse reads a fault: a verb, its targets, its attributes.
//
//	cut m1 | s1 s2 s3                          both ways
//	cut m1 -> r1 r2                            only what m1 sends
//	latency m1 | r1 delay=50ms jitter=10ms
//	kill master                                also restart, pause, resume
//	heal
//
// An error is a [*ParseError].
func Parse(text string) (Fault, error) { return Language{}.Parse(text) }

// Parse is the function [Parse], and knows the orders.
func (l Language) Parse(text string) (Fault, error) {
	p := parser{text: text, language: l}
	f, err := p.fault()
	if err == nil && p.peek().kind == word && p.peek().text == "for" {
		err = p.errorf(p.peek(), `found "for" after the fault: how long it lasts belongs to a step, "at 2s %s for 5s"`, f)
	}
	if err == nil {
		err = p.end()
	}
	return f, err
}

// ParseStep reads a line of a schedule: "at 3s cut m1 -> r1 r2 for 5s"; in place of the time may stand what [Trigger]
// shows. An error is a [*ParseError].
func ParseStep(text string) (Step, error) { return Language{}.ParseStep(text) }

// ParseStep is the function [ParseStep], and knows the orders.
func (l Language) ParseStep(text string) (Step, error) {
	p := parser{text: text, language: l}
	s, err := p.step()
	if err == nil {
		err = p.end()
	}
	return s, err
}

// ParseSchedule reads steps, one a line, in order of time. Empty lines, and what follows a #, are skipped. An error is
// a [*ParseError].
func ParseSchedule(text string) (Schedule, error) { return Language{}.ParseSchedule(text) }

// ParseSchedule is the function [ParseSchedule], and knows the orders.
func (l Language) ParseSchedule(text string) (Schedule, error) {
	var s Schedule
	var latest time.Duration
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		line = line[:comment(line)]
		if strings.TrimSpace(line) == "" {
			continue
		}
		step, err := l.ParseStep(line)
		if err == nil && len(step.When) == 0 {
			if step.At < latest {
				err = &ParseError{Column: 1, Reason: fmt.Sprintf("at %s comes after at %s: put the steps in order of time", short(step.At), short(latest))}
			}
			latest = step.At
		}
		if err != nil {
			if at := (*ParseError)(nil); errors.As(err, &at) {
				at.Line = i + 1
			}
			return nil, err
		}
		s = append(s, step)
	}
	return s, nil
}

// comment is where a # outside of quotes begins what is skipped.
func comment(line string) int {
	inQuotes := false
	for i := range len(line) {
		switch {
		case line[i] == '"':
			inQuotes = !inQuotes
		case line[i] == '#' && !inQuotes:
			return i
		}
	}
	return len(line)
}

type tokenKind uint8

const (
	end    tokenKind = iota
	word             // a verb, a name, a duration, name=value
	both             // |
	oneWay           // ->
	strange
)

type token struct {
	kind tokenKind
	text string
	at   int // offset in the text
}

func (t token) String() string {
	if t.kind == end {
		return "the end"
	}
	return fmt.Sprintf("%q", t.text)
}

type parser struct {
	text     string
	at       int
	language Language
}

// peek returns the next token and stays before it.
func (p *parser) peek() token {
	rest := strings.TrimLeft(p.text[p.at:], " \t\r\n")
	t := token{at: len(p.text) - len(rest)}
	switch {
	case rest == "":
		return t
	case rest[0] == '|':
		t.kind, t.text = both, "|"
	case strings.HasPrefix(rest, "->"):
		t.kind, t.text = oneWay, "->"
	default:
		n := 0
		for n < len(rest) && inWord(rest[n]) && !strings.HasPrefix(rest[n:], "->") {
			n++
		}
		if n > 0 && rest[n-1] == '=' && n < len(rest) && rest[n] == '"' {
			if end := strings.IndexByte(rest[n+1:], '"'); end >= 0 {
				n += end + 2
			}
		}
		t.kind, t.text = word, rest[:n]
		if n == 0 {
			t.kind, t.text = strange, string([]rune(rest)[:1])
		}
	}
	return t
}

func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80 || strings.IndexByte("-_.:=+%/'", c) >= 0
}

func (p *parser) next() token {
	t := p.peek()
	p.at = t.at + len(t.text)
	return t
}

func (p *parser) errorf(t token, format string, args ...any) error {
	return &ParseError{Column: t.at + 1, Reason: fmt.Sprintf(format, args...)}
}

func (p *parser) end() error {
	if t := p.peek(); t.kind != end {
		return p.errorf(t, "found %v, expected the end", t)
	}
	return nil
}

func (p *parser) step() (Step, error) {
	var s Step
	err := p.begin(&s)
	if err != nil {
		return s, err
	}
	if s.Fault, err = p.fault(); err != nil {
		return s, err
	}
	t := p.peek()
	if t.kind != word || t.text != "for" {
		return s, nil
	}
	p.next()
	if !p.language.Lasts(s.Fault) {
		return s, p.errorf(t, `found "for", expected the end: %s does not last`, s.Fault.Verb)
	}
	t = p.peek()
	if s.For, err = p.duration(`after "for"`); err == nil && s.For == 0 {
		err = p.errorf(t, "found %v, expected how long the fault lasts, more than 0", t)
	}
	return s, err
}

// begin reads when a step begins: "at" and a time, what it waits for, or both.
func (p *parser) begin(s *Step) (err error) {
	if !p.waits() {
		if t := p.next(); t.kind != word || t.text != "at" {
			return p.errorf(t, `found %v, expected "at" and a time, as in "at 2s cut m1 | r1", or "when" and what to wait for`, t)
		}
		if s.At, err = p.duration(`after "at"`); err != nil || !p.then() {
			return err
		}
	}
	for {
		if t := p.peek(); !p.waits() {
			return p.errorf(t, `found %v, expected what to wait for next: "when", "after" or "at write"`, t)
		}
		t, err := p.trigger()
		s.When = append(s.When, t)
		if err != nil || !p.then() {
			return err
		}
	}
}

// waits says whether a trigger comes next.
func (p *parser) waits() bool {
	t := p.peek()
	ahead := parser{text: p.text, at: t.at + len(t.text)}
	return t.kind == word && (t.text == "when" || t.text == "after" || t.text == "at" && isDiskOp(ahead.peek().text))
}

// then reads the word, if it comes next.
func (p *parser) then() bool {
	t := p.peek()
	if t.kind != word || t.text != then {
		return false
	}
	p.next()
	return true
}

func (p *parser) duration(where string) (time.Duration, error) {
	t := p.next()
	d, err := time.ParseDuration(t.text)
	if t.kind != word || err != nil || d < 0 {
		return 0, p.errorf(t, "found %v, expected a duration %s: 2s, 500ms, 1m30s", t, where)
	}
	return d, nil
}

func (p *parser) fault() (Fault, error) {
	var f Fault
	t := p.next()
	if t.kind != word {
		return f, p.errorf(t, "found %v, expected a fault: %s", t, p.language.listVerbs())
	}
	g, ok := p.language.grammarOf(Verb(t.text))
	if !ok {
		return f, p.errorf(t, "unknown fault %q: %s", t.text, p.language.suggestVerb(t.text))
	}
	f.Verb = g.verb
	var err error
	if g.sides >= 1 {
		if f.A, err = p.names("after " + string(g.verb)); err != nil {
			return f, err
		}
	}
	if g.sides == 2 {
		t := p.next()
		if t.kind != both && t.kind != oneWay {
			return f, p.errorf(t, "found %v, expected | (both ways) or -> (one way) and the other side", t)
		}
		if g.arrow && t.kind != oneWay {
			return f, p.errorf(t, "found |, expected ->: %s goes one way", g.verb)
		}
		f.OneWay = t.kind == oneWay
		if f.B, err = p.names("after " + t.text); err != nil {
			return f, err
		}
		if g.arrow && len(f.B) > 1 {
			return f, p.errorf(t, "found %d machines after ->, expected one", len(f.B))
		}
	}
	if err = p.args(&f, g); err == nil {
		err = p.distinct(f)
	}
	return f, err
}

// names reads targets up to the other side, an attribute, "for" or the end.
func (p *parser) names(where string) ([]string, error) {
	var names []string
	for {
		t := p.peek()
		if t.kind != word || t.text == "for" || strings.Contains(t.text, "=") {
			break
		}
		if !isName(t.text) {
			return nil, p.errorf(t, "found %v, expected the name of a machine or a role: letters, digits, - _ .", t)
		}
		if slices.Contains(names, t.text) {
			return nil, p.errorf(t, "%s is named twice", t.text)
		}
		names = append(names, t.text)
		p.next()
	}
	if len(names) == 0 {
		t := p.peek()
		return nil, p.errorf(t, "found %v, expected machines or roles %s: m1, master, replicas", t, where)
	}
	return names, nil
}

func isName(text string) bool {
	for i := range len(text) {
		c := text[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && strings.IndexByte("-_.", c) < 0) {
			return false
		}
	}
	return text != ""
}

func (p *parser) args(f *Fault, g grammar) error {
	for {
		t := p.peek()
		name, value, ok := strings.Cut(t.text, "=")
		if t.kind != word || !ok {
			break
		}
		if strings.HasPrefix(value, `"`) {
			value = strings.Trim(value, `"`)
		}
		a, known := g.attribute(name)
		switch {
		case !known:
			return p.errorf(t, "found %v: %s", t, g.describeArgs(name))
		case f.Has(name):
			return p.errorf(t, "%s is given twice", name)
		}
		if want := a.expected(value); want != "" {
			t.at += len(name) + 1
			return p.errorf(t, "found %q, expected %s", value, want)
		}
		f.Args = append(f.Args, Arg{name, value})
		if why := g.conflict(*f); why != "" {
			return p.errorf(t, "%s", why)
		}
		p.next()
	}
	if missing := g.missing(*f); missing != "" {
		t := p.peek()
		return p.errorf(t, "found %v, expected %s: %s cannot do without it", t, missing, g.verb)
	}
	return nil
}

// distinct refuses a machine on both sides: its link to itself cannot be hurt.
func (p *parser) distinct(f Fault) error {
	for _, name := range f.B {
		if slices.Contains(f.A, name) && !drawn(name) {
			return p.errorf(p.peek(), "%s is on both sides: a machine has no link to itself", name)
		}
	}
	return nil
}

// listVerbs names a few verbs: all of them fill half a screen.
func (l Language) listVerbs() string {
	return fmt.Sprintf("cut, latency, kill, pause, heal or another of the %d that \"ordeal list\" names", len(l.all()))
}

func (l Language) suggestVerb(found string) string {
	if verb := l.meant(found); verb != "" {
		return fmt.Sprintf("did you mean %s?", verb)
	}
	return "expected " + l.listVerbs()
}

// meant returns the verb that found is a misspelling or another word of, or "".
func (l Language) meant(found string) string {
	var names []string
	for _, g := range l.all() {
		if slices.Contains(g.synonym, strings.ToLower(found)) {
			return string(g.verb)
		}
		names = append(names, string(g.verb))
	}
	return nearest(strings.ToLower(found), names)
}

// nearest returns the one of known that found is a misspelling of, or "".
func nearest(found string, known []string) string {
	best, bestDistance := "", 3
	for _, k := range known {
		if d := distance(found, k); d < bestDistance && d < len(k) {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance is how many letters must be changed, added or removed to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
