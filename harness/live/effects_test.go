package live_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// Each test shows what a fault of nemesis/FAULTS.md does to real processes: at the socket, in the file, by the clock.
// Those on links are shown in nemesis/toxic.

func lift(t *testing.T, w *live.World, id int) {
	t.Helper()
	require.NoError(t, w.Lift(context.Background(), id))
}

func answers(t *testing.T, w *live.World, r *record, m *cluster.Machine, command, answer string) {
	t.Helper()
	eventually(t, w, r, command+" answered by "+answer, func() bool { return ask(m, command) == answer })
}

// bulk returns the string that a machine answers a command with.
func bulk(m *cluster.Machine, command string) string {
	c, err := net.DialTimeout("tcp", m.Addr(), time.Second)
	if err != nil {
		return ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	fmt.Fprintf(c, "%s\r\n", command)
	in := bufio.NewReader(c)
	in.ReadString('\n')
	text, _ := in.ReadString('\n')
	return strings.TrimSpace(text)
}

func refused(t *testing.T, w *live.World, text, why string) {
	t.Helper()
	f, err := nemesis.Parse(text)
	require.NoError(t, err)
	require.ErrorContains(t, w.Inflict(context.Background(), 99, f), why)
}

var savesAtTheEnd = cluster.Setting{Name: "save", Value: "3600 1"}

func TestTerminatedServerSavesAndTakesItsLeave(t *testing.T) {
	t.Parallel()
	w, r, m1 := startServer(t, savesAtTheEnd)
	require.Equal(t, "+OK", insist(m1, "SET k v"))
	inflict(t, w, 1, "terminate m1")
	eventually(t, w, r, "its end", func() bool { return r.count("m1 down terminated") == 1 })
	require.Equal(t, 1, r.count("DB saved on disk"))
	require.Equal(t, 1, r.count("bye bye"))
	eventually(t, w, r, "its address to refuse", func() bool { // a dial while the listener goes is reset
		_, err := net.Dial("tcp", m1.Addr())
		return err != nil && strings.Contains(err.Error(), "refused")
	})
	lift(t, w, 1)
	answers(t, w, r, m1, "PING", "+PONG")
	require.Equal(t, "v", bulk(m1, "GET k"))
}

func TestTerminationThatIsLiftedAtOnceIsARestart(t *testing.T) {
	t.Parallel()
	w, r, m1 := startServer(t)
	inflict(t, w, 1, "terminate m1")
	lift(t, w, 1)
	eventually(t, w, r, "a second life", func() bool { return r.count("m1 up") == 2 && ask(m1, "PING") == "+PONG" })
}

// plug is a client machine that dials what it is told, and sends what else it is told as a line.
type plug struct {
	machine *cluster.Machine
	conn    node.ConnID
}

func (p *plug) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Told:
		if addr, ok := strings.CutPrefix(string(ev.Bytes), "dial "); ok {
			p.conn = out.Dial(addr, p.machine.Host)
		} else {
			out.Send(p.conn, append(ev.Bytes, '\r', '\n'))
		}
	case node.Received:
		out.Note(node.Note{Kind: node.NoteStage, Text: "received " + string(bytes.TrimSpace(ev.Bytes))})
	case node.Dialled, node.DialFailed, node.Closed:
		out.Note(node.Note{Kind: node.NoteStage, Text: fmt.Sprint(ev.Kind, " ", ev.Err)})
	}
}

func TestPowerlessServerIsSilentAndResetsWhenItIsBack(t *testing.T) {
	t.Parallel()
	lease, err := live.Addresses()
	require.NoError(t, err)
	addr := lease.Addressing(t.TempDir())
	machines := redis.System{Cluster: redis.Spec{}}.Nodes(addr)
	for i, name := range []string{"c1", "c2"} {
		machines = append(machines, cluster.Caller(name, cluster.Client, i+2, addr, func(m cluster.Machine, _ cluster.Boot) node.Core { return &plug{machine: &m} }))
	}
	w, r := openProcesses(t, machines, lease, "")
	require.NoError(t, w.Start(t.Context(), "m1", "c1", "c2"))
	answers(t, w, r, &machines[0], "PING", "+PONG")
	require.NoError(t, w.Tell("c1", "dial "+machines[0].Addr()))
	eventually(t, w, r, "a connection", func() bool { return r.count("c1 note stage dialled") == 1 })
	require.NoError(t, w.Tell("c1", "PING"))
	eventually(t, w, r, "an answer", func() bool { return r.count("c1 note stage received +PONG") == 1 })

	inflict(t, w, 1, "powerloss m1")
	require.Equal(t, 1, r.count("m1 down powerloss"))
	require.NoError(t, w.Tell("c2", "dial "+machines[0].Addr()))
	require.NoError(t, w.Advance(t.Context(), w.Elapsed()+quiet))
	require.Zero(t, r.count("c1 note stage closed"), "nobody tells it")
	require.Zero(t, r.count("c2 note stage received"))
	require.Zero(t, r.count("c2 note stage dialfailed"))
	lift(t, w, 1)
	eventually(t, w, r, "the end of the old connection", func() bool { return r.count("c1 note stage closed") == 1 })
	answers(t, w, r, &machines[0], "PING", "+PONG")
}

func threadStates(t *testing.T, r *record, machine string) (all string) {
	stat, err := filepath.Glob("/proc/" + r.pid(machine) + "/task/*/stat")
	require.NoError(t, err)
	for _, path := range stat {
		text, _ := os.ReadFile(path)
		if at := bytes.LastIndex(text, []byte(") ")); at >= 0 {
			all += string(text[at+2])
		}
	}
	return all
}

func TestServerOnASlowCPUStandsStillMostOfTheTime(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc: states of processes are not seen")
	}
	w, r, m1 := startServer(t)
	inflict(t, w, 1, "slow-cpu m1 factor=5")
	stopped, ran := 0, 0
	eventually(t, w, r, "stops and runs", func() bool {
		switch states := threadStates(t, r, "m1"); {
		case states == "":
		case strings.Trim(states, "T") == "":
			stopped++
		default:
			ran++
		}
		return stopped > 20 && ran > 3
	})
	answers(t, w, r, m1, "PING", "+PONG")
	inflict(t, w, 2, "pause m1")
	for range 30 {
		require.NotContains(t, threadStates(t, r, "m1"), "R", "a pause beats a slow CPU")
		require.NoError(t, w.Advance(t.Context(), w.Elapsed()+2*time.Millisecond))
	}
	lift(t, w, 2)
	lift(t, w, 1)
	answers(t, w, r, m1, "PING", "+PONG")
	for range 30 {
		require.NotContains(t, threadStates(t, r, "m1"), "T")
		require.NoError(t, w.Advance(t.Context(), w.Elapsed()+2*time.Millisecond))
	}
}

func TestServerComesBackWithAnOlderRDB(t *testing.T) {
	t.Parallel()
	w, r, m1 := startServer(t)
	copies := func(n int) {
		eventually(t, w, r, "copies of the RDB", func() bool {
			found, err := filepath.Glob(filepath.Join(m1.Dir, ".rdbs", "*.rdb"))
			require.NoError(t, err)
			return len(found) == n
		})
	}
	require.Equal(t, "+OK", insist(m1, "SET k old"))
	require.Equal(t, "+OK", insist(m1, "SAVE"))
	copies(1)
	between := time.Now().Add(quiet)
	require.NoError(t, w.Advance(t.Context(), w.Elapsed()+10*quiet)) // for the kill, on a busy computer
	require.Equal(t, "+OK", insist(m1, "SET k new"))
	require.Equal(t, "+OK", insist(m1, "SAVE"))
	copies(2)
	inflict(t, w, 1, fmt.Sprintf("restore-rdb m1 age=%v", time.Since(between)))
	require.Equal(t, 1, r.count("m1 down killed"))
	lift(t, w, 1)
	answers(t, w, r, m1, "PING", "+PONG")
	require.Equal(t, "old", bulk(m1, "GET k"))
	inflict(t, w, 2, "restore-rdb m1 age=0s")
	lift(t, w, 2)
	answers(t, w, r, m1, "PING", "+PONG")
	require.Equal(t, "old", bulk(m1, "GET k"), "that is the RDB there is now")
}

func TestServerComesBackWithItsFirstConfiguration(t *testing.T) {
	t.Parallel()
	w, r, m1 := startServer(t)
	require.Equal(t, "+OK", insist(m1, "CONFIG SET repl-timeout 77"))
	require.Equal(t, "+OK", insist(m1, "CONFIG REWRITE"))
	text, err := os.ReadFile(m1.ConfigPath)
	require.NoError(t, err)
	require.Contains(t, string(text), "repl-timeout 77")
	inflict(t, w, 1, "restore-config m1")
	lift(t, w, 1)
	answers(t, w, r, m1, "PING", "+PONG")
	text, err = os.ReadFile(m1.ConfigPath)
	require.NoError(t, err)
	require.Equal(t, m1.Files[m1.ConfigPath], string(text))
}

func TestMachineRunsAnotherProgramBesideOurs(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath(live.RedisServer); err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	lease, err := live.Addresses()
	require.NoError(t, err)
	machines := redis.System{Cluster: redis.Spec{Replicas: 1},
		Config: cluster.Settings{{Name: "repl-diskless-sync-delay", Value: "0"}, savesAtTheEnd}}.Nodes(lease.Addressing(t.TempDir()))
	w, r := openProcesses(t, machines, lease, "")
	m1, r1 := &machines[0], &machines[1]
	require.NoError(t, w.Start(t.Context(), "m1", "r1"))
	linked := func(version string) {
		t.Helper()
		eventually(t, w, r, "a replica of version "+version, func() bool {
			return strings.HasPrefix(info(r1, "redis_version"), version) && info(r1, "master_link_status") == "up"
		})
	}
	linked("4.")
	require.Equal(t, "+OK", insist(m1, "SET k v"))
	inflict(t, w, 1, "run-as r1 program=redis-server")
	linked("7.")
	answers(t, w, r, r1, "GET k", "$1")
	require.Equal(t, "+OK", insist(r1, "SAVE"), "an RDB that ours cannot read")
	require.Equal(t, "+OK", insist(r1, "CONFIG REWRITE"))
	lift(t, w, 1)
	linked("4.")
	answers(t, w, r, r1, "GET k", "$1")
	refused(t, w, "run-as r1 program=no-such-program", "no-such-program")
	answers(t, w, r, r1, "PING", "+PONG")
}

func TestFileIsGoneAndComesBack(t *testing.T) {
	t.Parallel()
	w, _, m1 := startServer(t)
	require.Equal(t, "+OK", insist(m1, "SET k v"))
	require.Equal(t, "+OK", insist(m1, "SAVE"))
	path := filepath.Join(m1.Dir, "dump.rdb")
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	inflict(t, w, 1, "file-gone m1 file=dump.rdb")
	require.NoFileExists(t, path)
	lift(t, w, 1)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)

	inflict(t, w, 2, "file-gone m1 file=dump.rdb")
	require.Equal(t, "+OK", insist(m1, "SET k newer"))
	require.Equal(t, "+OK", insist(m1, "SAVE"))
	lift(t, w, 2)
	after, err = os.ReadFile(path)
	require.NoError(t, err)
	require.NotEqual(t, before, after, "there is a new one")
	refused(t, w, "file-gone m1 file=../m1.conf", "is not in the machine's folder")
}

// clockOf is how far a server's clock is ahead of this computer's, and how exactly that is known.
func clockOf(t *testing.T, m *cluster.Machine) (ahead, doubt time.Duration) {
	c, err := net.DialTimeout("tcp", m.Addr(), patience)
	require.NoError(t, err)
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	before := time.Now()
	fmt.Fprint(c, "TIME\r\n")
	lines := bufio.NewScanner(c)
	var numbers []int64
	for len(numbers) < 2 && lines.Scan() {
		if n, err := strconv.ParseInt(lines.Text(), 10, 64); err == nil {
			numbers = append(numbers, n)
		}
	}
	require.Len(t, numbers, 2)
	return time.Unix(numbers[0], numbers[1]*1000).Sub(before), time.Since(before)
}

func TestClockJumpsDriftsAndMovesAway(t *testing.T) {
	t.Parallel()
	w, r, m1 := startServer(t)
	near := func(want time.Duration) func() bool {
		return func() bool {
			ahead, doubt := clockOf(t, m1)
			return doubt < 500*time.Millisecond && ahead > want-time.Millisecond && ahead < want+doubt+time.Millisecond
		}
	}
	eventually(t, w, r, "the computer's own time", near(0))
	inflict(t, w, 1, "clock-jump m1 by=1h")
	eventually(t, w, r, "an hour later", near(time.Hour))
	inflict(t, w, 2, "clock-jump m1 by=-61m")
	eventually(t, w, r, "a minute earlier", near(-time.Minute))
	inflict(t, w, 3, "clock-jump m1 by=1m")

	inflict(t, w, 4, "clock-offset m1 by=-100ms")
	eventually(t, w, r, "100 ms earlier", near(-100*time.Millisecond))
	inflict(t, w, 5, "kill m1")
	lift(t, w, 5)
	answers(t, w, r, m1, "PING", "+PONG")
	eventually(t, w, r, "the machine's clock, for its next process too", near(-100*time.Millisecond))
	lift(t, w, 4)
	eventually(t, w, r, "right again", near(0))

	inflict(t, w, 6, "clock-drift m1 ppm=1000000") // two seconds every second
	eventually(t, w, r, "a second ahead", func() bool { ahead, _ := clockOf(t, m1); return ahead > time.Second })
	lift(t, w, 6)
	eventually(t, w, r, "a clock that keeps what it gained", func() bool { // it hears of the end when it is its turn
		kept, doubt := clockOf(t, m1)
		require.NoError(t, w.Advance(t.Context(), w.Elapsed()+quiet))
		ahead, moreDoubt := clockOf(t, m1)
		return kept > time.Second-doubt && (ahead-kept).Abs() <= max(doubt, moreDoubt)+time.Millisecond && max(doubt, moreDoubt) < quiet/2
	})
}

func TestFaultsThatProcessesCannotBeGivenAreRefused(t *testing.T) {
	t.Parallel()
	w, _, _ := startServer(t)
	for _, text := range []string{"lying-fsync m1", "torn-tail m1", "eio-read m1", "eio-write m1", "eio-sync m1", "disk-full m1", "slow-disk m1 delay=1s"} {
		refused(t, w, text, "cannot be told to fail a process's file operations")
	}
	refused(t, w, "storm m1 times=2", "is made of other faults")
	if _, err := exec.LookPath(live.RedisServer); err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	inflict(t, w, 1, "run-as m1 program=redis-server")
	refused(t, w, "clock-jump m1 by=1h", "only ordeal-node has one of its own")
}

func TestPausedServerThatIsTerminatedStaysUntilItGoesOn(t *testing.T) {
	t.Parallel()
	w, r, _ := startServer(t)
	inflict(t, w, 1, "pause m1")
	inflict(t, w, 2, "terminate m1")
	require.NoError(t, w.Advance(t.Context(), w.Elapsed()+quiet))
	require.Zero(t, r.count("m1 down"))
	inflict(t, w, 3, "resume m1")
	eventually(t, w, r, "its end", func() bool { return r.count("m1 down terminated") == 1 })
}

func TestTemporaryFolderGoesWithItsOwner(t *testing.T) {
	t.Parallel()
	if os.Getenv("ORDEAL_FOLDER_TEST") != "" {
		f, err := live.TempFolder()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(f.Path, "file"), nil, 0o644))
		fmt.Println("folder", f.Path)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	f, err := live.TempFolder()
	require.NoError(t, err)
	require.DirExists(t, f.Path)
	require.NoError(t, f.Remove())
	require.NoDirExists(t, f.Path)

	child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	child.Env = append(os.Environ(), "ORDEAL_FOLDER_TEST=1")
	out, _ := child.Output()
	_, path, found := strings.Cut(strings.TrimSpace(string(out)), "folder ")
	require.True(t, found, "%s", out)
	require.Eventually(t, func() bool { _, err := os.Stat(path); return os.IsNotExist(err) }, patience, 5*time.Millisecond)
}

// What the table of nemesis/FAULTS.md refuses in its column on live, this world refuses, and it takes the others.
func TestTableOfFaultsSaysWhatThisWorldTakes(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("../../nemesis/FAULTS.md")
	require.NoError(t, err)
	machines, lease := cluster31(t)
	w, r := openProcesses(t, machines, lease, "")
	require.NoError(t, w.Start(t.Context(), "m1", "r1"))
	eventually(t, w, r, "replication", func() bool { return info(&machines[1], "master_link_status") == "up" })
	args := map[nemesis.Verb]string{nemesis.Latency: " latency=1", nemesis.Bandwidth: " rate=1000", nemesis.SlowClose: " delay=1",
		nemesis.Timeout: " timeout=1", nemesis.ResetPeer: " timeout=1", nemesis.Slicer: " average_size=100", nemesis.LimitData: " bytes=100000",
		nemesis.SlowCPU: " factor=2", nemesis.RestoreRDB: " age=1s", nemesis.RunAs: " program=ordeal-node", nemesis.SlowDisk: " delay=1ms",
		nemesis.FileGone: " file=dump.rdb", nemesis.ClockJump: " by=1s", nemesis.ClockDrift: " ppm=1", nemesis.ClockOffset: " by=1ms"}
	id := 0
	for _, verb := range nemesis.Verbs() {
		row := regexp.MustCompile(`(?m)^\| .` + string(verb) + `. \|.*[^\\]\|([^|\n]*)\|$`).FindSubmatch(table)
		require.NotNil(t, row, "%s has no row", verb)
		f := nemesis.Fault{Verb: verb, A: []string{"m1"}}
		if f.Compound() || f.Order() {
			continue
		}
		target := " m1"
		switch f.Kind() {
		case nemesis.OnLinks:
			target = " m1 -> r1"
		case nemesis.OnAll:
			target = ""
		}
		f, err := nemesis.Parse(string(verb) + target + args[verb])
		require.NoError(t, err)
		id++
		err = w.Inflict(t.Context(), id, f)
		if strings.HasPrefix(strings.TrimSpace(string(row[1])), "no") {
			require.Error(t, err, "%s: %s", f, row[1])
			continue
		}
		require.NoError(t, err, "%s: %s", f, row[1])
		require.NoError(t, w.Lift(t.Context(), id), "%s", f)
	}
	answers(t, w, r, &machines[0], "PING", "+PONG")
}
