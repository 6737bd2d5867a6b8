package sentinel

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// mind is what a Sentinel must have in mind, by all that it has said in this life of its process.
type mind struct {
	machine string
	up      time.Duration // since when
	id      string        // "" not known yet
	epoch   int64         // the current one
	tilt    bool
	masters map[string]*watched // by name
	changes int                 // how often anything of it has changed
	before  *mind               // the life before, as it ended; nil: none

	stepAt time.Duration // of its last event or configuration
	was    int64         // the epoch before the first of that moment
}

// watched is a master that a Sentinel watches.
type watched struct {
	machine     string // of the Sentinel
	name, addr  string
	quorum      int
	monitored   time.Duration // since when
	atStart     bool          // it stood in the file
	sDown       bool
	oDown       bool
	downSince   time.Duration
	failover    bool  // under way
	attempt     int64 // the epoch of that
	ordered     bool  // by a user
	chosen      string
	promoted    string // "": nobody yet
	ended       bool   // the failover has, and the switch follows
	replicas    map[string]*member
	others      map[string]*member // Sentinels, by ID
	set         map[string]string  // what a user set since it is monitored
	configAddr  string             // what it gives as the address, and under which epoch: by its own notes
	configEpoch int64
}

// member is a replica or another Sentinel as one Sentinel knows it.
type member struct {
	addr   string
	sDown  bool
	reconf string // "", "sent", "inprog", "done"
	since  time.Duration
}

func newMind(machine string, at time.Duration, before *mind) *mind {
	m := &mind{machine: machine, up: at, masters: map[string]*watched{}, before: before}
	if before != nil {
		m.id, m.epoch = before.id, before.epoch
		before.before = nil
	}
	return m
}

// minds are those of all Sentinels, as far as the notes have been read.
type minds map[string]*mind

// read takes the next note and says whose mind it changed, nil nobody's.
func (all minds) read(n *histories.Note) *mind {
	switch {
	case n.Kind == "up":
		if m, is := all[n.Machine]; is {
			if m.changes == 0 {
				m = m.before // it began and ended without a word, or never began
			}
			all[n.Machine] = newMind(n.Machine, n.Time, m)
			return all[n.Machine]
		}
	case n.Kind == "event" && n.From == "":
		if m := all[n.Machine]; m != nil {
			m.event(n)
			return m
		}
	case n.Kind == "config" && n.From == "":
		if m := all[n.Machine]; m != nil {
			if w := m.masters[n.Master]; w != nil {
				m.step(n.Time)
				w.configAddr, w.configEpoch = n.Peer, n.Epoch
				return m
			}
		}
	}
	return nil
}

// step is called before anything changes. All that a Sentinel does at one moment of its own leaves together, whichever part
// of it came first: what it says then may be from before the changes of that moment.
func (m *mind) step(at time.Duration) {
	m.changes++
	if m.stepAt != at {
		m.stepAt, m.was = at, m.epoch
	}
}

// inStep says whether something was said at the moment of the last change.
func (m *mind) inStep(at time.Duration) bool { return m.stepAt == at }

func mindsOf(sentinels []string) minds {
	all := minds{}
	for _, s := range sentinels {
		all[s] = newMind(s, 0, nil)
	}
	return all
}

// payload is an event's text, taken apart.
type payload struct {
	words  []string
	kind   string // of the instance: "master", "slave", "sentinel"; "" none
	name   string
	addr   string
	master string // the name of the master that it is about, or of whose it is
	rest   []string
}

func payloadOf(text string) (p payload) {
	p.words = strings.Fields(text)
	w := p.words
	if len(w) < 4 || w[0] != "master" && w[0] != "slave" && w[0] != "sentinel" {
		return p
	}
	p.kind, p.name, p.addr, p.rest = w[0], w[1], joined(w[2], w[3]), w[4:]
	p.master = p.name
	if p.kind != "master" {
		p.master = ""
		if len(w) >= 8 && w[4] == "@" {
			p.master, p.rest = w[5], w[8:]
		}
	}
	return p
}

func joined(ip, port string) string { return ip + ":" + port }

func (m *mind) event(n *histories.Note) {
	m.step(n.Time)
	if n.ID != "" {
		m.id = n.ID
	}
	m.epoch = n.Epoch
	p := payloadOf(n.Text)
	switch n.Event {
	case "+tilt", "-tilt":
		m.tilt = n.Event == "+tilt"
		return
	case "+monitor":
		m.monitor(n, p)
		return
	case "-monitor":
		delete(m.masters, p.master)
		if m.before != nil { // who is told to watch it again begins anew
			delete(m.before.masters, p.master)
		}
		return
	case "+switch-master":
		if len(p.words) == 5 {
			if w := m.masters[p.words[0]]; w != nil {
				w.begin(n.Time)
				w.addr = joined(p.words[3], p.words[4])
			}
		}
		return
	}
	w := m.masters[p.master]
	if w == nil {
		return
	}
	switch p.kind {
	case "master":
		m.ofMaster(w, n, p)
	case "slave":
		w.ofReplica(n, p)
	case "sentinel":
		m.ofSentinel(w, n, p)
	}
}

// monitor begins to watch a master. One that stands in the file is known as it was when the process ended.
func (m *mind) monitor(n *histories.Note, p payload) {
	w := &watched{machine: m.machine, name: p.name, addr: p.addr, monitored: n.Time, atStart: n.Time-m.up < time.Second && m.id != "",
		replicas: map[string]*member{}, others: map[string]*member{}, set: map[string]string{}}
	if len(p.rest) == 2 {
		w.quorum, _ = strconv.Atoi(p.rest[1]) // 0 if it is none
	}
	m.masters[p.name] = w
	if m.before == nil || m.before.masters[p.name] == nil {
		return
	}
	was := m.before.masters[p.name]
	maps.Copy(w.set, was.set)
	w.atStart = was.atStart
	if was.promoted != "" && w.addr == was.promoted { // the file has the old master in the place of the new one
		w.replicas[was.addr] = &member{addr: was.addr, since: n.Time}
	}
	for addr := range was.replicas { // any order: each by itself
		if addr != w.addr {
			w.replicas[addr] = &member{addr: addr, since: n.Time}
		}
	}
	for id, o := range was.others { // any order: each by itself
		w.others[id] = &member{addr: o.addr, since: n.Time}
	}
}

// begin is a switch or a reset: nothing is known of the master's address and replicas.
func (w *watched) begin(at time.Duration) {
	w.sDown, w.oDown, w.failover, w.ordered, w.chosen, w.promoted, w.ended = false, false, false, false, "", "", false
	w.replicas = map[string]*member{}
	w.downSince = 0
}

func (m *mind) ofMaster(w *watched, n *histories.Note, p payload) {
	switch n.Event {
	case "+sdown":
		w.sDown, w.downSince = true, n.Time
	case "-sdown":
		w.sDown = false
	case "+odown":
		w.oDown = true
	case "-odown":
		w.oDown = false
	case "+set":
		if len(p.rest) >= 1 {
			value := strings.Join(p.rest[1:], " ")
			w.set[strings.ToLower(p.rest[0])] = value
			if strings.EqualFold(p.rest[0], "quorum") {
				w.quorum, _ = strconv.Atoi(value)
			}
		}
	case "+reset-master":
		w.begin(n.Time)
		w.others = map[string]*member{}
	case "+try-failover":
		w.failover, w.attempt, w.chosen, w.promoted, w.ended = true, n.Epoch, "", "", false
	case "-failover-abort-not-elected", "-failover-abort-no-good-slave", "-failover-abort-slave-timeout":
		w.failover, w.chosen, w.promoted = false, "", ""
	case "+failover-end":
		w.ended = true
	case "+sentinel-address-switch":
		// master NAME IP PORT ip IP port PORT for ID
		if r := p.rest; len(r) == 6 {
			if o := w.others[r[5]]; o != nil {
				*o = member{addr: joined(r[1], r[3]), since: n.Time}
			}
		}
	}
}

func (w *watched) ofReplica(n *histories.Note, p payload) {
	r := w.replicas[p.addr]
	if n.Event == "+slave" {
		w.replicas[p.addr] = &member{addr: p.addr, since: n.Time}
		return
	}
	if r == nil {
		return
	}
	switch n.Event {
	case "+sdown", "-sdown":
		r.sDown = n.Event == "+sdown"
	case "+selected-slave":
		w.chosen = p.addr
	case "+promoted-slave":
		w.promoted = p.addr
	case "+slave-reconf-sent", "+slave-reconf-sent-be":
		r.reconf = "sent"
	case "+slave-reconf-inprog":
		r.reconf = "inprog"
	case "+slave-reconf-done", "-slave-reconf-sent-timeout":
		r.reconf = "done"
	}
}

func (m *mind) ofSentinel(w *watched, n *histories.Note, p payload) {
	o := w.others[p.name]
	switch n.Event {
	case "+sentinel":
		w.others[p.name] = &member{addr: p.addr, since: n.Time}
	case "+sdown", "-sdown":
		if o != nil {
			o.sDown = n.Event == "+sdown"
		}
	case "+sentinel-invalid-addr":
		ip, _, _ := strings.Cut(p.addr, ":")
		m.moved(p.name, joined(ip, "0"), n.Time)
	case "+sentinel-address-update":
		m.moved(p.name, p.addr, n.Time)
	}
}

// moved gives a Sentinel another address under all masters.
func (m *mind) moved(id, addr string, at time.Duration) {
	for _, w := range m.masters { // any order: each by itself
		if o := w.others[id]; o != nil && o.addr != addr {
			*o = member{addr: addr, since: at}
		}
	}
}

// underWay says whether a Sentinel calls the master objectively down, or replaces it.
func (w *watched) underWay() bool { return w.failover || w.oDown }
