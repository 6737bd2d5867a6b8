package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// lane is one machine, or one client's process, on the timeline.
type lane struct {
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`           // "server", "sentinel", "client", "observer"
	Also     []string  `json:"also,omitempty"` // other processes on the lane: each begins when the one before is over
	Segments []segment `json:"segments,omitempty"`
	Marks    []mark    `json:"marks,omitempty"`
}

// segment is what a server was, or whom a Sentinel held for the master, for a while.
type segment struct {
	From int64  `json:"from"`
	To   int64  `json:"to"`
	Is   string `json:"is"`           // "master", "replica", "unlinked", "down", "up" (role not known), "watch" (a Sentinel)
	Of   string `json:"of,omitempty"` // the master
	Text string `json:"text"`
}

// mark is something that happened to a machine at one moment.
type mark struct {
	Time int64  `json:"t"`
	Is   string `json:"is"`
	Text string `json:"text"`
}

// newLanes lists servers, Sentinels, observers that read, and clients, each group in the order of the header; then
// whoever is spoken of without being listed, as in a history that was imported.
func newLanes(h *histories.History) []lane {
	active := map[string]bool{}
	for i := range h.Ops {
		active[h.Ops[i].Process] = true
	}
	var lanes []lane
	listed := map[string]bool{}
	add := func(name, kind string) {
		if !listed[name] && name != "" {
			listed[name] = true
			lanes = append(lanes, lane{Name: name, Kind: kind})
		}
	}
	for _, kind := range []string{"server", "sentinel", "client", "observer"} {
		for _, m := range h.Machines {
			if m.Kind == kind && (kind != "observer" || active[m.Name]) {
				add(m.Name, kind)
			}
		}
		if kind == "server" {
			for _, n := range h.Notes {
				if n.Kind == "state" {
					add(n.Machine, kind)
				}
			}
		}
		if kind == "client" {
			for _, l := range strangers(h) {
				if !listed[l.Name] {
					lanes = append(lanes, l)
				}
			}
		}
	}
	by := byMachine(h)
	n := newNames(h)
	for i := range lanes {
		l := &lanes[i]
		l.Marks = n.marks(by[l.Name], l.Kind)
		switch l.Kind {
		case "server":
			l.Segments = roles(by[l.Name], end(h))
		case "sentinel":
			l.Segments = watches(by[l.Name], end(h))
		}
	}
	return lanes
}

// strangers are the lanes of processes that the header does not list, as another tool's history has them. There, a process
// that never had an answer is over and another one takes its place: such processes share a lane.
func strangers(h *histories.History) []lane {
	begun, over := map[string]time.Duration{}, map[string]time.Duration{} // to look up only
	var names []string
	for i := range h.Ops {
		op := &h.Ops[i]
		if isMachine(h, op.Process) {
			continue
		}
		if _, known := begun[op.Process]; !known {
			names, begun[op.Process] = append(names, op.Process), op.Invoked
		}
		last := op.Invoked
		if op.Returned != histories.Forever {
			last = op.Returned
		}
		over[op.Process] = max(over[op.Process], last)
	}
	var lanes []lane
	var free []time.Duration // when each lane is
	for _, name := range names {
		i := slices.IndexFunc(free, func(t time.Duration) bool { return t < begun[name] })
		if i < 0 {
			lanes, free = append(lanes, lane{Name: name, Kind: "client"}), append(free, 0)
			i = len(lanes) - 1
		} else {
			lanes[i].Also = append(lanes[i].Also, name)
		}
		free[i] = over[name]
	}
	return lanes
}

func isMachine(h *histories.History, name string) bool {
	for _, m := range h.Machines {
		if m.Name == name {
			return true
		}
	}
	return false
}

func byMachine(h *histories.History) map[string][]*histories.Note {
	by := map[string][]*histories.Note{}
	for i := range h.Notes {
		n := &h.Notes[i]
		by[n.Machine] = append(by[n.Machine], n)
	}
	return by
}

// strip gathers segments; a state that goes on makes its segment longer.
type strip struct {
	all  []segment
	now  segment
	open bool
}

func (s *strip) enter(at time.Duration, is, of, text string) {
	if s.open && s.now.Is == is && s.now.Of == of && s.now.Text == text {
		return
	}
	s.close(at)
	s.now, s.open = segment{From: micros(at), Is: is, Of: of, Text: text}, true
}

func (s *strip) close(at time.Duration) {
	if s.open && micros(at) > s.now.From {
		s.now.To = micros(at)
		s.all = append(s.all, s.now)
	}
	s.open = false
}

// silence is how long what others saw of a server stands for what it is: they look about once a second.
const silence = 3 * time.Second

// roles are a server's segments: by its own notes if it gives any, else by what others saw of it, until they have not
// seen it for a while.
func roles(notes []*histories.Note, end time.Duration) []segment {
	own := speaksFor(notes, "state")
	var s strip
	down := false
	seen := time.Duration(-1)
	lost := func(now time.Duration) {
		if !own && !down && seen >= 0 && now > seen+silence {
			s.enter(seen+silence, "up", "", "not seen since "+seconds(seen)+" s")
			seen = -1
		}
	}
	for _, n := range notes {
		switch n.Kind {
		case "state":
			lost(n.Time)
			seen = n.Time
		case "down", "up":
			lost(n.Time)
			seen = -1
		}
		switch {
		case n.Kind == "down":
			down = true
			s.enter(n.Time, "down", "", reasoned("down", n.Text))
		case n.Kind == "up":
			down = false
			s.enter(n.Time, "up", "", "up, role not known yet")
		case n.Kind != "state" || own && n.From != "" || down:
		case n.Role == "master":
			s.enter(n.Time, "master", "", "master")
		case n.Link == "up":
			s.enter(n.Time, "replica", n.Peer, "replica of "+n.Peer)
		default:
			s.enter(n.Time, "unlinked", n.Peer, "replica of "+n.Peer+", link down")
		}
	}
	lost(end)
	s.close(end)
	return s.all
}

// watches are a Sentinel's segments: the address that it holds for the master.
func watches(notes []*histories.Note, end time.Duration) []segment {
	own := speaksFor(notes, "config")
	var s strip
	down := false
	for _, n := range notes {
		switch {
		case n.Kind == "down":
			down = true
			s.enter(n.Time, "down", "", reasoned("down", n.Text))
		case n.Kind == "up":
			down = false
			s.enter(n.Time, "up", "", "up")
		case n.Kind != "config" || own && n.From != "" || down:
		default:
			s.enter(n.Time, "watch", n.Peer, fmt.Sprintf("holds %s for the master, epoch %d", n.Peer, n.Epoch))
		}
	}
	s.close(end)
	return s.all
}

// speaksFor says whether the machine itself gave notes of kind.
func speaksFor(notes []*histories.Note, kind string) bool {
	for _, n := range notes {
		if n.Kind == kind && n.From == "" {
			return true
		}
	}
	return false
}

// names turns what Sentinels call each other and the servers into the names of machines.
type names struct {
	ids   map[string]string // run ID → machine
	texts *strings.Replacer
}

func newNames(h *histories.History) *names {
	n := &names{ids: map[string]string{}}
	var pairs []string
	for _, note := range h.Notes {
		known := n.ids[note.ID] != ""
		switch note.Kind {
		case "event", "vote", "config":
			if note.ID != "" && note.From != "observer" && !known {
				n.ids[note.ID] = note.Machine
				pairs = append(pairs, note.ID, note.Machine)
			}
		}
	}
	for _, m := range h.Machines {
		if ip, port, ok := strings.Cut(m.Addr, ":"); ok && m.Kind == "server" || ok && m.Kind == "sentinel" {
			// "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.1 6379" says it twice
			pairs = append(pairs, m.Addr+" "+ip+" "+port, m.Name, m.Addr, m.Name, ip+" "+port, m.Name)
		}
	}
	n.texts = strings.NewReplacer(pairs...)
	return n
}

// name is the machine with the run ID id, or the beginning of the ID.
func (n *names) name(id string) string { return cmp.Or(n.ids[id], short(id)) }

// short is the beginning of an ID, enough to tell it from others of a run.
func short(id string) string { return id[:min(len(id), 8)] }

func (n *names) marks(notes []*histories.Note, kind string) []mark {
	var all []mark
	for _, note := range notes {
		if is, text := n.mark(note); is != "" && (kind == "server" || kind == "sentinel" || is == "down") {
			all = append(all, mark{micros(note.Time), is, shown(text)})
		}
	}
	return all
}

// mark is the kind of mark that a note makes, "" if none, and what it says.
func (n *names) mark(note *histories.Note) (is, text string) {
	switch note.Kind {
	case "up":
		return "up", "started"
	case "down":
		return "down", reasoned("ended", note.Text)
	case "promoted":
		return "promoted", fmt.Sprintf("became a master at offset %d, replid %s after %s", note.Offset, short(note.ReplID), short(note.ReplID2))
	case "psync":
		return sync(note.Result), n.psync(note)
	case "resync":
		text := fmt.Sprintf("link to %s is up after a %s", note.Peer, syncWord(note.Result))
		if note.ReplID != "" {
			text += fmt.Sprintf(", offset %d", note.Offset)
		}
		return sync(note.Result), text
	case "refused":
		return "refused", fmt.Sprintf("refused a write to %s: %s", note.Key, note.Reason)
	case "order":
		return "order", fmt.Sprintf("told by the operator: %s (%s)", note.Text, note.Result)
	case "vote":
		return "vote", fmt.Sprintf("votes for %s in epoch %d", n.name(note.Leader), note.Epoch)
	case "event":
		return event(note.Event), note.Event + " " + n.texts.Replace(note.Text)
	}
	return "", ""
}

func (n *names) psync(note *histories.Note) string {
	if note.Result == "continue" {
		return fmt.Sprintf("lets %s continue from offset %d", note.Peer, note.AskedOffset)
	}
	if note.Reason == "asked" || note.Reason == "" {
		return fmt.Sprintf("full sync for %s, which asked for it", note.Peer)
	}
	text := fmt.Sprintf("full sync for %s, which asked to continue: refused because of %s", note.Peer, refusal(note.Reason))
	if note.AskedID == "" || note.ReplID == "" { // known from the log only
		return text
	}
	return fmt.Sprintf("%s (asked for %s from %d, here %s at %d)", text, short(note.AskedID), note.AskedOffset, short(note.ReplID), note.Offset)
}

func refusal(reason string) string {
	switch reason {
	case "replid":
		return "another replid"
	case "second-offset":
		return "an offset beyond the second replid's"
	case "backlog":
		return "bytes no longer in the backlog"
	}
	return reason
}

func sync(result string) string {
	if result == "continue" {
		return "continue"
	}
	return "fullsync"
}

func syncWord(result string) string {
	if result == "continue" {
		return "partial resync"
	}
	return "full sync"
}

// event is the kind of mark of a Sentinel's event.
func event(name string) string {
	switch name {
	case "+sdown", "+odown":
		return name[1:]
	case "-sdown", "-odown":
		return "well"
	case "+elected-leader":
		return "leader"
	case "+switch-master":
		return "switch"
	case "+try-failover", "+promoted-slave":
		return "failover"
	case "+tilt", "-tilt":
		return "tilt"
	case "+vote-for-leader": // the note of the vote itself says it better
		return ""
	}
	if strings.HasPrefix(name, "-failover-abort") {
		return "abort"
	}
	return "event"
}

// reasoned appends why to what, if it is known.
func reasoned(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}
