package main

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// tokenBucket is a rate limiter as programs have it: a bucket that fills with time and from which each request takes. The
// time is the server's, so its effects and not the script go to replicas.
var tokenBucket = redis.NewScript(`
redis.replicate_commands()
local capacity, perSecond, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]) or capacity, tonumber(bucket[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * perSecond)
local allowed = tokens >= wanted
if allowed then tokens = tokens - wanted end
redis.call('HMSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / perSecond * 2000))
return {allowed and 1 or 0, math.floor(tokens)}`)

// TestARateLimiterRunsUnchanged: by go-redis's Script, which sends EVALSHA and falls back to EVAL.
func TestARateLimiterRunsUnchanged(t *testing.T) {
	port, other := freePort(t), freePort(t)
	startCommand(t, command(t, "--port", port))
	ask(t, port, "PING")
	startCommand(t, command(t, "--port", other, "--slaveof", "127.0.0.1", port))
	require.Eventually(t, func() bool { return strings.Contains(info(t, other), "master_link_status:up") }, patience, 20*time.Millisecond)
	client, replica := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port}), redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + other})
	defer client.Close()
	defer replica.Close()

	allowed := 0
	for range 30 { // a bucket of 10 that takes an hour to give another one
		got, err := tokenBucket.Run(t.Context(), client, []string{"user:1"}, 10, 1.0/3600, 1).Int64Slice()
		require.NoError(t, err)
		allowed += int(got[0])
		require.Equal(t, int64(max(0, 10-allowed)), got[1])
	}
	require.Equal(t, 10, allowed)
	require.Eventually(t, func() bool {
		ours, theirs := client.HGetAll(t.Context(), "user:1").Val(), replica.HGetAll(t.Context(), "user:1").Val()
		return len(ours) == 2 && ours["at"] == theirs["at"] && ours["tokens"] == theirs["tokens"]
	}, patience, 20*time.Millisecond)

	known, err := tokenBucket.Exists(t.Context(), client).Result()
	require.NoError(t, err)
	require.Equal(t, []bool{true}, known)
	require.NoError(t, client.ScriptFlush(t.Context()).Err())
	require.NoError(t, tokenBucket.Run(t.Context(), client, []string{"user:2"}, 10, 1, 1).Err(), "unknown again, so EVAL")
	sha, err := tokenBucket.Load(t.Context(), client).Result()
	require.NoError(t, err)
	require.Equal(t, tokenBucket.Hash(), sha)
	_, err = client.EvalSha(t.Context(), strings.Repeat("0", 40), nil).Result()
	require.True(t, redis.HasErrorPrefix(err, "NOSCRIPT"), "%v", err)
}
