package checkers

import (
	_ "embed" // the table is part of the program
	"strings"
)

//go:embed PROPERTIES.md
var page string

// Property is what the table of PROPERTIES.md says of one checker.
type Property struct {
	Checker, Promised, By, Judged string // what is promised, who promises it, what it is judged by
}

// Properties are the rows of the table, in its order.
func Properties() (all []Property) {
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 6 || !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| checker ") {
			continue
		}
		all = append(all, Property{strings.TrimSpace(cells[0]), cells[1], cells[2], cells[3]})
	}
	return all
}

// Meaning says what a verdict means, "valid" and so on; "" if there is no such verdict.
func Meaning(verdict string) string {
	_, section, _ := strings.Cut(page, "## What a verdict means\n")
	section, _, _ = strings.Cut(section, "\n## ")
	text := strings.Join(strings.Fields(section), " ")
	_, meaning, found := strings.Cut(text, "**"+verdict+"**: ")
	if !found {
		return ""
	}
	meaning, _, _ = strings.Cut(meaning, "**")
	meaning, _, _ = strings.Cut(meaning, " Merged, ")
	return strings.TrimSpace(meaning)
}
