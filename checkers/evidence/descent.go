package evidence

import (
	"slices"
)

// Descends says whether who has a history id up to offset has nothing but what head, or what went before it, had; or went
// on from head.
func (g Genealogy) Descends(id string, offset int64, head string) bool {
	if g.within(id, offset, head) {
		return true
	}
	for range len(g) {
		o, known := g[id]
		if !known {
			return false
		}
		if id = o.Parent; id == head {
			return true
		}
	}
	return false
}

// within says whether place offset of history id lies on the line that leads to head.
func (g Genealogy) within(id string, offset int64, head string) bool {
	end := int64(Wholly)
	for range len(g) + 1 {
		if head == id {
			return offset < end
		}
		o, known := g[head]
		if !known {
			return false
		}
		head, end = o.Parent, min(end, o.Cut)
	}
	return false
}

// Related says whether two histories have anything in common.
func (g Genealogy) Related(a, b string) bool {
	line := g.line(a)
	return slices.ContainsFunc(g.line(b), func(id string) bool { return slices.Contains(line, id) })
}

// line is a history and all that it went on from.
func (g Genealogy) line(id string) []string {
	line := []string{id}
	for range len(g) {
		o, known := g[id]
		if !known || slices.Contains(line, o.Parent) {
			break
		}
		id = o.Parent
		line = append(line, id)
	}
	return line
}
