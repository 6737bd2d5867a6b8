package server

import (
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// The two servers of the differential test, and the connections to them.

// socket is a connection to one of the servers.
type socket struct {
	in    resp.ReplyParser
	conn  net.Conn // of redis-server
	solo  *solo    // of ours
	id    node.ConnID
	close func()
}

func (l *socket) write(t require.TestingT, request []byte) {
	if l.solo != nil {
		l.solo.step(node.Event{Kind: node.Received, Conn: l.id, Bytes: request})
		return
	}
	_, err := l.conn.Write(request)
	require.NoError(t, err)
}

// read feeds what has come, or, from redis-server, what comes next within the time.
func (l *socket) read(within time.Duration) bool {
	if l.solo != nil {
		came := l.solo.sent[l.id]
		l.solo.sent[l.id] = nil
		l.in.Feed(came)
		return len(came) > 0
	}
	buf := make([]byte, 64<<10)
	_ = l.conn.SetReadDeadline(time.Now().Add(within))
	n, err := l.conn.Read(buf)
	l.in.Feed(buf[:n])
	return err == nil
}

// next is the next reply; ok is false if none comes within the time.
func (l *socket) next(t require.TestingT, within time.Duration) (r resp.Reply, ok bool) {
	for {
		r, ok, err := l.in.Next()
		require.NoError(t, err)
		if ok || !l.read(within) {
			return r, ok
		}
	}
}

const patience = 10 * time.Second

func (l *socket) must(t require.TestingT) resp.Reply {
	r, ok := l.next(t, patience)
	require.True(t, ok, "no reply came")
	return r
}

// side is one of the two servers, and who is connected to it.
type side struct {
	open                    func() *socket
	main, replica, listener *socket
	waiting                 [waiters + 1]*socket
	db                      string // that the stream is in
}

func ourSide(t *testing.T) *side {
	w := newSolo(t, "", "port 6379", "save \"\"", "notify-keyspace-events EA", "repl-ping-slave-period 3600")
	return &side{open: func() *socket {
		id := w.connect("")
		return &socket{solo: w, id: id, close: func() { w.step(node.Event{Kind: node.Closed, Conn: id}) }}
	}}
}

func theirSide(t *testing.T) *side {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	_, port, _ := strings.Cut(addr, ":")
	cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir(),
		"--enable-debug-command", "yes",
		"--notify-keyspace-events", "EA", "--repl-diskless-sync", "no", "--repl-ping-replica-period", "3600",
		"--repl-timeout", "7200")
	cmd.Env = []string{"LC_ALL=C"}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	dial := func() *socket {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return nil
		}
		return &socket{conn: conn, close: func() {
			_ = conn.(*net.TCPConn).SetLinger(0) // its port is needed again
			_ = conn.Close()
		}}
	}
	require.Eventually(t, func() bool {
		l := dial()
		if l != nil {
			l.close()
		}
		return l != nil
	}, patience, 10*time.Millisecond, "redis-server does not listen")
	return &side{open: dial}
}

// connect makes the connections: one that speaks, a replica's, a subscriber's.
func (s *side) connect(t *testing.T) {
	s.main, s.replica, s.listener = s.open(), s.open(), s.open()
	s.listener.write(t, resp.AppendCommand(nil, "PSUBSCRIBE", "*"))
	s.listener.must(t)
	s.replica.write(t, resp.AppendCommand(nil, "PSYNC", "?", "-1"))
	var raw []byte
	for deadline := time.Now().Add(patience); ; {
		require.True(t, time.Now().Before(deadline), "no snapshot came")
		if l := s.replica; l.solo != nil {
			raw = append(raw, l.solo.sent[l.id]...)
			l.solo.sent[l.id] = nil
		} else {
			buf := make([]byte, 64<<10)
			n, _ := l.conn.Read(buf)
			raw = append(raw, buf[:n]...)
		}
		_, after, ok := bytes.Cut(raw, []byte("$"))
		length, body, ok2 := bytes.Cut(after, []byte("\r\n"))
		n, err := strconv.Atoi(string(length))
		if ok && ok2 && err == nil && len(body) >= n {
			s.replica.in.Feed(body[n:])
			break
		}
	}
	s.replica.write(t, resp.AppendCommand(nil, "REPLCONF", "ACK", "0")) // or ours sends it nothing yet
	for i := range s.waiting {
		s.waiting[i] = s.open()
	}
}

// reset makes an empty server of it, whatever was going on.
func (s *side) reset(t require.TestingT, token string) {
	for i, w := range s.waiting {
		w.close()
		s.waiting[i] = s.open()
	}
	var b []byte
	for _, words := range [][]string{{"DISCARD"}, {"SELECT", "0"}, {"FLUSHALL"}, {"PUBLISH", "mark", token}, {"ECHO",
		token}} {
		b = resp.AppendCommand(b, words...)
	}
	s.main.write(t, b)
	for string(s.main.must(t).Str) != token {
	}
	s.events(t, token)
	s.stream(t, token)
}

// events are what the subscriber has heard until the mark.
func (s *side) events(t require.TestingT, mark string) (events []string) {
	for {
		m := s.listener.must(t).Elems
		require.Len(t, m, 4)
		if string(m[2].Str) == "mark" {
			if string(m[3].Str) == mark {
				return events
			}
			continue
		}
		_, name, _ := strings.Cut(string(m[2].Str), ":")
		if _, since := eventsSince[name]; !since {
			events = append(events, fmt.Sprintf("%s %q", m[2].Str, m[3].Str))
		}
	}
}

// stream is what has reached the replica until the mark: commands with their database, no frame around transactions.
func (s *side) stream(t require.TestingT, mark string) (commands []streamed) {
	for {
		var words []string
		for _, e := range s.replica.must(t).Elems {
			words = append(words, string(e.Str))
		}
		words[0] = strings.ToLower(words[0])
		switch words[0] {
		case "select":
			s.db = words[1]
		case "multi", "exec", "ping":
		case "publish":
			if words[2] == mark {
				return commands
			}
		default:
			text := streamText(words)
			if strings.HasPrefix(text, `["expires"`) {
				words[0] = "expires"
			}
			commands = append(commands, streamed{name: words[0], text: s.db + " " + text})
		}
	}
}

type streamed struct{ name, text string }

// streamText prints a command without what cannot be the same: times. 7.0 tells replicas when a key expires, 4.0 in how
// long, and 7.0 sends GETSET as SET, and says of some SETs that they leave the time to live.
func streamText(words []string) string {
	switch {
	case words[0] == "expire" || words[0] == "pexpireat" || words[0] == "pexpire" || words[0] == "expireat":
		words = []string{"expires", words[1]}
	case words[0] == "setex" || words[0] == "psetex":
		words = []string{"set", words[1], words[3], "expires"}
	case words[0] == "getset":
		words = []string{"set", words[1], words[2]}
	case words[0] == "set":
		words = setText(words)
	}
	return fmt.Sprintf("%q", words)
}

// setText is a SET without its conditions, which held, and without its time, whichever of those that it names counts.
func setText(words []string) []string {
	for _, option := range words[3:] {
		switch strings.ToUpper(option) {
		case "EX", "PX", "PXAT":
			return append(words[:3:3], "expires")
		}
	}
	return words[:3]
}
