package walkthroughs_test

import (
	"fmt"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// caller is the core of who types: it is told "ADDRESS COMMAND…", asks on a connection of its own, and notes the reply as
// redis-cli prints it.
type caller struct {
	conn    node.ConnID
	command []byte
	in      resp.ReplyParser
}

func (c *caller) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch {
	case ev.Kind == node.Told:
		addr, command, _ := strings.Cut(string(ev.Bytes), " ")
		words, _ := resp.SplitArgs([]byte(command))
		c.command = resp.AppendCommandBytes(nil, words)
		c.in.Reset()
		c.conn = out.Dial(addr, "")
	case ev.Conn != c.conn: // of a connection that is given up
	case ev.Kind == node.Dialled:
		out.Send(c.conn, c.command)
	case ev.Kind == node.DialFailed || ev.Kind == node.Closed:
		c.over("cannot be reached", out)
	case ev.Kind == node.Received:
		c.in.Feed(ev.Bytes)
		if r, ok, err := c.in.Next(); err != nil {
			c.over(err.Error(), out)
		} else if ok {
			out.Close(c.conn)
			c.over(printed(r), out)
		}
	}
}

func (c *caller) over(reply string, out *node.Effects) {
	out.Note(node.Note{Kind: node.NoteOK, Text: reply})
	c.conn = 0
}

// printed is a reply as redis-cli shows it.
func printed(r resp.Reply) string {
	switch {
	case r.Null:
		return "(nil)"
	case r.Kind == '-':
		return "(error) " + string(r.Str)
	case r.Kind == ':':
		return fmt.Sprintf("(integer) %d", r.Int)
	case r.Kind == '*':
		var lines []string
		for i, e := range r.Elems {
			lines = append(lines, fmt.Sprintf("%d) %s", i+1, strings.ReplaceAll(printed(e), "\n", "\n   ")))
		}
		return strings.Join(lines, "\n")
	}
	return string(r.Str)
}
