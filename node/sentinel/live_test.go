package sentinel_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/host"
	"github.com/ordeal-go/ordeal/node/sentinel"
)

// patience is how long a live test waits for a condition: far longer than it takes.
const patience = 60 * time.Second

// logbook keeps what a process or core logged.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// freePort is a port that nobody listens on, below those that the kernel gives to connections: whoever dials one of those
// until somebody listens may come to be connected with itself.
func freePort(t *testing.T) int {
	for range 1000 {
		port := 10000 + rand.IntN(20000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			require.NoError(t, l.Close())
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// process starts a real program and ends it with the test.
func process(t *testing.T, log *logbook, program string, args ...string) *exec.Cmd {
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed: apt-get install redis-server redis-sentinel", program)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = t.TempDir()
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

func server(t *testing.T, port int, args ...string) *exec.Cmd {
	args = append([]string{"--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--save", "", "--repl-diskless-sync-delay", "0"}, args...)
	return process(t, new(logbook), "redis-server", args...)
}

func sentinelFile(t *testing.T, port, master int) string {
	path := filepath.Join(t.TempDir(), "sentinel.conf")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, "port %d\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 %d 2\n"+
		"sentinel down-after-milliseconds mymaster 1500\nsentinel failover-timeout mymaster 5000\n", port, master), 0o600))
	return path
}

// ownSentinel runs a Sentinel of ours in this process.
func ownSentinel(t *testing.T, file string, seed uint64) *logbook {
	log := new(logbook)
	core := sentinel.New(sentinel.Options{ConfigPath: file, Dir: filepath.Dir(file), Rand: rand.New(rand.NewPCG(seed, 1)), PID: os.Getpid()})
	h := host.Start(core, host.Config{Stdout: log})
	t.Cleanup(func() {
		h.Kill()
		_, _ = h.Wait()
	})
	return log
}

func eventually(t *testing.T, what string, logs []*logbook, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			for i, l := range logs {
				t.Logf("log %d:\n%s", i, l)
			}
			t.Fatalf("it never came about that %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestFailoverOfARealRedisAmongRealSentinels: two Sentinels of ours and a real one replace the dead master of two real
// replicas, and a client that knows only the Sentinels goes on writing.
func TestFailoverOfARealRedisAmongRealSentinels(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	m1, r1, r2 := freePort(t), freePort(t), freePort(t)
	master := server(t, m1)
	server(t, r1, "--slaveof", "127.0.0.1", fmt.Sprint(m1))
	server(t, r2, "--slaveof", "127.0.0.1", fmt.Sprint(m1))

	up := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", m1)})
	defer up.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	eventually(t, "both replicas are linked", nil, func() bool {
		return strings.Count(up.Info(ctx, "replication").Val(), "state=online") == 2
	})

	var addrs []string
	var logs []*logbook
	for i := range uint64(2) {
		port := freePort(t)
		addrs = append(addrs, fmt.Sprintf("127.0.0.1:%d", port))
		logs = append(logs, ownSentinel(t, sentinelFile(t, port, m1), i))
	}
	port := freePort(t)
	addrs = append(addrs, fmt.Sprintf("127.0.0.1:%d", port))
	realLog := new(logbook)
	process(t, realLog, "redis-sentinel", sentinelFile(t, port, m1))
	logs = append(logs, realLog)

	eventually(t, "all Sentinels know each other and both replicas", logs, func() bool {
		for _, addr := range addrs {
			c := redis.NewSentinelClient(&redis.Options{Addr: addr})
			state, err := c.Master(ctx, "mymaster").Result()
			_ = c.Close()
			if err != nil || state["num-slaves"] != "2" || state["num-other-sentinels"] != "2" || state["flags"] != "master" {
				return false
			}
		}
		return true
	})

	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "mymaster", SentinelAddrs: addrs})
	defer client.Close()
	eventually(t, "a client writes through the Sentinels", logs, func() bool { return client.Set(ctx, "key", "before", 0).Err() == nil })

	require.NoError(t, master.Process.Signal(syscall.SIGKILL))
	eventually(t, "the client writes to the new master", logs, func() bool { return client.Set(ctx, "key", "after", 0).Err() == nil })
	eventually(t, "all Sentinels follow", logs, func() bool {
		for _, l := range logs {
			if !strings.Contains(l.String(), "+switch-master mymaster 127.0.0.1 "+fmt.Sprint(m1)) {
				return false
			}
		}
		return true
	})
}

// TestRedisCLITalksToIt: the client of version 7 gets along with what this Sentinel does not know.
func TestRedisCLITalksToIt(t *testing.T) {
	path, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("redis-cli is not installed: apt-get install redis-tools")
	}
	port := freePort(t)
	log := ownSentinel(t, sentinelFile(t, port, freePort(t)), 7)
	cli := func(args ...string) string {
		out, _ := exec.Command(path, append([]string{"-p", fmt.Sprint(port)}, args...)...).CombinedOutput()
		return strings.TrimSpace(string(out))
	}
	eventually(t, "it answers", []*logbook{log}, func() bool { return cli("PING") == "PONG" })
	require.Contains(t, cli("-3", "SENTINEL", "get-master-addr-by-name", "mymaster"), "127.0.0.1")
	require.Contains(t, cli("HELLO", "3"), "ERR unknown command `HELLO`, with args beginning with: `3`,")
	require.Contains(t, cli("SENTINEL", "DEBUG"), "ERR Unknown sentinel subcommand 'DEBUG'")
	require.Contains(t, cli("INFO", "sentinel"), "master0:name=mymaster,status=")
}
