package evidence

import (
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// Event is an event of a Sentinel as it is published, or a line of its log that is none.
type Event struct {
	At      time.Duration
	Machine string
	Name    string   // "+odown"; "" of a line that is no event
	Text    string   // the payload, or the line
	Words   []string // of the payload; of a line, none
}

// Master is the name and the address ("ip:port") of the master that the event is about, "" if it is about none.
// Payloads are "master <name> <ip> <port> …" and "slave|sentinel <name> <ip> <port> @ <name> <ip> <port> …".
func (e *Event) Master() (name, addr string) {
	w := e.Words
	if len(w) >= 8 && w[4] == "@" {
		w = w[4:]
	}
	if len(w) >= 4 && (w[0] == "master" || w[0] == "@") {
		return w[1], w[2] + ":" + w[3]
	}
	return "", ""
}

// Instance is the address of the instance that the event is about, "" if it is about none.
func (e *Event) Instance() string {
	if w := e.Words; len(w) >= 4 && (w[0] == "master" || w[0] == "slave" || w[0] == "sentinel") {
		return w[2] + ":" + w[3]
	}
	return ""
}

// Events are what the Sentinels of a history did, in order of time: by their own notes, else by their logs, else by
// what they published.
func Events(r *checkers.Record) []Event { return checkers.Derived(r, readEvents) }

func readEvents(r *checkers.Record) []Event {
	noted, logged := map[string]bool{}, map[string]bool{}
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "event" && n.From != checkers.ByObserver {
			noted[n.Machine] = true
		}
	}
	sentinels := map[string]bool{}
	for _, name := range r.OfKind("sentinel") {
		sentinels[name] = true
	}
	for i := range r.Logs {
		logged[r.Logs[i].Machine] = true
	}
	var all []Event
	logs := r.Logs
	takeLogs := func(until time.Duration) {
		for ; len(logs) > 0 && logs[0].Time <= until; logs = logs[1:] {
			if l := &logs[0]; sentinels[l.Machine] {
				if e := fromLog(l); e.Name == "" || !noted[l.Machine] {
					all = append(all, e)
				}
			}
		}
	}
	for i := range r.Notes {
		n := &r.Notes[i]
		takeLogs(n.Time)
		if n.Kind == "event" && (n.From != checkers.ByObserver || !noted[n.Machine] && !logged[n.Machine]) {
			all = append(all, Event{n.Time, n.Machine, n.Event, n.Text, strings.Fields(n.Text)})
		}
	}
	takeLogs(histories.Forever)
	ordersFirst(all)
	return all
}

// NoteBeforeLog is how far the line of a log may come behind what was noted in the same moment: live, notes have the time of
// their core, and lines that of whoever reads them.
const NoteBeforeLog = 500 * time.Millisecond

// ordersFirst puts the line by which a Sentinel says that it was told to fail over before the attempt that it led to. No
// attempt is over so soon that it could be another one's.
func ordersFirst(all []Event) {
	for i := range all {
		if all[i].Name != "" || !versions.Says(all[i].Text, versions.FailoverOrdered) {
			continue
		}
		order := all[i]
		for k := i - 1; k >= 0 && order.At-all[k].At < NoteBeforeLog; k-- {
			if all[k].Machine == order.Machine && all[k].Name == "+try-failover" {
				copy(all[k+1:i+1], all[k:i])
				order.At = all[k+1].At
				all[k] = order
				break
			}
		}
	}
}

// fromLog reads a line of a Sentinel's log.
func fromLog(l *histories.LogLine) Event {
	e := Event{At: l.Time, Machine: l.Machine, Text: l.Text}
	words := strings.Fields(l.Text)
	for i, word := range words {
		if i == 0 || len(words[i-1]) != 1 || !strings.ContainsAny(words[i-1], "#*-.") {
			continue // it is not the first word behind the level
		}
		if len(word) > 1 && (word[0] == '+' || word[0] == '-') {
			e.Name, e.Words = word, words[i+1:]
			e.Text = strings.Join(e.Words, " ")
		}
		break
	}
	return e
}

// ByAddress are the machines by the addresses that others know them by.
func ByAddress(r *checkers.Record) map[string]string {
	names := map[string]string{}
	for _, m := range r.Machines {
		names[m.Addr] = m.Name
	}
	return names
}

// Ordered tells what an operator does to Sentinels, and makes all of them do: RESET forgets whom they know.
func Ordered(text string) bool {
	return strings.HasPrefix(text, "sentinel-") || strings.HasPrefix(text, "replica-")
}
