// Package transcript is the format in which exchanges with a server or a Sentinel of ours are written down beside what the
// Redis that is installed says: a command a line, on the connection that the line begins with; then a reply a line, each
// followed by what Redis says where that is something else, in a line that begins with its version. So every difference is
// there to read. It is for tests.
package transcript

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node/resp"
)

// Theirs is what a line begins with that only Redis says, here the version that wrote the transcripts.
const Theirs = "7.0: "

// Line takes a line apart: "c2: GET k" is said on the connection c2, a line that names none on c1.
func Line(text string) (conn, words string) {
	name, rest, ok := strings.Cut(text, ": ")
	if ok && len(name) == 2 && name[0] >= 'a' && name[0] <= 'z' && name[1] >= '0' && name[1] <= '9' {
		return name, rest
	}
	return "c1", text
}

// Beside writes our replies with theirs below where they differ, and counts how many do.
func Beside(ours, theirs []string) (text string, differ int) {
	var b strings.Builder
	for i := range ours {
		b.WriteString(ours[i] + "\n")
		if theirs[i] != ours[i] {
			differ++
			b.WriteString(Theirs + theirs[i] + "\n")
		}
	}
	return b.String(), differ
}

// Kept is what is expected of ours alone, where no Redis is installed: the lines of theirs stay as they are.
func Kept(ours []string, expected string) string {
	var b strings.Builder
	i := 0
	for _, line := range strings.Split(strings.TrimSuffix(expected, "\n"), "\n") {
		if strings.HasPrefix(line, Theirs) {
			b.WriteString(line + "\n")
		} else if i < len(ours) {
			b.WriteString(ours[i] + "\n")
			i++
		}
	}
	return b.String()
}

// Show is a reply on one line.
func Show(r resp.Reply) string {
	switch {
	case r.Null:
		return "(nil)"
	case r.Kind == '*':
		var parts []string
		for _, e := range r.Elems {
			parts = append(parts, Show(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case r.Kind == ':':
		return fmt.Sprintf("(%d)", r.Int)
	case r.Kind == '$':
		return fmt.Sprintf("%q", r.Str)
	}
	return string(r.Kind) + string(r.Str)
}

// Conn is a connection to a server or Sentinel.
type Conn struct {
	conn net.Conn
	in   resp.ReplyParser
}

// Dial opens a connection.
func Dial(addr string) (*Conn, error) {
	conn, err := net.Dial("tcp", addr)
	return &Conn{conn: conn}, err
}

// Close ends it.
func (c *Conn) Close() { _ = c.conn.Close() }

// Say sends a line as an inline command.
func (c *Conn) Say(words string) error {
	_, err := c.conn.Write([]byte(words + "\r\n"))
	return err
}

// What Next returns where there is no reply.
const (
	NoReply = "(no reply)"
	HungUp  = "(hangs up)"
)

// Next waits for the next reply, or message, for so long.
func (c *Conn) Next(patience time.Duration) (string, error) {
	deadline := time.Now().Add(patience)
	for buf := make([]byte, 1<<16); ; {
		r, ok, err := c.in.Next()
		if err != nil {
			return "", err
		}
		if ok {
			return Show(r), nil
		}
		if err := c.conn.SetReadDeadline(deadline); err != nil {
			return "", err
		}
		n, err := c.conn.Read(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return NoReply, nil
		case err != nil:
			return HungUp, nil
		}
		c.in.Feed(buf[:n])
	}
}
