package commands

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

// session says lines and compares what comes; "" is no answer.
func (h *host) session(c node.ConnID, lines ...string) {
	h.t.Helper()
	for i := 0; i < len(lines); i += 2 {
		require.Equal(h.t, lines[i+1], h.say(c, lines[i]), lines[i])
	}
}

func TestListsAnswerAsInASession(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	h.session(c,
		"LPUSHX l a", ":0", "RPUSH l b c", ":2", "LPUSHX l a", ":3", "LRANGE l 0 -1", "*3 $1 a $1 b $1 c",
		"LINSERT l AFTER a x", ":4", "LINSERT l BEFORE nosuch x", ":-1", "LINSERT l BESIDE a x", "-ERR syntax error",
		"LINSERT no AFTER a x", ":0",
		"LINDEX l -1", "$1 c", "LINDEX l 9", "$-1", "LINDEX l x", "-ERR value is not an integer or out of range",
		"LSET l 1 y", "+OK", "LSET l 9 y", "-ERR index out of range", "LSET no 0 y", "-ERR no such key",
		"LREM l -1 y", ":1", "LREM l 0 nosuch", ":0", "LTRIM l 1 -1", "+OK", "LRANGE l -100 100", "*2 $1 b $1 c",
		"RPOP l", "$1 c", "LPOP l", "$1 b", "LPOP l", "$-1", "EXISTS l", ":0", "LLEN l", ":0",
		"SET s x", "+OK", "LPUSH s a", "-WRONGTYPE Operation against a key holding the wrong kind of value", "LLEN s",
		"-WRONGTYPE Operation against a key holding the wrong kind of value",
		"RPOPLPUSH no l", "$-1", "RPUSH l 1 2", ":2", "RPOPLPUSH l s",
		"-WRONGTYPE Operation against a key holding the wrong kind of value",
		"RPOPLPUSH l l", "$1 2", "RPOPLPUSH l m", "$1 1", "RPOPLPUSH l m", "$1 2", "EXISTS l", ":0", "OBJECT ENCODING m",
		"$9 quicklist",
		"LTRIM m 5 9", "+OK", "EXISTS m", ":0")
	require.Zero(t, h.data.KS.DB(0).Bytes()-memoryOf(h, "SET s x"), "nothing is left of the lists' memory")
}

// memoryOf is what the data takes after a line, said to an empty server.
func memoryOf(h *host, line string) int64 {
	other := newHost(h.t)
	other.say(other.connect(), line)
	return other.data.KS.DB(0).Bytes()
}

func TestWaitingForAnElement(t *testing.T) {
	h := newHost(t)
	a, b, writer := h.connect(), h.connect(), h.connect()
	h.session(writer, "BLPOP l x", "-ERR timeout is not an integer or out of range", "BLPOP l -1",
		"-ERR timeout is negative",
		"SET s x", "+OK", "BLPOP l s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value")
	h.say(a, "BRPOP l m 0")
	h.say(b, "BRPOPLPUSH l m 0")
	h.streamed()
	h.session(writer, "RPUSH l 1 2 3", ":3", "LRANGE l 0 -1", "*1 $1 1", "LRANGE m 0 -1", "*1 $1 2")
	require.Equal(t, "*2 $1 l $1 3", h.heard(a))
	require.Equal(t, "$1 2", h.heard(b))
	require.Equal(t, "0 RPUSH l 1 2 3; 0 RPOP l; 0 RPOPLPUSH l m", h.streamed())
	h.session(a, "BLPOP nosuch l 0", "*2 $1 l $1 1", "BRPOPLPUSH m l 0", "$1 2")
	require.Equal(t, "0 LPOP l; 0 RPOPLPUSH m l", h.streamed())
	require.Equal(t, "+OK +QUEUED +QUEUED *2 *-1 $-1", h.say(a, "MULTI", "BLPOP m 0", "BRPOPLPUSH m l 0", "EXEC"),
		"nobody waits there")
}

// One that waits to move an element to what is no list is told so, and the element stays.
func TestWaitingToMoveToWhatIsNoList(t *testing.T) {
	h := newHost(t)
	a, b, writer := h.connect(), h.connect(), h.connect()
	h.say(a, "BRPOPLPUSH l s 0")
	h.say(b, "BLPOP l 0")
	h.say(writer, "SET s x")
	h.say(writer, "LPUSH l 1")
	require.Contains(t, h.heard(a), "-WRONGTYPE")
	require.Equal(t, "*2 $1 l $1 1", h.heard(b))
	require.Equal(t, "0 SET s x; 0 LPUSH l 1; 0 LPOP l", h.streamed())
}

// What is not a list when its time comes is waited for again.
func TestWaitingOverAnotherType(t *testing.T) {
	h := newHost(t)
	a, writer := h.connect(), h.connect()
	h.say(a, "BLPOP l 0")
	h.say(writer, "SADD l x", "DEL l", "MULTI", "RPUSH l 1", "DEL l", "SET l x", "EXEC", "DEL l")
	require.Empty(t, h.heard(a))
	h.say(writer, "RPUSH m 1", "RENAME m l")
	require.Equal(t, "*2 $1 l $1 1", h.heard(a))
}

func TestWaitingForAnElementEnds(t *testing.T) {
	h := newHost(t)
	a, b := h.connect(), h.connect()
	h.say(a, "BLPOP l 1")
	h.say(b, "BRPOPLPUSH l m 2")
	h.say(h.connect(), "BLPOP l 9223372036854775807")
	h.run(time.Second)
	require.Equal(t, "*-1", h.heard(a))
	require.Empty(t, h.heard(b))
	h.run(time.Second)
	require.Equal(t, "*-1", h.heard(b))
	require.Len(t, h.data.waits, 1)
}
