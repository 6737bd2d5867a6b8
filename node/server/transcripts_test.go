package server

import (
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// TestTranscripts plays the exchanges in transcripts: each begins on an empty server, a command a line, on the connection
// that the line begins with ("c2: GET k"; c1 if none is named). The reply to each stands below. Where the redis-server that
// is installed (7.0.15 wrote them) says something else, what it says follows in a line that begins with "7.0:", so that
// every difference is there to read; without one, only ours is compared.
//
// Both are compared after the same normalisation, [normal].
func TestTranscripts(t *testing.T) {
	real, exchanges, differ := realAddress(t), 0, 0
	datadriven.Walk(t, "transcripts", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			require.Equal(t, "exchange", d.Cmd)
			exchanges++
			commands := strings.Split(d.Input, "\n")
			ours := ourReplies(t, commands)
			if real == "" {
				return withTheirs(ours, d.Expected)
			}
			theirs := theirReplies(t, real, commands)
			var b strings.Builder
			for i := range ours {
				b.WriteString(ours[i] + "\n")
				if theirs[i] != ours[i] {
					differ++
					b.WriteString("7.0: " + theirs[i] + "\n")
				}
			}
			return b.String()
		})
	})
	require.GreaterOrEqual(t, exchanges, 150)
	t.Logf("%d exchanges; %d replies differ from those of the redis-server that is installed", exchanges, differ)
}

// normal is the normalisation: replication and run IDs become <id>, processes' own addresses <addr>, and moments and sizes
// that no two servers share <n>.
func normal(reply string) string {
	for _, rule := range normalRules {
		reply = rule.find.ReplaceAllString(reply, rule.put)
	}
	return reply
}

var normalRules = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`\b[0-9a-f]{40}\b`), "<id>"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "<addr>"},
	{regexp.MustCompile(`\b1[0-9]{9,15}\b`), "<n>"},
	{regexp.MustCompile(`@0x[0-9a-f]+|at:0x[0-9a-f]+`), "<at>"},
}

// withTheirs is what is expected of ours alone: the lines of theirs stay as they are.
func withTheirs(ours []string, expected string) string {
	var b strings.Builder
	i := 0
	for _, line := range strings.Split(strings.TrimSuffix(expected, "\n"), "\n") {
		if strings.HasPrefix(line, "7.0: ") {
			b.WriteString(line + "\n")
		} else if i < len(ours) {
			b.WriteString(ours[i] + "\n")
			i++
		}
	}
	return b.String()
}

// line takes a command's line apart.
func line(text string) (conn, words string) {
	if name, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(name, "c") && len(name) == 2 {
		return name, rest
	}
	return "c1", text
}

func ourReplies(t *testing.T, commands []string) (replies []string) {
	w := newSolo(t, "bind 127.0.0.1\nsave \"\"\n")
	conns, parsers := map[string]node.ConnID{}, map[string]*resp.ReplyParser{}
	for _, text := range commands {
		name, words := line(text)
		if conns[name] == 0 {
			conns[name], parsers[name] = w.connect(""), &resp.ReplyParser{}
		}
		parsers[name].Feed([]byte(w.say(conns[name], words)))
		r, ok, err := parsers[name].Next()
		require.NoError(t, err)
		if !ok {
			w.run(300 * time.Millisecond)
			parsers[name].Feed(w.sent[conns[name]])
			w.sent[conns[name]] = nil
			r, ok, err = parsers[name].Next()
			require.NoError(t, err)
		}
		if !ok {
			replies = append(replies, "(no reply)")
			continue
		}
		replies = append(replies, normal(shownReply(r)))
	}
	return replies
}

// realAddress is where a redis-server of the version listens whose replies are written down; "": none is installed.
func realAddress(t *testing.T) string {
	version, err := exec.Command("redis-server", "--version").Output()
	if err != nil || !strings.Contains(string(version), " v=7.0.") {
		return ""
	}
	conn := realRedisOrNil(t)
	if conn == nil {
		return ""
	}
	return conn.RemoteAddr().String()
}

func theirReplies(t *testing.T, addr string, commands []string) (replies []string) {
	conns, parsers := map[string]net.Conn{}, map[string]*resp.ReplyParser{}
	reset, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer reset.Close()
	for _, words := range []string{"FLUSHALL", "SCRIPT FLUSH", "CONFIG RESETSTAT"} {
		ask(t, reset, &resp.ReplyParser{}, []byte(words+"\r\n"))
	}
	for _, text := range commands {
		name, words := line(text)
		if conns[name] == nil {
			c, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			defer c.Close()
			conns[name], parsers[name] = c, &resp.ReplyParser{}
		}
		_, err := conns[name].Write([]byte(words + "\r\n"))
		require.NoError(t, err)
		replies = append(replies, nextReply(t, conns[name], parsers[name]))
	}
	return replies
}

// nextReply waits for a reply as long as a server takes that has to be asked to keep still.
func nextReply(t *testing.T, conn net.Conn, p *resp.ReplyParser) string {
	patience := time.Now().Add(2 * time.Second)
	for buf := make([]byte, 1<<16); ; {
		r, ok, err := p.Next()
		require.NoError(t, err)
		if ok {
			return normal(shownReply(r))
		}
		require.NoError(t, conn.SetReadDeadline(patience))
		n, err := conn.Read(buf)
		if err != nil {
			return "(no reply)"
		}
		p.Feed(buf[:n])
	}
}

// shownReply is a reply on one line.
func shownReply(r resp.Reply) string {
	switch {
	case r.Null:
		return "(nil)"
	case r.Kind == '*':
		var parts []string
		for _, e := range r.Elems {
			parts = append(parts, shownReply(e))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case r.Kind == ':':
		return fmt.Sprintf("(%d)", r.Int)
	case r.Kind == '$':
		return fmt.Sprintf("%q", r.Str)
	}
	return string(r.Kind) + string(r.Str)
}
