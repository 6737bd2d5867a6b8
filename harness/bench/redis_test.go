package bench

import (
	"encoding/csv"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	rounds   = 3      // of each server, in turn
	requests = 200000 // of each command in a round
)

// BenchmarkNodeAgainstRedis lets redis-benchmark measure ordeal-node and redis-server in turn, and reports the
// ratios of their medians: above 1, ordeal-node is the faster one.
func BenchmarkNodeAgainstRedis(b *testing.B) {
	ours, theirs := startBoth(b)
	for _, pipeline := range []int{1, 16} {
		b.Run(fmt.Sprintf("pipeline-%d", pipeline), func(b *testing.B) {
			for b.Loop() {
				got := map[string][]float64{}
				for range rounds {
					for command, rate := range measure(b, ours, pipeline, "-t", "set,get") {
						got["our "+command] = append(got["our "+command], rate)
					}
					for command, rate := range measure(b, theirs, pipeline, "-t", "set,get") {
						got["their "+command] = append(got["their "+command], rate)
					}
				}
				for _, command := range []string{"SET", "GET"} {
					o, r := median(got["our "+command]), median(got["their "+command])
					b.ReportMetric(o/r, command+"-node/redis")
					b.ReportMetric(o, command+"/s")
				}
			}
		})
	}
}

// tenLines is a script as programs have it: a few commands, a loop, a condition, a reply.
const tenLines = `local limit = tonumber(ARGV[1])
local used = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
local total = 0
for i = 1, 10 do
  total = total + i * 2
end
if used + 1 > limit then
  return {0, tostring(total)}
end
redis.call('INCR', KEYS[1])
return {1, used, total}`

// BenchmarkEvalAgainstRedis is the same for an EVAL of ten lines.
func BenchmarkEvalAgainstRedis(b *testing.B) {
	ours, theirs := startBoth(b)
	for _, pipeline := range []int{1, 16} {
		b.Run(fmt.Sprintf("pipeline-%d", pipeline), func(b *testing.B) {
			for b.Loop() {
				var our, their []float64
				for range rounds {
					for _, rate := range measure(b, ours, pipeline, "EVAL", tenLines, "1", "key:__rand_int__", "1000000000") {
						our = append(our, rate)
					}
					for _, rate := range measure(b, theirs, pipeline, "EVAL", tenLines, "1", "key:__rand_int__", "1000000000") {
						their = append(their, rate)
					}
				}
				b.ReportMetric(median(our)/median(their), "EVAL-node/redis")
				b.ReportMetric(median(our), "EVAL/s")
			}
		})
	}
}

// startBoth starts ordeal-node, built here, and redis-server, and returns their ports.
func startBoth(b *testing.B) (ours, theirs string) {
	b.Helper()
	for _, program := range []string{"redis-server", "redis-benchmark"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Skip(program + " is not installed: apt-get install redis-server redis-tools")
		}
	}
	node := filepath.Join(b.TempDir(), "ordeal-node")
	out, err := exec.Command("go", "build", "-o", node, "github.com/ordeal-go/ordeal/node/cmd/ordeal-node").CombinedOutput()
	require.NoError(b, err, "%s", out)
	return start(b, node), start(b, "redis-server")
}

// start runs a server on a free port of 127.0.0.1 until the benchmark ends, and returns the port.
func start(b *testing.B, program string) (port string) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	_, port, err = net.SplitHostPort(l.Addr().String())
	require.NoError(b, err)
	require.NoError(b, l.Close())
	cmd := exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", b.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	require.Eventually(b, func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, 10*time.Second, 20*time.Millisecond, "%s does not listen on %s", program, port)
	return port
}

// measure returns requests a second by command; what says which: one, or two tests of redis-benchmark's own.
func measure(b *testing.B, port string, pipeline int, what ...string) map[string]float64 {
	b.Helper()
	words := []string{"-h", "127.0.0.1", "-p", port, "-n", strconv.Itoa(requests), "-P", strconv.Itoa(pipeline), "-r", "10000", "--csv"}
	out, err := exec.Command("redis-benchmark", append(words, what...)...).Output()
	require.NoError(b, err)
	rows, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
	require.NoError(b, err)
	rates := map[string]float64{}
	for _, row := range rows {
		if rate, err := strconv.ParseFloat(row[1], 64); err == nil {
			rates[row[0]] = rate
		}
	}
	require.Len(b, rates, strings.Count(what[len(what)-1], ",")+1, "redis-benchmark printed\n%s", out)
	return rates
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
