package election

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// Finding is a step in a trace that the specification does not allow.
type Finding struct {
	At      time.Duration
	Machine string
	Step    Step
	Text    string
}

func (f Finding) String() string {
	return fmt.Sprintf("%v %s: %s (%v)", f.At, f.Machine, f.Text, f.Step)
}

// Trace is what became of a history.
type Trace struct {
	Steps    int // that were held against the specification
	Kinds    map[Kind]int
	Findings []Finding
}

// Hold holds the notes of a simulated history, in which Sentinels of ours tell of each step, against the specification.
// It ends a Sentinel's part at its first finding. A history of another world has no common order of what several processes
// note, and no steps: Steps is 0.
//
// What an operator may do to a Sentinel is no step: after an order to forget the master, and after a disk was damaged or
// gave errors, it is taken as one that is new. Where Sentinels are added or told to forget others, each may count another
// majority, and one vote is enough here.
func Hold(h *histories.History) Trace {
	t := &tracing{h: h, machines: map[string]int{}, ids: map[string]string{}, addrs: map[string]int{}, ordered: map[string][]time.Duration{},
		quorum: map[int]int{}, known: map[int]bool{}, fresh: map[int]bool{}, ended: map[int]bool{}, out: Trace{Kinds: map[Kind]int{}}}
	if h.World != "sim" {
		return t.out
	}
	t.prepare()
	for i := range h.Notes {
		if n := &h.Notes[i]; n.From == "" || n.Kind == "order" {
			t.note(n)
		}
	}
	return t.out
}

type tracing struct {
	h        *histories.History
	machines map[string]int // Sentinels by name
	ids      map[string]string
	addrs    map[string]int // every address that was ever a master's or a replica's
	ordered  map[string][]time.Duration
	quorum   map[int]int  // by what it says with +odown
	known    map[int]bool // its configuration is
	fresh    map[int]bool // its epoch is not: a file that was damaged may have any that was ever reached
	most     int          // the last epoch that anybody was in
	ended    map[int]bool
	next     map[int]string // note → the event that its machine notes next
	needed   int
	damaged  bool // disks may forget
	state    State
	out      Trace
}

// prepare reads what has to be known before the first step.
func (t *tracing) prepare() {
	sentinels := 0
	for _, m := range t.h.Machines {
		if m.Kind == "sentinel" {
			t.machines[m.Name] = len(t.machines)
			if !m.Spare {
				sentinels++
			}
		}
	}
	t.state.Sentinels = make([]Sentinel, len(t.machines))
	t.needed = sentinels/2 + 1
	for _, f := range t.h.Faults {
		kind, _, _ := strings.Cut(f.Text, " ")
		switch kind {
		case "sentinel-reset", "sentinel-add", "sentinel-remove", "sentinel-set", "another-group":
			t.needed = 1
		}
		t.damaged = t.damaged || slices.Contains([]string{"lying-fsync", "torn-tail", "file-gone", "restore-config", "disk-error", "disk-full", "io-error",
			"read-only-disk", "eio", "enospc"}, kind)
	}
	t.next = map[int]string{}
	last := map[string]int{}
	for i := range t.h.Notes {
		n := &t.h.Notes[i]
		if n.ID != "" && n.From == "" && (n.Kind == "event" || n.Kind == "vote" || n.Kind == "config") {
			t.ids[n.ID] = n.Machine
		}
		if n.Event == "+reset-master" || n.Event == "-monitor" {
			t.needed = 1
		}
		if n.Kind == "event" && n.From == "" {
			if before, ok := last[n.Machine]; ok {
				t.next[before] = n.Event
			}
			last[n.Machine] = i
		}
	}
	for i := range t.h.Logs {
		if l := &t.h.Logs[i]; strings.Contains(l.Text, "Executing user requested FAILOVER") {
			t.ordered[l.Machine] = append(t.ordered[l.Machine], l.Time)
		}
	}
}

// address numbers what may be a master, by its address or its machine's name.
func (t *tracing) address(of string) int {
	for _, m := range t.h.Machines {
		if m.Addr == of {
			of = m.Name
		}
	}
	at, ok := t.addrs[of]
	if !ok {
		at = len(t.addrs)
		t.addrs[of] = at
	}
	return at
}

func (t *tracing) note(n *histories.Note) {
	who, ok := t.machines[n.Machine]
	if !ok || t.ended[who] {
		return
	}
	switch n.Kind {
	case "up":
		t.restart(who)
	case "order":
		if strings.Contains(n.Text, "SENTINEL REMOVE") || strings.Contains(n.Text, "SENTINEL MONITOR") {
			t.forget(who)
		}
	case "vote":
		if candidate, ok := t.machines[t.ids[n.Leader]]; ok {
			t.do(n, Step{Vote, who, int(n.Epoch), candidate})
		} else {
			t.find(n, Step{Vote, who, int(n.Epoch), -1}, "it votes for one that is no Sentinel of this cluster")
		}
	case "config":
		t.config(n, who)
	case "event":
		t.event(n, who)
	}
}

func (t *tracing) restart(who int) {
	if t.damaged {
		t.forget(who)
		return
	}
	_ = t.state.Do(t.rules(who), Step{Restart, who, 0, 0}) // it is always allowed
}

// forget makes a Sentinel one of which nothing is known.
func (t *tracing) forget(who int) {
	t.state.Sentinels[who] = Sentinel{}
	t.known[who], t.fresh[who] = false, true
}

func (t *tracing) rules(who int) Rules {
	if t.needed == 1 {
		return Rules{Needed: 1}
	}
	return Rules{Needed: max(t.needed, t.quorum[who])}
}

// config is the configuration that a Sentinel has: its own, which it promoted, that of another one, or at first its file's.
func (t *tracing) config(n *histories.Note, who int) {
	me := &t.state.Sentinels[who]
	about := t.address(n.Peer)
	if !t.known[who] {
		t.known[who] = true
		me.Config, me.Master = int(n.Epoch), about
		me.Epoch, me.Saved = max(me.Epoch, me.Config), max(me.Saved, me.Config)
		t.state.Configs = say(t.state.Configs, Said{who, me.Config, about})
		return
	}
	if int(n.Epoch) == me.Config && about == me.Master {
		return
	}
	t.do(n, Step{Adopt, who, int(n.Epoch), about})
}

func (t *tracing) event(n *histories.Note, who int) {
	me := &t.state.Sentinels[who]
	words := strings.Fields(n.Text)
	switch {
	case n.Event == "+new-epoch":
		if t.next[t.index(n)] != "+try-failover" { // else it is its own
			t.do(n, Step{Hear, who, int(n.Epoch), 0})
		}
	case n.Event == "+try-failover":
		kind := Stand
		if orders := t.ordered[n.Machine]; len(orders) > 0 && orders[0] <= n.Time {
			kind, t.ordered[n.Machine] = Order, orders[1:]
		}
		t.do(n, Step{kind, who, int(n.Epoch), 0})
	case n.Event == "+elected-leader":
		t.do(n, Step{Elect, who, 0, 0})
	case strings.HasPrefix(n.Event, "-failover-abort"):
		t.do(n, Step{GiveUp, who, 0, 0})
	case n.Event == "+selected-slave":
		t.do(n, Step{Choose, who, 0, t.address(words[1])})
	case n.Event == "+promoted-slave":
		t.do(n, Step{Promote, who, 0, 0})
	case n.Event == "+switch-master" && me.Stage == Promoted:
		t.do(n, Step{End, who, 0, 0})
	case n.Event == "+reset-master" && me.Stage != None:
		me.Stage = None
	case n.Event == "+odown":
		if i := strings.LastIndexByte(n.Text, '/'); i >= 0 {
			t.quorum[who], _ = strconv.Atoi(n.Text[i+1:])
		}
	}
}

// index is where a note of the history stands in it.
func (t *tracing) index(n *histories.Note) int {
	at, _ := slices.BinarySearchFunc(t.h.Notes, n.Time, func(a histories.Note, at time.Duration) int { return int(a.Time - at) })
	for &t.h.Notes[at] != n {
		at++
	}
	return at
}

func (t *tracing) do(n *histories.Note, step Step) {
	me := &t.state.Sentinels[step.Who]
	if t.fresh[step.Who] && step.Epoch > 0 {
		t.fresh[step.Who] = false
		if step.Kind == Vote {
			me.Epoch = min(step.Epoch, t.most)
		} else {
			me.Epoch = min(step.Epoch-1, t.most)
		}
	}
	t.out.Steps++
	t.out.Kinds[step.Kind]++
	if err := t.state.Do(t.rules(step.Who), step); err != nil {
		t.find(n, step, err.Error())
	}
	t.most = max(t.most, me.Epoch)
}

func (t *tracing) find(n *histories.Note, step Step, text string) {
	t.ended[step.Who] = true
	t.out.Findings = append(t.out.Findings, Finding{n.Time, n.Machine, step, text})
}
