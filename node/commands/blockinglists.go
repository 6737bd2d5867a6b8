package commands

import (
	"time"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/value"
)

// Commands that wait for an element of a list; how they wait is in blocked.go. Replicas are told what was taken, not
// that somebody waited. Redis 4.0: t_list.c, blockingPopGenericCommand, brpoplpushCommand.

func (d *Data) blockingListRows() []front.Command {
	return front.Group("list",
		front.Row("brpop", -3, "ws", 1, -2, 1, func(c *front.Call) { d.blockingPop(c, false) },
			"Remove and get the last element of the first list that has one, or wait for it"),
		front.Row("brpoplpush", 4, "wms", 1, 2, 1, d.brpoplpushCommand, "Do RPOPLPUSH, or wait until there is an element"),
		front.Row("blpop", -3, "ws", 1, -2, 1, func(c *front.Call) { d.blockingPop(c, true) },
			"Remove and get the first element of the first list that has one, or wait for it"),
	)
}

// longestWait is the longest time that a client waits for: an Instant ends in the year 2262.
const longestWait = 100 * 365 * 24 * time.Hour

// timeout reads argument i as whole seconds, 0 meaning for ever. If it is none, it replies.
// Redis 4.0: blocked.c, getTimeoutFromObjectOrReply.
func timeout(c *front.Call, i int) (t time.Duration, ok bool) {
	n, ok := resp.ParseInt(c.Args[i])
	switch {
	case !ok:
		c.Error("ERR timeout is not an integer or out of range")
		return 0, false
	case n < 0:
		c.Error("ERR timeout is negative")
		return 0, false
	}
	return time.Duration(min(n, int64(longestWait/time.Second))) * time.Second, true
}

func (d *Data) blockingPop(c *front.Call, head bool) {
	last := len(c.Args) - 1
	limit, ok := timeout(c, last)
	if !ok {
		return
	}
	keys := c.Args[1:last]
	for _, key := range keys {
		if v, found := d.LookupWrite(c, key); !checkKind(c, v, found, value.KindList) {
			return
		}
		if d.takeFor(c, key, head) {
			return
		}
	}
	if !mayBlock(c) {
		c.NullArray()
		return
	}
	serve := func(c *front.Call, key []byte) bool { return d.takeFor(c, key, head) }
	d.block(c, keys, limit, Blocking{Serve: serve, TimedOut: (*front.Call).NullArray})
}

// takeFor takes the first or the last element of the list at key for the caller. It says false if there is none, or
// no list.
func (d *Data) takeFor(c *front.Call, key []byte, head bool) bool {
	if v, found := d.LookupWrite(c, key); !found || v.Kind() != value.KindList {
		return false
	}
	v, _ := d.db(c).Change(key)
	element, _ := v.List().Pop(head)
	c.Array(2)
	c.Bulk(key)
	c.Bulk(element)
	c.Dirty++
	d.changed(c, key, eventList, popEvent(head), v)
	if head {
		c.Instead([]byte("LPOP"), key)
	} else {
		c.Instead([]byte("RPOP"), key)
	}
	return true
}

func (d *Data) brpoplpushCommand(c *front.Call) {
	limit, ok := timeout(c, 3)
	if !ok {
		return
	}
	switch {
	case d.moveFor(c):
	case !mayBlock(c):
		c.Null()
	default:
		d.block(c, c.Args[1:2], limit, Blocking{Serve: d.serveMove, TimedOut: (*front.Call).NullArray})
	}
}

// moveFor is RPOPLPUSH of the words of a BRPOPLPUSH. Replicas are told so, in one piece: 4.0 tells of an element that a
// client had waited for by RPOP and LPUSH, and a link that breaks between them loses it.
func (d *Data) moveFor(c *front.Call) (answered bool) {
	if !d.rpoplpush(c, c.Args[1], c.Args[2]) {
		return false
	}
	c.Instead([]byte("RPOPLPUSH"), c.Args[1], c.Args[2])
	return true
}

// serveMove is moveFor once the source was touched: it may be no list now, and then the client waits on.
func (d *Data) serveMove(c *front.Call, key []byte) bool {
	if v, found := d.LookupWrite(c, key); !found || v.Kind() != value.KindList {
		return false
	}
	return d.moveFor(c)
}
