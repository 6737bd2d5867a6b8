package server

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/transcript"
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
				return transcript.Kept(ours, d.Expected)
			}
			theirs := theirReplies(t, real, commands)
			text, n := transcript.Beside(ours, theirs)
			differ += n
			return text
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

func ourReplies(t *testing.T, commands []string) (replies []string) {
	w := newSolo(t, "bind 127.0.0.1\nsave \"\"\n")
	conns, parsers := map[string]node.ConnID{}, map[string]*resp.ReplyParser{}
	for _, text := range commands {
		name, words := transcript.Line(text)
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
			replies = append(replies, transcript.NoReply)
			continue
		}
		replies = append(replies, normal(transcript.Show(r)))
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
	conns := map[string]*transcript.Conn{}
	for _, text := range append([]string{"c0: FLUSHALL", "c0: SCRIPT FLUSH", "c0: CONFIG RESETSTAT"}, commands...) {
		name, words := transcript.Line(text)
		if conns[name] == nil {
			c, err := transcript.Dial(addr)
			require.NoError(t, err)
			defer c.Close()
			conns[name] = c
		}
		require.NoError(t, conns[name].Say(words))
		reply, err := conns[name].Next(2 * time.Second) // as long as a server takes that has to be asked to keep still
		require.NoError(t, err)
		replies = append(replies, normal(reply))
		if name == "c0" {
			replies = nil
		}
	}
	return replies
}
