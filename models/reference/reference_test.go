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
TTL s = -1
SET b foobar = "OK"
BITCOUNT b 1 1 = 6
BITCOUNT b -2 -1 = 7
BITPOS b 1 2 = 17
BITPOS b 0 = 0
BITPOS none 1 = -1
BITFIELD b INCRBY u8 #0 200 GET u8 #1 = [46,111]
BITFIELD b SET u8 #7 3 = [0]
STRLEN b = 8
BITOP NOT b2 none = 0
PFADD p a b c = 1
PFADD p a = 0
PFCOUNT p = 3
PFADD p2 c d = 1
PFMERGE p p2 = "OK"
PFCOUNT p none = 4
PFCOUNT S z = ["!error","WRONGTYPE Operation against a key holding the wrong kind of value"]
GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania = 2
GEODIST g Palermo Catania km = "166.2742"
GEOPOS g Palermo = [["13.36138933897018433","38.11555639549629859"]]
GEORADIUSBYMEMBER g Palermo 100 km COUNT 5 = ["Palermo"]
GEORADIUSBYMEMBER g Palermo 200 km COUNT 1 DESC = ["Catania"]
GEORADIUSBYMEMBER g Palermo 200 km STORE g2 = 2
TYPE g2 = "zset"
SADD t a b c = 3
SSCAN t 0 = ["0",["c","a","b"]]
ZADD zz 1.5 m = 1
ZSCAN zz 0 = ["0",["m","1.5"]]
SCAN 0 MATCH z* COUNT 2 = ["0",["zz","z","zz"]]
SORT t BY nosort STORE l = 3
LRANGE l 0 -1 = ["a","b","c"]
EXPIREAT t 4102444800 = 1
TTL t = 2000000000
PERSIST t = 1
EXPIREAT t 1 = 1
TOUCH t zz zz = 2
EVAL return{1.9,false,ARGV[1],{2.5,'x'},-1.5,true} 0 a = [1,null,"a",[2,"x"],-1,1]
EVAL redis.call('SET',KEYS[1],ARGV[1])return(redis.call('INCR',KEYS[2])) 2 h1 zz v = ["!error","ERR Error running script: WRONGTYPE Operation against a key holding the wrong kind of value"]
GET h1 = "v"
EVAL redis.call('SELECT',ARGV[1])return(redis.call('SET',KEYS[1],ARGV[2])) 1 e 14 x = "OK"
GET e = null
SELECT 14 = "OK"
DBSIZE = 1
GET e = "x"`), "\n") {
		command, reply, _ := strings.Cut(line, " = ")
		want, err := histories.ParseValue(reply)
		require.NoError(t, err, line)
		now := time.Duration(at) * time.Millisecond
		words := strings.Fields(command)
		require.Empty(t, d.Step(words, want, reference.Span{From: now, To: now}), line)
		require.False(t, d.Unsure, line)
	}
}

// What a scan left out, a distance that is off and an estimate beyond all chance are seen.
func TestTheReferenceKnowsWhatRedisDoesNotAnswer(t *testing.T) {
	for _, c := range []struct{ before, command, reply, why string }{
		{"SADD t a b", "SSCAN t 0", `["0",["a"]]`, "did not show b, which was there all the while"},
		{"SADD t a b", "SSCAN t 0", `["0",["a","b","x"]]`, "showed x, which is not there"},
		{"SET ka 1", "SCAN 0 MATCH k*", `["0",[]]`, "did not show ka, which was there all the while"},
		{"PFADD p a b", "PFCOUNT p", "5", "answered 5, and must answer 0 to 4"},
		{"GEOADD g 13.361389 38.115556 a 15.087269 37.502669 b", "GEODIST g a b km", `"166.3"`, `answered "166.3", and must answer about 166.2743`},
		{"GEOADD g 13.361389 38.115556 a 15.087269 37.502669 b", "GEORADIUSBYMEMBER g a 200 km COUNT 1", `["b"]`, `answered ["b"], and must answer ["a"]`},
		{"SET s ab", "BITCOUNT s 0 0", "6", "answered 6, and must answer 3"},
	} {
		d := reference.New(0, 0)
		d.Step(strings.Fields(c.before), histories.Int(2), reference.Span{})
		d.Unsure = false
		got, err := histories.ParseValue(c.reply)
		require.NoError(t, err)
		require.Equal(t, c.why, d.Step(strings.Fields(c.command), got, reference.Span{}), c.command)
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
