package goals

import (
	"fmt"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// Goal is a situation worth meeting.
type Goal struct {
	Name string // lower-case letters, digits and dashes
	Why  string // what it is
	met  func(*scan) bool
}

// All returns every goal, in an order that stays.
func All() []Goal { return append([]Goal(nil), catalogue...) }

// Names returns the names of All.
func Names() []string {
	names := make([]string, len(catalogue))
	for i, g := range catalogue {
		names[i] = g.Name
	}
	return names
}

// ByName returns the goal called name.
func ByName(name string) (Goal, error) {
	for _, g := range catalogue {
		if g.Name == name {
			return g, nil
		}
	}
	return Goal{}, fmt.Errorf("there is no goal %q: there are %s", name, strings.Join(Names(), ", "))
}

// Met returns the names of the goals that h meets, in the order of All.
func Met(h *histories.History) []string {
	s := look(h)
	var met []string
	for _, g := range catalogue {
		if g.met(s) {
			met = append(met, g.Name)
		}
	}
	return met
}
