package commands

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSetsAnswerAsInASession(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	h.session(c,
		"SADD s 3 1 2 1", ":3", "SADD s 1", ":0", "SMEMBERS s", "*3 $1 1 $1 2 $1 3", "OBJECT ENCODING s", "$6 intset",
		"SADD s x", ":1",
		"OBJECT ENCODING s", "$9 hashtable", "SCARD s", ":4", "SISMEMBER s x", ":1", "SISMEMBER no x", ":0", "SREM s x y",
		":1",
		"SMOVE s t 9", ":0", "SMOVE s t 3", ":1", "SMOVE s s 1", ":1", "SMOVE no t 1", ":0", "SINTER s t", "*0",
		"SINTER s no", "*0", "SADD t 1", ":1",
		"SINTER s t", "*1 $1 1", "SDIFF t s no", "*1 $1 3", "SUNIONSTORE u s t", ":3", "SMEMBERS u", "*3 $1 1 $1 2 $1 3",
		"SDIFFSTORE u s s", ":0", "EXISTS u", ":0", "SINTERSTORE t t s", ":1", "SREM t 1", ":1", "EXISTS t", ":0",
		"SET k x", "+OK", "SADD k x", "-WRONGTYPE Operation against a key holding the wrong kind of value",
		"SINTERSTORE k no", ":0", "EXISTS k", ":0", "SADD i 2 1", ":2", "SSCAN i 0", "*2 $1 0 *2 $1 1 $1 2", "SSCAN s x",
		"-ERR invalid cursor",
		"SSCAN s 0 MATCH [2-9]", "*2 $1 0 *1 $1 2", "SSCAN no 0", "*2 $1 0 *0", "SSCAN s 0 COUNT 0", "-ERR syntax error",
		"SPOP s -1", "-ERR index out of range", "SPOP no", "$-1", "SPOP no 3", "*0", "SRANDMEMBER no", "$-1",
		"SRANDMEMBER no 3", "*0")
}

// What SPOP took, replicas are told by name, and in one piece.
func TestPoppedMembersAreToldByName(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	h.say(c, "SADD s 1 2 3 4 5 6")
	h.streamed()
	one := strings.TrimPrefix(h.say(c, "SPOP s"), "$1 ")
	require.Equal(t, "0 SREM s "+one, h.streamed())
	two := strings.Split(h.say(c, "SPOP s 2"), " ")
	require.Equal(t, "0 SREM s "+two[2]+" "+two[4], h.streamed())
	h.say(c, "SPOP s 100")
	require.Equal(t, "0 DEL s", h.streamed())
	h.say(c, "SADD s 1", "SPOP s 0")
	require.Equal(t, "0 SADD s 1", h.streamed())
}

// Every member comes up, as often as the others within reason, and a positive count gives each once.
func TestRandomMembers(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	const members = 50
	for i := range members {
		h.say(c, "SADD s m"+strconv.Itoa(i))
	}
	seen := map[string]int{}
	for _, word := range strings.Fields(h.say(c, "SRANDMEMBER s -5000")) {
		seen[word]++
	}
	for i := range members {
		require.InDelta(t, 100, seen["m"+strconv.Itoa(i)], 60, "m%d", i)
	}
	for _, count := range []int{1, 5, 16, 17, 40, 49, 50, 51} {
		words := strings.Fields(h.say(c, "SRANDMEMBER s "+strconv.Itoa(count)))[1:]
		words = slices.DeleteFunc(words, func(w string) bool { return w[0] == '$' })
		require.Len(t, words, min(count, members))
		slices.Sort(words)
		require.Len(t, slices.Compact(words), min(count, members))
	}
}

func TestScanOfASetVisitsAllThatStays(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	for i := range 2000 {
		h.say(c, "SADD s m"+strconv.Itoa(i))
	}
	seen, cursor := map[string]bool{}, "0"
	for turn := 0; turn == 0 || cursor != "0"; turn++ {
		words := strings.Fields(h.say(c, "SSCAN s "+cursor+" COUNT 7"))
		cursor = words[2]
		for _, w := range words[4:] {
			seen[w] = true
		}
		h.say(c, "SADD s new"+strconv.Itoa(turn), "SREM s m"+strconv.Itoa(turn%1000))
	}
	for i := 1000; i < 2000; i++ {
		require.True(t, seen["m"+strconv.Itoa(i)], i)
	}
}

func TestSortAnswersAsInASession(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	h.session(c,
		"RPUSH l 3 1 10 2", ":4", "SORT l", "*4 $1 1 $1 2 $1 3 $2 10", "SORT l DESC LIMIT 1 2", "*2 $1 3 $1 2",
		"SORT l ALPHA", "*4 $1 1 $2 10 $1 2 $1 3",
		"MSET w_1 9 w_2 8 w_3 7", "+OK", "SORT l BY w_*", "*4 $2 10 $1 3 $1 2 $1 1", "SORT l BY nosort GET # GET w_*",
		"*8 $1 3 $1 7 $1 1 $1 9 $2 10 $-1 $1 2 $1 8",
		"SORT l STORE d GET w_*", ":4", "LRANGE d 0 -1", "*4 $1 9 $1 8 $1 7 $0", "SORT no STORE d", ":0", "EXISTS d", ":0",
		"RPUSH l x", ":5", "SORT l", "-ERR One or more scores can't be converted into double", "SORT l LIMIT 1",
		"-ERR syntax error",
		"SORT w_1", "-WRONGTYPE Operation against a key holding the wrong kind of value", "SADD s b a 7", ":3",
		"SORT s BY nosort STORE d", ":3", "LRANGE d 0 -1", "*3 $1 7 $1 a $1 b")
	require.Equal(t, "*2 $1 l $1 d", h.say(c, "COMMAND GETKEYS SORT l BY STORE GET x LIMIT 0 1 STORE d"))
}

func TestDoublesAreReadAsStrtodDoes(t *testing.T) {
	for text, want := range map[string]float64{"1": 1, "+1.5": 1.5, "-.5": -0.5, "5.": 5, "1e3": 1000, "0x10": 16,
		"-0x1.8p1": -3, "0": 0, "-0e9": 0} {
		f, ok := parseDouble(text)
		require.True(t, ok, text)
		require.Equal(t, want, f+0, text)
	}
	for _, text := range []string{"", "+", "--1", "1_0", "x", "nan", "1e400", "1e-400", "4e-320", "1e", "0x", ".",
		"infx", "1 "} {
		_, ok := parseDouble(text)
		require.False(t, ok, text)
	}
}

// What chance decides within a script reaches replicas as what came of it.
func TestScriptsThatPopAreToldByWhatTheyTook(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	h.say(c, "SADD s a b c d e f g h")
	h.streamed()
	reply := h.say(c, `EVAL "redis.call('set','k','v') return redis.call('spop','s')" 0`)
	taken := strings.TrimPrefix(reply, "$1 ")
	require.Equal(t, "0 MULTI; 0 set k v; 0 SREM s "+taken+"; 0 EXEC", h.streamed())
	h.say(c, "DEL s", "SADD s b a")
	require.Equal(t, "*2 $1 a $1 b", h.say(c, `EVAL "return redis.call('sort','s','by','nosort')" 0`))
}
