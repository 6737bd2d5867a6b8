package commands

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

func TestKeyspaceEventsOfEachCommand(t *testing.T) {
	h := newHost(t)
	h.cfg.Notify, _ = ParseEvents("AE")
	c, listener := h.connect(), h.connect()
	h.say(listener, "PSUBSCRIBE *")
	for _, test := range []struct{ command, events string }{
		{"SET a 1", "set a"},
		{"SET a 1 EX 100", "set a, expire a"},
		{"SETNX a 1", ""},
		{"SETNX b 1", "set b"},
		{"GETSET b 2", "set b"},
		{"APPEND b 2", "append b"},
		{"SETRANGE b 1 x", "setrange b"},
		{"SETBIT b 1 1", "setbit b"},
		{"INCR a", "incrby a"},
		{"DECRBY a 4", "incrby a"},
		{"INCRBYFLOAT a 0.5", "incrbyfloat a"},
		{"MSET a 1 c 2", "set a, set c"},
		{"BITOP AND d a c", "set d"},
		{"BITOP AND d nosuch", "del d"},
		{"EXPIRE a 10", "expire a"},
		{"PERSIST a", ""},
		{"EXPIRE a -1", "del a"},
		{"RENAME b e", "rename_from b, rename_to e"},
		{"MOVE e 1", ""},
		{"GET c", ""},
		{"DEL c nosuch", "del c"},
		{"SET a 1 PX 1", "set a, expire a"},
	} {
		h.say(c, test.command)
		require.Equal(t, test.events, h.events(listener), test.command)
	}
	h.now = h.now.Add(10 * time.Millisecond)
	h.say(c, "GET a")
	require.Equal(t, "expired a", h.events(listener))
}

// events are the event and the key of each message to a listener for key events.
func (h *host) events(listener node.ConnID) string {
	var events []string
	words := strings.Fields(h.heard(listener))
	for i, w := range words {
		if _, event, ok := strings.Cut(w, "__keyevent@0__:"); ok {
			events = append(events, event+" "+words[i+2])
		}
	}
	return strings.Join(events, ", ")
}

func TestOnlyTheClassesAskedForAreTold(t *testing.T) {
	for _, test := range []struct{ config, want string }{
		{"", ""},
		{"K", ""},
		{"g$", ""},
		{"K$", "__keyspace@0__:a set"},
		{"E$", "__keyevent@0__:set a"},
		{"KEg", "__keyspace@0__:a del __keyevent@0__:del a"},
	} {
		h := newHost(t)
		var ok bool
		h.cfg.Notify, ok = ParseEvents(test.config)
		require.True(t, ok)
		c, listener := h.connect(), h.connect()
		h.say(listener, "PSUBSCRIBE __key*")
		h.say(c, "SET a 1", "DEL a")
		var got []string
		for _, w := range strings.Fields(h.heard(listener)) {
			if !strings.ContainsAny(w, "$*") && w != "pmessage" {
				got = append(got, w)
			}
		}
		require.Equal(t, test.want, strings.Join(got, " "), test.config)
	}
}

func TestEventsPrintAsTheyAreRead(t *testing.T) {
	for text, printed := range map[string]string{"": "", "KEA": "AKE", "xgE": "gxE", "g$lshzxe": "A", "Kl": "lK"} {
		e, ok := ParseEvents(text)
		require.True(t, ok)
		require.Equal(t, printed, e.String())
		again, _ := ParseEvents(printed)
		require.Equal(t, e, again)
	}
	_, ok := ParseEvents("q")
	require.False(t, ok)
}
