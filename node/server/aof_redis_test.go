package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// fillAll writes values of all kinds, in two databases: large and small, with a time to live and without, some of it as
// transactions, by scripts and as changes of what is there.
func fillAll(ctx context.Context, t *testing.T, p *peer, rng *rand.Rand, n int) {
	t.Helper()
	_, err := p.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range n {
			if i%50 == 0 {
				pipe.Do(ctx, "SELECT", rng.IntN(2)*9)
			}
			key, v := fmt.Sprint("k", rng.IntN(400)), strings.Repeat("v", rng.IntN(30))+strconv.Itoa(rng.IntN(100))
			switch rng.IntN(14) {
			case 0:
				pipe.Do(ctx, "SET", "s"+key, v)
			case 1:
				pipe.Do(ctx, "SET", "s"+key, v, "EX", 1000+rng.IntN(1000))
			case 2:
				pipe.Do(ctx, "SETEX", "s"+key, 2000, v)
			case 3:
				pipe.Do(ctx, "RPUSH", "l"+key, v, v, i)
			case 4:
				pipe.Do(ctx, "SADD", "t"+key, v, i)
			case 5:
				pipe.Do(ctx, "SADD", "i"+key, i, i+1)
			case 6:
				pipe.Do(ctx, "HMSET", "h"+key, v, i, i, v)
			case 7:
				pipe.Do(ctx, "ZADD", "z"+key, float64(i)/3, v, -i, i)
			case 8:
				pipe.Do(ctx, "PEXPIRE", "l"+key, 1000000+rng.IntN(1000))
			case 9:
				pipe.Do(ctx, "PERSIST", "l"+key)
			case 10:
				pipe.Do(ctx, "MULTI")
				pipe.Do(ctx, "INCR", "n"+key)
				pipe.Do(ctx, "APPEND", "a"+key, v)
				pipe.Do(ctx, "EXEC")
			case 11:
				pipe.Do(ctx, "EVAL", "redis.call('INCRBY', KEYS[1], ARGV[1]) redis.call('SADD', KEYS[2], ARGV[1])", 2, "n"+key, "i"+key, i)
			case 12:
				pipe.Do(ctx, "SPOP", "t"+key)
			case 13:
				pipe.Do(ctx, "DEL", "h"+key, "z"+fmt.Sprint("k", rng.IntN(400)))
			}
		}
		return nil
	})
	require.True(t, err == nil || !strings.Contains(err.Error(), "connection"), "%v", err)
}

// parts are the files of an append only file of redis-server 7.0, in the order in which it reads them: what 4.0 has in one
// file, it has in a base and increments.
func parts(t *testing.T, dir string) (text []byte) {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join(dir, "appendonlydir", "appendonly.aof.manifest"))
	require.NoError(t, err)
	for line := range strings.Lines(string(manifest)) {
		words := strings.Fields(line)
		part, err := os.ReadFile(filepath.Join(dir, "appendonlydir", words[1]))
		require.NoError(t, err)
		text = append(text, part...)
	}
	return text
}

func dirOf(ctx context.Context, p *peer) string { return p.ConfigGet(ctx, "dir").Val()["dir"] }

func rewritten(ctx context.Context, t *testing.T, p *peer) {
	t.Helper()
	require.NoError(t, p.BgRewriteAOF(ctx).Err())
	eventually(t, "the append only file is rewritten", func() bool {
		return strings.Contains(p.Info(ctx, "persistence").Val(), "aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0")
	})
}

func TestAnAppendOnlyFileOfRedisIsLoaded(t *testing.T) {
	ctx := context.Background()
	for _, preamble := range []string{"yes", "no"} {
		t.Run("preamble "+preamble, func(t *testing.T) {
			real := theirs(t, "appendonly yes", "appendfsync always", "aof-use-rdb-preamble "+preamble)
			eventually(t, "redis-server answers", func() bool { return real.Ping(ctx).Err() == nil })
			rng := rand.New(rand.NewPCG(1, 7))
			fillAll(ctx, t, real, rng, 3000)
			rewritten(ctx, t, real)
			fillAll(ctx, t, real, rng, 3000)
			was := real.digest(ctx)
			text := parts(t, dirOf(ctx, real))
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "appendonly.aof"), text, 0o600))
			mine := ours(t, "appendonly yes", "dir "+dir)
			eventually(t, "ours has loaded the file", func() bool { return mine.Ping(ctx).Err() == nil })
			require.Equal(t, was, mine.digest(ctx))
		})
	}
}

func TestRedisLoadsOurAppendOnlyFile(t *testing.T) {
	ctx := context.Background()
	check, err := exec.LookPath("redis-check-aof")
	if err != nil {
		t.Skip("redis-check-aof is not installed: apt-get install redis-tools")
	}
	for _, preamble := range []string{"yes", "no"} {
		t.Run("preamble "+preamble, func(t *testing.T) {
			mine := ours(t, "appendonly yes", "appendfsync always", "aof-use-rdb-preamble "+preamble)
			eventually(t, "ours answers", func() bool { return mine.Ping(ctx).Err() == nil })
			rng := rand.New(rand.NewPCG(2, 7))
			fillAll(ctx, t, mine, rng, 3000)
			rewritten(ctx, t, mine)
			fillAll(ctx, t, mine, rng, 3000)
			was := mine.digest(ctx)
			require.Equal(t, "OK", mine.Do(ctx, "DEBUG", "LOADAOF").Val())
			require.Equal(t, was, mine.digest(ctx))
			text, err := os.ReadFile(filepath.Join(dirOf(ctx, mine), "appendonly.aof"))
			require.NoError(t, err)
			dir := t.TempDir()
			path := filepath.Join(dir, "appendonly.aof") // the name that 7.0 takes over from older servers
			require.NoError(t, os.WriteFile(path, text, 0o600))
			output, err := exec.Command(check, path).CombinedOutput()
			require.NoError(t, err, "%s", output)
			require.Contains(t, string(output), "is valid")
			real := theirs(t, "appendonly yes", "dir "+dir)
			eventually(t, "redis-server has loaded the file", func() bool { return real.Ping(ctx).Err() == nil })
			require.Equal(t, was, real.digest(ctx))
		})
	}
}

// TestAKilledProcessLosesNothingThatItAcknowledged kills ordeal-node in a loop, under load, with each policy.
func TestAKilledProcessLosesNothingThatItAcknowledged(t *testing.T) {
	program, err := nodeProgram()
	require.NoError(t, err)
	for _, policy := range []string{"always", "everysec", "no"} {
		t.Run(policy, func(t *testing.T) {
			k := &killed{t: t, program: program, port: freePort(t), dir: t.TempDir(), policy: policy}
			for round := range 6 {
				k.round(round)
			}
			require.Greater(t, k.acked[0].Load(), int64(100), "there was no load")
		})
	}
}

type killed struct {
	t       *testing.T
	program string
	port    int
	dir     string
	policy  string
	acked   [8]atomic.Int64 // of each client, the last number that was acknowledged
	asked   [8]atomic.Int64
}

// round starts the server, holds what it has against what it acknowledged before, and kills it under load.
func (k *killed) round(number int) {
	ctx := context.Background()
	log := new(logbook)
	cmd := exec.Command(k.program, "--port", strconv.Itoa(k.port), "--dir", k.dir, "--save", "", "--appendonly", "yes", "--appendfsync", k.policy,
		"--auto-aof-rewrite-min-size", "20kb", "--auto-aof-rewrite-percentage", "30", "--aof-use-rdb-preamble", []string{"yes", "no"}[number%2])
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(k.t, cmd.Start())
	p := dial(k.t, k.port, log, func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	defer p.stop()
	eventually(k.t, "the server answers", func() bool { return p.Ping(ctx).Err() == nil })
	for i := range k.acked {
		n, err := p.Get(ctx, fmt.Sprint("a", i)).Int64()
		require.True(k.t, err == nil || err == redis.Nil, "%v", err)
		m, _ := p.LLen(ctx, fmt.Sprint("b", i)).Result()
		require.Equal(k.t, n, m, "half of a transaction\n%s", log)
		require.GreaterOrEqual(k.t, n, k.acked[i].Load(), "acknowledged and gone\n%s", log)
		require.LessOrEqual(k.t, n, k.asked[i].Load())
		k.acked[i].Store(n)
		k.asked[i].Store(n)
	}
	var clients sync.WaitGroup
	stop := make(chan struct{})
	for i := range k.acked {
		clients.Go(func() { k.client(i, stop) })
	}
	before := k.acked[0].Load()
	eventually(k.t, "there is load", func() bool { return k.acked[0].Load() > before+int64(20+7*number) })
	require.NoError(k.t, cmd.Process.Kill())
	close(stop)
	clients.Wait()
}

// client counts up in transactions, over a connection of its own, until the server is gone.
func (k *killed) client(i int, stop <-chan struct{}) {
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", k.port))
	if err != nil {
		return
	}
	defer conn.Close()
	reply := make([]byte, 4096)
	for {
		select {
		case <-stop:
			return
		default:
		}
		n := k.asked[i].Add(1)
		_ = conn.SetDeadline(time.Now().Add(patience))
		if _, err = fmt.Fprintf(conn, "MULTI\r\nINCR a%d\r\nRPUSH b%d x\r\nEXEC\r\n", i, i); err != nil {
			return
		}
		for got := ""; !strings.HasSuffix(got, fmt.Sprintf("*2\r\n:%d\r\n:%d\r\n", n, n)); {
			m, err := conn.Read(reply)
			if err != nil {
				return
			}
			got += string(reply[:m])
		}
		k.acked[i].Store(n)
	}
}
