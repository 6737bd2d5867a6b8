package workload

import (
	"slices"

	"github.com/ordeal-go/ordeal/models"
)

// Kind is a kind of work that a system's clients can do, as scenarios name it and judges know it.
type Kind struct {
	Name  string // lower-case letters, digits and dashes
	About string // one sentence
	Model string // of package models
	// Usual is what clients do of it if a scenario names no work at all.
	Usual Work
	// Check says what is wrong with a work of the kind beyond what may be wrong with any, or nil. nil: nothing can be.
	Check func(Work) error
}

// ByName returns the kind called name.
func ByName(kinds []Kind, name string) (Kind, error) {
	if i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name }); i >= 0 {
		return kinds[i], nil
	}
	var names []string
	for _, k := range kinds {
		names = append(names, k.Name)
	}
	return Kind{}, models.Unknown("kind %q is unknown", name, names)
}
