package server

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/resp"
)

// notDrawnInScripts are commands that scripts may not call, or after which they may not write before 7.0.
var notDrawnInScripts = []string{"MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "RANDOMKEY", "SCAN", "SPOP",
	"SRANDMEMBER", "SSCAN", "HSCAN", "ZSCAN", "BLPOP", "BRPOP", "BRPOPLPUSH", "SUBSCRIBE"}

// drawnScript runs commands whose words are its arguments: before each stands how many words it has. With "call" the
// first error ends it, and what was done stays.
const drawnScript = `local replies, i = {}, 2
local call = ARGV[1] == 'call' and redis.call or redis.pcall
while i <= #ARGV do
  local n, words = tonumber(ARGV[i]), {}
  for j = 1, n do words[j] = ARGV[i + j] end
  local reply = call(unpack(words))
  if type(reply) == 'boolean' then reply = tostring(reply) end
  replies[#replies + 1] = reply
  i = i + n + 1
end
return replies`

func drawScript(rng *rand.Rand) []string {
	how := "pcall"
	if rng.IntN(4) == 0 {
		how = "call"
	}
	words := []string{"EVAL", drawnScript, "0", how}
	for range 1 + rng.IntN(4) {
		command := drawCommand(rng)
		if len(command) == 1 {
			command = strings.Fields(command[0])
		}
		if slices.Contains(notDrawnInScripts, command[0]) || command[0] == "SETRANGE" && command[2] == "100" {
			continue
		}
		words = append(append(words, strconv.Itoa(len(command))), command...)
	}
	return words
}

// scriptError is an error that ended a script, as 4.0 and as 7.0 say it.
var scriptError = regexp.MustCompile(`^(-")?(?:ERR Error running script \(call to f_[0-9a-f]{40}\): @user_script:\d+: )?` +
	`(.*?)(?: script: [0-9a-f]{40}, on @user_script:\d+\.| )?"$`)

func sameScriptWords(reply string) string {
	if strings.HasPrefix(reply, "-") {
		reply = scriptError.ReplaceAllString(reply, `$1$2"`)
	}
	return sameWords(reply)
}

func TestScriptsAnswerAndDoAsThoseOfRedis(t *testing.T) {
	conn := realRedis(t)
	var theirs, ours resp.ReplyParser
	w := newSolo(t, "", "port 6379", "save \"\"")
	c := w.connect("")
	rng := rand.New(rand.NewPCG(8, 15))
	both := func(i int, command []string) {
		request := resp.AppendCommand(nil, command...)
		want := ask(t, conn, &theirs, request)
		ours.Feed([]byte(w.write(c, string(request))))
		r, ok, err := ours.Next()
		require.NoError(t, err)
		require.True(t, ok, "script %d, %q: no reply", i, command)
		if got := replyBytes(r); got != want && sameScriptWords(got) != sameScriptWords(want) {
			t.Fatalf("script %d, %q:\nordeal %s\nredis  %s", i, command[min(len(command), 3):], got, want)
		}
	}
	for i := range 5000 {
		both(i, drawScript(rng))
		if i%50 == 0 {
			both(i, strings.Fields("SELECT "+strconv.Itoa(rng.IntN(2))))
			for _, key := range []string{"a", "b", "c", "d", "e", "f", "g"} {
				both(i, []string{"GET", key}) // the data, not only what was said of it
			}
		}
	}
}

// What a script's value is as a reply, for all there is of values.
func TestValuesOfScriptsAreTheRepliesOfRedis(t *testing.T) {
	conn := realRedis(t)
	var theirs, ours resp.ReplyParser
	w := newSolo(t, "", "port 6379", "save \"\"")
	c := w.connect("")
	for _, script := range []string{
		"return", "return nil", "return true", "return false", "return 3.99", "return -3.99", "return 'x'", "return {}", "return {1,2,nil,4}",
		"return {1,{2,{3,'x',false}}}", "return {ok='fine'}", "return {err='My error'}", "return redis.status_reply('x')",
		"return redis.error_reply('MY x')", "return {redis.status_reply('a'), redis.error_reply('E b')}", "return redis.sha1hex('')",
		"return cjson.encode({1,2,{a='b'}})", "return cjson.decode(ARGV[1])[2]", "return cmsgpack.unpack(cmsgpack.pack(ARGV[2]))",
		"return {KEYS[1], KEYS[2], #KEYS, #ARGV}", "return redis.call('PING')", "return redis.call('ECHO', 12.5)",
		"return redis.call('MGET', 'a', 'b')", "return tostring(redis.call('GET', 'nosuch'))", "return type(redis.call('SET', 'a', 'b'))",
		"return redis.call('SET', 'a', 'b')['ok']", "return struct.pack('>I2', 258)", "return bit.tohex(255)", "return 1e15", "return {1e15, -1}",
	} {
		request := resp.AppendCommand(nil, "EVAL", script, "1", "key", `[1,"two"]`, "x")
		want := ask(t, conn, &theirs, request)
		ours.Feed([]byte(w.write(c, string(request))))
		r, ok, err := ours.Next()
		require.NoError(t, err)
		require.True(t, ok, script)
		require.Equal(t, want, replyBytes(r), script)
	}
}
