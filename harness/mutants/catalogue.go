package mutants

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed *.patch survivors/*.patch
var patches embed.FS

// Mutant is a planted bug.
type Mutant struct {
	Name     string
	Why      string // what is wrong with a server that has it
	Scenario string // the scenario of the catalogue that brings it out
	Checker  string // the checker that must find it
	Source   string // a real bug that it is one of: a number of the redis repository's, or a commit; "": none is known
	Survives string // why no sweep finds it yet; "": one does
	edits    []edit
}

// All returns every mutant that a sweep finds, by name. A patch that does not parse is a defect of this program: a test
// sees to it.
func All() []Mutant { return in(".") }

// Survivors returns those that none finds yet, each with the reason.
func Survivors() []Mutant { return in("survivors") }

func in(folder string) []Mutant {
	entries, err := patches.ReadDir(folder)
	if err != nil {
		panic(err)
	}
	var all []Mutant
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		text, err := patches.ReadFile(path.Join(folder, e.Name()))
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
	for _, m := range append(All(), Survivors()...) {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Mutant{}, fmt.Errorf("there is no mutant %q: there are %s", name, strings.Join(names, ", "))
}
