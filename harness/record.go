package harness

import (
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node"
)

// record makes a history of what a world observes. It is the world's cluster.Sink.
type record struct {
	rec   *histories.Recorder
	names map[string]string // address → machine, to look up only
	// callers is the same by the IP that machines call from.
	callers map[string]string
	view    *view
	stages  []string                    // those that the observer has seen reached, in order
	laidOut map[string]cluster.Settings // of machines that were not started yet

	triggers *triggers // nil: no step of the schedule waits for anything
}

// reached says whether the observer has seen the cluster at stage.
func (r *record) reached(stage string) bool { return slices.Contains(r.stages, stage) }

// stage is the last one reached, "" before the first.
func (r *record) stage() string {
	if len(r.stages) == 0 {
		return ""
	}
	return r.stages[len(r.stages)-1]
}

// name is how the history calls the machine at addr.
func (r *record) name(addr string) string {
	if name, ok := r.names[addr]; ok {
		return name
	}
	return addr
}

// caller is how the history calls the machine that called from addr: of a caller, whichever port, its address is known.
func (r *record) caller(addr string) string {
	host, _, _ := strings.Cut(addr, ":")
	if name, ok := r.callers[host]; ok {
		return name
	}
	return addr
}

// Note implements cluster.Sink.
func (r *record) Note(at time.Duration, machine string, n *node.Note) {
	switch n.Kind {
	case node.NoteInvoke:
		r.rec.Invoke(at, histories.Operation{Process: n.Process, Workload: n.Workload, Func: n.Func, Key: n.Key, Arg: value(n.Arg),
			Node: n.Peer, Final: n.Final})
	case node.NoteOK:
		r.returned(r.rec.OK(at, n.Process, value(n.Result)))
	case node.NoteFail:
		r.returned(r.rec.Fail(at, n.Process, n.Text))
	case node.NoteInfo:
		r.returned(r.rec.Info(at, n.Process, n.Text))
	case node.NoteWrote:
		r.rec.Place(histories.Place{Time: at, Machine: machine, Peer: r.caller(n.Peer), Role: n.Role, Key: n.Key, Word: n.Text,
			ReplID: n.ReplID, Offset: n.Offset})
	default:
		r.observation(at, machine, n)
	}
}

// returned has steps that wait for operations know of one.
func (r *record) returned(op *histories.Operation) {
	if r.triggers != nil {
		r.triggers.returned(op)
	}
}

// note keeps a note, and has steps that wait know of it.
func (r *record) note(n histories.Note) {
	r.rec.Note(n)
	if r.triggers != nil {
		heard := n // of which the address is taken, on the heap only where somebody listens
		r.triggers.note(&heard)
	}
}

// value is the argument or result that a client noted.
func value(text string) histories.Value {
	if text == "" {
		return histories.Value{}
	}
	v, err := histories.ParseValue(text)
	if err != nil {
		node.Assert(false, "a client noted the value %s: %v", text, err)
	}
	return v
}

func (r *record) observation(at time.Duration, machine string, n *node.Note) {
	from := ""
	switch {
	case n.Kind == node.NoteWire, n.Kind == node.NoteWatching:
		machine, from = n.About, "wire"
	case n.Kind == node.NoteFile:
		machine, from = n.About, "disk"
	case n.Kind == node.NoteScript:
		machine, from = n.About, "system"
	case n.About != "":
		machine, from = n.About, "observer"
	}
	switch n.Kind {
	case node.NoteState:
		r.view.heard(at, machine, n.Role)
	case node.NoteStage:
		r.stages = append(r.stages, n.Text)
	}
	r.note(histories.Note{Time: at, Machine: machine, Kind: string(n.Kind), From: from,
		Role: n.Role, Link: n.Link, ReplID: n.ReplID, ReplID2: n.ReplID2, Offset: n.Offset, Offset2: n.Offset2,
		Peer: r.name(n.Peer), Result: n.Result, Reason: n.Reason, AskedID: n.AskedID, AskedOffset: n.AskedOffset,
		Digest: n.Digest, N: n.N, M: n.M, ID: n.ID, Master: n.Master, Leader: n.Leader, Epoch: n.Epoch,
		Event: n.Event, Text: n.Text, Key: n.Key, Took: time.Duration(n.Took)})
}

// Log implements cluster.Sink.
func (r *record) Log(at time.Duration, machine, line string) {
	r.rec.Log(at, machine, line)
	if r.triggers != nil {
		r.triggers.log(&histories.LogLine{Time: at, Machine: machine, Text: line})
	}
}

// Up implements cluster.Sink.
func (r *record) Up(at time.Duration, machine string) {
	r.note(histories.Note{Time: at, Machine: machine, Kind: histories.NoteUp})
	for _, s := range r.laidOut[machine] {
		r.note(histories.Note{Time: at, Machine: machine, Kind: string(node.NoteSettings), From: histories.FromLayout, Key: s.Name, Text: s.Value})
	}
	delete(r.laidOut, machine)
}

// Down implements cluster.Sink.
func (r *record) Down(at time.Duration, machine, why string) {
	r.note(histories.Note{Time: at, Machine: machine, Kind: histories.NoteDown, Text: why})
}
