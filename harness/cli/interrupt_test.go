package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories"
)

// Ctrl-C in the middle of a live run: the history up to then is there, and nothing else is.
func TestInterruptedLiveRunKeepsItsHistoryAndLeavesNothing(t *testing.T) {
	if dir := os.Getenv("ORDEAL_INTERRUPT_TEST"); dir != "" {
		os.Args = []string{"ordeal", "run", "sentinel-failover", "-world", "live", "-out", dir}
		Main()
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("the live world needs Linux")
	}
	temp := t.TempDir()
	dir := filepath.Join(temp, "run")
	child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	child.Env = append(os.Environ(), "ORDEAL_INTERRUPT_TEST="+dir, "TMPDIR="+temp)
	var out strings.Builder
	child.Stdout, child.Stderr = &out, &out
	require.NoError(t, child.Start())
	defer child.Process.Kill()

	written := func() string {
		text, _ := os.ReadFile(filepath.Join(dir, "history.jsonl"))
		return string(text)
	}
	require.Eventually(t, func() bool { return strings.Contains(written(), `"op":"ok"`) }, 60*time.Second, 20*time.Millisecond, "no operation was answered")
	require.NoError(t, child.Process.Signal(os.Interrupt))
	var exit *exec.ExitError
	require.True(t, errors.As(child.Wait(), &exit), "%s", out.String())
	require.Equal(t, exitUnknown, exit.ExitCode(), "%s", out.String())
	require.Contains(t, out.String(), "interrupted: the history up to then is in")

	h, err := histories.ReadFile(filepath.Join(dir, "history.jsonl"))
	require.NoError(t, err)
	require.NotEmpty(t, h.Ops)
	require.False(t, h.Complete)
	pids := map[int]bool{}
	for _, l := range h.Logs {
		if number, _, ok := strings.Cut(l.Text, ":"); ok {
			if pid, err := strconv.Atoi(number); err == nil {
				pids[pid] = true
			}
		}
	}
	require.GreaterOrEqual(t, len(pids), 6, "three servers and three Sentinels")
	for pid := range pids {
		// The number may be another process's by now; ours has the run's folder in its arguments.
		args, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		require.NotContains(t, string(args), dir, "process %d is still there", pid)
	}
	left, err := filepath.Glob(filepath.Join(temp, "ordeal-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
