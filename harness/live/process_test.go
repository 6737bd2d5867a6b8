package live_test

import (
	"bufio"
	"context"
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

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live"
	"github.com/ordeal-go/ordeal/harness/redis"
)

// cluster31 is a master, two replicas and three Sentinels, laid out for this test alone.
func cluster31(t *testing.T) ([]cluster.Machine, *live.Lease) {
	t.Helper()
	lease, err := live.Addresses()
	require.NoError(t, err)
	config := redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3}, Config: cluster.Settings{{Name: "repl-diskless-sync-delay", Value: "0"}}, Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "500"}, {Name: "failover-timeout", Value: "2000"}}}
	return config.Nodes(lease.Addressing(t.TempDir())), lease
}

func openProcesses(t *testing.T, machines []cluster.Machine, lease *live.Lease, target string) (*live.World, *record) {
	t.Helper()
	r := &record{}
	w, err := live.Open(t.Context(), live.Config{Machines: machines, Lease: lease, Sink: r, Seed: 1, Target: target})
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := w.Close()
		require.NoError(t, err)
		if t.Failed() {
			t.Log(r.all())
		}
	})
	return w, r
}

// ask sends a command to a machine as a stranger would and returns the first line of its answer, "" if none comes soon.
func ask(m *cluster.Machine, command string) string { return askFor(m, command, 300*time.Millisecond) }

// insist returns the first line of an answer that must come, however slow the computer or its disk is.
func insist(m *cluster.Machine, command string) string { return askFor(m, command, 30*time.Second) }

func askFor(m *cluster.Machine, command string, patience time.Duration) string {
	c, err := net.DialTimeout("tcp", m.Addr(), max(patience, time.Second))
	if err != nil {
		return ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(c, "%s\r\n", command)
	line, _ := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(line)
}

// info returns one field of a machine's INFO.
func info(m *cluster.Machine, field string) string {
	c, err := net.DialTimeout("tcp", m.Addr(), time.Second)
	if err != nil {
		return ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	fmt.Fprintf(c, "INFO\r\nQUIT\r\n")
	for lines := bufio.NewScanner(c); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), field+":"); ok {
			return value
		}
	}
	return ""
}

func TestClusterFormsAndFailsOverAcrossACut(t *testing.T) {
	t.Parallel()
	for _, target := range []string{live.OrdealNode, live.RedisServer} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(target); target == live.RedisServer && err != nil {
				t.Skip("redis-server is not installed: apt-get install redis-server")
			}
			machines, lease := cluster31(t)
			w, r := openProcesses(t, machines, lease, target)
			m1, replicas := &machines[0], []*cluster.Machine{&machines[1], &machines[2]}
			require.NoError(t, w.Start(t.Context(), "m1", "r1", "r2"))
			eventually(t, w, r, "replication", func() bool {
				return info(m1, "connected_slaves") == "2" && info(replicas[0], "master_link_status") == "up" && info(replicas[1], "master_link_status") == "up"
			})
			// Sentinels ask a master for its replicas every 10 s, and first when they start.
			require.NoError(t, w.Start(t.Context(), "s1", "s2", "s3"))
			eventually(t, w, r, "the Sentinels' knowledge of everybody", func() bool {
				for i := range 3 {
					if !strings.Contains(info(&machines[3+i], "master0"), "status=ok") || !strings.Contains(info(&machines[3+i], "master0"), "slaves=2,sentinels=3") {
						return false
					}
				}
				return true
			})

			inflict(t, w, 1, "cut m1 | s1 s2 s3 r1 r2")
			eventually(t, w, r, "the failover", func() bool {
				return info(replicas[0], "role") == "master" || info(replicas[1], "role") == "master"
			})
			require.Equal(t, "master", info(m1, "role"), "the old master hears of nothing")
			if target == live.OrdealNode {
				eventually(t, w, r, "the notes of it", func() bool { return r.count("note promoted") == 1 && r.count("note vote") > 1 })
			}
			require.Zero(t, r.count(" down "))
		})
	}
}

// alone is one server.
func alone(t *testing.T, settings ...cluster.Setting) ([]cluster.Machine, *live.Lease) {
	t.Helper()
	lease, err := live.Addresses()
	require.NoError(t, err)
	return redis.System{Config: settings}.Nodes(lease.Addressing(t.TempDir())), lease
}

func startServer(t *testing.T, settings ...cluster.Setting) (*live.World, *record, *cluster.Machine) {
	t.Helper()
	machines, lease := alone(t, settings...)
	w, r := openProcesses(t, machines, lease, "")
	require.NoError(t, w.Start(t.Context(), "m1"))
	eventually(t, w, r, "an answer", func() bool { return ask(&machines[0], "PING") == "+PONG" })
	return w, r, &machines[0]
}

func TestKilledServerRefusesAndComesBackWithItsFiles(t *testing.T) {
	w, r, m1 := startServer(t)
	require.Equal(t, "+OK", insist(m1, "SET k saved"))
	require.Equal(t, "+OK", insist(m1, "SAVE"))
	require.Equal(t, "+OK", insist(m1, "SET k lost"))
	inflict(t, w, 1, "kill m1")
	_, err := net.Dial("tcp", m1.Addr())
	require.ErrorContains(t, err, "refused")
	require.Equal(t, 1, r.count("m1 down killed"))
	require.ErrorContains(t, w.Start(t.Context(), "m1"), "cannot start while a fault keeps it down")
	require.NoError(t, w.Lift(t.Context(), 1))
	eventually(t, w, r, "an answer", func() bool { return ask(m1, "PING") == "+PONG" })
	require.Equal(t, "$5", insist(m1, "GET k"))
	require.Equal(t, 2, r.count("m1 up"))
	require.NoError(t, w.Lift(t.Context(), 1), "it is over already")
}

func TestPausedServerAnswersNothingUntilItIsResumed(t *testing.T) {
	w, r, m1 := startServer(t)
	inflict(t, w, 1, "pause m1")
	require.Empty(t, ask(m1, "PING"))
	inflict(t, w, 2, "resume m1")
	eventually(t, w, r, "an answer", func() bool { return ask(m1, "PING") == "+PONG" })
}

func TestServerThatExitsByItselfFailsTheRunWithItsLog(t *testing.T) {
	w, r, m1 := startServer(t)
	ask(m1, "SHUTDOWN NOSAVE")
	err := w.Advance(context.Background(), w.Elapsed()+patience)
	var died *cluster.Died
	require.ErrorAs(t, err, &died)
	require.Equal(t, "m1", died.Machine)
	require.Equal(t, "exit 0", died.Why)
	require.ErrorContains(t, err, "bye bye")
	require.Equal(t, 1, r.count("m1 down exit 0"))
}

func TestServerThatDoesNotComeUpFailsTheRunWithItsLog(t *testing.T) {
	machines, lease := alone(t, cluster.Setting{Name: "no-such-directive", Value: "1"})
	w, _ := openProcesses(t, machines, lease, "")
	require.NoError(t, w.Start(t.Context(), "m1"))
	err := w.Advance(context.Background(), w.Elapsed()+patience)
	require.ErrorContains(t, err, "machine m1 went down by itself")
	require.ErrorContains(t, err, "no-such-directive")
}

func TestServerWhosePortIsTakenFailsTheRunWithItsLog(t *testing.T) {
	machines, lease := alone(t)
	l, err := net.Listen("tcp", net.JoinHostPort(machines[0].Host, strconv.Itoa(machines[0].Port)))
	require.NoError(t, err)
	defer l.Close()
	w, _ := openProcesses(t, machines, lease, "")
	require.NoError(t, w.Start(t.Context(), "m1"))
	err = w.Advance(context.Background(), w.Elapsed()+patience)
	require.ErrorContains(t, err, "machine m1 went down by itself")
	require.ErrorContains(t, err, "in use")
}

func TestLogAndNotesLieInTheMachinesFolder(t *testing.T) {
	w, r, m1 := startServer(t)
	eventually(t, w, r, "a note", func() bool { return r.count("m1 note state") > 0 })
	w.Close()
	log, err := os.ReadFile(filepath.Join(m1.Dir, "m1.log"))
	require.NoError(t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(log)), "\n") {
		require.Positive(t, r.count("m1 log "+line))
	}
	notes, err := os.ReadFile(filepath.Join(m1.Dir, "m1.notes.1"))
	require.NoError(t, err)
	require.Equal(t, strings.Count(string(notes), "\n"), r.count("m1 note "))
	require.Equal(t, 1, r.count("m1 down closed with the world"))
}

// The harness itself is killed: a child of this test opens a world, tells its server's process number, and waits.
func TestNoProcessOutlivesAKilledHarness(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("ORDEAL_LIVE_TEST_DIR"); dir != "" {
		lease, err := live.Addresses()
		require.NoError(t, err)
		machines := redis.System{Cluster: redis.Spec{Replicas: 1}}.Nodes(lease.Addressing(dir))
		w, r := openProcesses(t, machines, lease, "")
		require.NoError(t, w.Start(t.Context(), "m1", "r1"))
		eventually(t, w, r, "answers", func() bool { return info(&machines[0], "connected_slaves") == "1" })
		for i := range machines {
			fmt.Println("ready", r.pid(machines[i].Name))
		}
		time.Sleep(time.Minute) // the parent kills this process long before
		t.Fatal("nobody killed the harness")
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc, and no way for a process to die with its parent")
	}
	child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	child.Env = append(os.Environ(), "ORDEAL_LIVE_TEST_DIR="+t.TempDir())
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	defer child.Process.Kill()
	var pids []int
	for lines := bufio.NewScanner(out); len(pids) < 2 && lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			pid, err := strconv.Atoi(text)
			require.NoError(t, err)
			pids = append(pids, pid)
		}
	}
	require.Len(t, pids, 2)
	require.NoError(t, child.Process.Kill())
	child.Wait()
	for _, pid := range pids {
		require.Eventually(t, func() bool { return gone(pid) }, patience, 5*time.Millisecond, "process %d is still there", pid)
	}
}

// gone says whether a process has ended; one that nobody has waited for yet has.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// pid is the process number that a machine's log lines begin with.
func (r *record) pid(machine string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.lines {
		if rest, ok := strings.CutPrefix(line, machine+" log "); ok {
			if pid, _, ok := strings.Cut(rest, ":"); ok {
				return pid
			}
		}
	}
	return "none"
}
