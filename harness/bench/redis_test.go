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
	for _, program := range []string{"redis-server", "redis-benchmark"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Skip(program + " is not installed: apt-get install redis-server redis-tools")
		}
	}
	node := filepath.Join(b.TempDir(), "ordeal-node")
	out, err := exec.Command("go", "build", "-o", node, "github.com/ordeal-go/ordeal/node/cmd/ordeal-node").CombinedOutput()
	require.NoError(b, err, "%s", out)
	ours := start(b, node)
	theirs := start(b, "redis-server")
	for _, pipeline := range []int{1, 16} {
		b.Run(fmt.Sprintf("pipeline-%d", pipeline), func(b *testing.B) {
			for b.Loop() {
				got := map[string][]float64{}
				for range rounds {
					for command, rate := range measure(b, ours, pipeline) {
						got["our "+command] = append(got["our "+command], rate)
					}
					for command, rate := range measure(b, theirs, pipeline) {
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

// measure returns requests a second by command.
func measure(b *testing.B, port string, pipeline int) map[string]float64 {
	b.Helper()
	out, err := exec.Command("redis-benchmark", "-h", "127.0.0.1", "-p", port, "-t", "set,get", "-n", strconv.Itoa(requests),
		"-P", strconv.Itoa(pipeline), "-r", "10000", "--csv").Output()
	require.NoError(b, err)
	rows, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
	require.NoError(b, err)
	rates := map[string]float64{}
	for _, row := range rows {
		if rate, err := strconv.ParseFloat(row[1], 64); err == nil {
			rates[row[0]] = rate
		}
	}
	require.Len(b, rates, 2, "redis-benchmark printed\n%s", out)
	return rates
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
