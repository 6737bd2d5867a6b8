package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/record"
)

// tool skips the test if a program of Redis's is not there.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not installed: apt-get install redis-tools")
	}
	return path
}

func TestRedisCLIAndRedisBenchmarkWork(t *testing.T) {
	cli, benchmark := tool(t, "redis-cli"), tool(t, "redis-benchmark")
	port := freePort(t)
	startCommand(t, command(t, "--port", port))
	ask(t, port, "PING")

	say := func(args ...string) string {
		out, err := exec.Command(cli, append([]string{"-p", port}, args...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	require.Equal(t, "OK\n", say("SET", "k", "v w"))
	require.Equal(t, "v w\n", say("GET", "k"))
	require.Contains(t, say("INFO", "replication"), "role:master")
	require.Contains(t, say("ROLE"), "master")
	require.Contains(t, say("NONSENSE"), "unknown command")

	out, err := exec.Command(benchmark, "-p", port, "-t", "ping,set,get", "-n", "2000", "-c", "20", "-P", "4", "--csv").CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, row := range []string{`"PING_INLINE",`, `"PING_MBULK",`, `"SET",`, `"GET",`} {
		require.Contains(t, string(out), row)
	}
	require.NotContains(t, string(out), "rror")
}

// TestFailoverClientFollowsTheSentinels: go-redis finds the master by asking Sentinels, and the next one after the
// first has been killed.
func TestFailoverClientFollowsTheSentinels(t *testing.T) {
	master, replica := freePort(t), freePort(t)
	first := command(t, "--port", master)
	startCommand(t, first)
	ask(t, master, "PING")
	startCommand(t, command(t, "--port", replica, "--slaveof", "127.0.0.1", master))
	require.Eventually(t, func() bool { return bytes.Contains([]byte(info(t, replica)), []byte("master_link_status:up")) }, patience, 20*time.Millisecond)

	var sentinels []string
	for range 3 {
		port := freePort(t)
		cmd := command(t, "sentinel.conf", "--sentinel")
		text := fmt.Sprintf("port %s\nsentinel monitor mymaster 127.0.0.1 %s 2\nsentinel down-after-milliseconds mymaster 1500\nsentinel failover-timeout mymaster 10000\n", port, master)
		require.NoError(t, os.WriteFile(filepath.Join(cmd.Dir, "sentinel.conf"), []byte(text), 0o644))
		startCommand(t, cmd)
		sentinels = append(sentinels, "127.0.0.1:"+port)
	}
	for _, addr := range sentinels {
		s := redis.NewSentinelClient(&redis.Options{Addr: addr})
		defer s.Close()
		require.Eventually(t, func() bool {
			m, err := s.Master(t.Context(), "mymaster").Result()
			return err == nil && m["num-other-sentinels"] == "2" && m["num-slaves"] == "1"
		}, patience, 50*time.Millisecond)
	}

	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "mymaster", SentinelAddrs: sentinels, MaxRetries: -1})
	defer client.Close()
	require.NoError(t, client.Set(t.Context(), "before", "1", 0).Err())
	require.NoError(t, client.Wait(t.Context(), 1, patience).Err())
	require.NoError(t, first.Process.Kill())
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return client.Set(ctx, "after", "2", 0).Err() == nil
	}, 3*patience, 50*time.Millisecond, "the client does not find the new master")
	require.Equal(t, "1", client.Get(t.Context(), "before").Val(), "WAIT had counted the replica that was promoted")
	require.Equal(t, "2", client.Get(t.Context(), "after").Val())
	require.Contains(t, info(t, replica), "role:master")
}

// info is the server's INFO replication.
func info(t *testing.T, port string) string {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port})
	defer c.Close()
	text, err := c.Info(t.Context(), "replication").Result()
	require.NoError(t, err)
	return text
}

// TestRecordedProcessIsReplayed: what a process did before it was killed, its core does again over the recording.
func TestRecordedProcessIsReplayed(t *testing.T) {
	master, replica := freePort(t), freePort(t)
	cmd := command(t, "--port", master, "--ordeal-record", "master.jsonl")
	startCommand(t, cmd)
	ask(t, master, "PING")
	follower := command(t, "--port", replica, "--slaveof", "127.0.0.1", master, "--ordeal-record", "replica.jsonl")
	startCommand(t, follower)
	ask(t, replica, "PING")
	require.Eventually(t, func() bool { return bytes.Contains([]byte(info(t, replica)), []byte("master_link_status:up")) }, patience, 20*time.Millisecond)
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + master})
	defer c.Close()
	for i := range 100 {
		require.NoError(t, c.Set(t.Context(), fmt.Sprint("k", i%7), i, time.Hour).Err())
	}
	require.NoError(t, c.BgSave(t.Context()).Err())
	require.NoError(t, c.Wait(t.Context(), 1, patience).Err())
	require.NoError(t, cmd.Process.Kill())
	cmd.Process.Wait()
	require.Eventually(t, func() bool { return bytes.Contains([]byte(info(t, replica)), []byte("master_link_status:down")) }, patience, 20*time.Millisecond)
	require.NoError(t, follower.Process.Kill())
	follower.Process.Wait()

	for _, path := range []string{filepath.Join(cmd.Dir, "master.jsonl"), filepath.Join(follower.Dir, "replica.jsonl")} {
		f, err := os.Open(path)
		require.NoError(t, err)
		defer f.Close()
		report, err := record.Replay(f, nil)
		require.NoError(t, err, path)
		require.Empty(t, report.Died)
		require.Greater(t, report.Steps, 20)
	}
}
