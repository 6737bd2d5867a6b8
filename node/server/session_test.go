package server

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/replication"
)

// TestSessions plays the sessions in testdata: servers are started, spoken to, cut off and killed, and what they reply
// and log is compared. Replication IDs are printed as A, B, C… in the order in which they are first seen.
//
//	server NAME [configuration line; …]   start a machine
//	NAME                                  say one command a line to it, each reply on a line
//	raw NAME CONN                         speak on a connection of its own; what comes back is printed. "> TEXT" is sent
//	                                      with a line end, "> \"TEXT\"" as it is, "hang up" ends the connection
//	fake NAME                             a machine for which the session speaks, in the same way
//	run DURATION                          let time pass
//	log NAME [grep=WORD]                  what it logged since the last time, with the role
//	info NAME FIELD…                      fields of INFO
//	kill | stop | boot | cut | dark | light   what the nemesis does; spoil NAME STEP makes its disk fail at such steps
//	chunk N | work DURATION               bytes arrive in pieces; work beside the server takes that long
//	slow, drain                           what is sent has not left until drain
//	notes KIND                            what was observed since the last time
func TestSessions(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if strings.HasPrefix(path, "testdata/fuzz") {
			return // inputs of fuzz targets
		}
		p := &session{t: t, w: newMiniWorld(t), ids: map[string]string{}, logged: map[string]int{}, raws: map[string]*testClient{}, noted: map[node.NoteKind]int{}}
		datadriven.RunTest(t, path, p.play)
	})
}

type session struct {
	t      *testing.T
	w      *miniWorld
	ids    map[string]string
	logged map[string]int
	raws   map[string]*testClient
	noted  map[node.NoteKind]int
}

var replID = regexp.MustCompile(`\b[0-9a-f]{40}\b`)

// names puts letters in the place of replication IDs.
func (p *session) names(text string) string {
	return replID.ReplaceAllStringFunc(text, func(id string) string {
		if id == replication.NoReplID {
			return "0"
		}
		if p.ids[id] == "" {
			p.ids[id] = string(rune('A' + len(p.ids)))
		}
		return p.ids[id]
	})
}

// unnames puts the IDs back.
func (p *session) unnames(text string) string {
	return regexp.MustCompile(`<[A-Z]>`).ReplaceAllStringFunc(text, func(letter string) string {
		for id, name := range p.ids {
			if name == letter[1:2] {
				return id
			}
		}
		return letter
	})
}

func (p *session) play(t *testing.T, d *datadriven.TestData) string {
	w := p.w
	w.t = t
	out := p.names(p.command(d))
	if out != "" && !strings.HasSuffix(out, "\n") {
		out += "\n"
	}
	return out
}

func (p *session) command(d *datadriven.TestData) string {
	w := p.w
	arg := func(i int) string {
		if i >= len(d.CmdArgs) {
			d.Fatalf(p.t, "%s needs %d arguments", d.Cmd, i+1)
		}
		return d.CmdArgs[i].Key
	}
	switch d.Cmd {
	case "server":
		var lines []string
		for line := range strings.Lines(d.Input) {
			lines = append(lines, strings.TrimSpace(line))
		}
		m := w.server(arg(0), lines...)
		p.logged[m.name] = len(m.log)
		return m.ip
	case "fake":
		return w.fake(arg(0)).ip
	case "chunk":
		w.chunk, _ = strconv.Atoi(arg(0))
	case "slow":
		w.slow = true
	case "drain":
		w.drain()
	case "spoil":
		m, name := w.machine(arg(0)), arg(1)
		m.failFile = func(step node.FileStep) node.Errno {
			if step.Kind.String() == name {
				return node.ErrNoSpace
			}
			return node.ErrNone
		}
		if name == "nothing" {
			m.failFile = nil
		}
	case "run":
		d1, err := time.ParseDuration(arg(0))
		if err != nil {
			d.Fatalf(p.t, "%v", err)
		}
		w.run(d1)
	case "work":
		w.workTime, _ = time.ParseDuration(arg(0))
	case "kill":
		w.kill(w.machine(arg(0)))
		w.settle()
	case "boot":
		m := w.machine(arg(0))
		from := len(m.log)
		w.boot(m)
		if p.logged[m.name] == from {
			p.logged[m.name] = len(m.log)
		}
	case "stop":
		m := w.machine(arg(0))
		w.put(&happening{at: w.now, m: m, life: m.life, ev: node.Event{Kind: node.StopRequested, N: 15}})
		w.settle()
	case "cut":
		w.cutConns(w.machine(arg(0)), w.machine(arg(1)))
	case "dark":
		w.darken(arg(0), arg(1))
	case "light":
		w.light(arg(0), arg(1))
	case "log":
		return p.log(d)
	case "info":
		var b strings.Builder
		for _, a := range d.CmdArgs[1:] {
			fmt.Fprintf(&b, "%s:%s\n", a.Key, w.info(arg(0), a.Key))
		}
		return b.String()
	case "section":
		return strings.ReplaceAll(w.do(arg(0), "INFO", arg(1)), "\r\n", "\n")
	case "notes":
		return p.notes(node.NoteKind(arg(0)))
	case "raw":
		return p.raw(arg(0), arg(1), d.Input)
	default:
		m := w.machine(d.Cmd)
		if m == nil {
			d.Fatalf(p.t, "no such machine")
		}
		if m.fake != nil {
			return p.speak(m.fake, d.Input)
		}
		var b strings.Builder
		for line := range strings.Lines(p.unnames(d.Input)) {
			fmt.Fprintln(&b, w.do(d.Cmd, strings.Fields(line)...))
		}
		return b.String()
	}
	return ""
}

func (p *session) log(d *datadriven.TestData) string {
	m := p.w.machine(d.CmdArgs[0].Key)
	word := ""
	for _, a := range d.CmdArgs[1:] {
		if a.Key == "grep" {
			word = a.Vals[0]
		}
	}
	var b strings.Builder
	for _, line := range m.log[p.logged[m.name]:] {
		if role, text, ok := cutTime(line); ok && text[0] != '.' && text[0] != '-' && strings.Contains(text, word) {
			fmt.Fprintf(&b, "%c %s\n", role, text)
		}
	}
	p.logged[m.name] = len(m.log)
	return b.String()
}

func (p *session) notes(kind node.NoteKind) string {
	var b strings.Builder
	for _, o := range p.w.notes[p.noted[kind]:] {
		if o.note.Kind == kind {
			n := o.note
			n.ID = ""
			fmt.Fprintf(&b, "%s %s\n", o.machine, noteText(n))
		}
	}
	p.noted[kind] = len(p.w.notes)
	return b.String()
}

// noteText is a note as words, without what is empty.
func noteText(n node.Note) string {
	var parts []string
	add := func(name, value string) {
		if value != "" && value != "0" {
			parts = append(parts, name+"="+value)
		}
	}
	num := func(i int64) string { return strconv.FormatInt(i, 10) }
	add("role", n.Role)
	add("link", n.Link)
	add("peer", n.Peer)
	add("result", n.Result)
	add("reason", n.Reason)
	add("asked", n.AskedID)
	add("asked-offset", num(n.AskedOffset))
	add("replid", n.ReplID)
	add("offset", num(n.Offset))
	add("replid2", n.ReplID2)
	add("offset2", num(n.Offset2))
	add("digest", n.Digest)
	add("key", n.Key)
	add("n", num(n.N))
	add("m", num(n.M))
	return strings.Join(parts, " ")
}

// raw speaks byte for byte. Lines that are sent begin with "> "; \r\n is added. What comes back is shown with its line
// ends, binary data left out.
func (p *session) raw(name, conn, input string) string {
	c := p.raws[conn]
	if c == nil {
		c = p.w.connect(p.w.machine(name))
		p.raws[conn] = c
	}
	return p.speak(c, input)
}

func (p *session) speak(c *testClient, input string) string {
	for line := range strings.Lines(p.unnames(input)) {
		line = strings.TrimRight(line, "\n")
		if line == "hang up" {
			c.hangUp()
			p.w.settle()
			continue
		}
		if text, quoted := strings.CutPrefix(line, "> \""); quoted {
			b, err := strconv.Unquote("\"" + text)
			if err != nil {
				p.t.Fatalf("%s: %v", line, err)
			}
			c.write(b)
			continue
		}
		c.write(strings.TrimPrefix(line, "> ") + "\r\n")
	}
	text := string(c.raw)
	c.raw = nil
	if i := strings.Index(text, "REDIS0"); i >= 0 {
		n, _ := strconv.Atoi(strings.TrimSpace(text[strings.LastIndex(text[:i], "$")+1 : i]))
		text = text[:i] + fmt.Sprintf("(%d bytes of RDB)", n) + text[min(i+n, len(text)):]
	}
	if strings.Contains(text, "RESTORE") {
		text = regexp.MustCompile(`[^ -~\r\n]`).ReplaceAllString(text, ".") // a value as DUMP gives it
	}
	text = strings.ReplaceAll(text, "\r\n", "\\r\\n\n")
	if c.bye {
		text += "(closed)\n"
	}
	return text
}
