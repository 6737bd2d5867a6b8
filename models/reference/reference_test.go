package reference_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models/reference"
)

// Each line is a command and the reply that Redis 4.0 gives, as JSON.
func TestTheReferenceKnowsWhatRedisAnswers(t *testing.T) {
	d := reference.New(0, 0)
	for at, line := range strings.Split(strings.TrimSpace(`
SET s 12 = "OK"
SET s x NX = null
APPEND s 3 = 3
INCRBY s -3 = 120
GETRANGE s -2 -1 = "20"
LPUSH s a = ["!error","WRONGTYPE Operation against a key holding the wrong kind of value"]
SETRANGE s 5 z = 6
BITCOUNT s = 13
RPUSH l a b a c = 4
LREM l -1 a = 1
LINSERT l AFTER b x = 4
LRANGE l -3 10 = ["b","x","c"]
LTRIM l 1 -2 = "OK"
LRANGE l 0 -1 = ["b","x"]
RPOPLPUSH l l = "x"
SORT l ALPHA DESC = ["x","b"]
SADD S 3 1 2 = 3
SORT S DESC LIMIT 0 2 STORE l2 = 2
LRANGE l2 0 -1 = ["3","2"]
SPOP S = "3"
SMEMBERS S = ["2","1"]
SDIFFSTORE S2 S S = 0
HSET h f 1 g 2 = 2
HINCRBYFLOAT h f 0.5 = "1.5"
HGETALL h = ["g","2","f","1.5"]
ZADD z 1 a 2 b 2 c = 3
ZADD z XX CH 5 a 9 d = 1
ZREVRANGEBYSCORE z +inf (1 WITHSCORES LIMIT 1 5 = ["c","2","b","2"]
ZUNIONSTORE z2 2 z S WEIGHTS 2 3 = 5
ZSCORE z2 1 = "3"
ZADD y 0 a 0 b 0 c = 3
ZRANGEBYLEX y (a [c = ["b","c"]
RENAME z2 z = "OK"
EXISTS z z2 = 1
MULTI = "OK"
INCR n = "QUEUED"
LPUSH n x = "QUEUED"
EXEC = [1,["!error","WRONGTYPE Operation against a key holding the wrong kind of value"]]
WATCH n = "OK"
INCR n = 2
MULTI = "OK"
EXEC = null
SELECT 12 = "OK"
SET s 1 = "OK"
SWAPDB 12 13 = "OK"
GET s = null
SELECT 0 = "OK"
MOVE s 13 = 0
EXPIRE h -1 = 1
TYPE h = "none"
SETEX s 100 x = "OK"
TTL s = 100
SET s y = "OK"
TTL s = -1`), "\n") {
		command, reply, _ := strings.Cut(line, " = ")
		want, err := histories.ParseValue(reply)
		require.NoError(t, err, line)
		now := time.Duration(at) * time.Millisecond
		words := strings.Fields(command)
		require.Empty(t, d.Step(words, want, reference.Span{From: now, To: now}), line)
		require.False(t, d.Unsure, line)
	}
}

func TestOfADyingKeyTheReferenceIsNotSure(t *testing.T) {
	for _, c := range []struct {
		from, to time.Duration
		reply    histories.Value
		sure     bool
		why      string
	}{
		{100, 110, histories.Text("v"), true, ""},
		{100, 110, histories.Value{}, true, `answered null, and must answer "v"`},
		{495, 520, histories.Value{}, false, ""},
		{700, 710, histories.Value{}, true, ""},
		{700, 710, histories.Text("v"), true, `answered "v", and must answer null`},
	} {
		d := reference.New(0, 10*time.Millisecond)
		require.Empty(t, d.Step([]string{"SET", "k", "v", "PX", "500"}, histories.Text("OK"), reference.Span{To: time.Millisecond}))
		why := d.Step([]string{"GET", "k"}, c.reply, reference.Span{From: c.from * time.Millisecond, To: c.to * time.Millisecond})
		require.Equal(t, c.sure, !d.Unsure)
		require.Equal(t, c.why, why)
	}
}
