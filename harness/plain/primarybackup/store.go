// Package primarybackup is the smallest replicated store there is, as an example of a system of one's own under test: a
// primary takes all operations, and a write is acknowledged when it is on the primary's disk and on every backup's.
package primarybackup

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/plain"
	"github.com/ordeal-go/ordeal/node"
)

const (
	timerDial node.TimerID = 1
	jobLoad   node.OpID    = 1
	jobCut    node.OpID    = 2
	jobAppend node.OpID    = 3
)

// server is the core of the primary, if it has backups, or of a backup. Entry n of the log is "key value".
type server struct {
	addr, file string
	backups    []string // addresses, on the primary
	hasty      bool     // a planted bug: it acknowledges what its disk has not kept
	ready      bool     // it has read its log, and its disk has not failed since
	lines      plain.Lines
	log        []string          // the file may have less,
	synced     int               // namely so many entries; of them,
	applied    int               // reads see so many:
	data       map[string]string // to look up only
	writers    []node.ConnID     // whose entries reads do not see yet
	copies     []copyOn
}

// copyOn is how much of the log a backup has.
type copyOn struct {
	conn node.ConnID // 0: not connected
	has  int         // entries
	told bool        // it has said so since it was sent the last one
}

// Step implements [node.Core].
func (s *server) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		out.Listen(s.addr)
		out.File(jobLoad, node.Foreground, node.FileStep{Kind: node.AppendFile, Path: s.file}, node.FileStep{Kind: node.ReadFile, Path: s.file})
		out.SetTimer(timerDial, time.Millisecond)
	case node.FileDone:
		s.fileDone(ev, out)
	case node.TimerFired:
		for i := range s.copies {
			if s.copies[i].conn == 0 {
				s.copies[i] = copyOn{conn: out.Dial(s.backups[i], "")}
			}
		}
		out.SetTimer(timerDial, 100*time.Millisecond)
	case node.Dialled:
		plain.Say(out, ev.Conn, "HAVE")
	case node.DialFailed, node.Closed:
		s.lines.Forget(ev.Conn)
		if i := s.copyAt(ev.Conn); i >= 0 {
			s.copies[i] = copyOn{}
		}
	case node.Received:
		for _, words := range s.lines.Take(ev.Conn, ev.Bytes) {
			s.line(ev.Conn, words, out)
		}
	case node.StopRequested:
		out.Exit(0)
	}
}

func (s *server) copyAt(conn node.ConnID) int {
	return slices.IndexFunc(s.copies, func(c copyOn) bool { return c.conn == conn })
}

// line takes a line of a client, of the primary, or of a backup that tells how much it has.
func (s *server) line(conn node.ConnID, words []string, out *node.Effects) {
	primary := len(s.backups) > 0
	switch verb := words[0]; {
	case verb == "STATUS":
		plain.Say(out, conn, "%s %d%v", map[bool]string{true: "master", false: "slave"}[primary], len(s.log), s.log[max(0, len(s.log)-1):])
	case verb == "HAS":
		if i := s.copyAt(conn); i >= 0 {
			s.copies[i].has, _ = strconv.Atoi(words[1]) // a backup's own words
			s.copies[i].told = true
		}
		s.goOn(out)
	case !s.ready || !primary && (verb == "SET" || verb == "GET"):
		plain.Say(out, conn, "NO")
	case verb == "GET":
		plain.Say(out, conn, "%s", strings.TrimSpace("VALUE "+s.data[words[1]]))
	case verb == "HAVE":
		plain.Say(out, conn, "HAS %d", len(s.log))
	case verb == "SET", verb == "COPY" && words[3] == fmt.Sprint(len(s.log)): // the next entry
		s.log, s.writers = append(s.log, words[1]+" "+words[2]), append(s.writers, conn)
		steps := []node.FileStep{{Kind: node.AppendFile, Path: s.file, Data: []byte(s.log[len(s.log)-1] + "\n")}, {Kind: node.SyncFile, Path: s.file}}
		out.File(jobAppend, node.Foreground, steps[:map[bool]int{true: 1, false: 2}[s.hasty]]...)
	}
}

// fileDone goes on with the log that was read, or with the entry that is on disk.
func (s *server) fileDone(ev *node.Event, out *node.Effects) {
	switch {
	case ev.Err != "":
		s.ready = false // what the disk has now, the next life will see
	case ev.Op == jobLoad:
		whole := ev.Bytes[:bytes.LastIndexByte(ev.Bytes, '\n')+1] // a torn tail was never acknowledged
		out.File(jobCut, node.Foreground, node.FileStep{Kind: node.TruncateFile, Path: s.file, At: int64(len(whole))})
		for line := range strings.Lines(string(whole)) {
			s.log = append(s.log, strings.TrimSpace(line))
		}
		s.synced, s.ready = len(s.log), true
		s.apply(s.synced)
	case ev.Op == jobAppend:
		s.synced++
		s.goOn(out)
	}
}

// goOn sends each backup the entry that it lacks, and answers the writers of entries that are everywhere: clients, or the
// primary.
func (s *server) goOn(out *node.Effects) {
	everywhere := s.synced
	for i := range s.copies {
		c := &s.copies[i]
		if everywhere = min(everywhere, max(c.has, s.applied)); c.told && c.has < s.synced {
			plain.Say(out, c.conn, "COPY %s %d", s.log[c.has], c.has)
			c.told = false
		}
	}
	for ; s.applied < everywhere; s.writers = s.writers[1:] {
		s.apply(s.applied + 1)
		plain.Say(out, s.writers[0], "%s", map[bool]string{true: "OK", false: fmt.Sprint("HAS ", s.applied)}[len(s.backups) > 0])
	}
}

// apply lets reads see the first entries of the log.
func (s *server) apply(entries int) {
	for ; s.applied < entries; s.applied++ {
		key, value, _ := strings.Cut(s.log[s.applied], " ")
		s.data[key] = value
	}
}
