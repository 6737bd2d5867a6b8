package mutants

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.patch
var patches embed.FS

// Mutant is a planted bug.
type Mutant struct {
	Name     string
	Why      string // what is wrong with a server that has it
	Scenario string // the scenario of the catalogue that brings it out
	Checker  string // the checker that must find it
	edits    []edit
}

// All returns every mutant, by name. A patch that does not parse is a defect of this program: a test sees to it.
func All() []Mutant {
	entries, err := patches.ReadDir(".")
	if err != nil {
		panic(err)
	}
	var all []Mutant
	for _, e := range entries {
		text, err := patches.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		m, err := parse(strings.TrimSuffix(e.Name(), ".patch"), string(text))
		if err != nil {
			panic(err)
		}
		all = append(all, m)
	}
	return all
}

// ByName returns the mutant called name.
func ByName(name string) (Mutant, error) {
	var names []string
	for _, m := range All() {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Mutant{}, fmt.Errorf("there is no mutant %q: there are %s", name, strings.Join(names, ", "))
}
