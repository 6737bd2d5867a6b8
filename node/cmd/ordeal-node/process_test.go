package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what must happen. A passing test waits for none of it.
const patience = 20 * time.Second

// asCommand makes the test binary behave as the command.
const asCommand = "ORDEAL_NODE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// command is the command as a process of its own, in a folder of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe, args...)
	cmd.Args[0] = "ordeal-node"
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

func startCommand(t *testing.T, cmd *exec.Cmd) (output *bytes.Buffer) {
	t.Helper()
	output = &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = output, output
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(output)
		}
	})
	return output
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// ask waits until a server listens on port, sends one inline command, and returns the first line of the reply.
func ask(t *testing.T, port, line string) string {
	t.Helper()
	var nc net.Conn
	require.Eventually(t, func() (ok bool) {
		var err error
		nc, err = net.Dial("tcp", "127.0.0.1:"+port)
		return err == nil
	}, patience, 10*time.Millisecond)
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(nc, "%s\r\n", line)
	reply, err := bufio.NewReader(nc).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(reply)
}

func TestAServerAnswersAndStopsWhenAsked(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		port := freePort(t)
		cmd := command(t, "--port", port, "--bind", "127.0.0.1", "--pidfile", "my.pid", "--ordeal-notes", "notes.jsonl")
		startCommand(t, cmd)
		require.Equal(t, "+PONG", ask(t, port, "PING"))
		pid, err := os.ReadFile(filepath.Join(cmd.Dir, "my.pid"))
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(cmd.Process.Pid), strings.TrimSpace(string(pid)))
		require.NoError(t, cmd.Process.Signal(sig))
		require.NoError(t, cmd.Wait())
		require.NoFileExists(t, filepath.Join(cmd.Dir, "my.pid"))
		notes, err := os.ReadFile(filepath.Join(cmd.Dir, "notes.jsonl"))
		require.NoError(t, err)
		require.Contains(t, string(notes), `"note":"state"`)
	}
}

func TestATakenPortIsStatusOne(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	cmd := command(t, "--port", port, "--bind", "127.0.0.1")
	output, err := cmd.CombinedOutput()
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), "%v", err)
	require.Contains(t, string(output), "Address already in use")
}

func TestConfigurationOnStandardInput(t *testing.T) {
	port := freePort(t)
	cmd := command(t, "-", "--bind", "127.0.0.1")
	cmd.Stdin = strings.NewReader("port " + port + "\nrequirepass secret\n")
	startCommand(t, cmd)
	require.Equal(t, "+OK", ask(t, port, "AUTH secret"))
}

func TestABadConfigurationIsStatusOne(t *testing.T) {
	for _, args := range [][]string{{"--no-such-directive", "1"}, {"/nonexistent/redis.conf"}} {
		cmd := command(t, args...)
		output, _ := cmd.CombinedOutput()
		require.Equal(t, 1, cmd.ProcessState.ExitCode(), "%v: %s", args, output)
		require.NotEmpty(t, output)
	}
}

func TestADaemonLeavesItsTerminalAndWritesItsPID(t *testing.T) {
	port := freePort(t)
	cmd := command(t, "-", "--port", port, "--bind", "127.0.0.1", "--pidfile", "d.pid", "--logfile", "d.log")
	cmd.Stdin = strings.NewReader("daemonize yes\n")
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Equal(t, "+PONG", ask(t, port, "PING"))
	text, err := os.ReadFile(filepath.Join(cmd.Dir, "d.pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	require.NotEqual(t, cmd.Process.Pid, pid)
	session, _, errno := syscall.RawSyscall(syscall.SYS_GETSID, uintptr(pid), 0, 0)
	require.Zero(t, errno)
	require.Equal(t, pid, int(session))
	require.NoError(t, syscall.Kill(pid, syscall.SIGTERM))
	require.Eventually(t, func() bool { return syscall.Kill(pid, 0) != nil || zombie(pid) }, patience, 10*time.Millisecond)
}

// zombie is for systems whose first process does not bury orphans.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}
