package server

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/resp"
)

// TestARealServerEvictsTheLikeKeys fills both servers with the same keys, has maxmemory be a little more than what is used, and adds some
// of other names, until as many have gone as are a third of them. Which go is chance, and each policy prefers some:
// how many of each tenth of the keys, from the least to the most worth keeping, have gone must be alike. The share of a
// tenth that has gone is that of n = 150 keys: two such shares differ by more than 4.5 times the root of 2·p(1−p)/n less
// than once in 100,000 tests, were each key drawn by itself; what is drawn without putting back varies less.
func TestARealServerEvictsTheLikeKeys(t *testing.T) {
	for _, policy := range []string{"allkeys-random", "volatile-random", "volatile-ttl", "allkeys-lfu", "volatile-lfu"} {
		t.Run(policy, func(t *testing.T) {
			conn := realRedis(t)
			var p resp.ReplyParser
			theirs := goneOf(t, policy, func(words ...string) resp.Reply {
				_, err := conn.Write(resp.AppendCommand(nil, words...))
				require.NoError(t, err)
				return awaitReply(t, conn, &p)
			})
			w := newSolo(t, "", "port 6379", "save \"\"")
			c := w.connect("")
			var q resp.ReplyParser
			ours := goneOf(t, policy, func(words ...string) resp.Reply {
				q.Feed([]byte(w.write(c, string(resp.AppendCommand(nil, words...)))))
				r, ok, err := q.Next()
				require.NoError(t, err)
				require.True(t, ok)
				return r
			})
			t.Logf("gone of each tenth, here %.2f, there %.2f", ours, theirs)
			more := 0.0 // that one of them took in all: redis-server takes several at once
			for tenth := range tenths {
				more += (theirs[tenth] - ours[tenth]) / tenths
			}
			for tenth := range tenths {
				p := (ours[tenth] + theirs[tenth]) / 2
				slack := 4.5*math.Sqrt(2*p*(1-p)/perTenth) + 0.02 + 2*math.Abs(more)
				require.InDelta(t, theirs[tenth], ours[tenth], slack, "of tenth %d", tenth)
			}
		})
	}
}

// 1,500 keys: the tables of redis-server do not grow meanwhile, which would cost it a hundred keys at once.
const tenths, perTenth = 10, 150

// goneOf is which share of each tenth of the keys is gone in the end.
func goneOf(t *testing.T, policy string, say func(...string) resp.Reply) (gone [tenths]float64) {
	value := strings.Repeat("x", 200)
	say("FLUSHALL")
	require.Equal(t, "OK", string(say("CONFIG", "SET", "maxmemory", "0").Str))
	require.Equal(t, "OK", string(say("CONFIG", "SET", "maxmemory-policy", policy).Str))
	const keys = tenths * perTenth
	for i := range keys {
		words := []string{"SET", "old" + strconv.Itoa(i), value}
		if strings.HasPrefix(policy, "volatile") {
			words = append(words, "EX", strconv.Itoa(10_000+10*i))
		}
		say(words...)
	}
	if strings.HasSuffix(policy, "lfu") { // the counter of a tenth grows with it
		for i := range keys {
			for range 4 * (i / perTenth) {
				say("GET", "old"+strconv.Itoa(i))
			}
		}
	}
	say("CONFIG", "RESETSTAT")
	used := infoNumber(t, say("INFO", "memory"), "used_memory")
	require.Equal(t, "OK", string(say("CONFIG", "SET", "maxmemory", strconv.Itoa(used+(200<<10))).Str)) // nothing goes yet
	for i := 0; infoNumber(t, say("INFO", "stats"), "evicted_keys") < keys/3; i++ {
		require.Less(t, i, 10*keys, "next to nothing is evicted")
		say("SET", "new"+strconv.Itoa(i), value, "EX", "1000000")
	}
	for i := range keys {
		gone[i/perTenth] += float64(1-say("EXISTS", "old"+strconv.Itoa(i)).Int) / perTenth
	}
	require.Equal(t, "OK", string(say("CONFIG", "SET", "maxmemory", "0").Str))
	return gone
}

func infoNumber(t *testing.T, info resp.Reply, field string) int {
	_, after, _ := strings.Cut(string(info.Str), "\n"+field+":")
	text, _, _ := strings.Cut(after, "\r")
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}
