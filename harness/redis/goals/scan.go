package goals

import (
	"bytes"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// scan is what one look through a history found. Its maps are for looking up only.
type scan struct {
	h      *histories.History
	kinds  map[string]string // machine → "server", "sentinel", …
	logs   []byte            // all lines, in which phrases are looked for
	marks  map[string]bool
	events map[string]bool // of Sentinels; those about up and down with the kind of instance
	errors map[string]bool // the first words of error replies

	state     map[string]*histories.Note // server → what it last said of itself
	syncing   map[string]int             // servers from which somebody takes all data → how many
	served    map[string]string          // replica → who grants it a full sync that is not over
	restarted map[string]bool            // server → since its last resync
	promoted  map[string]bool            // server → since it was last a replica by SLAVEOF
	wasMaster map[string]bool            // server → it has been a master and then a replica, and not synced since
	votes     map[int64]string           // epoch → the first leader voted for
	down      map[string]bool
	ended     int // failovers
	tried     int
	elected   int
	told      map[string]bool
	reconf    bool // a replica that was told to follow is there

	written map[keyValue]*histories.Operation
	newest  map[string]time.Duration // key → the invocation of its last write that was acknowledged
	final   map[string]time.Duration // key → when what survived was begun to be written
}

// newScan looks at nothing yet.
func newScan(h *histories.History) *scan {
	s := &scan{h: h, kinds: map[string]string{}, marks: map[string]bool{}, events: map[string]bool{}, errors: map[string]bool{},
		state: map[string]*histories.Note{}, syncing: map[string]int{}, served: map[string]string{}, restarted: map[string]bool{},
		promoted: map[string]bool{}, wasMaster: map[string]bool{}, votes: map[int64]string{}, down: map[string]bool{}, told: map[string]bool{},
		written: map[keyValue]*histories.Operation{}, newest: map[string]time.Duration{}, final: map[string]time.Duration{}}
	for _, m := range h.Machines {
		s.kinds[m.Name] = m.Kind
	}
	return s
}

func look(h *histories.History) *scan {
	s := newScan(h)
	for i := range h.Notes {
		s.note(&h.Notes[i])
	}
	s.text()
	for i := range h.Ops {
		s.operation(&h.Ops[i])
	}
	for key, at := range s.final { // any order: one is enough
		if s.lost(key, at) {
			s.mark("lost write")
		}
	}
	s.faults()
	if s.events["+odown"] && s.tried > 0 && s.elected == 0 {
		s.mark("no majority")
	}
	return s
}

func (s *scan) mark(name string) { s.marks[name] = true }

func (s *scan) note(n *histories.Note) {
	switch n.Kind {
	case "state":
		if n.From == "" {
			s.server(n)
		}
	case "psync":
		s.psync(n)
	case "resync":
		s.resync(n)
	case "promoted":
		s.promotion(n)
	case "order":
		if strings.HasPrefix(n.Text, "SLAVEOF NO ONE") && strings.HasPrefix(n.Result, "+OK") {
			s.mark("promoted by hand")
		}
	case "vote":
		if first := s.votes[n.Epoch]; first == "" {
			s.votes[n.Epoch] = n.Leader
		} else if first != n.Leader {
			s.mark("split vote")
		}
	case "event":
		s.sentinel(n)
	case "up", "down":
		s.life(n)
	}
}

// server follows the roles.
func (s *scan) server(n *histories.Note) {
	was := s.state[n.Machine]
	s.state[n.Machine] = n
	if n.Role == "master" {
		for name, other := range s.state { // any order: one is enough
			if name != n.Machine && other.Role == "master" && !s.down[name] {
				s.mark("two masters")
			}
		}
		return
	}
	if was != nil && was.Role == "master" {
		s.mark("demoted")
		s.wasMaster[n.Machine] = true
	}
}

func (s *scan) psync(n *histories.Note) {
	if m := s.state[n.Machine]; m != nil && m.Role == "slave" {
		s.mark("psync by replica")
	}
	if n.M-n.N > 0 && n.N > 1 && s.full(n) {
		s.mark("backlog overrun")
	}
	if n.Result != "continue" {
		if n.Reason != "" {
			s.mark("refused " + n.Reason)
		}
		s.served[n.Peer] = n.Machine
		s.syncing[n.Machine]++
		return
	}
	if n.AskedOffset == n.M {
		s.mark("continue at the end")
	}
	if n.AskedID != n.ReplID {
		s.mark("continue by second id")
		if m := s.state[n.Peer]; s.promoted[n.Machine] && m != nil && m.Peer == n.Machine && m.ReplID == n.ReplID2 {
			s.mark("chain went on")
		}
	}
}

// full says whether the backlog that a note shows is one of a usual size, and so has begun to forget.
func (s *scan) full(n *histories.Note) bool {
	for size := int64(16 << 10); size <= 64<<20; size *= 2 {
		if n.M-n.N == size {
			return true
		}
	}
	return n.M-n.N == 1_000_000
}

func (s *scan) resync(n *histories.Note) {
	s.mark("resync " + n.Result)
	if from := s.served[n.Machine]; from != "" {
		s.syncing[from]--
		delete(s.served, n.Machine)
	}
	if n.Result == "continue" {
		if s.restarted[n.Machine] {
			s.mark("resumed after restart")
		}
		if s.wasMaster[n.Machine] {
			s.mark("demoted and continued")
		}
	}
	s.restarted[n.Machine], s.wasMaster[n.Machine] = false, false
}

func (s *scan) promotion(n *histories.Note) {
	s.promoted[n.Machine] = true
	for from, running := range s.syncing { // any order: one is enough
		if running > 0 && !s.down[from] {
			s.mark("promotion during full sync")
		}
	}
}

func (s *scan) sentinel(n *histories.Note) {
	name, what, _ := strings.Cut(n.Text, " ")
	switch n.Event {
	case "+sdown", "-sdown":
		s.events[n.Event+" "+name] = true
		return
	case "+failover-end":
		if s.ended++; s.ended > 1 {
			s.mark("two failovers")
		}
	case "+try-failover":
		s.tried++
	case "+elected-leader":
		s.elected++
	case "+failover-state-reconf-slaves":
		clear(s.told)
	case "+slave-reconf-sent":
		s.told[what] = true
	case "+slave-reconf-done":
		s.reconf = true
	}
	// One that is told after another is done had to wait for it.
	if n.Event == "+slave-reconf-sent" && s.reconf && len(s.told) > 1 {
		s.mark("parallel syncs waiting")
	}
	if n.Event == "+failover-end" {
		s.reconf = false
	}
	s.events[n.Event] = true
}

func (s *scan) life(n *histories.Note) {
	if n.Kind == "up" {
		if s.down[n.Machine] {
			s.restarted[n.Machine] = true
		}
		delete(s.down, n.Machine)
		return
	}
	if n.Text == "closed with the world" {
		return
	}
	s.down[n.Machine] = true
	s.syncing[n.Machine] = 0
	switch s.kinds[n.Machine] {
	case "sentinel":
		s.mark("sentinel down")
	case "server":
		if m := s.state[n.Machine]; m != nil && m.Role == "master" {
			s.mark("master down")
		}
		for _, m := range s.h.Machines {
			if m.Kind == "server" && !s.down[m.Name] {
				return
			}
		}
		s.mark("all servers down")
	}
}

// text gathers the logs, so that every phrase is looked for once.
func (s *scan) text() {
	size := 0
	for i := range s.h.Logs {
		size += len(s.h.Logs[i].Text) + 1
	}
	s.logs = make([]byte, 0, size)
	for i := range s.h.Logs {
		s.logs = append(append(s.logs, s.h.Logs[i].Text...), '\n')
	}
}

// logged says whether one of phrases stands in a log.
func logged(phrases ...string) func(*scan) bool {
	return func(s *scan) bool {
		for _, p := range phrases {
			if bytes.Contains(s.logs, []byte(p)) {
				return true
			}
		}
		return false
	}
}

type keyValue struct{ key, value string }

// operation looks at what a client heard.
func (s *scan) operation(op *histories.Operation) {
	if op.Outcome == histories.Fail {
		code, _, _ := strings.Cut(strings.TrimPrefix(op.Error, "-"), " ")
		s.errors[code] = true
	}
	if s.h.Model(op) != histories.ModelRegister {
		return
	}
	if op.Func == histories.FuncWrite {
		s.written[keyValue{op.Key, op.Word()}] = op
		if op.Outcome == histories.Info {
			s.mark("unknown write")
		}
		if op.Outcome == histories.OK {
			s.newest[op.Key] = op.Invoked
		}
		return
	}
	if op.Outcome != histories.OK {
		return
	}
	at := time.Duration(-1)
	if w := s.written[keyValue{op.Key, op.Word()}]; op.Found() && w != nil {
		at = w.Invoked
		if w.Returned < s.newest[op.Key] && !op.Final {
			s.mark("stale read")
		}
	}
	if op.Final {
		s.final[op.Key] = at
	}
}

// lost says whether some write of key was acknowledged that began after the surviving one, begun at at, had ended.
func (s *scan) lost(key string, at time.Duration) bool {
	end := at
	for i := range s.h.Ops {
		if op := &s.h.Ops[i]; op.Func == histories.FuncWrite && op.Key == key && op.Invoked == at && at >= 0 {
			end = op.Returned
		}
	}
	for i := range s.h.Ops {
		if op := &s.h.Ops[i]; op.Func == histories.FuncWrite && op.Key == key && op.Outcome == histories.OK && op.Invoked > end {
			return true
		}
	}
	return false
}

// faults looks at what was done to whoever was the master.
func (s *scan) faults() {
	for i := range s.h.Faults {
		if f := &s.h.Faults[i]; pauses(f) && s.masterAt(f.Targets[0], f.Start) {
			s.mark("master paused")
		}
	}
}

func pauses(f *histories.Fault) bool {
	return strings.HasPrefix(f.Text, "pause ") && len(f.Targets) > 0
}

func (s *scan) masterAt(machine string, at time.Duration) bool {
	master := false
	for i := range s.h.Notes {
		n := &s.h.Notes[i]
		if n.Time > at {
			break
		}
		if n.Kind == "state" && n.Machine == machine && n.From == "" {
			master = n.Role == "master"
		}
	}
	return master
}
