package checkers

import (
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// happening is an event of a Sentinel as it is published, or a line of its log that is none.
type happening struct {
	at      time.Duration
	machine string
	name    string   // "+odown"; "" of a line that is no event
	text    string   // the payload, or the line
	words   []string // of the payload; of a line, none
}

// master is the name and the address ("ip:port") of the master that the event is about, "" if it is about none.
// Payloads are "master <name> <ip> <port> …" and "slave|sentinel <name> <ip> <port> @ <name> <ip> <port> …".
func (e *happening) master() (name, addr string) {
	w := e.words
	if len(w) >= 8 && w[4] == "@" {
		w = w[4:]
	}
	if len(w) >= 4 && (w[0] == "master" || w[0] == "@") {
		return w[1], w[2] + ":" + w[3]
	}
	return "", ""
}

// instance is the address of the instance that the event is about, "" if it is about none.
func (e *happening) instance() string {
	if w := e.words; len(w) >= 4 && (w[0] == "master" || w[0] == "slave" || w[0] == "sentinel") {
		return w[2] + ":" + w[3]
	}
	return ""
}

// happenings are what the Sentinels of a history did, in order of time: by their own notes, else by their logs, else by
// what they published.
func (r *record) happenings() []happening {
	noted, logged := map[string]bool{}, map[string]bool{}
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "event" && n.From != byObserver {
			noted[n.Machine] = true
		}
	}
	sentinels := map[string]bool{}
	for _, name := range r.kind("sentinel") {
		sentinels[name] = true
	}
	for i := range r.Logs {
		logged[r.Logs[i].Machine] = true
	}
	var all []happening
	logs := r.Logs
	takeLogs := func(until time.Duration) {
		for ; len(logs) > 0 && logs[0].Time <= until; logs = logs[1:] {
			if l := &logs[0]; sentinels[l.Machine] {
				if e := fromLog(l); e.name == "" || !noted[l.Machine] {
					all = append(all, e)
				}
			}
		}
	}
	for i := range r.Notes {
		n := &r.Notes[i]
		takeLogs(n.Time)
		if n.Kind == "event" && (n.From != byObserver || !noted[n.Machine] && !logged[n.Machine]) {
			all = append(all, happening{n.Time, n.Machine, n.Event, n.Text, strings.Fields(n.Text)})
		}
	}
	takeLogs(histories.Forever)
	return all
}

// fromLog reads a line of a Sentinel's log.
func fromLog(l *histories.LogLine) happening {
	e := happening{at: l.Time, machine: l.Machine, text: l.Text}
	words := strings.Fields(l.Text)
	for i, word := range words {
		if i == 0 || len(words[i-1]) != 1 || !strings.ContainsAny(words[i-1], "#*-.") {
			continue // it is not the first word behind the level
		}
		if len(word) > 1 && (word[0] == '+' || word[0] == '-') {
			e.name, e.words = word, words[i+1:]
			e.text = strings.Join(e.words, " ")
		}
		break
	}
	return e
}

// byAddress are the machines by the addresses that others know them by.
func (r *record) byAddress() map[string]string {
	names := map[string]string{}
	for _, m := range r.Machines {
		names[m.Addr] = m.Name
	}
	return names
}

// steady says whether the machine's process ran during all of [from, to], or since it first began.
func (t *timeline) steady(from, to time.Duration) bool {
	return len(t.lives) > 0 && t.lives[0].from <= to && !t.turned(max(from, t.lives[0].from), to)
}
