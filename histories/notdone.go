package histories

import (
	"fmt"
	"strings"
)

// NoteNotDone is the kind of note by which a run says at its end that a fault of its schedule was not done, or only in
// part: Text is the fault, Reason why, M how many faults there were, and Result "in part" if some of it was.
const NoteNotDone = "not-done"

// NoteTriggered is the kind of note by which a run says that what a step of its schedule waited for has happened: Text is
// the step, Peer the machine that it happened to, "" if it is no machine's.
const NoteTriggered = "triggered"

// The kinds of notes about a machine's process: it began, and it ended for the reason Text.
const (
	NoteUp   = "up"
	NoteDown = "down"
)

// InPart is the Result of a note about a fault some of which was done.
const InPart = "in part"

// NotDone says which faults of the schedule a run could not do.
type NotDone struct {
	Of     int       `json:"of"` // how many faults there were to do
	Faults []Omitted `json:"faults"`
}

// Omitted is a fault that was not done.
type Omitted struct {
	Fault  string `json:"fault"`
	Why    string `json:"why"`
	InPart bool   `json:"in_part,omitempty"` // some of it was done
}

// NotDone finds what the run said about faults that it did not do; nil if it did all of them.
func (h *History) NotDone() *NotDone {
	var found *NotDone
	for i := range h.Notes {
		if n := &h.Notes[i]; n.Kind == NoteNotDone {
			if found == nil {
				found = &NotDone{Of: int(n.M)}
			}
			found.Faults = append(found.Faults, Omitted{n.Text, n.Reason, n.Result == InPart})
		}
	}
	return found
}

// All says whether not one fault was done, although there were some to do.
func (d *NotDone) All() bool {
	if d == nil || len(d.Faults) < d.Of {
		return false
	}
	for _, f := range d.Faults {
		if f.InPart {
			return false
		}
	}
	return true
}

// Heading says how many faults were not done, without saying which.
func (d *NotDone) Heading() string {
	parts := 0
	for _, f := range d.Faults {
		if f.InPart {
			parts++
		}
	}
	whole := len(d.Faults) - parts
	switch {
	case parts == 0:
		return fmt.Sprintf("%d of %d faults could not be done here", whole, d.Of)
	case whole == 0:
		return fmt.Sprintf("%d of %d faults could be done only in part", parts, d.Of)
	}
	return fmt.Sprintf("%d of %d faults could not be done here, and %d only in part", whole, d.Of, parts)
}

// String is for a person: the heading, and a line for each fault.
func (d *NotDone) String() string {
	var b strings.Builder
	b.WriteString(d.Heading() + ":\n")
	for _, f := range d.Faults {
		part := ""
		if f.InPart {
			part = " (in part)"
		}
		fmt.Fprintf(&b, "  %s%s: %s\n", f.Fault, part, f.Why)
	}
	return b.String()
}
