package nemesis

import (
	_ "embed" // the table is part of the program
	"strings"
)

//go:embed FAULTS.md
var page string

// Explanation is what the table of FAULTS.md says of a fault.
type Explanation struct {
	Verb      string
	Written   string // how a schedule has it
	Sim, Live string // what it does in each world
}

// Explanations are the rows of the table, in its order.
func Explanations() (all []Explanation) {
	_, table, _ := strings.Cut(page, "## What they do\n")
	table, _, _ = strings.Cut(table, "\n## ")
	for line := range strings.Lines(table) {
		line = strings.ReplaceAll(strings.TrimSpace(line), `\|`, "\x00")
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if len(cells) != 4 || !strings.HasPrefix(line, "| `") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(strings.NewReplacer("\x00", "|", "`", "").Replace(cells[i]))
		}
		all = append(all, Explanation{cells[0], cells[1], cells[2], cells[3]})
	}
	return all
}
