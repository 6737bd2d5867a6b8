package worldtest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
)

// puppet is a core that does what it is told and notes what happens to it. A Told message is a list of commands,
// separated by ";", carried out in one step:
//
//	listen                     at the machine's own address
//	dial ADDR                  the connection is called by its number: the first dialled is 1, the first accepted 2
//	send CONN TEXT             tell CONN TEXT is the same with SendTell
//	bulk CONN N                sends N bytes of the pattern that "count" checks, with SendTell
//	close CONN                 flush CONN closes after what was sent has left
//	hold CONN                  stops reading; go-on CONN reads again
//	timer ID DURATION          stop ID
//	write PATH TEXT            a foreground job; also append, sync, read, remove, rename PATH TO
//	open ID PATH               a foreground job; also part ID AT SIZE, shut ID
//	background PATH TEXT       writes and syncs in the background
//	missing PATH               a job whose second step must fail: it appends, reads PATH, and removes it
//	work N                     sums the numbers below N away from the loop
//	busy DURATION
//	exit STATUS                ends the process
//	now                        notes the wall clock, in ns
//	say TEXT                   notes TEXT
//	echo                       from now on, what is received is sent back
//	count                      from now on, received bytes are checked against the pattern and counted, not noted
type puppet struct {
	machine *cluster.Machine
	echo    bool
	count   bool
	counted map[node.ConnID]int
	wrong   bool
	ops     node.OpID
}

// newPuppet makes a puppet whose world is audited with every event.
func newPuppet(t *testing.T, m *cluster.Machine) node.Core {
	return Audit(&puppet{machine: m, counted: map[node.ConnID]int{}}, func(breach string) {
		t.Errorf("the world breaks its contract with %s: %s", m.Name, breach)
	})
}

// Step notes the event in words and obeys.
func (p *puppet) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Told:
		say(out, "told %s", ev.Bytes)
		for _, command := range strings.Split(string(ev.Bytes), ";") {
			p.obey(now, strings.TrimLeft(command, " "), out)
		}
	case node.Received:
		p.received(ev, out)
	case node.Accepted, node.Dialled:
		say(out, "%v %d", ev.Kind, ev.Conn)
	case node.Closed, node.DialFailed:
		say(out, "%v %d %s", ev.Kind, ev.Conn, ev.Err)
	case node.Sent:
		say(out, "sent %d %d", ev.Conn, ev.N)
	case node.TimerFired:
		say(out, "timer-fired %d", ev.Timer)
	case node.FileDone:
		say(out, "file-done %d n=%d %q %s", ev.Op, ev.N, ev.Bytes, ev.Err)
	case node.WorkDone:
		say(out, "work-done %d %v", ev.Op, ev.Result)
	default:
		say(out, "%v %s", ev.Kind, ev.Err)
	}
}

func say(out *node.Effects, format string, args ...any) {
	out.Note(node.Note{Kind: node.NoteStage, Text: strings.TrimSpace(fmt.Sprintf(format, args...))})
}

func (p *puppet) received(ev *node.Event, out *node.Effects) {
	if p.count {
		for _, b := range ev.Bytes {
			p.wrong = p.wrong || b != pattern(p.counted[ev.Conn])
			p.counted[ev.Conn]++
		}
		say(out, "counted %d %d wrong=%v", ev.Conn, p.counted[ev.Conn], p.wrong)
		return
	}
	say(out, "received %d %q", ev.Conn, ev.Bytes)
	if p.echo {
		out.Send(ev.Conn, ev.Bytes)
	}
}

// pattern is the byte at offset i of what "bulk" sends.
func pattern(i int) byte { return byte(i % 251) }

// openStep is the step of a job on an open file: rest is the path to open, or where to read and how much.
func openStep(word string, id node.FileID, rest string) node.FileStep {
	s := node.FileStep{Kind: node.CloseFile, File: id}
	switch word {
	case "open":
		s.Kind, s.Path = node.OpenFile, rest
	case "part":
		s.Kind = node.ReadPart
		_, err := fmt.Sscan(rest, &s.At, &s.Size)
		node.Assert(err == nil, "a puppet was told to read the part %q: %v", rest, err)
	}
	return s
}

func (p *puppet) obey(now node.Instant, command string, out *node.Effects) {
	words := strings.SplitN(command, " ", 3)
	arg := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	number := func() uint64 {
		n, err := strconv.ParseUint(arg(1), 10, 64)
		node.Assert(err == nil, "a puppet was told %q: %v", command, err)
		return n
	}
	duration := func(i int) time.Duration {
		d, err := time.ParseDuration(arg(i))
		node.Assert(err == nil, "a puppet was told %q: %v", command, err)
		return d
	}
	file := func(kind node.FileKind) {
		p.ops++
		out.File(p.ops, node.Foreground, node.FileStep{Kind: kind, Path: arg(1), To: arg(2), Data: []byte(arg(2))})
	}
	switch words[0] {
	case "listen":
		out.Listen(fmt.Sprintf("%s:%d", p.machine.Host, p.machine.Port))
	case "dial":
		out.Dial(arg(1), p.machine.Host)
	case "send":
		out.Send(node.ConnID(number()), []byte(arg(2)))
	case "tell":
		out.SendTell(node.ConnID(number()), []byte(arg(2)))
	case "bulk":
		n, err := strconv.Atoi(arg(2))
		node.Assert(err == nil, "a puppet was told %q: %v", command, err)
		b := make([]byte, n)
		for i := range b {
			b[i] = pattern(i)
		}
		out.SendTell(node.ConnID(number()), b)
	case "close":
		out.Close(node.ConnID(number()))
	case "flush":
		out.CloseAfterFlush(node.ConnID(number()))
	case "hold":
		out.HoldReading(node.ConnID(number()))
	case "go-on":
		out.ReadOn(node.ConnID(number()))
	case "open", "part", "shut":
		p.ops++
		out.File(p.ops, node.Foreground, openStep(words[0], node.FileID(number()), arg(2)))
	case "timer":
		out.SetTimer(node.TimerID(number()), duration(2))
	case "stop":
		out.StopTimer(node.TimerID(number()))
	case "write":
		file(node.WriteFile)
	case "append":
		file(node.AppendFile)
	case "truncate":
		p.ops++
		size, err := strconv.ParseInt(arg(2), 10, 64)
		node.Assert(err == nil, "a puppet was told %q: %v", command, err)
		out.File(p.ops, node.Foreground, node.FileStep{Kind: node.TruncateFile, Path: arg(1), At: size})
	case "sync":
		file(node.SyncFile)
	case "read":
		file(node.ReadFile)
	case "remove":
		file(node.RemoveFile)
	case "rename":
		file(node.RenameFile)
	case "background":
		p.ops++
		out.File(p.ops, node.Background, node.FileStep{Kind: node.WriteFile, Path: arg(1), Data: []byte(arg(2))},
			node.FileStep{Kind: node.SyncFile, Path: arg(1)})
	case "missing":
		p.ops++
		out.File(p.ops, node.Foreground, node.FileStep{Kind: node.AppendFile, Path: arg(1) + ".log", Data: []byte("x")},
			node.FileStep{Kind: node.ReadFile, Path: arg(1)}, node.FileStep{Kind: node.RemoveFile, Path: arg(1) + ".log"})
	case "work":
		p.ops++
		n := number()
		out.Work(p.ops, int(n), func() any { return n * (n - 1) / 2 })
	case "busy":
		out.Busy(duration(1))
	case "exit":
		out.Exit(int(number()))
	case "now":
		say(out, "now %d", now)
	case "say":
		say(out, "%s", strings.Join(words[1:], " "))
	case "echo":
		p.echo = true
	case "count":
		p.count = true
	default:
		node.Assert(false, "a puppet was told %q, which it does not understand", command)
	}
}
