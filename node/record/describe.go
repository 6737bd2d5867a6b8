package record

import (
	"fmt"
	"strings"

	"github.com/ordeal-go/ordeal/node"
)

// shownMax is how many bytes of what was sent or received a description shows.
const shownMax = 200

// DescribeEvent is an event on one line.
func DescribeEvent(ev *node.Event) string {
	var b strings.Builder
	b.WriteString(ev.Kind.String())
	for _, f := range []struct {
		name  string
		value any
		show  bool
	}{{"conn", ev.Conn, ev.Conn != 0}, {"timer", ev.Timer, ev.Timer != 0}, {"op", ev.Op, ev.Op != 0}, {"n", ev.N, ev.N != 0},
		{"local", ev.Local, ev.Local != ""}, {"remote", ev.Remote, ev.Remote != ""}, {"err", ev.Err, ev.Err != ""}} {
		if f.show {
			fmt.Fprintf(&b, " %s=%v", f.name, f.value)
		}
	}
	b.WriteString(shown(ev.Bytes))
	return b.String()
}

// Describe is an effect on one line.
func Describe(e *node.Effect) string {
	var b strings.Builder
	b.WriteString(e.Kind.String())
	for _, f := range []struct {
		name  string
		value any
		show  bool
	}{{"conn", e.Conn, e.Conn != 0}, {"timer", e.Timer, e.Timer != 0}, {"op", e.Op, e.Op != 0}, {"after", e.After, e.After != 0},
		{"n", e.N, e.N != 0}, {"addr", e.Addr, e.Addr != ""}, {"from", e.From, e.From != ""}, {"args", e.Args, len(e.Args) > 0}} {
		if f.show {
			fmt.Fprintf(&b, " %s=%v", f.name, f.value)
		}
	}
	for _, s := range e.Steps {
		fmt.Fprintf(&b, " %v(%s)", s.Kind, s.Path)
	}
	if e.Note != nil {
		fmt.Fprintf(&b, " %s", e.Note.Kind)
	}
	if e.Text != "" {
		fmt.Fprintf(&b, " %q", e.Text)
	}
	b.WriteString(shown(e.Bytes))
	return b.String()
}

func shown(bytes []byte) string {
	switch {
	case len(bytes) == 0:
		return ""
	case len(bytes) > shownMax:
		return fmt.Sprintf(" %q… (%d bytes)", bytes[:shownMax], len(bytes))
	}
	return fmt.Sprintf(" %q", bytes)
}
