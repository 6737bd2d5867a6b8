package goals

import (
	"fmt"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// Goal is a situation worth meeting.
type Goal struct {
	Name string // lower-case letters, digits and dashes
	Why  string // what it is
}

// Catalogue is the goals of a system.
type Catalogue struct {
	Goals []Goal // in an order that stays
	// Met returns the names of the goals that h meets, in the order of Goals; nil if there are none.
	Met func(h *histories.History) []string
}

// Names returns the goals' names.
func (c Catalogue) Names() []string {
	names := make([]string, len(c.Goals))
	for i, g := range c.Goals {
		names[i] = g.Name
	}
	return names
}

// ByName returns the goal called name.
func (c Catalogue) ByName(name string) (Goal, error) {
	for _, g := range c.Goals {
		if g.Name == name {
			return g, nil
		}
	}
	if near := models.Nearest(name, c.Names()); near != "" {
		return Goal{}, fmt.Errorf("there is no goal %q: did you mean %s?", name, near)
	}
	return Goal{}, fmt.Errorf("there is no goal %q: there are %s", name, strings.Join(c.Names(), ", "))
}

// In returns the names of the goals that h meets.
func (c Catalogue) In(h *histories.History) []string {
	if c.Met == nil {
		return nil
	}
	return c.Met(h)
}
