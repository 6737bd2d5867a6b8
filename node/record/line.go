package record

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"

	"github.com/ordeal-go/ordeal/node"
)

// Version is the version of the format.
const Version = 1

// line is one line of a recording: a header, an event, or the digest of the effects of the event before.
type line struct {
	Version int    `json:"ordeal_recording,omitempty"`
	Birth   *Birth `json:"birth,omitempty"`

	Now    *node.Instant `json:"t,omitempty"` // the machine's wall clock
	Event  string        `json:"event,omitempty"`
	Conn   node.ConnID   `json:"conn,omitempty"`
	Timer  node.TimerID  `json:"timer,omitempty"`
	Op     node.OpID     `json:"op,omitempty"`
	N      int64         `json:"n,omitempty"`
	Bytes  []byte        `json:"bytes,omitempty"`
	Local  string        `json:"local,omitempty"`
	Remote string        `json:"remote,omitempty"`
	Err    node.Errno    `json:"err,omitempty"`

	Effects *int   `json:"effects,omitempty"` // how many
	Digest  string `json:"digest,omitempty"`  // 16 hexadecimal digits
}

func eventLine(now node.Instant, ev *node.Event) line {
	return line{Now: &now, Event: ev.Kind.String(), Conn: ev.Conn, Timer: ev.Timer, Op: ev.Op, N: ev.N, Bytes: ev.Bytes,
		Local: ev.Local, Remote: ev.Remote, Err: ev.Err}
}

// event is the event that the line tells; the result of a piece of work is not in it.
func (l line) event() (node.Event, error) {
	for kind := node.Started; kind <= node.Resolved; kind++ {
		if kind.String() == l.Event {
			return node.Event{Kind: kind, Conn: l.Conn, Timer: l.Timer, Op: l.Op, N: l.N, Bytes: l.Bytes, Local: l.Local, Remote: l.Remote, Err: l.Err}, nil
		}
	}
	return node.Event{}, fmt.Errorf("there is no event %q", l.Event)
}

func effectsLine(effects []node.Effect) line {
	n := len(effects)
	return line{Effects: &n, Digest: Digest(effects)}
}

// Digest tells effects apart: everything that they say goes into it but the code of a piece of work.
func Digest(effects []node.Effect) string {
	h := fnv.New64a()
	for i := range effects {
		digestEffect(h, &effects[i])
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

func digestEffect(w io.Writer, e *node.Effect) {
	number := func(v int64) { binary.Write(w, binary.LittleEndian, v) }
	text := func(s string) {
		number(int64(len(s)))
		io.WriteString(w, s)
	}
	flag := int64(0)
	if e.Flag {
		flag = 1
	}
	for _, v := range []int64{int64(e.Kind), flag, int64(e.Conn), int64(e.Timer), int64(e.Op), int64(e.After), int64(e.N), int64(len(e.Bytes))} {
		number(v)
	}
	w.Write(e.Bytes)
	for _, s := range append([]string{e.Addr, e.From, e.Text}, e.Args...) {
		text(s)
	}
	for _, step := range e.Steps {
		number(int64(step.Kind))
		text(step.Path)
		text(step.To)
		text(string(step.Data))
		number(int64(step.File))
		number(step.At)
		number(step.Size)
	}
	if e.Note != nil {
		note, _ := json.Marshal(e.Note) // a flat struct of strings and numbers always marshals
		w.Write(note)
	}
}
