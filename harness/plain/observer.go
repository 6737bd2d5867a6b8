package plain

import (
	"fmt"
	"strings"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/node"
)

const (
	observerName              = "o1"
	timerRound   node.TimerID = 1
)

// observer asks every server how it is, round and round, and reads everything once more in the end.
type observer struct {
	*setup
	views []*view
	await string // the stage that is waited for, "" none
	since node.Instant
	held  int // rounds in a row in which the cluster was settled

	reading *view // who is asked the last reads, nil before them
	reads   []Op
	next    int
}

// view is what is known of a server.
type view struct {
	link
	spare bool
	says  State
	heard node.Instant // 0: never
}

func (s *setup) observer(m cluster.Machine, _ cluster.Boot) node.Core {
	o := &observer{setup: s}
	for _, server := range s.Nodes {
		o.views = append(o.views, &view{link: link{server: server, from: m.Host}, spare: server.Spare})
	}
	for i, keys := range s.keys {
		for _, key := range keys {
			o.reads = append(o.reads, Op{Key: key, label: s.Work.Label(i)})
		}
	}
	return o
}

// Step implements [node.Core].
func (o *observer) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started, node.TimerFired:
		o.round(now, out)
		return
	case node.Told:
		o.told(string(ev.Bytes), now, out)
		return
	}
	for _, v := range o.views {
		if ev.Conn == 0 || v.state == down || v.conn != ev.Conn {
			continue
		}
		switch ev.Kind {
		case node.Dialled:
			if v.enter(up, now); v == o.reading {
				o.read(now, out)
			}
		case node.DialFailed, node.Closed:
			o.gone(v, now, out)
		case node.Received:
			if line, ok := v.answer(ev.Bytes); ok {
				o.answered(v, line, now, out)
			}
		}
	}
}

// told takes a message of the harness.
func (o *observer) told(message string, now node.Instant, out *node.Effects) {
	if name, ok := strings.CutPrefix(message, workload.ExpectPrefix); ok {
		for _, v := range o.views {
			v.spare = v.spare && v.server.Name != name
		}
		return
	}
	if message == workload.Explain {
		o.explain(out)
		return
	}
	o.await, o.since, o.held = message, now, 0
}

// explain notes whom the stage still waits for.
func (o *observer) explain(out *node.Effects) {
	for _, v := range o.views {
		if v.heard <= o.since && !v.spare {
			out.Note(node.Note{Kind: workload.NoteWaiting, About: v.server.Name, Text: fmt.Sprintf("%s: %s does not answer %q", observerName, v.server.Name, o.Status())})
		} else if !v.spare {
			out.Note(node.Note{Kind: workload.NoteWaiting, About: v.server.Name, Text: fmt.Sprintf("%s: it is %s, with the data %q", v.server.Name, v.says.Role, v.says.Digest)})
		}
	}
}

// gone forgets what was under way with a server.
func (o *observer) gone(v *view, now node.Instant, out *node.Effects) {
	v.heard = 0
	if v == o.reading { // settle anew, and read all again
		if v.asked {
			finish(out, observerName, o.reads[o.next], Answer{Outcome: Unknown, Why: "connection lost"})
		}
		o.reading, o.await, o.since, o.held = nil, workload.StageSettled, now, 0
	}
	v.enter(down, now)
}

// round asks everybody who is not being asked.
func (o *observer) round(now node.Instant, out *node.Effects) {
	for _, v := range o.views {
		if v.spare {
			continue
		}
		if v.overdue(now) {
			out.Close(v.conn)
			o.gone(v, now, out)
		}
		v.open(now, out)
		if v.state == up && !v.asked && o.reading == nil {
			v.ask(o.Status(), now, out)
		}
	}
	out.SetTimer(timerRound, pause)
}

// answered takes an answer: to a last read, or to the question how a server is.
func (o *observer) answered(v *view, line string, now node.Instant, out *node.Effects) {
	if v == o.reading {
		op := o.reads[o.next]
		finish(out, observerName, op, o.Heard(op, line))
		o.next++
		o.read(now, out)
		return
	}
	said := o.State(line)
	out.Note(node.Note{Kind: node.NoteState, About: v.server.Name, Role: said.Role, Took: int64(now.Sub(v.since))})
	v.says, v.heard = said, now
	if o.await != "" {
		o.judge(now, out)
	}
}

// judge notes the stage that is waited for once everybody has agreed for two rounds.
func (o *observer) judge(now node.Instant, out *node.Effects) {
	master := o.settled()
	if o.held++; master == nil {
		o.held = 0
	}
	if o.held <= 2*len(o.views) {
		return
	}
	out.Note(node.Note{Kind: node.NoteStage, Text: o.await})
	if o.await == workload.StageSettled {
		master.drop(now, out) // on the old connection, an answer may still be on its way
		o.reading, o.next = master, 0
		master.since = 0 // at once
		master.open(now, out)
	}
	o.await = ""
}

// settled is the one master that all others follow with the same data, nil if there is none.
func (o *observer) settled() (master *view) {
	for _, v := range o.views {
		switch {
		case v.spare:
		case v.heard <= o.since:
			return nil
		case v.says.Role == "master" && master != nil:
			return nil
		case v.says.Role == "master":
			master = v
		}
	}
	for _, v := range o.views {
		if master != nil && !v.spare && v.says.Digest != master.says.Digest {
			return nil
		}
	}
	return master
}

// read asks for the next of the last reads.
func (o *observer) read(now node.Instant, out *node.Effects) {
	if o.next == len(o.reads) {
		o.reading = nil
		out.Note(node.Note{Kind: node.NoteStage, Text: workload.StageFinal})
		return
	}
	op := o.reads[o.next]
	invoke(out, observerName, o.reading.server.Name, op).Final = true
	o.reading.ask(o.Ask(op), now, out)
}
