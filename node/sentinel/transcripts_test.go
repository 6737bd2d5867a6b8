package sentinel_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/host"
	"github.com/ordeal-go/ordeal/node/sentinel"
	own "github.com/ordeal-go/ordeal/node/server"
	"github.com/ordeal-go/ordeal/node/transcript"
)

// TestTranscripts plays the exchanges in transcripts, each with a Sentinel of ours and with the redis-sentinel that is
// installed (7.0.15 wrote them), side by side: both have just started, and each watches servers of ours of its own. The
// format is that of package transcript. An exchange in which the two differ says why: because=(…).
//
// "exchange servers=N" has a master m1 and N-1 replicas r1…; the file says to watch mymaster, m1, with a quorum of 1. Lines:
//
//	conf LINE            a line for the file, before all others
//	c1: COMMAND          on that connection to the Sentinel; its reply stands below
//	m1: COMMAND          on a connection to that server
//	c1 hears [TEXT]      the next message, or the next with that text, stands below
//	until COMMAND ~ TEXT waits until the reply has the text; nothing stands below
//	unanswered COMMAND   a command without a reply
//	kill M, start M      a server, or s1, the Sentinel
//	file                 the lines "sentinel …" of its file stand below
//
// $m1 is the port of m1, and so for any name. "start" has a file as its input, which may be refused: what is printed, and the
// exit status.
func TestTranscripts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes, and waits for INFO")
	}
	var exchanges, differ atomic.Int64
	theirs := installed()
	t.Run("of", func(t *testing.T) {
		datadriven.Walk(t, "transcripts", func(t *testing.T, path string) {
			t.Parallel() // they mostly wait
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				exchanges.Add(1)
				text, n := transcribe(t, d, theirs)
				differ.Add(int64(n))
				return text
			})
		})
	})
	require.GreaterOrEqual(t, exchanges.Load(), int64(80))
	t.Logf("%d exchanges; %d replies differ from those of the redis-sentinel that is installed", exchanges.Load(), differ.Load())
}

// transcribe plays one exchange, and counts the replies that differ.
func transcribe(t *testing.T, d *datadriven.TestData, theirs bool) (text string, differ int) {
	sides := []*side{newSide(t, false)}
	if theirs {
		sides = append(sides, newSide(t, true))
	}
	replies := play(t, sides, d)
	for _, s := range sides {
		s.end()
	}
	if !theirs {
		return transcript.Kept(replies[0], d.Expected), 0
	}
	text, differ = transcript.Beside(replies[0], replies[1])
	requireReasons(t, d, differ, text)
	return text, differ
}

// whys are the reasons that exchanges give for what 7.0 says otherwise than 4.0, which ours follows.
var whys = map[string]string{
	"wording":   "later versions say the same in other words",
	"arity":     "since 7.0 subcommands have an arity of their own, with one error for all",
	"unknown":   "7.0 quotes what is unknown otherwise",
	"commands":  "later Sentinels have AUTH (5.0.1), COMMAND and PING with a message; QUIT is not a command of 7.0's",
	"auth":      "AUTH came with 5.0.1, and with it a use for requirepass",
	"sections":  "since 7.0 INFO takes several sections",
	"tilt":      "INFO has sentinel_tilt_since_seconds since 6.2",
	"announced": "replicas have the field replica-announced since 6.2",
	"named":     "host names can be configured, and are looked up, otherwise since 6.2",
	"later":     "subcommands and settings that came later",
	"forgotten": "later versions forget a Sentinel whose address another one has taken",
	"checked":   "later versions check what 4.0 takes as it is",
	"masked":    "passwords are not told since 6.2",
	"inline":    "4.0 drops empty words of inline commands",
	"file":      "5.0 and later write known-replica beside the old lines, quote, and leave out deny-scripts-reconfig yes",
	"lenient":   "since 6.2 the lines of a file may stand in any order, and known-replica is one",
}

// requireReasons fails unless an exchange says why the two differ if, and only if, they do.
func requireReasons(t *testing.T, d *datadriven.TestData, differ int, text string) {
	var reasons []string
	for _, arg := range d.CmdArgs {
		if arg.Key == "because" {
			reasons = arg.Vals
		}
	}
	require.Equal(t, differ > 0, len(reasons) > 0, "%s: an exchange has because=(…) if, and only if, the two differ:\n%s", d.Pos, text)
	for _, reason := range reasons {
		require.NotEmpty(t, whys[reason], "%s: no such reason: %s", d.Pos, reason)
	}
}

// installed says whether the redis-sentinel is there whose replies are written down.
func installed() bool {
	version, err := exec.Command("redis-sentinel", "--version").Output()
	return err == nil && strings.Contains(string(version), " v=7.0.")
}

// play has all sides do the same at the same time.
func play(t *testing.T, sides []*side, d *datadriven.TestData) [][]string {
	replies, failed := make([][]string, len(sides)), make(chan error, len(sides))
	for i, s := range sides {
		go func() {
			var err error
			switch d.Cmd {
			case "exchange":
				servers := 0
				if d.HasArg("servers") {
					d.ScanArgs(t, "servers", &servers)
				}
				replies[i], err = s.exchange(servers, strings.Split(d.Input, "\n"))
			case "start":
				replies[i], err = s.refused(d.Input)
			default:
				err = errors.New("exchange or start")
			}
			failed <- err
		}()
	}
	for range sides {
		require.NoError(t, <-failed, "%s", d.Pos)
	}
	return replies
}

// side is a Sentinel of one kind, and what it watches.
type side struct {
	t     *testing.T
	real  bool
	dir   string
	ports map[string]int
	ends  map[string]func() // of what runs
	conns map[string]*transcript.Conn
	seed  uint64
	log   logbook // of what is ours
}

func newSide(t *testing.T, real bool) *side {
	s := &side{t: t, real: real, dir: t.TempDir(), ports: map[string]int{}, ends: map[string]func(){}, conns: map[string]*transcript.Conn{}}
	t.Cleanup(s.end)
	return s
}

// end ends what still runs.
func (s *side) end() {
	for _, c := range s.conns { // in any order
		c.Close()
	}
	for name, end := range s.ends {
		end()
		delete(s.ends, name)
	}
}

func (s *side) port(name string) int {
	if s.ports[name] == 0 {
		s.ports[name] = freePort(s.t)
	}
	return s.ports[name]
}

func (s *side) addr(name string) string { return fmt.Sprintf("127.0.0.1:%d", s.port(name)) }

var portName = regexp.MustCompile(`\$[a-z][0-9]`)

// filled puts ports for their names.
func (s *side) filled(text string) string {
	return portName.ReplaceAllStringFunc(text, func(name string) string { return strconv.Itoa(s.port(name[1:])) })
}

func (s *side) exchange(servers int, lines []string) (replies []string, err error) {
	for i := range servers {
		name, file := fmt.Sprintf("r%d", i), "slaveof 127.0.0.1 $m1\n"
		if i == 0 {
			name, file = "m1", ""
		}
		if err := s.write(name, file+"bind 127.0.0.1\nsave \"\"\nrepl-diskless-sync yes\nrepl-diskless-sync-delay 0\nport $"+name+"\n"); err != nil {
			return nil, err
		}
		s.start(name)
	}
	for i := range servers - 1 {
		if err := s.until(fmt.Sprintf("r%d: ROLE ~ connected", i+1)); err != nil {
			return nil, err
		}
	}
	file := "port $s1\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 $m1 1\n"
	for len(lines) > 0 && strings.HasPrefix(lines[0], "conf ") {
		file, lines = file+strings.TrimPrefix(lines[0], "conf ")+"\n", lines[1:]
	}
	if err := s.write("s1", file); err != nil {
		return nil, err
	}
	s.start("s1")
	for _, line := range lines {
		said, reply, err := s.do(s.filled(line))
		if err != nil {
			return nil, fmt.Errorf("%s (%s): %w\n%s\n%s", line, s.kind(), err, strings.Join(replies, "\n"), s.log.String())
		}
		if said {
			replies = append(replies, s.normal(reply))
		}
	}
	return replies, nil
}

func (s *side) kind() string {
	if s.real {
		return "redis-sentinel"
	}
	return "ours"
}

func (s *side) file(name string) string { return filepath.Join(s.dir, name+".conf") }

func (s *side) write(name, text string) error {
	return os.WriteFile(s.file(name), []byte(s.filled(text)), 0o600)
}

// start starts a server or the Sentinel.
func (s *side) start(name string) {
	s.seed++
	random := rand.New(rand.NewPCG(s.seed, uint64(s.port(name))))
	if name == "s1" && s.real {
		cmd := exec.Command("redis-sentinel", s.file(name))
		cmd.Dir = s.dir
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		s.ends[name] = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
		return
	}
	log := host.Config{Stdout: &s.log}
	var h *host.Host
	if name == "s1" {
		h = host.Start(sentinel.New(sentinel.Options{ConfigPath: s.file(name), Dir: s.dir, Rand: random, PID: os.Getpid()}), log)
	} else {
		h = host.Start(own.New(own.Options{ConfigPath: s.file(name), Dir: s.dir, Rand: random, PID: os.Getpid()}), log)
	}
	s.ends[name] = func() { h.Kill(); _, _ = h.Wait() }
}

// do does what a line says; said: reply is to be written down.
func (s *side) do(line string) (said bool, reply string, err error) {
	verb, rest, _ := strings.Cut(line, " ")
	switch {
	case verb == "kill":
		s.ends[rest]()
		delete(s.ends, rest)
		return false, "", nil
	case verb == "start":
		s.start(rest)
		return false, "", nil
	case verb == "until":
		return false, "", s.until(rest)
	case verb == "file":
		text, err := os.ReadFile(s.file("s1"))
		return true, sentinelLines(string(text)), err
	case strings.HasPrefix(rest, "hears"):
		reply, err = s.hears(verb, strings.TrimPrefix(strings.TrimPrefix(rest, "hears"), " "))
		return true, reply, err
	}
	wait := patience
	if verb == "unanswered" {
		line, wait = rest, 200*time.Millisecond
	}
	name, words := transcript.Line(line)
	c, err := s.conn(name)
	if err != nil {
		return false, "", err
	}
	if err := c.Say(words); err != nil {
		return false, "", err
	}
	reply, err = c.Next(wait)
	return true, reply, err
}

// conn is a connection to a server by its name, or to the Sentinel; it waits until that listens.
func (s *side) conn(name string) (*transcript.Conn, error) {
	if s.conns[name] != nil {
		return s.conns[name], nil
	}
	to := name
	if name[0] == 'c' {
		to = "s1"
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		c, err := transcript.Dial(s.addr(to))
		if err == nil {
			s.conns[name] = c
			return c, nil
		}
		if time.Now().After(deadline) {
			return nil, err
		}
	}
}

func (s *side) until(condition string) error {
	command, text, _ := strings.Cut(condition, " ~ ")
	var last string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		name, words := transcript.Line(command)
		if name == "c1" {
			name = "c0" // which nobody hears
		}
		c, err := s.conn(name)
		if err != nil {
			return err
		}
		if err := c.Say(words); err != nil {
			return err
		}
		if last, err = c.Next(patience); err != nil {
			return err
		}
		switch {
		case strings.Contains(last, text):
			return nil
		case last == transcript.HungUp: // Sentinels end the connections of clients to a server that they turn
			delete(s.conns, name)
		}
	}
	return fmt.Errorf("the last reply was %s", last)
}

func (s *side) hears(name, text string) (string, error) {
	c, err := s.conn(name)
	if err != nil {
		return "", err
	}
	var heard []string
	for {
		message, err := c.Next(patience)
		if err != nil || message == transcript.HungUp {
			return message, err
		}
		if message == transcript.NoReply {
			return "", fmt.Errorf("it heard:\n%s", strings.Join(heard, "\n"))
		}
		if strings.Contains(strings.ReplaceAll(message, `" "`, " "), text) {
			return message, nil
		}
		heard = append(heard, message)
	}
}

// sentinelLines are the state in a file, sorted: 4.0 and 7.0 write it in different orders.
func sentinelLines(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "sentinel ") {
			lines = append(lines, strings.TrimSpace(strings.TrimPrefix(line, "sentinel ")))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, " | ")
}

// refused starts a Sentinel with a file, and returns what it prints and its exit status. Lines of the log are left out.
func (s *side) refused(text string) ([]string, error) {
	if err := s.write("s1", text+"\n"); err != nil {
		return nil, err
	}
	var printed bytes.Buffer
	status := 0
	if s.real {
		cmd := exec.Command("timeout", "2", "redis-sentinel", s.file("s1"))
		cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, &printed, &printed
		err := cmd.Run()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			status = exit.ExitCode()
		}
	} else {
		core := sentinel.New(sentinel.Options{ConfigPath: s.file("s1"), Dir: s.dir, Rand: rand.New(rand.NewPCG(1, 1))})
		h := host.Start(core, host.Config{Stdout: &printed})
		timer := time.AfterFunc(2*time.Second, h.Kill)
		defer timer.Stop()
		var err error
		if status, err = h.Wait(); err != nil {
			status = 124 // as timeout has it
		}
	}
	var lines []string
	for line := range strings.Lines(printed.String()) {
		line = strings.TrimSpace(line)
		if line != "" && !logLine.MatchString(line) {
			lines = append(lines, s.normal(line))
		}
	}
	return []string{strings.Join(append(lines, fmt.Sprintf("exit %d", status)), " | ")}, nil
}

var logLine = regexp.MustCompile(`^\d+:(X \d|signal-handler)`)

// normal is the normalisation: ports become names, IDs <id>, and times and counters that no two processes share <n>.
func (s *side) normal(reply string) string {
	for name, port := range s.ports { // in any order: no two are equal
		reply = regexp.MustCompile(fmt.Sprintf(`\b%d\b`, port)).ReplaceAllString(reply, "$$"+name)
	}
	reply = strings.ReplaceAll(reply, s.dir, "<dir>")
	for _, rule := range normalRules {
		reply = rule.find.ReplaceAllString(reply, rule.put)
	}
	return reply
}

var normalRules = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`\b[0-9a-f]{40}\b`), "<id>"},
	{regexp.MustCompile(`"(last-ping-sent|last-ok-ping-reply|last-ping-reply|role-reported-time|info-refresh|s-down-time|o-down-time|` +
		`last-hello-message|link-pending-commands|slave-repl-offset|pid|run-time|run-delay)" "\d+"`), `"$1" "<n>"`},
	{regexp.MustCompile(`FATAL CONFIG FILE ERROR \(Redis 7\.0\.15\)`), "FATAL CONFIG FILE ERROR"},
}
