package harness_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/live/runs"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/histories"
)

// A child of this test plays a live run and panics in the middle of it, once on the goroutine of the run and once on
// another one, where nobody can clean up.
func TestNothingIsLeftOfALiveRunThatPanics(t *testing.T) {
	if how := os.Getenv("ORDEAL_PANIC_TEST"); how != "" {
		playAndPanic(how)
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc, and no way for a process to die with its parent")
	}
	t.Parallel()
	for _, how := range []string{"here", "elsewhere"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			child := exec.Command(os.Args[0], "-test.run", "^TestNothingIsLeftOfALiveRunThatPanics$")
			child.Env = append(os.Environ(), "ORDEAL_PANIC_TEST="+how, "TMPDIR="+temp)
			out, err := child.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, 2, exit.ExitCode(), "%s", out)
			if how == "here" { // the other one has a temporary folder
				h, err := histories.ReadFile(filepath.Join(temp, "run", harness.HistoryFile))
				require.NoError(t, err)
				require.NotEmpty(t, h.Notes, "it is read up to where it ends")
				require.False(t, h.Complete)
			}
			require.Contains(t, string(out), "panic: the harness is broken")
			pids := regexp.MustCompile(`(?m)^node (\d+)$`).FindAllStringSubmatch(string(out), -1)
			require.Len(t, pids, 3, "%s", out)
			for _, m := range pids {
				pid, err := strconv.Atoi(m[1])
				require.NoError(t, err)
				require.Eventually(t, func() bool { return syscall.Kill(pid, 0) != nil }, 20*time.Second, 5*time.Millisecond, "process %d is still there", pid)
			}
			require.Eventually(t, func() bool {
				left, err := filepath.Glob(filepath.Join(temp, "ordeal-*"))
				require.NoError(t, err)
				return len(left) == 0
			}, 20*time.Second, 5*time.Millisecond, "the temporary folder is still there")
		})
	}
}

func playAndPanic(how string) {
	s, _ := scenarios.ByName("one-master-two-replicas")
	out := ""
	if how == "here" {
		out = filepath.Join(os.Getenv("TMPDIR"), "run")
	}
	harness.Run(context.Background(), s, harness.Options{World: harness.WorldLive, Live: runs.Live{}, Out: out, Progress: func(p harness.Progress) {
		if p.Stage == "" {
			return
		}
		children, _ := filepath.Glob("/proc/self/task/*/children")
		for _, path := range children {
			text, _ := os.ReadFile(path)
			for _, pid := range regexp.MustCompile(`\d+`).FindAllString(string(text), -1) {
				if name, _ := os.ReadFile("/proc/" + pid + "/comm"); regexp.MustCompile(`^ordeal-node`).Match(name) {
					os.Stdout.WriteString("node " + pid + "\n")
				}
			}
		}
		if how == "elsewhere" {
			go panic("the harness is broken")
			time.Sleep(time.Minute)
		}
		panic("the harness is broken")
	}})
}
