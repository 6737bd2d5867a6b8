package commands

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// takeRows are BTAKE key… seconds: it takes a string away as BLPOP takes an element, and BMOVE from to seconds.
func takeRows(d *Data) []front.Command {
	take := func(c *front.Call, key []byte) bool {
		v, found := d.LookupWrite(c, key)
		if !found {
			return false
		}
		c.Text(string(key) + "=" + string(v.Bytes()))
		d.deleteKey(c.DB, key)
		c.Dirty++
		c.Instead([]byte("DEL"), key)
		return true
	}
	move := func(c *front.Call, key []byte) bool {
		v, found := d.LookupWrite(c, key)
		if !found {
			return false
		}
		d.setKey(c, c.Args[2], v)
		d.deleteKey(c.DB, key)
		c.OK()
		c.Dirty++
		c.Instead([]byte("RENAME"), key, c.Args[2])
		return true
	}
	blocking := func(serve func(*front.Call, []byte) bool, last int) func(*front.Call) {
		return func(c *front.Call) {
			keys := c.Args[1 : len(c.Args)-last]
			for _, key := range keys {
				if serve(c, key) {
					return
				}
			}
			if !mayBlock(c) {
				c.NullArray()
				return
			}
			seconds, _ := c.Integer(len(c.Args) - 1)
			d.block(c, keys, time.Duration(seconds)*time.Second, Blocking{Serve: serve, TimedOut: (*front.Call).NullArray})
		}
	}
	return front.Group("test",
		front.Row("btake", -3, "ws", 1, -2, 1, blocking(take, 1), "take"),
		front.Row("bmove", 4, "ws", 1, 2, 1, blocking(move, 2), "move"))
}

func TestBlockedClientsAreServedInTheOrderInWhichTheyCame(t *testing.T) {
	h := newHost(t, takeRows)
	a, b, c, writer := h.connect(), h.connect(), h.connect(), h.connect()
	require.Empty(t, h.say(a, "BTAKE x y 0"))
	require.Empty(t, h.say(b, "BTAKE y x 0"))
	require.Empty(t, h.say(c, "BTAKE x 0"))
	require.Contains(t, h.say(writer, "CLIENT LIST"), "flags=b")
	require.Equal(t, "+OK", h.say(writer, "SET x 1"))
	require.Equal(t, "$3 x=1", h.heard(a))
	require.Equal(t, "0 SET x 1; 0 DEL x", h.streamed())
	require.Equal(t, "+OK", h.say(writer, "SET x 2"))
	require.Equal(t, "$3 x=2", h.heard(b))
	require.Empty(t, h.heard(a), "served once")
	require.Equal(t, "+OK", h.say(writer, "SET x 3"))
	require.Equal(t, "$3 x=3", h.heard(c))
	require.Empty(t, h.data.byKey)
}

// What a transaction makes ready is taken when it is over, by what is there then.
func TestBlockedClientsAreServedAfterTheTransaction(t *testing.T) {
	h := newHost(t, takeRows)
	a, writer := h.connect(), h.connect()
	h.say(a, "BTAKE x 0")
	require.Equal(t, "+OK +QUEUED +QUEUED +QUEUED *3 +OK +OK $1 2", h.say(writer, "MULTI", "SET x 1", "SET x 2", "GET x", "EXEC"))
	require.Equal(t, "$3 x=2", h.heard(a))
	require.Equal(t, "0 MULTI; 0 SET x 1; 0 SET x 2; 0 EXEC; 0 DEL x", h.streamed())
	h.say(a, "BTAKE x 0")
	h.say(writer, "MULTI", "SET x 1", "DEL x", "EXEC")
	require.Empty(t, h.heard(a), "nothing is left of it")
	require.Equal(t, "+OK +QUEUED *1 *-1", h.say(writer, "MULTI", "BTAKE nosuch 0", "EXEC"), "inside a transaction nobody waits")
}

// Serving one client may make a key ready for another.
func TestBlockedClientsMakeChains(t *testing.T) {
	h := newHost(t, takeRows)
	a, b, writer := h.connect(), h.connect(), h.connect()
	h.say(a, "BMOVE x y 0")
	h.say(b, "BTAKE y 0")
	h.say(writer, "SET x 7")
	require.Equal(t, []string{"+OK", "$3 y=7"}, []string{h.heard(a), h.heard(b)})
	require.Equal(t, "0 SET x 7; 0 RENAME x y; 0 DEL y", h.streamed())
}

func TestBlockedClientsTimeOutAndGoOn(t *testing.T) {
	h := newHost(t, takeRows)
	a := h.connect()
	require.Equal(t, "+PONG", h.say(a, "PING", "BTAKE x 2", "ECHO later"))
	h.run(1900 * time.Millisecond)
	require.Empty(t, h.heard(a))
	h.run(100 * time.Millisecond)
	require.Equal(t, "*-1 $5 later", h.heard(a))
	require.Equal(t, "+OK", h.say(a, "SET x 1"), "it waits for nothing any more")
	require.Equal(t, "$1 1", h.say(a, "GET x"))
}

func TestBlockedClientsThatGoAreForgotten(t *testing.T) {
	h := newHost(t, takeRows)
	a, b, writer := h.connect(), h.connect(), h.connect()
	h.say(a, "BTAKE x 0")
	h.say(b, "BTAKE x 0")
	h.step(node.Event{Kind: node.Closed, Conn: a}, h.front.Closed)
	h.say(writer, "SET x 1")
	require.Equal(t, "$3 x=1", h.heard(b))
	h.say(b, "BTAKE x 0")
	h.step(node.Event{}, func(*node.Event) { h.data.UnblockAll() })
	require.Contains(t, h.heard(b), "-UNBLOCKED force unblock")
	require.True(t, h.closed[b])
	require.Empty(t, h.data.waits)
}

func TestSwappedDatabasesServeThoseWhoWait(t *testing.T) {
	h := newHost(t, takeRows)
	a, writer := h.connect(), h.connect()
	h.say(a, "SELECT 1", "BTAKE x 0")
	h.say(writer, "SET x 1", "SWAPDB 0 1")
	require.Equal(t, "$3 x=1", h.heard(a))
}
