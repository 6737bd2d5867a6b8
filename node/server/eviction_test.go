package server

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/resp"
)

// fill sets n keys, a second apart, the odd ones to expire: the later the higher their number.
func fill(w *solo, n int) {
	c := w.connect("")
	for i := range n {
		line := fmt.Sprintf("SET key%03d %s", i, strings.Repeat("x", 40))
		if i%2 == 1 {
			line += fmt.Sprintf(" EX %d", 10000+i)
		}
		w.say(c, line)
		w.run(time.Second)
	}
}

// shrink has maxmemory be less than what is used, which is noticed at once.
func shrink(w *solo, bytes int64) {
	c := w.connect("")
	limit := w.core.usedMemory() - bytes
	w.say(c, "CONFIG SET maxmemory "+strconv.FormatInt(limit, 10))
}

// left are the numbers of the keys that fill made and that are still there.
func left(w *solo) (numbers []int) {
	for word := range strings.FieldsSeq(w.say(w.connect(""), "KEYS key*")) {
		if n, err := strconv.Atoi(strings.TrimPrefix(word, "key")); err == nil && strings.HasPrefix(word, "key") {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}

func TestEveryPolicyEvictsWhatItSays(t *testing.T) {
	const keys = 60
	for _, test := range []struct {
		policy string
		gone   func(n int) bool // the keys of which some must be gone, and no others
	}{
		{"allkeys-lru", func(n int) bool { return n < keys/2 }},
		{"volatile-lru", func(n int) bool { return n < keys/2 && n%2 == 1 }},
		{"allkeys-lfu", func(n int) bool { return n >= 10 }},
		{"volatile-lfu", func(n int) bool { return n >= 10 && n%2 == 1 }},
		{"allkeys-random", func(int) bool { return true }},
		{"volatile-random", func(n int) bool { return n%2 == 1 }},
		{"volatile-ttl", func(n int) bool { return n < keys/2 && n%2 == 1 }},
	} {
		t.Run(test.policy, func(t *testing.T) {
			w := newSolo(t, "", "save \"\"", "maxmemory-samples 60", "maxmemory-policy "+test.policy)
			fill(w, keys)
			if strings.HasSuffix(test.policy, "lfu") { // the first ten are used often
				for i := range 200 {
					w.say(w.connect(""), fmt.Sprintf("GET key%03d", i%10))
				}
			}
			shrink(w, 1200)
			there := left(w)
			require.Less(t, len(there), keys)
			require.Greater(t, len(there), keys-20, "no more than need be")
			for n := range keys {
				if !slices.Contains(there, n) {
					require.True(t, test.gone(n), "key %d is gone", n)
				}
			}
			require.LessOrEqual(t, w.core.excess(), int64(0))
			require.Equal(t, fmt.Sprintf("evicted_keys:%d\r\n", keys-len(there)), field(w, "evicted_keys"))
			require.Equal(t, "+OK\r\n", w.say(w.connect(""), "CONFIG RESETSTAT"))
			require.Equal(t, "evicted_keys:0\r\n", field(w, "evicted_keys"))
		})
	}
}

func TestWhereNothingMayGoWritesAreRefused(t *testing.T) {
	for _, policy := range []string{"noeviction", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"} {
		w := newSolo(t, "", "save \"\"", "maxmemory-policy "+policy)
		c := w.connect("")
		w.say(c, "SET a 1")
		w.say(c, "CONFIG SET maxmemory 1")
		require.Equal(t, "-OOM command not allowed when used memory > 'maxmemory'.\r\n", w.say(c, "SET b 1"), policy)
		require.Equal(t, "$1\r\n1\r\n", w.say(c, "GET a"), policy)
		require.Equal(t, ":1\r\n", w.say(c, "DEL a"), policy)
	}
}

func TestAnEvictedKeyIsToldAndSpoilsTransactions(t *testing.T) {
	w := newSolo(t, "", "save \"\"", "maxmemory-policy allkeys-random", "notify-keyspace-events Ee")
	c, told := w.connect(""), w.connect("")
	w.say(told, "PSUBSCRIBE *")
	w.say(c, "SET a 1")
	w.say(c, "WATCH a")
	w.say(c, "MULTI")
	require.Contains(t, w.say(c, "GET a"), "QUEUED")
	shrink(w, 50)
	require.Contains(t, string(w.sent[told]), "__keyevent@0__:evicted\r\n$1\r\na\r\n")
	require.Contains(t, w.say(c, "EXEC"), "*-1\r\n")
}

// A replica's data is its master's: it evicts nothing, and takes what its master sends.
func TestAReplicaEvictsNothingByItself(t *testing.T) {
	w := newMiniWorld(t)
	w.server("m1", "maxmemory-policy allkeys-lru", "save \"\"")
	w.server("r1", "slaveof 10.0.0.1 6379", "maxmemory-policy allkeys-lru", "save \"\"")
	w.run(2 * time.Second)
	w.do("m1", "SET", "a", "1")
	w.run(time.Second)
	require.Equal(t, "OK", strings.TrimPrefix(w.do("r1", "CONFIG", "SET", "maxmemory", "1"), "+"))
	w.do("m1", "SET", "b", "1")
	w.run(time.Second)
	require.Equal(t, "2", strings.TrimPrefix(w.do("r1", "DBSIZE"), ":"))
	w.do("m1", "CONFIG", "SET", "maxmemory", "1")
	w.do("m1", "PING")
	w.run(time.Second)
	require.Equal(t, "0", strings.TrimPrefix(w.do("m1", "DBSIZE"), ":"))
	require.Equal(t, "0", strings.TrimPrefix(w.do("r1", "DBSIZE"), ":"))
}

func TestIdleTimesAndFrequenciesAreThoseOfTheKeys(t *testing.T) {
	w := newSolo(t, "", "save \"\"")
	c := w.connect("")
	w.say(c, "SET a 1")
	w.run(40 * time.Second)
	for _, line := range []string{"EXISTS a", "TYPE a", "TTL a", "OBJECT ENCODING a", "OBJECT IDLETIME a"} {
		w.say(c, line)
	}
	require.Equal(t, ":40\r\n", w.say(c, "OBJECT IDLETIME a"), "asking about a key is no use of it")
	w.say(c, "TOUCH a")
	require.Equal(t, ":0\r\n", w.say(c, "OBJECT IDLETIME a"))
	w.run(20 * time.Second)
	w.say(c, "SET a 2")
	require.Equal(t, ":0\r\n", w.say(c, "OBJECT IDLETIME a"))
	w.run(20 * time.Second)
	w.say(c, "STRLEN a")
	require.Equal(t, ":0\r\n", w.say(c, "OBJECT IDLETIME a"))
	require.Contains(t, w.say(c, "OBJECT FREQ a"), "-ERR An LFU maxmemory policy is not selected")

	w.say(c, "CONFIG SET maxmemory-policy volatile-lfu")
	w.say(c, "SET b 1")
	require.Equal(t, ":5\r\n", w.say(c, "OBJECT FREQ b"))
	for range 1000 {
		w.say(c, "GET b")
	}
	freq, err := strconv.Atoi(strings.Trim(w.say(c, "OBJECT FREQ b"), ":\r\n"))
	require.NoError(t, err)
	require.InDelta(t, 18, freq, 6, "the counter grows with the logarithm of 1,000 uses")
	w.run(5 * time.Minute)
	require.Equal(t, fmt.Sprintf(":%d\r\n", freq-5), w.say(c, "OBJECT FREQ b"), "one a minute")
	require.Contains(t, w.say(c, "OBJECT IDLETIME b"), "-ERR An LFU maxmemory policy is selected")
}

// A newer Redis writes into its RDB when or how often its keys were used; it may be a master's.
func TestUseOfKeysComesWithTheRDB(t *testing.T) {
	for _, test := range []struct{ policy, option, ask, want string }{
		{"allkeys-lru", "IDLETIME", "IDLETIME", ":1000\r\n"},
		{"allkeys-lfu", "FREQ", "FREQ", ":100\r\n"},
	} {
		conn := realRedis(t)
		var p resp.ReplyParser
		said := func(words ...string) string { return ask(t, conn, &p, resp.AppendCommand(nil, words...)) }
		said("CONFIG", "SET", "maxmemory-policy", test.policy)
		said("SET", "a", "1")
		_, err := conn.Write(resp.AppendCommand(nil, "DUMP", "a"))
		require.NoError(t, err)
		dump := string(awaitReply(t, conn, &p).Str)
		require.Equal(t, `+"OK"`, said("RESTORE", "b", "0", dump, test.option, strings.Trim(test.want, ":\r\n")))
		require.Equal(t, `+"OK"`, said("SAVE"))
		_, err = conn.Write(resp.AppendCommand(nil, "CONFIG", "GET", "dir"))
		require.NoError(t, err)
		rdb, err := os.ReadFile(string(awaitReply(t, conn, &p).Elems[1].Str) + "/dump.rdb")
		require.NoError(t, err)

		w := newSolo(t, "", "save \"\"")
		w.files["/data/dump.rdb"], w.opts.Args = rdb, []string{"maxmemory-policy " + test.policy}
		w.boot()
		require.Equal(t, test.want, w.say(w.connect(""), "OBJECT "+test.ask+" b"))
	}
}
