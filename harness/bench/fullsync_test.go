package bench

import (
	"bufio"
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
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fullSyncMB is how much data is synchronized, in values of 1000 bytes.
var fullSyncMB = flag.Int("fullsync.mb", 300, "megabytes of data that a full synchronization is measured with")

// BenchmarkFullSync measures a full synchronization of a replica, by ordeal-node and by redis-server: the time until it
// is in sync, the longest silence of either side to PING, and the most memory that either has, its child process's own
// pages with it. Values are random letters, which LZF cannot make shorter.
func BenchmarkFullSync(b *testing.B) {
	for _, how := range []struct{ name, diskless string }{{"disk", "no"}, {"diskless", "yes"}} {
		b.Run(how.name, func(b *testing.B) {
			for b.Loop() {
				ours := fullSync(b, nodeProgram(b), how.diskless)
				theirs := fullSync(b, "redis-server", how.diskless)
				b.Logf("ordeal-node:  %v", ours)
				b.Logf("redis-server: %v", theirs)
				b.ReportMetric(ours.seconds/theirs.seconds, "time-ratio")
				b.ReportMetric(float64(ours.master.peak)/float64(theirs.master.peak), "master-memory-ratio")
				b.ReportMetric(float64(ours.replica.peak)/float64(theirs.replica.peak), "replica-memory-ratio")
				b.ReportMetric(max(ours.master.silence, ours.replica.silence).Seconds(), "silence-s")
			}
		})
	}
}

func nodeProgram(b *testing.B) string {
	b.Helper()
	node := filepath.Join(b.TempDir(), "ordeal-node")
	out, err := exec.Command("go", "build", "-o", node, "github.com/ordeal-go/ordeal/node/cmd/ordeal-node").CombinedOutput()
	require.NoError(b, err, "%s", out)
	return node
}

// synced is what a full synchronization took.
type synced struct {
	seconds         float64
	master, replica watched
}

func (s synced) String() string {
	return fmt.Sprintf("in sync after %.2f s; master %v; replica %v", s.seconds, s.master, s.replica)
}

// watched is what was seen of a server.
type watched struct {
	peak    int64 // KB
	silence time.Duration
}

func (w watched) String() string {
	return fmt.Sprintf("%d MB, %.3f s silent", w.peak>>10, w.silence.Seconds())
}

func fullSync(b *testing.B, program, diskless string) (s synced) {
	args := []string{"--repl-diskless-sync", diskless, "--repl-diskless-sync-delay", "0"}
	master, replica := startWith(b, program, args...), startWith(b, program, args...)
	defer master.stop()
	defer replica.stop()
	master.fill(b, *fullSyncMB)
	over := new(atomic.Bool)
	ofMaster, ofReplica := master.watch(over), replica.watch(over)
	c := master.dial(b)
	defer c.conn.Close()
	r := replica.dial(b)
	defer r.conn.Close()
	began := time.Now()
	require.Equal(b, "+OK", r.ask(b, "SLAVEOF 127.0.0.1 "+master.port))
	require.Eventually(b, func() bool {
		return strings.Contains(r.ask(b, "INFO replication"), "master_link_status:up")
	}, 10*time.Minute, 20*time.Millisecond)
	s.seconds = time.Since(began).Seconds()
	require.Equal(b, c.ask(b, "DBSIZE"), r.ask(b, "DBSIZE"))
	over.Store(true)
	s.master, s.replica = <-ofMaster, <-ofReplica
	return s
}

// server is a process under measurement.
type server struct {
	port string
	cmd  *exec.Cmd
}

func (s *server) stop() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// startWith starts a server on a free port.
func startWith(b *testing.B, program string, args ...string) *server {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	require.NoError(b, l.Close())
	args = append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", b.TempDir()}, args...)
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	require.NoError(b, cmd.Start())
	require.Eventually(b, func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, 10*time.Second, 20*time.Millisecond, "%s does not listen on %s", program, port)
	return &server{port, cmd}
}

// asker is a connection to a server.
type asker struct {
	conn net.Conn
	in   *bufio.Reader
}

func (s *server) dial(b *testing.B) *asker {
	conn, err := net.Dial("tcp", "127.0.0.1:"+s.port)
	require.NoError(b, err)
	return &asker{conn, bufio.NewReader(conn)}
}

// say asks and returns the reply: a line, or the text of a bulk string.
func (c *asker) say(command string) (string, error) {
	if _, err := c.conn.Write([]byte(command + "\r\n")); err != nil {
		return "", err
	}
	line, err := c.in.ReadString('\n')
	if err != nil || line[0] != '$' {
		return strings.TrimSpace(line), err
	}
	n, err := strconv.Atoi(strings.TrimSpace(line[1:]))
	if err != nil {
		return "", err
	}
	text := make([]byte, n+2)
	_, err = io.ReadFull(c.in, text)
	return string(text[:n]), err
}

func (c *asker) ask(b *testing.B, command string) string {
	reply, err := c.say(command)
	require.NoError(b, err)
	return reply
}

// fill sets as many keys as there are megabytes of values of 1000 random letters.
func (s *server) fill(b *testing.B, megabytes int) {
	const keys, size = 1000, 1000 // in a megabyte
	c := s.dial(b)
	defer c.conn.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	letters := make([]byte, 1<<16)
	for i := range letters {
		letters[i] = byte('a' + rng.IntN(26))
	}
	out := bufio.NewWriterSize(c.conn, 1<<16)
	for mb := range megabytes {
		for i := range keys {
			from := rng.IntN(len(letters) - size)
			fmt.Fprintf(out, "*3\r\n$3\r\nSET\r\n$12\r\nkey:%08d\r\n$%d\r\n%s\r\n", mb*keys+i, size, letters[from:from+size])
		}
		require.NoError(b, out.Flush())
		for range keys {
			_, err := c.in.ReadString('\n')
			require.NoError(b, err)
		}
	}
}

// watch asks PING again and again until it is over, and looks at the memory meanwhile.
func (s *server) watch(over *atomic.Bool) <-chan watched {
	result := make(chan watched, 1)
	go func() {
		var w watched
		defer func() { result <- w }()
		conn, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err != nil {
			return
		}
		defer conn.Close()
		c := &asker{conn, bufio.NewReader(conn)}
		var looked time.Time
		for ; !over.Load(); time.Sleep(2 * time.Millisecond) {
			asked := time.Now()
			if _, err := c.say("PING"); err != nil {
				return
			}
			w.silence = max(w.silence, time.Since(asked))
			if time.Since(looked) > 50*time.Millisecond {
				w.peak = max(w.peak, s.memory())
				looked = time.Now()
			}
		}
	}()
	return result
}

// memory is what the process and its children have in memory, in KB; a page that several share counts in parts.
func (s *server) memory() (kb int64) {
	pid := strconv.Itoa(s.cmd.Process.Pid)
	children, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
	for _, p := range append(strings.Fields(string(children)), pid) {
		text, _ := os.ReadFile("/proc/" + p + "/smaps_rollup")
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); fields[0] == "Pss:" {
				n, _ := strconv.ParseInt(fields[1], 10, 64)
				kb += n
			}
		}
	}
	return kb
}
