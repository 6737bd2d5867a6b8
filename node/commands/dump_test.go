package commands

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/resp"
)

func TestDumpedValuesAreRestored(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	restore := func(words ...string) string {
		h.write(c, string(resp.AppendCommand(nil, append([]string{"RESTORE"}, words...)...)))
		return h.heard(c)
	}
	h.say(c, "SET a 17 EX 100")
	h.write(c, "DUMP a\r\n")
	_, payload, _ := strings.Cut(h.sent[c], "\r\n")
	payload = strings.TrimSuffix(payload, "\r\n")
	h.sent[c] = ""
	require.Equal(t, "-BUSYKEY Target key name already exists.", restore("a", "0", payload))
	require.Equal(t, "+OK", restore("a", "0", payload, "REPLACE"))
	require.Equal(t, "$2 17 :-1", h.say(c, "GET a", "TTL a"))
	require.Equal(t, "+OK", restore("b", "500", payload))
	h.now = h.now.Add(501 * time.Millisecond)
	require.Equal(t, "$-1", h.say(c, "GET b"))
	require.Equal(t, "-ERR Invalid TTL value, must be >= 0", restore("d", "-1", payload))
	require.Equal(t, "-ERR DUMP payload version or checksum are wrong", restore("d", "0", payload[:len(payload)-1]+"x"))
	require.Equal(t, "-ERR syntax error", restore("d", "0", payload, "KEEP"))
	require.Equal(t, "$-1", h.say(c, "DUMP nosuch"))
}
