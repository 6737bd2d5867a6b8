package sentinel

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// cluster is m1 with replicas r1… and Sentinels s1…, all just started.
func cluster(replicas, sentinels, quorum int, extra string) *testWorld {
	w := newWorld()
	m1 := w.addRedis("m1", "10.0.0.1", address{})
	for i := 1; i <= replicas; i++ {
		w.addRedis(fmt.Sprintf("r%d", i), fmt.Sprintf("10.0.0.%d", 1+i), m1.addr())
	}
	for i := 1; i <= sentinels; i++ {
		ip := fmt.Sprintf("10.0.1.%d", i)
		w.addSentinel(fmt.Sprintf("s%d", i), ip, fmt.Sprintf("port 26379\nbind %s\nsentinel monitor mymaster 10.0.0.1 6379 %d\n"+
			"sentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 20000\n%s", ip, quorum, extra))
	}
	for _, m := range w.order {
		m.start()
	}
	return w
}

// asker is a client of Sentinels for tests.
type asker struct {
	got      []byte
	to       string
	commands [][]string
}

func (a *asker) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		out.Dial(a.to, "")
	case node.Dialled:
		var b []byte
		for _, c := range a.commands {
			b = resp.AppendCommand(b, c...)
		}
		out.Send(ev.Conn, b)
	case node.Received:
		a.got = append(a.got, ev.Bytes...)
	}
}

// ask sends commands to a Sentinel on one connection and returns what came back within 10 ms.
func (w *testWorld) ask(name string, commands ...[]string) []byte {
	a := &asker{to: w.byName[name].ip + ":26379", commands: commands}
	m := &testMachine{w: w, name: "client", ip: "10.0.9.9", boot: func(*testMachine) node.Core { return a }}
	m.start()
	w.advance(10 * time.Millisecond)
	m.kill()
	return a.got
}

// show prints replies as redis-cli does, roughly.
func show(raw []byte) string {
	var p resp.ReplyParser
	p.Feed(raw)
	var b strings.Builder
	for {
		r, ok, err := p.Next()
		if err != nil {
			return b.String() + "protocol error: " + err.Error() + "\n"
		}
		if !ok {
			return b.String()
		}
		showReply(&b, r, "")
	}
}

func showReply(b *strings.Builder, r resp.Reply, indent string) {
	switch {
	case r.Null:
		fmt.Fprintf(b, "%s(nil)\n", indent)
	case r.Kind == '*' && len(r.Elems) == 0:
		fmt.Fprintf(b, "%s(empty)\n", indent)
	case r.Kind == '*' && len(r.Elems) > 20 && len(r.Elems)%2 == 0: // a map
		for i := 0; i < len(r.Elems); i += 2 {
			fmt.Fprintf(b, "%s%s = %s\n", indent, r.Elems[i].Str, r.Elems[i+1].Str)
		}
	case r.Kind == '*':
		for i, e := range r.Elems {
			if e.Kind == '*' {
				fmt.Fprintf(b, "%s%d)\n", indent, i+1)
				showReply(b, e, indent+"   ")
			} else {
				fmt.Fprintf(b, "%s%d) ", indent, i+1)
				showReply(b, e, "")
			}
		}
	case r.Kind == ':':
		fmt.Fprintf(b, "%s(integer) %d\n", indent, r.Int)
	case r.Kind == '$':
		fmt.Fprintf(b, "%s%q\n", indent, r.Str)
	default:
		fmt.Fprintf(b, "%s%c%s\n", indent, r.Kind, r.Str)
	}
}

// TestSessions runs the conversations in testdata/sessions. Their commands:
//
//	cluster replicas=N sentinels=N quorum=N    start one; lines below are added to every sentinel.conf
//	do                                         one action a line: wait D, kill M, start M, pause M, resume M, cut A B,
//	                                           heal A B, clock M D, reply M COMMAND RAW, slaveof M M|none
//	ask NAME                                   one request a line
//	log NAME…                                  what they logged since the last time
//	config NAME                                its file
//	commands NAME                              what it was told in transactions
func TestSessions(t *testing.T) {
	datadriven.Walk(t, "testdata/sessions", func(t *testing.T, path string) {
		var w *testWorld
		shown := map[string]int{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "cluster":
				var replicas, sentinels, quorum int
				d.ScanArgs(t, "replicas", &replicas)
				d.ScanArgs(t, "sentinels", &sentinels)
				d.ScanArgs(t, "quorum", &quorum)
				w, shown = cluster(replicas, sentinels, quorum, d.Input), map[string]int{}
			case "do":
				for line := range strings.SplitSeq(d.Input, "\n") {
					if err := w.do(strings.Fields(line)); err != nil {
						d.Fatalf(t, "%s: %v", line, err)
					}
				}
			case "ask":
				var commands [][]string
				for line := range strings.SplitSeq(d.Input, "\n") {
					args, ok := resp.SplitArgs([]byte(w.unnamed(line)))
					if !ok {
						d.Fatalf(t, "unbalanced quotes: %s", line)
					}
					var words []string
					for _, a := range args {
						words = append(words, string(a))
					}
					commands = append(commands, words)
				}
				return w.named(show(w.ask(d.CmdArgs[0].Key, commands...)))
			case "log":
				var b strings.Builder
				for _, arg := range d.CmdArgs {
					events := w.byName[arg.Key].events()
					for _, line := range events[shown[arg.Key]:] {
						fmt.Fprintf(&b, "%s %s\n", arg.Key, line)
					}
					shown[arg.Key] = len(events)
				}
				return b.String()
			case "config":
				return w.named(w.byName[d.CmdArgs[0].Key].configFile())
			case "commands":
				r := w.byName[d.CmdArgs[0].Key].core.(*fakeRedis)
				got := strings.Join(r.got, "\n") + "\n"
				r.got = nil
				return got
			default:
				d.Fatalf(t, "unknown command %s", d.Cmd)
			}
			return ""
		})
	})
}

// unnamed puts Sentinels' IDs for <s1>….
func (w *testWorld) unnamed(text string) string {
	for _, m := range w.order {
		if s, ok := m.core.(*Sentinel); ok {
			text = strings.ReplaceAll(text, "<"+m.name+">", s.id)
		}
	}
	return text
}

func (w *testWorld) do(f []string) error {
	if f[0] == "wait" {
		d, err := time.ParseDuration(f[1])
		w.advance(d)
		return err
	}
	m := w.byName[f[1]]
	if m == nil {
		return fmt.Errorf("no machine %s", f[1])
	}
	switch f[0] {
	case "kill":
		m.kill()
	case "start":
		m.start()
	case "pause":
		m.pause()
	case "resume":
		m.resume()
	case "cut":
		w.setCut(f[1], f[2], true)
	case "heal":
		w.setCut(f[1], f[2], false)
	case "clock":
		d, err := time.ParseDuration(f[2])
		m.skew += d
		return err
	case "reply":
		r := m.core.(*fakeRedis)
		delete(r.override, f[2])
		if len(f) > 3 {
			r.override[f[2]] = strings.Join(f[3:], " ") + "\r\n"
		}
	case "slaveof":
		r := m.core.(*fakeRedis)
		r.master = address{}
		if f[2] != "none" {
			r.master = address{w.byName[f[2]].ip, 6379}
		}
	case "offset":
		m.core.(*fakeRedis).offset = lenient(f[2])
	case "priority":
		m.core.(*fakeRedis).priority = int(lenient(f[2]))
	case "syncing":
		d, err := time.ParseDuration(f[2])
		m.core.(*fakeRedis).syncing = d
		return err
	default:
		return fmt.Errorf("unknown action %s", f[0])
	}
	return nil
}
