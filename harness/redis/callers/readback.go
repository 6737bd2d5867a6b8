package callers

import (
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// What an operator reads at a Sentinel, all of it: the observer asks for it every other second, and notes what is answered,
// but for what no two answers have in common, such as how long ago something was.

// readback is what a Sentinel has told so far of the question that is open, and what it told last.
type readback struct {
	text strings.Builder
	last string
	at   node.Instant // when it was asked for last
}

// readbackCommands are what is asked beside SENTINEL MASTER.
var readbackCommands = [][]string{{"SENTINEL", "MASTERS"}, {"SENTINEL", "SLAVES", MasterName}, {"SENTINEL", "SENTINELS", MasterName},
	{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", MasterName}, {"SENTINEL", "CKQUORUM", MasterName}, {"INFO", "sentinel"}, {"SENTINEL", "PENDING-SCRIPTS"}}

// fleeting are the fields of a Sentinel's maps that say how long ago something was, or how much of it there is now.
var fleeting = map[string]bool{"link-pending-commands": true, "last-ping-sent": true, "last-ok-ping-reply": true, "last-ping-reply": true,
	"s-down-time": true, "o-down-time": true, "info-refresh": true, "role-reported-time": true, "last-hello-message": true,
	"master-link-down-time": true, "slave-repl-offset": true}

// told takes the reply to the i-th of readbackCommands.
func (t *readback) told(i int, r resp.Reply) {
	b := &t.text
	switch {
	case r.Kind == '-' || r.Kind == '+':
		line(b, "status", strings.ToLower(readbackCommands[i][1]), string(r.Kind)+string(r.Str))
	case i <= 2:
		for _, m := range r.Elems {
			fieldsOf(b, []string{"master", "slave", "sentinel"}[i], m.Elems)
		}
	case i == 3 && len(r.Elems) == 2:
		line(b, "address", string(r.Elems[0].Str)+":"+string(r.Elems[1].Str))
	case i == 5:
		for l := range strings.Lines(string(r.Str)) {
			if l = strings.TrimRight(l, "\r\n"); l != "" && l[0] != '#' {
				line(b, "info", l)
			}
		}
	case i == 6:
		for _, job := range r.Elems {
			scriptJob(b, job.Elems)
		}
	}
}

// line writes one line of words, which may have blanks.
func line(b *strings.Builder, words ...string) {
	for i, w := range words {
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(w)
	}
	b.WriteByte('\n')
}

// fieldsOf writes a map of a Sentinel's as one line: what it is about, then name=value.
func fieldsOf(b *strings.Builder, kind string, elems []resp.Reply) {
	b.WriteString(kind)
	for i := 0; i+1 < len(elems); i += 2 {
		if name := string(elems[i].Str); !fleeting[name] {
			b.WriteByte('\t')
			b.WriteString(name)
			b.WriteByte('=')
			b.Write(elems[i+1].Str)
		}
	}
	b.WriteByte('\n')
}

// scriptJob writes what PENDING-SCRIPTS says of one script: whether it runs, how often it was begun, and its words.
func scriptJob(b *strings.Builder, elems []resp.Reply) {
	words := []string{"script", "", ""}
	for i := 0; i+1 < len(elems); i += 2 {
		switch string(elems[i].Str) {
		case "flags":
			words[1] = string(elems[i+1].Str)
		case "retry-num":
			words[2] = string(elems[i+1].Str)
		case "argv":
			for _, w := range elems[i+1].Elems {
				words = append(words, string(w.Str))
			}
		}
	}
	line(b, words...)
}

// readBack notes what a Sentinel told, as one text; of one that it told before, only that it is the same.
func (o *Observer) readBack(v *view) {
	n := node.Note{Kind: node.NoteReadBack, About: v.peer.Name, Took: int64(o.now.Sub(v.asked)), Text: v.told.text.String()}
	if n.Text == v.told.last {
		n.Text, n.Event = "", "same"
	} else {
		v.told.last = n.Text
	}
	v.told.text.Reset()
	o.out.Note(n)
}

// readBackPeriod is the time between two questions for everything to the same Sentinel.
const readBackPeriod = 2 * observePeriod

// askSentinel asks a Sentinel for its master and, once in a readBackPeriod, for all that it tells.
func (o *Observer) askSentinel(v *view) {
	v.questions = 1
	v.out = v.append(v.out[:0], "SENTINEL", "MASTER", MasterName)
	if v.told.at != 0 && o.now.Sub(v.told.at) < readBackPeriod {
		o.out.Send(v.conn, v.out)
		return
	}
	v.questions += len(readbackCommands)
	v.told.text.Reset()
	v.told.at = o.now
	for _, words := range readbackCommands {
		v.out = v.append(v.out, words...)
	}
	o.out.Send(v.conn, v.out)
}

// answeredSentinel takes one reply of a Sentinel: to SENTINEL MASTER, then to each of the others.
func (o *Observer) answeredSentinel(v *view, r resp.Reply) {
	v.answers++
	if v.answers == 1 {
		v.refusal = string(r.Str)
		if v.watch.parse(r) { // else it does not know the master
			o.out.Note(v.watch.note(v.peer.Name))
			v.heard = o.now
			o.judge()
		}
	} else {
		v.told.told(v.answers-2, r)
	}
	if v.answers < v.questions {
		return
	}
	if v.questions > 1 {
		o.readBack(v)
	}
	v.asked = 0
}
