package server_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/host"
	"github.com/ordeal-go/ordeal/node/server"
)

// patience is how long a live test waits for a condition: far longer than it takes.
const patience = 30 * time.Second

// logbook keeps what a server logged.
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

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// peer is a running server, ours or a real one.
type peer struct {
	*redis.Client
	t    *testing.T
	port int
	log  *logbook
	stop func()
}

func dial(t *testing.T, port int, log *logbook, stop func()) *peer {
	p := &peer{t: t, port: port, log: log, stop: sync.OnceFunc(stop)}
	p.Client = redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", port), Protocol: 2, DisableIdentity: true, DialerRetries: 1})
	t.Cleanup(func() {
		_ = p.Close()
		p.stop()
		if t.Failed() {
			t.Logf("port %d:\n%s", port, log)
		}
	})
	return p
}

func configLines(port int) []string {
	return []string{"port " + strconv.Itoa(port), "bind 127.0.0.1", `save ""`, "repl-diskless-sync-delay 0"}
}

// ours runs one of our servers in this process.
func ours(t *testing.T, lines ...string) *peer {
	port := freePort(t)
	log := new(logbook)
	core := server.New(server.Options{
		Args: append(configLines(port), lines...), Dir: t.TempDir(), PID: os.Getpid(), Rand: rand.New(rand.NewPCG(uint64(port), 1)),
	})
	h := host.Start(core, host.Config{Stdout: log})
	return dial(t, port, log, func() {
		h.Kill()
		_, _ = h.Wait()
	})
}

// theirs starts redis-server.
func theirs(t *testing.T, lines ...string) *peer {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	port := freePort(t)
	log := new(logbook)
	cmd := exec.Command(path, "-")
	cmd.Dir = t.TempDir()
	cmd.Stdin = strings.NewReader(strings.Join(append(append(configLines(port), "enable-debug-command yes"), lines...), "\n"))
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	return dial(t, port, log, func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func (p *peer) field(ctx context.Context, name string) string {
	for line := range strings.Lines(p.Info(ctx, "replication").Val()) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (p *peer) digest(ctx context.Context) string { return p.Do(ctx, "DEBUG", "DIGEST").String() }

func (p *peer) follow(ctx context.Context, master *peer) {
	require.NoError(p.t, p.Do(ctx, "SLAVEOF", "127.0.0.1", master.port).Err())
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came about that %s", what)
		}
	}
}

// alike waits until a replica is linked, has caught up and holds the same data.
func alike(ctx context.Context, t *testing.T, master, replica *peer) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d holds what %d does", replica.port, master.port), func() bool {
		return replica.field(ctx, "master_link_status") == "up" &&
			replica.field(ctx, "slave_repl_offset") == master.field(ctx, "master_repl_offset") &&
			replica.digest(ctx) == master.digest(ctx)
	})
}

// fill writes all that a string can be: numbers, long and compressible ones, binary ones, with and without a TTL, in
// two databases.
func fill(ctx context.Context, t *testing.T, p *peer, round int) {
	t.Helper()
	_, err := p.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range 500 {
			pipe.Set(ctx, fmt.Sprint("number", i), i*1000-5, 0)
			pipe.Set(ctx, fmt.Sprint("text", i), strings.Repeat("abc ", i), time.Hour)
			pipe.Set(ctx, fmt.Sprintf("binary\x00\xff%d", i), []byte{0, 1, '\r', '\n', byte(i), byte(round)}, 0)
		}
		fillFields(ctx, pipe, round)
		pipe.Do(ctx, "SELECT", 3)
		pipe.Set(ctx, "elsewhere", round, 0)
		pipe.Do(ctx, "SELECT", 0)
		return nil
	})
	require.NoError(t, err)
	_, err = p.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Incr(ctx, "count")
		pipe.Append(ctx, "log", "x")
		pipe.Del(ctx, "number1")
		return nil
	})
	require.NoError(t, err)
}

// fillFields writes hashes, sorted sets, HyperLogLogs and places, small and large, and what is told to replicas in other
// words than it was said.
func fillFields(ctx context.Context, pipe redis.Pipeliner, round int) {
	for i := range 200 {
		pipe.HSet(ctx, "hash", fmt.Sprint("field", i), strings.Repeat("v", i))
		pipe.HSet(ctx, fmt.Sprint("small hash", i%7), i, round)
		pipe.ZAdd(ctx, "sorted", redis.Z{Score: float64(i) / 3, Member: fmt.Sprint("member", i)})
		pipe.ZAdd(ctx, fmt.Sprint("small sorted", i%7), redis.Z{Score: float64(i - 100), Member: i})
		pipe.PFAdd(ctx, "dense", fmt.Sprint(round, ".", i), fmt.Sprint(round, i*i), fmt.Sprint(i, "x", round))
		pipe.GeoAdd(ctx, "places", &redis.GeoLocation{Name: fmt.Sprint("place", i), Longitude: float64(i - 100), Latitude: float64(i)/3 - 30})
	}
	pipe.HIncrByFloat(ctx, "hash", "float", 0.1)
	pipe.HIncrBy(ctx, "hash", "count", int64(round))
	pipe.HDel(ctx, "small hash0", "0", "7")
	pipe.ZIncrBy(ctx, "sorted", 0.1, "member7")
	pipe.ZAdd(ctx, "infinite", redis.Z{Score: math.Inf(1), Member: "up"}, redis.Z{Score: math.Inf(-1), Member: "down"})
	pipe.ZUnionStore(ctx, "union", &redis.ZStore{Keys: []string{"sorted", "small sorted1"}, Weights: []float64{2, 0.1}})
	pipe.ZInterStore(ctx, "inter", &redis.ZStore{Keys: []string{"sorted", "union"}, Aggregate: "MAX"})
	pipe.ZRemRangeByRank(ctx, "sorted", 0, int64(round))
	pipe.PFAdd(ctx, fmt.Sprint("sparse", round), "a", "b")
	pipe.PFMerge(ctx, "merged", "dense", fmt.Sprint("sparse", round))
	pipe.PFCount(ctx, "merged")
	pipe.GeoRadiusStore(ctx, "places", 0, 0, &redis.GeoRadiusQuery{Radius: 3000, Unit: "km", StoreDist: "distances"})
}

// TestServersOfOursAndRealOnesReplicateFromEachOther: in every pairing a replica gets the dataset and the stream, and
// goes on where it stood when the link breaks.
func TestServersOfOursAndRealOnesReplicateFromEachOther(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	t.Parallel()
	kinds := []struct {
		name  string
		start func(*testing.T, ...string) *peer
	}{{"ours", ours}, {"real", theirs}}
	for _, master := range kinds {
		for _, replica := range kinds {
			if master.name == "real" && replica.name == "real" {
				continue
			}
			for _, diskless := range []string{"no", "yes"} {
				t.Run(fmt.Sprintf("%s from %s, diskless %s", replica.name, master.name, diskless), func(t *testing.T) {
					t.Parallel()
					ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
					defer cancel()
					m := master.start(t, "repl-diskless-sync "+diskless)
					fill(ctx, t, m, 1)
					r := replica.start(t)
					r.follow(ctx, m)
					fill(ctx, t, m, 2)
					alike(ctx, t, m, r)
					fill(ctx, t, m, 3)
					alike(ctx, t, m, r)

					require.NoError(t, m.Do(ctx, "CLIENT", "KILL", "TYPE", "slave").Err())
					fill(ctx, t, m, 4)
					alike(ctx, t, m, r)
					require.Contains(t, m.Info(ctx, "stats").Val(), "sync_partial_ok:1\r\n")
				})
			}
		}
	}
}

// TestAChainOfOursAndRealOnesSurvivesAPromotion: real <- ours <- real. The middle is promoted by hand, and what is below
// goes on with it.
func TestAChainOfOursAndRealOnesSurvivesAPromotion(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	top, middle, bottom := theirs(t), ours(t), theirs(t)
	fill(ctx, t, top, 1)
	middle.follow(ctx, top)
	alike(ctx, t, top, middle)
	bottom.follow(ctx, middle)
	fill(ctx, t, top, 2)
	alike(ctx, t, top, middle)
	alike(ctx, t, middle, bottom)

	old := top.field(ctx, "master_replid")
	top.stop()
	require.NoError(t, middle.Do(ctx, "SLAVEOF", "NO", "ONE").Err())
	require.Equal(t, old, middle.field(ctx, "master_replid2"))
	fill(ctx, t, middle, 3)
	alike(ctx, t, middle, bottom)
	require.Contains(t, bottom.log.String(), "Master accepted a Partial Resynchronization")
	require.Equal(t, 1, strings.Count(bottom.log.String(), "Full resync from master"))

	// A server of ours that follows the real one at the bottom takes its history over as well.
	last := ours(t)
	last.follow(ctx, bottom)
	fill(ctx, t, middle, 4)
	alike(ctx, t, middle, bottom)
	alike(ctx, t, bottom, last)
}
