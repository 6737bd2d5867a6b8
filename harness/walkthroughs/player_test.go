package walkthroughs_test

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/replication"
)

const (
	patience = 60 * time.Second // how long the player waits for what must come
	pulse    = 20 * time.Millisecond
	operator = "o1"
)

// player plays a walkthrough in one world. It is the world's sink.
//
//	start NAME              the machine's process begins
//	say NAME                one command a line, as typed into redis-cli; each reply follows. A machine's name stands for
//	                        its host; "{x*40}" is forty times x
//	await NAME              lets time pass until INFO replication has a line that begins so
//	info NAME               all of INFO replication
//	log NAME                what it has logged since the last time, up to and with the first line in which the words below
//	                        stand, which has to come
//	kill NAME               kill -9
//
// What is different each time is put in other words: a replication ID is a letter, in the order in which they are first
// seen, 0 one that is none; addresses are machines' names; <s> is a number of seconds below 10, <n> a size of a file, <pid>
// a process, <client> a line of CLIENT LIST. An attempt to reach a master that is down is logged each second, and shown once.
type player struct {
	t        *testing.T
	world    harness.World
	machines []cluster.Machine
	ids      map[string]string
	logged   map[string][]string // by machine, what has not been shown
	failed   map[string]bool     // attempts that have been shown
	replies  []string
	faults   int
}

// opener makes a world of the operator's caller and the machines that lay makes for it.
type opener func(t *testing.T, lay func(cluster.Addressing) []cluster.Machine, sink cluster.Sink) harness.World

// newPlayer lays out a master and two servers that wait to be started as what they are told to be. No PING goes out by
// itself, so that each byte of the history is one that the walkthrough has asked for.
func newPlayer(t *testing.T, open opener) *player {
	p := &player{t: t, ids: map[string]string{}, logged: map[string][]string{}, failed: map[string]bool{}}
	system := redis.System{Cluster: redis.Spec{Spares: 2},
		Config: cluster.Settings{{Name: "repl-ping-slave-period", Value: "3600"}}}
	p.world = open(t, func(addr cluster.Addressing) []cluster.Machine {
		machines := system.Nodes(addr)
		p.machines = append(machines, cluster.Caller(operator, cluster.Client, len(machines)+1, addr,
			func(cluster.Machine, cluster.Boot) node.Core { return &caller{} }))
		return p.machines
	}, p)
	t.Cleanup(func() {
		_, err := p.world.Close()
		require.NoError(t, err)
	})
	require.NoError(t, p.world.Start(t.Context(), operator))
	return p
}

// Note takes the replies that the caller heard.
func (p *player) Note(_ time.Duration, machine string, n *node.Note) {
	if machine == operator {
		p.replies = append(p.replies, n.Text)
	}
}

var logLine = regexp.MustCompile(`^\d+:([MSC]) \d\d \w\w\w \d\d:\d\d:\d\d\.\d\d\d ([.*#-]) (.*)$`)

// Log takes a line without its process number and its time. What a server says of its start is left out: it is no part of
// replication.
func (p *player) Log(_ time.Duration, machine, line string) {
	if m := logLine.FindStringSubmatch(line); m != nil {
		p.logged[machine] = append(p.logged[machine], m[1]+" "+m[2]+" "+m[3])
	}
}

func (p *player) Down(time.Duration, string, string) {}
func (p *player) Up(time.Duration, string)           {}

// play does what a step of the file says, and returns what is to be seen.
func (p *player) play(_ *testing.T, d *datadriven.TestData) string {
	name := d.CmdArgs[0].Key
	switch d.Cmd {
	case "start":
		require.NoError(p.t, p.world.Start(p.t.Context(), name))
		p.until(name+" is ready", func() bool { return p.ask(name, "PING") == "PONG" })
		p.forgetUntil(name, "Ready to accept connections")
	case "say":
		var out strings.Builder
		for line := range strings.Lines(d.Input) {
			out.WriteString(p.ask(name, strings.TrimSpace(line)) + "\n")
		}
		return p.plain(out.String())
	case "await":
		p.until(name+" shows "+d.Input, func() bool {
			return strings.Contains(p.named(p.ask(name, "INFO replication")), "\n"+d.Input)
		})
	case "info":
		return p.plain(p.ask(name, "INFO replication"))
	case "log":
		return p.log(name, d.Input)
	case "kill":
		p.faults++
		require.NoError(p.t, p.world.Inflict(p.t.Context(), p.faults, nemesis.Fault{Verb: nemesis.Kill, A: []string{name}}))
	default:
		d.Fatalf(p.t, "there is no step %s", d.Cmd)
	}
	return ""
}

// until lets time pass until done.
func (p *player) until(what string, done func() bool) {
	p.t.Helper()
	for limit := p.world.Elapsed() + patience; !done(); {
		require.Less(p.t, p.world.Elapsed(), limit, "it never came about that %s; logged: %q", what, p.logged)
		require.NoError(p.t, p.world.Advance(context.Background(), p.world.Elapsed()+pulse))
	}
}

var repeated = regexp.MustCompile(`\{(.)\*(\d+)\}`)

// ask types a command, and returns what is answered; of a machine that cannot be reached, why.
func (p *player) ask(name, line string) string {
	line = repeated.ReplaceAllStringFunc(line, func(s string) string {
		n, err := strconv.Atoi(s[3 : len(s)-1])
		require.NoError(p.t, err)
		return strings.Repeat(s[1:2], n)
	})
	addr := ""
	for _, m := range p.machines {
		if m.Name == name {
			addr = m.Addr()
		}
		line = regexp.MustCompile(`\b`+m.Name+`\b`).ReplaceAllString(line, m.Announce)
	}
	require.NotEmpty(p.t, addr, "there is no machine %s", name)
	p.replies = nil
	require.NoError(p.t, p.world.Tell(operator, addr+" "+line))
	p.until(name+" answers "+line, func() bool { return len(p.replies) > 0 })
	return p.replies[0]
}

// log returns what name has logged, up to and with the first line that has words.
func (p *player) log(name, words string) string {
	end := p.lineWith(name, words)
	lines := p.logged[name][:end+1]
	p.logged[name] = p.logged[name][end+1:]
	var out strings.Builder
	for len(lines) > 0 {
		if attempt, ok := failedAttempt(lines); ok {
			if !p.failed[name+attempt] {
				p.failed[name+attempt] = true
				out.WriteString(attempt)
			}
			lines = lines[3:]
			continue
		}
		out.WriteString(lines[0] + "\n")
		lines = lines[1:]
	}
	return p.plain(out.String())
}

// failedAttempt returns the lines of an attempt to reach a master that is down, if lines begin with one.
func failedAttempt(lines []string) (string, bool) {
	if len(lines) < 3 || !strings.Contains(lines[0], "Connecting to MASTER") || !strings.HasSuffix(lines[2], "Connection refused") {
		return "", false
	}
	return strings.Join(lines[:3], "\n") + "\n", true
}

// lineWith waits for a line of name's log that has words, and returns its place among those that have not been shown.
func (p *player) lineWith(name, words string) (at int) {
	p.until(name+" logs "+words, func() bool {
		for i, line := range p.logged[name] {
			if strings.Contains(p.named(line), words) {
				at = i
				return true
			}
		}
		return false
	})
	return at
}

func (p *player) forgetUntil(name, words string) {
	p.logged[name] = p.logged[name][p.lineWith(name, words)+1:]
}

var (
	replID = regexp.MustCompile(`\b[0-9a-f]{40}\b`)
	varied = []struct {
		is *regexp.Regexp
		as string
	}{
		{regexp.MustCompile(`(_seconds_ago:|down_since_seconds:|lag=)\d\b`), "$1<s>"},
		{regexp.MustCompile(`receiving \d+ bytes from`), "receiving <n> bytes from"},
		{regexp.MustCompile(`started by pid \d+`), "started by pid <pid>"},
		{regexp.MustCompile(`'id=\d+ addr=[^']*'`), "'<client>'"},
		{regexp.MustCompile(`\r`), ""},
	}
)

// plain puts into other words what is different each time.
func (p *player) plain(text string) string {
	return replID.ReplaceAllStringFunc(p.named(text), func(id string) string {
		if id == replication.NoReplID {
			return "0"
		}
		if p.ids[id] == "" {
			p.ids[id] = string(rune('A' + len(p.ids)))
		}
		return p.ids[id]
	})
}

// named is plain but for the replication IDs.
func (p *player) named(text string) string {
	for _, v := range varied {
		text = v.is.ReplaceAllString(text, v.as)
	}
	for _, m := range p.machines {
		for _, ip := range []string{m.Host, m.Announce} {
			text = regexp.MustCompile(`\b`+regexp.QuoteMeta(ip)+`\b`).ReplaceAllString(text, m.Name)
		}
	}
	return text
}
