package checkers

import (
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// OfKind lists the machines of a kind by name, in the header's order.
func (r *Record) OfKind(kind string) []string {
	var names []string
	for _, m := range r.Machines {
		if m.Kind == kind && !(m.Spare && (neverUp(r.Notes, m.Name) || r.tenant(m.Name))) {
			names = append(names, m.Name)
		}
	}
	return names
}

// neverUp says whether a machine was started at no time.
func neverUp(notes []histories.Note, machine string) bool {
	return !slices.ContainsFunc(notes, func(n histories.Note) bool { return n.Kind == "up" && n.Machine == machine })
}

// Stranger says whether a machine, or an address that is none's, is no member of the cluster: it was laid out as a spare one
// and never added.
func (r *Record) Stranger(name string) bool {
	if name == "" {
		return false
	}
	for _, m := range r.Machines {
		if m.Name == name {
			return m.Spare && !slices.ContainsFunc(r.Faults, func(f histories.Fault) bool {
				return slices.Contains(f.Targets, name) && strings.HasPrefix(f.Text, "replica-add")
			})
		}
	}
	return true
}

// tenant says whether a spare machine became the master of another group.
func (r *Record) tenant(name string) bool {
	return slices.ContainsFunc(r.Faults, func(f histories.Fault) bool {
		return slices.Contains(f.Targets, name) && strings.HasPrefix(f.Text, "tenant-add")
	})
}
