package server_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// interopWrites is how many writes of all types each pairing is given before anything is hurt; make interop gives 100,000.
var interopWrites = flag.Int("interop.writes", 2000, "mixed writes that ours and real servers replicate to each other before they are hurt")

// programs is the folder of what the tests build; it goes when they are over.
var programs string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "ordeal-server-")
	if err != nil {
		panic(err)
	}
	programs = dir
	redis.SetLogger(quiet{}) // that a server is down is what some tests are about
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// nodeProgram builds ordeal-node, once.
var nodeProgram = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programs, "ordeal-node")
	output, err := exec.Command("go", "build", "-o", path, "github.com/ordeal-go/ordeal/node/cmd/ordeal-node").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return path, nil
})

// process is a server as a process of its own, ours or a real one, which can be killed and started again with its files.
type process struct {
	*peer
	program string
	dir     string
	cmd     *exec.Cmd
}

// launch starts a server of a kind, "ours" or "real". No PING goes out by itself: who missed nothing is to go on, whatever
// time that takes.
func launch(t *testing.T, kind string, lines ...string) *process {
	t.Helper()
	p := &process{dir: t.TempDir()}
	lines = append(configLines(freePort(t)), append([]string{"dir " + p.dir, "repl-ping-slave-period 3600", "repl-timeout 7200", "appendonly no"}, lines...)...)
	var err error
	if kind == "real" {
		if p.program, err = exec.LookPath("redis-server"); err != nil {
			t.Skip("redis-server is not installed: apt-get install redis-server")
		}
		lines = append(lines, "enable-debug-command yes")
	} else {
		p.program, err = nodeProgram()
		require.NoError(t, err)
	}
	conf := filepath.Join(p.dir, "redis.conf")
	require.NoError(t, os.WriteFile(conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	port, err := strconv.Atoi(strings.TrimPrefix(lines[0], "port "))
	require.NoError(t, err)
	p.peer = dial(t, port, new(logbook), func() { p.kill() })
	p.start()
	return p
}

func (p *process) start() {
	p.cmd = exec.Command(p.program, filepath.Join(p.dir, "redis.conf"))
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	require.NoError(p.t, p.cmd.Start())
	eventually(p.t, "the server answers", func() bool { return p.Ping(context.Background()).Err() == nil })
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// cable leads from a replica to its master, and can be cut.
type cable struct {
	listener net.Listener
	mu       sync.Mutex
	whole    bool
	ends     []net.Conn
}

// newCable leads to a port; it carries whatever connects to the port that it returns.
func newCable(t *testing.T, to int) (c *cable, port int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c = &cable{listener: l, whole: true}
	t.Cleanup(func() { l.Close(); c.set(false) })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", to))
			c.mu.Lock()
			if err != nil || !c.whole {
				from.Close()
				if err == nil {
					far.Close()
				}
			} else {
				c.ends = append(c.ends, from, far)
				go func() { _, _ = io.Copy(far, from); far.Close() }()
				go func() { _, _ = io.Copy(from, far); from.Close() }()
			}
			c.mu.Unlock()
		}
	}()
	return c, l.Addr().(*net.TCPAddr).Port
}

// set makes the cable whole, or cuts it: who is connected hears at once, and who connects is turned away.
func (c *cable) set(whole bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.whole = whole
	if !whole {
		for _, end := range c.ends {
			end.Close()
		}
		c.ends = nil
	}
}

// statistic returns a number of INFO stats.
func (p *process) statistic(ctx context.Context, name string) int {
	for line := range strings.Lines(p.Info(ctx, "stats").Val()) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			require.NoError(p.t, err)
			return n
		}
	}
	require.Fail(p.t, "INFO stats has no "+name)
	return 0
}

// write has a server take n mixed writes of all types, in pieces.
func (p *process) write(ctx context.Context, rng *rand.Rand, n int) {
	for ; n > 0; n -= 1000 {
		fillAll(ctx, p.t, p.peer, rng, min(n, 1000))
	}
}

// TestInterop: of two servers, one ours and one real, either is the other's replica, and stays equal to it after many
// writes of all types, cut links, long and short, and kill -9 of either in the middle; when the replica is promoted, its
// old master goes on as its replica by a partial resync, and so back again.
func TestInterop(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for _, pair := range [][2]string{{"ours", "real"}, {"real", "ours"}} {
		t.Run(pair[1]+" from "+pair[0], func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			rng := rand.New(rand.NewPCG(3, uint64(len(pair[0]))))
			m, r := launch(t, pair[0]), launch(t, pair[1])
			wire, port := newCable(t, m.port)
			m.write(ctx, rng, 500)
			require.NoError(t, r.Do(ctx, "SLAVEOF", "127.0.0.1", port).Err())
			alike(ctx, t, m.peer, r.peer)
			m.write(ctx, rng, *interopWrites)
			alike(ctx, t, m.peer, r.peer)
			cutLinks(ctx, t, m, r, wire, rng)
			killEither(ctx, t, m, r, rng)
			promoteEither(ctx, t, m, r, rng)
		})
	}
}

// cutLinks: what was missed in a short outage comes from the backlog, in a long one with everything else.
func cutLinks(ctx context.Context, t *testing.T, m, r *process, wire *cable, rng *rand.Rand) {
	t.Helper()
	full, partial := m.statistic(ctx, "sync_full"), m.statistic(ctx, "sync_partial_ok")
	for range 3 {
		wire.set(false)
		m.write(ctx, rng, 300)
		wire.set(true)
		m.write(ctx, rng, 300)
		alike(ctx, t, m.peer, r.peer)
	}
	require.Equal(t, full, m.statistic(ctx, "sync_full"))
	require.Equal(t, partial+3, m.statistic(ctx, "sync_partial_ok"))
	wire.set(false)
	require.NoError(t, m.Set(ctx, "long", strings.Repeat("x", 2<<20), 0).Err()) // longer than the backlog
	wire.set(true)
	alike(ctx, t, m.peer, r.peer)
	require.Equal(t, full+1, m.statistic(ctx, "sync_full"))
}

// killEither: kill -9 of a replica, and of its master, in the middle of writes.
func killEither(ctx context.Context, t *testing.T, m, r *process, rng *rand.Rand) {
	t.Helper()
	for _, victim := range []*process{r, m} {
		require.NoError(t, victim.Do(ctx, "SAVE").Err())
		require.NoError(t, victim.ConfigRewrite(ctx).Err()) // whose replica it is
		var writing sync.WaitGroup
		writing.Go(func() {
			for range 20 {
				_, _ = m.Pipelined(ctx, func(pipe redis.Pipeliner) error {
					for i := range 100 {
						pipe.Incr(ctx, fmt.Sprint("count", i))
					}
					return nil
				})
			}
		})
		time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
		victim.kill()
		writing.Wait()
		victim.start()
		m.write(ctx, rng, 300)
		alike(ctx, t, m.peer, r.peer)
	}
}

// promoteEither: twice the roles change, and nobody takes everything again.
func promoteEither(ctx context.Context, t *testing.T, m, r *process, rng *rand.Rand) {
	t.Helper()
	full := m.statistic(ctx, "sync_full") + r.statistic(ctx, "sync_full")
	for range 2 {
		require.NoError(t, r.Do(ctx, "SLAVEOF", "NO", "ONE").Err())
		r.write(ctx, rng, 300)
		m.follow(ctx, r.peer)
		alike(ctx, t, r.peer, m.peer)
		r.write(ctx, rng, 300)
		alike(ctx, t, r.peer, m.peer)
		m, r = r, m
	}
	require.Equal(t, full, m.statistic(ctx, "sync_full")+r.statistic(ctx, "sync_full"), "a change of roles cost everything\n%s\n%s", m.log, r.log)
}

// TestInteropChain: real <- ours <- real, and ours <- real <- ours. Each link is cut, the middle is killed, and in the end it
// is promoted: nothing differs, and what need not be sent again is not.
func TestInteropChain(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for _, kinds := range [][3]string{{"real", "ours", "real"}, {"ours", "real", "ours"}} {
		t.Run(strings.Join(kinds[:], " "), func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			rng := rand.New(rand.NewPCG(4, uint64(len(kinds[0]))))
			top, middle, bottom := launch(t, kinds[0]), launch(t, kinds[1]), launch(t, kinds[2])
			upper, upperPort := newCable(t, top.port)
			lower, lowerPort := newCable(t, middle.port)
			require.NoError(t, middle.Do(ctx, "SLAVEOF", "127.0.0.1", upperPort).Err())
			top.write(ctx, rng, 500)
			alike(ctx, t, top.peer, middle.peer)
			require.NoError(t, bottom.Do(ctx, "SLAVEOF", "127.0.0.1", lowerPort).Err())
			top.write(ctx, rng, *interopWrites)
			equal := func() {
				t.Helper()
				alike(ctx, t, top.peer, middle.peer)
				alike(ctx, t, middle.peer, bottom.peer)
			}
			equal()
			full := top.statistic(ctx, "sync_full") + middle.statistic(ctx, "sync_full")
			for _, wire := range []*cable{upper, lower, upper} {
				wire.set(false)
				top.write(ctx, rng, 300)
				wire.set(true)
				equal()
			}
			require.NoError(t, middle.Do(ctx, "SLAVEOF", "NO", "ONE").Err())
			middle.write(ctx, rng, 300)
			alike(ctx, t, middle.peer, bottom.peer)
			top.follow(ctx, middle.peer)
			alike(ctx, t, middle.peer, top.peer)
			require.Equal(t, full, top.statistic(ctx, "sync_full")+middle.statistic(ctx, "sync_full"), "%s\n%s", top.log, middle.log)

			require.NoError(t, middle.Do(ctx, "SAVE").Err())
			middle.kill()
			middle.start()
			middle.write(ctx, rng, 300)
			alike(ctx, t, middle.peer, top.peer)
			alike(ctx, t, middle.peer, bottom.peer)
		})
	}
}
