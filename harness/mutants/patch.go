package mutants

import (
	"fmt"
	"strings"
)

// edit is one hunk of a patch: in file, the lines find become the lines replace.
type edit struct {
	file          string
	find, replace string
}

// parse reads a patch: header lines "Why: …", "Scenario: …", "Checker: …", where there are such "Source: …" and
// "Survives: …", then a unified diff. A hunk is applied
// wherever its lines stand, so the line numbers after @@ do not matter.
func parse(name, text string) (Mutant, error) {
	m := Mutant{Name: name}
	file := ""
	for i, line := range strings.Split(text, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		switch {
		case file == "" && key == "Why":
			m.Why = value
		case file == "" && key == "Scenario":
			m.Scenario = value
		case file == "" && key == "Checker":
			m.Checker = value
		case file == "" && key == "Source":
			m.Source = value
		case file == "" && key == "Survives":
			m.Survives = value
		case strings.HasPrefix(line, "--- "):
		case strings.HasPrefix(line, "+++ "):
			file = strings.TrimPrefix(strings.TrimPrefix(line, "+++ "), "b/")
		case strings.HasPrefix(line, "@@"):
			m.edits = append(m.edits, edit{file: file})
		case len(m.edits) > 0 && line != "":
			if err := m.edits[len(m.edits)-1].add(line); err != nil {
				return m, fmt.Errorf("%s.patch:%d: %w", name, i+1, err)
			}
		}
	}
	if m.Why == "" || m.Scenario == "" || m.Checker == "" || len(m.edits) == 0 {
		return m, fmt.Errorf("%s.patch: a patch has lines Why:, Scenario: and Checker:, and at least one hunk", name)
	}
	return m, nil
}

// add takes one line of a hunk.
func (e *edit) add(line string) error {
	rest := line[1:] + "\n"
	switch line[0] {
	case ' ':
		e.find, e.replace = e.find+rest, e.replace+rest
	case '-':
		e.find += rest
	case '+':
		e.replace += rest
	default:
		return fmt.Errorf("a line of a hunk begins with a space, - or +, not %q", line[0])
	}
	return nil
}

// apply makes the edit in text, in which its lines must stand exactly once.
func (e edit) apply(text string) (string, error) {
	if n := strings.Count(text, e.find); n != 1 {
		return "", fmt.Errorf("%s: the lines to change stand there %d times, not once: the patch is out of date", e.file, n)
	}
	return strings.Replace(text, e.find, e.replace, 1), nil
}
