package checkers_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers/redis"
	"github.com/ordeal-go/ordeal/histories"
)

// historyToCheck is the environment variable by which a benchmark tells a process of its own what to read.
const historyToCheck = "ORDEAL_BENCH_HISTORY"

// BenchmarkJudgesFile is what all checkers take for a file of a million operations, reading included, in a process that
// does nothing else, as ordeal check does: processor time and the most memory.
func BenchmarkJudgesFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "history.jsonl")
	write(b, path, served("register", 50, 1_000_000, servedRegister(0)))
	runtime.GC()
	b.ResetTimer()
	var cpu, most float64
	for range b.N {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestJudgesAFileForABenchmark$", "-test.v")
		cmd.Env = append(os.Environ(), historyToCheck+"="+path, "GOGC=50", "GOMEMLIMIT=512MiB") // harness.TuneCollectorForHistory
		out, err := cmd.CombinedOutput()
		require.NoError(b, err, "%s", out)
		require.Contains(b, string(out), "linearizable valid")
		usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		cpu += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
		most = max(most, float64(usage.Maxrss)/1024)
	}
	b.ReportMetric(cpu/float64(b.N), "cpu-s/op")
	b.ReportMetric(most, "MiB-peak")
}

// write writes h as a run would have.
func write(b *testing.B, path string, h *histories.History) {
	f, err := os.Create(path)
	require.NoError(b, err)
	defer f.Close()
	require.NoError(b, histories.Write(f, h))
}

func TestJudgesAFileForABenchmark(t *testing.T) {
	path := os.Getenv(historyToCheck)
	if path == "" {
		t.Skip("BenchmarkJudgesFile starts it")
	}
	h, err := histories.ReadFile(path)
	require.NoError(t, err)
	verdicts, err := redis.RunAsked(h, nil)
	require.NoError(t, err)
	for _, v := range verdicts {
		fmt.Println(v.Checker, v.Result)
	}
}
