package sentinel

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// entry is an event as a log or a subscriber has it.
type entry struct {
	at    time.Duration
	text  string // name and payload
	level byte
}

// logged wants each event of a Sentinel in its log, once, in order and at its level. What is verbose is not logged.
func (e *eventful) logged(s string, said []*histories.Note) {
	if e.r.World != "sim" {
		return // what another program, or the harness, does with lines is not the Sentinel's
	}
	var lines []entry
	for i := range e.r.Logs {
		l := &e.r.Logs[i]
		if l.Machine != s {
			continue
		}
		if level, name, payload := logLine(l.Text); kindsOf[name].level != 0 && level != '.' {
			lines = append(lines, entry{l.Time, name + " " + payload, level})
		}
	}
	e.q.Saw("lines of the log", len(lines))
	i := 0
	lastWord := func() bool { // a process that is killed between its log and what it says to others
		return i < len(lines) && e.r.Of(s).Turned(lines[i].at-1, lines[i].at)
	}
	for _, n := range said {
		level := kindsOf[n.Event].level
		if level == '-' || level == 0 {
			continue
		}
		for lastWord() && lines[i].text != n.Event+" "+n.Text {
			i++
		}
		if i == len(lines) || lines[i].text != n.Event+" "+n.Text {
			e.wrong(n, "its log does not have it%s", instead(lines, i))
			return
		}
		if lines[i].level != level {
			e.wrong(n, "it is logged at %q, and its level is %q", string(lines[i].level), string(level))
			return
		}
		i++
	}
	if i < len(lines) && len(said) > 0 && !lastWord() {
		e.q.Breach(lines[i].at, s, nil, "logged %s, and did not publish it", lines[i].text)
	}
}

func instead(lines []entry, i int) string {
	if i == len(lines) {
		return ""
	}
	return fmt.Sprintf(", and has %q", lines[i].text)
}

// logLine takes a line of a log apart: "7001:X 01 Jan 00:00:19.670 # +sdown master …".
func logLine(text string) (level byte, name, payload string) {
	words := strings.Fields(text)
	for i, w := range words[:max(0, len(words)-1)] {
		if len(w) == 1 && strings.ContainsAny(w, "#*-.") {
			return w[0], words[i+1], strings.Join(words[i+2:], " ")
		}
	}
	return 0, "", ""
}

// heardLate is how long an event may be on its way to a subscriber.
const heardLate = time.Second

// heard wants a subscriber to hear every event of a Sentinel, once and in order, as long as his subscription stands.
func (e *eventful) heard(s string, said []*histories.Note) {
	var heard []entry
	from := time.Duration(-1)
	for i := range e.r.Notes {
		n := &e.r.Notes[i]
		if n.Machine != s {
			continue
		}
		switch {
		case n.Kind == "listens":
			from, heard = n.Time, nil
		case n.Kind == "heard" && from >= 0:
			heard = append(heard, entry{n.Time, n.Key + " " + n.Text, 0})
		case (n.Kind == "deaf" || n.Kind == "down") && from >= 0:
			e.subscription(s, said, heard, from, n.Time)
			from = -1
		}
	}
	if from >= 0 {
		e.subscription(s, said, heard, from, e.r.End)
	}
}

// subscription judges what was heard in [from, to].
func (e *eventful) subscription(s string, said []*histories.Note, heard []entry, from, to time.Duration) {
	first := slices.IndexFunc(said, func(n *histories.Note) bool { return n.Time > from })
	for first > 0 && len(heard) > 0 && said[first-1].Time >= from-heardLate && said[first-1].Time >= heard[0].at-heardLate &&
		!(first < len(said) && said[first].Event+" "+said[first].Text == heard[0].text) {
		first-- // the subscription stood before the subscriber was told so
	}
	if first < 0 {
		first = len(said)
	}
	e.q.Saw("heard by a subscriber", len(heard))
	i := 0
	for _, n := range said[first:] {
		if n.Time > to-heardLate-e.r.Slack {
			break
		}
		late := heardLate + e.r.Slack
		if e.hurt(s, n.Time, n.Time+heardLate) { // a process that stood still just then says it later
			late = to - n.Time
		}
		if i < len(heard) && heard[i].text == n.Event+" "+n.Text && heard[i].at <= n.Time+late {
			i++
			continue
		}
		e.wrong(n, "a subscriber did not hear it within %v%s", heardLate, instead(heard, i))
		return
	}
	if i < len(heard) && heard[i].at < to-2*heardLate {
		e.q.Breach(heard[i].at, s, nil, "a subscriber heard %s, which it did not do then", heard[i].text)
	}
}

// reboots wants a Sentinel to notice that a server's process is another one: its next INFO says so.
func (e *eventful) reboots(s string, said []*histories.Note) {
	for _, m := range e.r.Machines {
		if m.Kind != "server" || e.r.Slack > 0 {
			continue
		}
		lives := e.r.Of(m.Name).Lives
		for i := 1; i < len(lives); i++ {
			up, until := lives[i].From, lives[i].From+infoPeriod+5*time.Second
			if lives[i-1].To-lives[i-1].From < infoPeriod || until > min(lives[i].To, e.r.End) || e.disturbedBy(s, m.Name, lives[i-1].To, until) {
				continue
			}
			if known, noticed := e.rebooted(said, m.Addr, lives[i-1].To, up, until); known {
				e.q.Saw("restarts of servers", 1)
				if !noticed {
					e.q.Breach(until, s, nil, "did not notice in %v that %s had started again (+reboot)", until-up, m.Name)
				}
			}
		}
	}
}

// knownSince is for how long an instance must have been watched for its process to be known: INFO is asked for at once.
const knownSince = 3 * time.Second

// rebooted says whether a Sentinel knew a server well before its process ended, and all the time until it must have
// noticed the new one, and whether it did.
func (e *eventful) rebooted(said []*histories.Note, addr string, ended, up, until time.Duration) (known, noticed bool) {
	for _, n := range said {
		p := payloadOf(n.Text)
		switch {
		case n.Time > until:
			return known, noticed
		case (n.Event == "+slave" || n.Event == "+monitor") && p.addr == addr:
			known = n.Time < ended-knownSince
		case n.Event == "+switch-master", n.Event == "+reset-master", n.Event == "-monitor", n.Event == "+tilt":
			if n.Time >= ended-knownSince {
				return false, false
			}
			if len(p.words) == 5 && joined(p.words[3], p.words[4]) == addr {
				known = true
			}
		case n.Event == "+reboot" && p.addr == addr && n.Time >= up:
			noticed = true
		}
	}
	return known, noticed
}

// disturbedBy says whether anything but the end of a server's process may keep a Sentinel from hearing of it.
func (e *eventful) disturbedBy(s, server string, from, to time.Duration) bool {
	return e.hurt(s, from-infoPeriod, to) || slices.ContainsFunc(e.r.Faults, func(f histories.Fault) bool {
		verb, _, _ := strings.Cut(f.Text, " ")
		return verb != "kill" && verb != "restart" && verb != "terminate" && f.Start <= to && (f.Stop == histories.Forever || f.Stop+faultLingers >= from || lasting(f.Text)) &&
			(slices.Contains(f.Targets, server) || slices.Contains(f.Targets, s))
	})
}
