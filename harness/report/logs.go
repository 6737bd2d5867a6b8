package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// logs are the lines of all machines' logs and what the nemesis did, in order of time, column by column.
type logs struct {
	Time    []int64  `json:"t"` // each from the one before
	Machine []int    `json:"machine"`
	Line    []string `json:"line"`
	Warns   []int    `json:"warns"`   // indexes of the lines that tell of trouble
	LeftOut int      `json:"leftOut"` // lines from the middle of a very long log
	Where   int      `json:"where"`   // index of the first line after the gap
}

// logLinesMax is how many lines a page carries; the history has them all.
const logLinesMax = 40_000

// nemesisName is the name under which faults stand among the log lines.
const nemesisName = "nemesis"

func newLogs(h *histories.History, t *texts) logs {
	lines := make([]histories.LogLine, 0, len(h.Logs)+2*len(h.Faults))
	for _, f := range h.Faults {
		lines = append(lines, histories.LogLine{Time: f.Start, Machine: nemesisName, Text: f.Text})
		if f.Stop != histories.Forever {
			lines = append(lines, histories.LogLine{Time: f.Stop, Machine: nemesisName, Text: "end of: " + f.Text})
		}
	}
	lines = append(lines, h.Logs...)
	slices.SortStableFunc(lines, func(a, b histories.LogLine) int { return cmp.Compare(a.Time, b.Time) })
	l := logs{Time: []int64{}, Machine: []int{}, Line: []string{}, Warns: []int{}}
	if over := len(lines) - logLinesMax; over > 0 {
		l.LeftOut, l.Where = over, logLinesMax/2
		lines = slices.Delete(lines, logLinesMax/2, logLinesMax/2+over)
	}
	before := int64(0)
	for i, line := range lines {
		at := micros(line.Time)
		l.Time, before = append(l.Time, at-before), at
		l.Machine, l.Line = append(l.Machine, t.index(line.Machine)), append(l.Line, shown(line.Text))
		if line.Machine != nemesisName && warns(line.Text) {
			l.Warns = append(l.Warns, i)
		}
	}
	return l
}

// troubles are words of Redis's and Sentinel's log lines about something that went wrong. The level of a line does not
// say it: Redis logs its start at the level of a warning.
var troubles = []string{
	"error", "fail", "lost", "timeout", "timed out", "unable", "can't", "cannot", "abort", "panic", "assert", "crash", "refused", "denied",
	"not possible", "not enough", "out of memory", "corrupt", "bad file", "unexpected", "discard", "+sdown", "+odown", "+tilt", "misconf", "short read",
}

// warns says whether a log line tells of trouble.
func warns(line string) bool {
	line = strings.ToLower(line)
	if strings.Contains(line, "failover-state-") || strings.Contains(line, "+failover-end") || strings.Contains(line, "no cached master") {
		return false // steps of what goes well
	}
	return slices.ContainsFunc(troubles, func(word string) bool { return strings.Contains(line, word) })
}

// moment is an entry of the list of what happened, the timeline in words.
type moment struct {
	At      string
	Micros  int64
	Is      string // the kind of mark, or "fault", "healed", "stage"
	Machine string
	Text    string
}

// momentsMax is how many moments the page lists.
const momentsMax = 400

// moments tells the run: faults, deaths, suspicions, elections, promotions, syncs and stages, in order of time.
func moments(h *histories.History) []moment {
	n := newNames(h)
	var all []moment
	add := func(at time.Duration, is, machine, text string) {
		all = append(all, moment{seconds(at), micros(at), is, machine, shown(text)})
	}
	for _, f := range h.Faults {
		add(f.Start, "fault", nemesisName, f.Text)
		if f.Stop != histories.Forever {
			add(f.Stop, "healed", nemesisName, "end of: "+f.Text)
		}
	}
	started := map[string]bool{}
	servers := map[string]bool{}
	for _, m := range h.Machines {
		servers[m.Name] = m.Kind == "server" || m.Kind == "sentinel"
	}
	for i := range h.Notes {
		note := &h.Notes[i]
		is, text := n.mark(note)
		switch {
		case note.Kind == "stage":
			is, text = "stage", "the cluster is "+note.Text
			if note.Text == "final" {
				text = "the last reads are done"
			}
			add(note.Time, is, "", text)
			continue
		case note.Kind == "broken":
			add(note.Time, "fault", "", "the run broke off: "+note.Text)
			continue
		case is == "up" && (!started[note.Machine] || !servers[note.Machine]):
			started[note.Machine] = true
			continue
		case note.Kind == "resync", is == "", is == "refused", is == "event", is == "well":
			continue
		case is == "sdown" && !strings.HasPrefix(note.Text, "master "):
			continue
		}
		add(note.Time, is, note.Machine, text)
	}
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(a.Micros, b.Micros) })
	if more := len(all) - momentsMax; more > 0 {
		at := all[momentsMax]
		all = append(all[:momentsMax:momentsMax], moment{at.At, at.Micros, "event", "", fmt.Sprintf("and %d more, on the timeline", more)})
	}
	return all
}
