package goals

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// Goal is a situation worth meeting.
type Goal struct {
	Name string // lower-case letters, digits and dashes
	Why  string // what it is
	Late bool   // it is known only when all is over, so that nothing can wait for it
}

// Event is something that happens to a machine, for which a step of a schedule can wait.
type Event struct {
	Name string // as in "when s1 votes": no fault has that name, nor has a goal
	Why  string // what has happened
	Kind string // the kind of machines that it happens to, "server" or "sentinel"; "": any
	// Note and Log say whether a note, or a line of the log, of the machine tells of it. Where a system has both, Log is
	// for servers that make no notes. Either may be nil.
	Note func(n *histories.Note) bool
	Log  func(line string) bool
}

// Watch recognizes goals while a history is written. It is told of everything that is added, when it has been.
type Watch interface {
	Note(n *histories.Note)
	Log(l *histories.LogLine)
	Returned(op *histories.Operation) // its outcome is known
	Began(f *histories.Fault)
	// Meets says whether what it was told of last meets the goal called name.
	Meets(name string) bool
}

// Catalogue is the goals of a system.
type Catalogue struct {
	Goals []Goal // in an order that stays
	// Met returns the names of the goals that h meets, in the order of Goals; nil if there are none.
	Met func(h *histories.History) []string
	// Watch begins to look for them in h, which is still being written; nil: they are known only when all is over.
	Watch func(h *histories.History) Watch
	// Events are what steps can wait for beside goals.
	Events []Event
}

// EventNamed returns the event called name.
func (c Catalogue) EventNamed(name string) (Event, bool) {
	i := slices.IndexFunc(c.Events, func(e Event) bool { return e.Name == name })
	if i < 0 {
		return Event{}, false
	}
	return c.Events[i], true
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
