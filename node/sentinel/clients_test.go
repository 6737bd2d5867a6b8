package sentinel

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// TestPausedClientsAreServedLater: other Sentinels are clients too, and find one that pauses down; what it sends itself
// goes on.
func TestPausedClientsAreServedLater(t *testing.T) {
	w := cluster(1, 3, 2, "")
	w.advance(15 * time.Second)
	require.Equal(t, "-ERR timeout is negative\n-ERR timeout is not an integer or out of range\n+OK\n",
		show(w.ask("s1", words("CLIENT PAUSE -1"), words("CLIENT PAUSE x"), words("CLIENT PAUSE 3000"), words("PING"))))
	require.Empty(t, show(w.ask("s1", words("PING"))))
	w.advance(2 * time.Second)
	s2 := strings.Join(w.byName["s2"].events(), "\n")
	require.Contains(t, s2, "+sdown sentinel <s1>")
	require.NotContains(t, s2, "+sdown master")
	require.NotContains(t, strings.Join(w.byName["s1"].events(), "\n"), "+sdown")
	w.advance(2 * time.Second)
	require.Equal(t, "+PONG\n", show(w.ask("s1", words("PING"))))
	require.Contains(t, strings.Join(w.byName["s2"].events(), "\n"), "-sdown sentinel <s1>")
}

// TestDirectivesOfClientsHold as they do in a server.
func TestDirectivesOfClientsHold(t *testing.T) {
	w, s := alone(t, "timeout 5\nmaxclients 2\nrename-command shutdown \"\"\nrename-command role who\n"+
		"client-output-buffer-limit pubsub 1mb 0 0\nclient-query-buffer-limit 1kb\nproto-max-bulk-len 1mb\n")
	require.Equal(t, "-ERR unknown command `shutdown`, with args beginning with: \n-ERR unknown command `role`, with args beginning with: \n"+
		"1) \"sentinel\"\n2)\n   1) \"mymaster\"\n", show(w.ask("s1", words("shutdown"), words("role"), words("who"))))

	idle := dialTo(w, "10.0.9.1")
	w.advance(2 * time.Second)
	require.Equal(t, 1, idle.accepted())
	dialTo(w, "10.0.9.2")
	w.advance(100 * time.Millisecond)
	refused := dialTo(w, "10.0.9.3")
	w.advance(100 * time.Millisecond)
	require.Equal(t, "-ERR max number of clients reached\r\n", string(refused.got))
	w.advance(6 * time.Second)
	require.Empty(t, s.sentinel().front.Clients(), "they have been idle for too long")

	greedy := dialTo(w, "10.0.9.4")
	w.advance(100 * time.Millisecond)
	greedy.say(resp.AppendCommand(nil, "PING", strings.Repeat("x", 2000))[:1900])
	w.advance(100 * time.Millisecond)
	require.True(t, greedy.closed, "its request is longer than the limit")
}

func TestLimitsOfClientsAreRead(t *testing.T) {
	for text, reason := range map[string]string{
		"rename-command get x":                     "No such command in rename-command",
		"rename-command role":                      "Bad directive or wrong number of arguments",
		"client-output-buffer-limit normal 1 1":    "Bad directive or wrong number of arguments",
		"client-output-buffer-limit nobody 1 1 1":  "Unrecognized client limit class",
		"client-output-buffer-limit normal 1 1 -1": "Negative number of seconds in soft limit is invalid",
		"client-query-buffer-limit many":           "Bad directive or wrong number of arguments",
		"timeout -1":                               "Invalid timeout value",
		"maxclients 0":                             "Invalid max clients limit",
		"requirepass " + strings.Repeat("x", 513):  "Password is longer than CONFIG_AUTHPASS_MAX_LEN",
		"loglevel loud":                            "Invalid log level. Must be one of debug, verbose, notice, warning",
		"bind" + strings.Repeat(" 127.0.0.1", 17):  "Too many bind addresses specified",
		"protected-mode perhaps":                   "argument must be 'yes' or 'no'",
		"port 65536":                               "Invalid port",
	} {
		require.ErrorContains(t, Refusal(text+"\n"), reason, text)
	}
}

// TestSettingThatIsRefusedStaysAsItWas: of SENTINEL CONFIG SET.
func TestSettingThatIsRefusedStaysAsItWas(t *testing.T) {
	w, _ := alone(t, "sentinel announce-port 700\n")
	require.Equal(t, "-ERR Invalid value 'x' to SENTINEL CONFIG SET 'announce-port'\n1) \"announce-port\"\n2) \"700\"\n",
		show(w.ask("s1", words("SENTINEL CONFIG SET announce-port x"), words("SENTINEL CONFIG GET announce-port"))))
}

// caller is a client that says what it is told to, on a machine of its own.
type caller struct {
	m      *testMachine
	conn   node.ConnID
	got    []byte
	closed bool
}

func dialTo(w *testWorld, ip string) *caller {
	c := &caller{}
	c.m = &testMachine{w: w, name: "caller", ip: ip, boot: func(*testMachine) node.Core { return c }}
	c.m.start()
	return c
}

func (c *caller) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		c.conn = out.Dial("10.0.1.1:26379", "")
	case node.Received:
		c.got = append(c.got, ev.Bytes...)
	case node.Closed:
		c.closed = true
	}
}

func (c *caller) accepted() int { return len(c.m.w.byName["s1"].sentinel().front.Clients()) }

func (c *caller) say(b []byte) {
	c.m.w.tellPeer(c.m.conns[c.conn], node.Event{Kind: node.Received, Bytes: b})
}
