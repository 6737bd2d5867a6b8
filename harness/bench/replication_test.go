package bench

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What persistence and replication take beside a full synchronization, of ordeal-node and of redis-server in one run. A ratio
// of times or memory below 1 is ordeal-node's favour, one of rates above 1.
var (
	startKeys     = flag.Int("start.keys", 1_000_000, "keys of the RDB that a start is measured with")
	backlogMB     = flag.Int("backlog.mb", 100, "megabytes of backlog that a partial resynchronization is measured with")
	idleConns     = flag.Int("idle.connections", 10_000, "connections that say nothing")
	benchRequests = flag.Int("bench.requests", 200_000, "requests of each measurement of a rate")
)

// both calls measure for ordeal-node and for redis-server, and reports the ratio of what it returns.
func both(b *testing.B, unit string, measure func(program string) float64) {
	b.Helper()
	for b.Loop() {
		ours, theirs := measure(nodeProgram(b)), measure("redis-server")
		b.Logf("ordeal-node %.3f, redis-server %.3f", ours, theirs)
		b.ReportMetric(ours/theirs, unit+"-ratio")
	}
}

// await asks until INFO says text.
func (c *asker) await(b *testing.B, section, text string) {
	b.Helper()
	require.Eventually(b, func() bool {
		reply, err := c.say("INFO " + section)
		return err == nil && strings.Contains(reply, text)
	}, 10*time.Minute, time.Millisecond, "%s", text)
}

// cpu is the processor time that the process has had, in seconds: on a busy computer it says more than a clock.
func (s *server) cpu(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/stat")
	require.NoError(b, err)
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	ticks := 0
	for _, field := range fields[11:13] { // utime, stime, in hundredths of a second
		n, err := strconv.Atoi(field)
		require.NoError(b, err)
		ticks += n
	}
	return float64(ticks) / 100
}

// BenchmarkStartFromRDB measures the time from the start of a process until it serves what its RDB holds: many small keys.
func BenchmarkStartFromRDB(b *testing.B) {
	both(b, "time", func(program string) float64 {
		dir := b.TempDir()
		first := startWith(b, program, "--dir", dir)
		c := first.dial(b)
		out := bufio.NewWriter(c.conn)
		for i := range *startKeys {
			fmt.Fprintf(out, "*3\r\n$3\r\nSET\r\n$12\r\nkey:%08d\r\n$5\r\nvalue\r\n", i)
			if i%1000 == 999 {
				require.NoError(b, out.Flush())
				for range 1000 {
					_, err := c.in.ReadString('\n')
					require.NoError(b, err)
				}
			}
		}
		require.Equal(b, "+OK", c.ask(b, "SAVE"))
		keys := c.ask(b, "DBSIZE")
		c.conn.Close()
		first.stop()
		began := time.Now()
		second := startWith(b, program, "--dir", dir)
		defer second.stop()
		c = second.dial(b)
		defer c.conn.Close()
		c.await(b, "persistence", "\nloading:0")
		took := time.Since(began).Seconds()
		require.Equal(b, keys, c.ask(b, "DBSIZE"))
		return took
	})
}

// BenchmarkPartialResync measures how long a replica takes to catch up with a long backlog once its master has granted that.
func BenchmarkPartialResync(b *testing.B) {
	both(b, "time", func(program string) float64 {
		size := strconv.Itoa((*backlogMB + 50) << 20)
		master := startWith(b, program, "--repl-backlog-size", size, "--repl-diskless-sync-delay", "0")
		replica := startWith(b, program)
		defer master.stop()
		defer replica.stop()
		m, r := master.dial(b), replica.dial(b)
		defer m.conn.Close()
		defer r.conn.Close()
		require.Equal(b, "+OK", r.ask(b, "SLAVEOF 127.0.0.1 "+master.port))
		r.await(b, "replication", "master_link_status:up")
		require.Equal(b, "+OK", r.ask(b, "SLAVEOF 127.0.0.1 1")) // nobody is there
		master.fill(b, *backlogMB)
		require.Equal(b, "+OK", r.ask(b, "SLAVEOF 127.0.0.1 "+master.port))
		m.await(b, "stats", "sync_partial_ok:1") // when it connects is up to the version: at once, or with the next second
		began := time.Now()
		want := field(m.ask(b, "INFO replication"), "master_repl_offset")
		r.await(b, "replication", "slave_repl_offset:"+want)
		took := time.Since(began).Seconds()
		require.Equal(b, m.ask(b, "DBSIZE"), r.ask(b, "DBSIZE"))
		return took
	})
}

func field(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// BenchmarkAppendOnly measures the rate of SET with an append only file, for each policy.
func BenchmarkAppendOnly(b *testing.B) {
	for _, policy := range []string{"everysec", "always"} {
		b.Run(policy, func(b *testing.B) {
			both(b, "rate", func(program string) float64 {
				s := startWith(b, program, "--appendonly", "yes", "--appendfsync", policy)
				defer s.stop()
				return setRate(b, s.port)
			})
		})
	}
}

// setRate is how many SET a second redis-benchmark gets done: the median of some rounds.
func setRate(b *testing.B, port string) float64 {
	b.Helper()
	var rates []float64
	for range rounds {
		for _, rate := range measureSome(b, port, *benchRequests) {
			rates = append(rates, rate)
		}
	}
	return median(rates)
}

func measureSome(b *testing.B, port string, n int) map[string]float64 {
	return measure(b, port, 1, "-n", strconv.Itoa(n), "-t", "set")
}

// BenchmarkPropagation measures the rate of SET at a master with three replicas, and what the master spends on each, in
// microseconds of processor time.
func BenchmarkPropagation(b *testing.B) {
	spent := map[string]float64{}
	both(b, "rate", func(program string) float64 {
		master := startWith(b, program, "--repl-diskless-sync-delay", "0")
		defer master.stop()
		m := master.dial(b)
		defer m.conn.Close()
		for range 3 {
			replica := startWith(b, program)
			defer replica.stop()
			r := replica.dial(b)
			defer r.conn.Close()
			require.Equal(b, "+OK", r.ask(b, "SLAVEOF 127.0.0.1 "+master.port))
			r.await(b, "replication", "master_link_status:up")
		}
		before := master.cpu(b)
		rate := setRate(b, master.port)
		spent[program] = (master.cpu(b) - before) * 1e6 / float64(rounds**benchRequests)
		require.Contains(b, m.ask(b, "INFO replication"), "connected_slaves:3")
		return rate
	})
	b.Logf("processor time of a SET at the master, in µs: %v", spent)
}

// BenchmarkIdleConnections measures what many connections that say nothing cost in memory.
func BenchmarkIdleConnections(b *testing.B) {
	both(b, "memory", func(program string) float64 {
		s := startWith(b, program, "--maxclients", strconv.Itoa(*idleConns+100))
		defer s.stop()
		before := s.memory()
		for range *idleConns {
			c, err := net.Dial("tcp", "127.0.0.1:"+s.port)
			require.NoError(b, err, "raise the limit of open files: ulimit -n 32768")
			defer c.Close()
		}
		c := s.dial(b)
		defer c.conn.Close()
		c.await(b, "clients", fmt.Sprintf("connected_clients:%d", *idleConns+1))
		return float64(s.memory()-before) / 1024 // MB
	})
}
