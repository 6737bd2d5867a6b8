package libraries

import (
	"bufio"
	"strconv"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/mediocregopher/radix/v4"
	"github.com/stretchr/testify/require"
)

// Redigo's replies by type, its pipelines, its scripts and its subscriptions.
func TestRedigo(t *testing.T) {
	onEach(t, func(t *testing.T, addr string) {
		c, err := redis.Dial("tcp", addr, redis.DialDatabase(3), redis.DialClientName("redigo"))
		require.NoError(t, err)
		defer c.Close()
		n, err := redis.Int(c.Do("RPUSH", "list", "a", 2, 3.5))
		require.NoError(t, err)
		require.Equal(t, 3, n)
		list, err := redis.Strings(c.Do("LRANGE", "list", 0, -1))
		require.NoError(t, err)
		require.Equal(t, []string{"a", "2", "3.5"}, list)
		_, err = c.Do("HSET", redis.Args{}.Add("hash").AddFlat(map[string]int{"x": 1, "y": 2})...)
		require.NoError(t, err)
		hash, err := redis.IntMap(c.Do("HGETALL", "hash"))
		require.NoError(t, err)
		require.Equal(t, map[string]int{"x": 1, "y": 2}, hash)
		_, err = redis.String(c.Do("GET", "nothing"))
		require.ErrorIs(t, err, redis.ErrNil)
		_, err = c.Do("INCR", "list")
		require.ErrorContains(t, err, "WRONGTYPE")
		require.NoError(t, c.Send("MULTI"))
		for i := range 100 {
			require.NoError(t, c.Send("INCRBY", "counter", i))
		}
		sums, err := redis.Ints(c.Do("EXEC"))
		require.NoError(t, err)
		require.Equal(t, 99*100/2, sums[99])
		script := redis.NewScript(1, "return {redis.call('INCR', KEYS[1]), ARGV[1], false}")
		values, err := redis.Values(script.Do(c, "counter", "word")) // by its hash, and whole when that is unknown
		require.NoError(t, err)
		require.Equal(t, []any{int64(4951), []byte("word"), nil}, values)
		places, err := redis.Positions(c.Do("GEOADD", "geo", 13.361389, 38.115556, "Palermo"))
		require.Error(t, err)
		require.Empty(t, places)
		places, err = redis.Positions(c.Do("GEOPOS", "geo", "Palermo", "Atlantis"))
		require.NoError(t, err)
		require.Nil(t, places[1])
		require.InDelta(t, 38.115556, places[0][1], 1e-4)
		other, err := redis.Dial("tcp", addr)
		require.NoError(t, err)
		defer other.Close()
		pubsub := redis.PubSubConn{Conn: other}
		require.NoError(t, pubsub.Subscribe("channel"))
		require.IsType(t, redis.Subscription{}, pubsub.Receive())
		require.NoError(t, pubsub.Ping("here"))
		require.Equal(t, redis.Pong{Data: "here"}, pubsub.Receive())
		_, err = c.Do("PUBLISH", "channel", "said")
		require.NoError(t, err)
		require.Equal(t, redis.Message{Channel: "channel", Data: []byte("said")}, pubsub.ReceiveWithTimeout(10*time.Second))
	})
}

// Radix writes implicit pipelines, and scans.
func TestRadix(t *testing.T) {
	onEach(t, func(t *testing.T, addr string) {
		ctx := t.Context()
		client, err := radix.PoolConfig{Size: 3}.New(ctx, "tcp", addr)
		require.NoError(t, err)
		defer client.Close()
		pipeline := radix.NewPipeline()
		for i := range 1000 {
			pipeline.Append(radix.FlatCmd(nil, "SET", "key"+strconv.Itoa(i), i))
		}
		require.NoError(t, client.Do(ctx, pipeline))
		scanner := radix.ScannerConfig{Count: 100, Pattern: "key*"}.New(client)
		seen, key := map[string]bool{}, ""
		for scanner.Next(ctx, &key) {
			seen[key] = true
		}
		require.NoError(t, scanner.Close())
		require.Len(t, seen, 1000)
		script := radix.NewEvalScript("return redis.call('MGET', KEYS[1], KEYS[2])")
		var numbers []int
		require.NoError(t, client.Do(ctx, script.Cmd(&numbers, []string{"key7", "key70"})))
		require.Equal(t, []int{7, 70}, numbers)
		var missing radix.Maybe
		require.NoError(t, client.Do(ctx, radix.Cmd(&missing, "GET", "none")))
		require.True(t, missing.Null)
	})
}

// What a person types: lines, with quotes.
func TestLinesAsTyped(t *testing.T) {
	onEach(t, func(t *testing.T, addr string) {
		conn, err := redis.Dial("tcp", addr)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		raw := dial(t, addr)
		_, err = raw.Write([]byte("SET \"a key\" 'it\\'s'\r\nGET \"a key\"\r\nQUIT\r\n"))
		require.NoError(t, err)
		lines := bufio.NewScanner(raw)
		var said []string
		for lines.Scan() {
			said = append(said, lines.Text())
		}
		require.Equal(t, []string{"+OK", "$4", "it's", "+OK"}, said)
	})
}
