package bench

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/resp"
)

var (
	idleMasters = flag.Int("idle.masters", 100, "how many masters an idle Sentinel watches")
	idleFor     = flag.Duration("idle.for", 30*time.Second, "for how long it is measured")
)

// BenchmarkIdleSentinel measures the processor time that a Sentinel takes which watches -idle.masters masters with a replica
// each, of which nothing is to be said: of ours and of redis-sentinel, at the same time. What they watch are stand-ins in
// this process, which answer at once.
func BenchmarkIdleSentinel(b *testing.B) {
	if _, err := exec.LookPath("redis-sentinel"); err != nil {
		b.Skip("redis-sentinel is not installed: apt-get install redis-server redis-sentinel")
	}
	for b.Loop() {
		ours, theirs := idle(b, nodeProgram(b), "--sentinel"), idle(b, "redis-sentinel")
		time.Sleep(15 * time.Second) // INFO comes each ten seconds: replicas are known
		for _, s := range []*server{ours, theirs} {
			require.Equal(b, *idleMasters, strings.Count(s.dial(b).ask(b, "INFO sentinel"), "status=ok"))
			require.Equal(b, *idleMasters, strings.Count(s.dial(b).ask(b, "INFO sentinel"), "slaves=1"))
		}
		o, t := ours.processorTime(b), theirs.processorTime(b)
		time.Sleep(*idleFor)
		o, t = ours.processorTime(b)-o, theirs.processorTime(b)-t
		ours.stop()
		theirs.stop()
		b.ReportMetric(100*o.Seconds()/idleFor.Seconds(), "%CPU-ours")
		b.ReportMetric(100*t.Seconds()/idleFor.Seconds(), "%CPU-redis")
		b.ReportMetric(o.Seconds()/t.Seconds(), "ours/redis")
		b.ReportMetric(0, "ns/op")
	}
}

// idle starts a Sentinel that has enough masters.
func idle(b *testing.B, program string, args ...string) *server {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	require.NoError(b, l.Close())
	var file strings.Builder
	fmt.Fprintf(&file, "port %s\nbind 127.0.0.1\n", port)
	for i := range *idleMasters {
		master, replica := newStandIn(b), newStandIn(b)
		id := fmt.Sprintf("run_id:%040x\r\n", i)
		master.info = id + "role:master\r\nslave0:ip=127.0.0.1,port=" + replica.port + ",state=online,offset=5,lag=0\r\n"
		replica.info = id + "role:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:" + master.port + "\r\nmaster_link_status:up\r\n" +
			"slave_repl_offset:5\r\nslave_priority:100\r\n"
		go master.serve()
		go replica.serve()
		fmt.Fprintf(&file, "sentinel monitor master%d 127.0.0.1 %s 1\n", i, master.port)
	}
	path := filepath.Join(b.TempDir(), "sentinel.conf")
	require.NoError(b, os.WriteFile(path, []byte(file.String()), 0o600))
	cmd := exec.Command(program, append([]string{path}, args...)...)
	cmd.Dir = filepath.Dir(path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	require.NoError(b, cmd.Start())
	return &server{port, cmd}
}

// standIn is as much of a server as an idle Sentinel sees.
type standIn struct {
	listener   net.Listener
	port, info string

	mu         sync.Mutex
	subscriber net.Conn
}

func newStandIn(b *testing.B) *standIn {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return &standIn{listener: l, port: port}
}

func (s *standIn) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		go s.talk(conn)
	}
}

func (s *standIn) talk(conn net.Conn) {
	defer conn.Close()
	var p resp.RequestParser
	for buf := make([]byte, 4096); ; {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		p.Feed(buf[:n])
		var out []byte
		for {
			args, ok, err := p.Next()
			if err != nil {
				return
			}
			if !ok {
				break
			}
			out = s.reply(out, conn, args)
		}
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

func (s *standIn) reply(out []byte, conn net.Conn, args [][]byte) []byte {
	switch string(args[0]) {
	case "PING":
		return resp.AppendSimple(out, "PONG")
	case "INFO":
		return resp.AppendBulkString(out, s.info)
	case "SUBSCRIBE":
		s.mu.Lock()
		s.subscriber = conn
		s.mu.Unlock()
		out = resp.AppendArray(out, 3)
		return resp.AppendInt(resp.AppendBulk(resp.AppendBulkString(out, "subscribe"), args[1]), 1)
	case "PUBLISH":
		s.mu.Lock()
		to := s.subscriber
		s.mu.Unlock()
		if to != nil {
			_, _ = to.Write(resp.AppendCommand(nil, "message", string(args[1]), string(args[2])))
		}
		return resp.AppendInt(out, 1)
	}
	return resp.AppendSimple(out, "OK")
}

// processorTime is what the process has used so far, by the kernel's ticks of 10 ms.
func (s *server) processorTime(b *testing.B) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	require.NoError(b, err)
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+2:])) // from the third field on
	user, err := strconv.Atoi(fields[11])
	require.NoError(b, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(b, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}
