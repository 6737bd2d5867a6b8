package checkers

import (
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// General returns the checkers that know nothing of the system: they read operations, and whose process went down.
func General() []Checker {
	return []Checker{Always(Linearizable{Everywhere: true}), Availability{AnyReason: true}, Crashes{}}
}

// Always is c for a system that promises its property whatever happens.
func Always(c Checker) Checker { return always{c} }

// always hides what c says about when its property is promised.
type always struct{ Checker }

// Set is the checkers of a system, in the order of their verdicts.
type Set []Checker

// Names lists the checkers' names.
func (s Set) Names() []string {
	var names []string
	for _, c := range s {
		names = append(names, c.Name())
	}
	return names
}

// ByName returns the checker called name.
func (s Set) ByName(name string) (Checker, error) {
	for _, c := range s {
		if c.Name() == name {
			return c, nil
		}
	}
	return nil, models.Unknown("there is no checker called %q", name, s.Names())
}

// RunWithin is [Set.RunAsked], and the verdict of limits over it.
func (s Set) RunWithin(h *histories.History, limits Limits, names ...string) (Verdicts, error) {
	vs, err := s.RunAsked(h, names)
	if err != nil {
		return nil, err
	}
	if v, ok := limits.Judge(vs); ok {
		vs = append(vs, v)
	}
	return vs, nil
}
