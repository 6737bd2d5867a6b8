package sim

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// What scripts do here is drawn, for each run of one anew: most end well and soon; some say that they want to be run again
// (1), or that they failed for good (2 and more), some die of a signal, and some never end.
const (
	scriptTime = int64(5 * time.Millisecond) // a quick one's, at least
	scriptSlow = int64(10 * time.Second)     // a slow one's, at most

	scriptsEndWell  = 60 // in a hundred
	scriptsWantMore = 18
	scriptsFail     = 8
	scriptsDie      = 7 // the others hang
)

// startScript runs a program that is not there, for as long as its draw says.
func (js *jobs) startScript(m *machine, ef *node.Effect) {
	j, i := js.start(m, node.ScriptExited, ef.Op)
	words, err := json.Marshal(append([]string{ef.Addr}, ef.Args...))
	node.Assert(err == nil, "words that are no JSON: %v", err)
	m.noteScript("started", ef.Op, 0, string(words))
	takes := scriptTime + int64(m.scripts.below(uint64(scriptTime)))
	if m.scripts.oneIn(4) {
		takes = int64(m.scripts.below(uint64(scriptSlow)))
	}
	switch n := int(m.scripts.below(100)); {
	case n < scriptsEndWell:
	case n < scriptsEndWell+scriptsWantMore:
		j.exit = 1
	case n < scriptsEndWell+scriptsWantMore+scriptsFail:
		j.exit = 2 + int64(m.scripts.below(254))
	case n < scriptsEndWell+scriptsWantMore+scriptsFail+scriptsDie:
		j.exit = -1 - int64(m.scripts.below(15))
	default:
		return // until it is killed
	}
	j.toil(m.slowed(takes), i)
}

// killScript ends a script that runs.
func (js *jobs) killScript(m *machine, op node.OpID) {
	for i, j := range js.table {
		if j.m == m && j.kind == node.ScriptExited && j.op == op {
			j.gen++ // the end that it would have had is none any more
			j.exit, j.due = -9, 0
			j.after(0, uint32(i))
			return
		}
	}
}

// noteScript notes what a machine's system knows of a script: that it was started, with which words, and how it ended.
func (m *machine) noteScript(what string, op node.OpID, exit int64, words string) {
	n := node.Note{Kind: node.NoteScript, About: m.spec.Name, Event: what, Key: strconv.FormatUint(uint64(op), 10), N: exit, Text: words}
	m.w.sink.Note(time.Duration(m.w.now), m.spec.Name, &n)
}
