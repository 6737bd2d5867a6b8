package sim

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// What is noted besides events and effects; the numbers lie behind those of events.
const (
	lifeUp   = 50
	lifeDown = 51
	faultIs  = 52
)

// The highest bits of the byte that holds the kind of an event or effect.
const (
	effectMark = 1 << 47
	flagMark   = 1 << 46
)

// noteEvent takes an event into the trace.
func (w *World) noteEvent(m *machine, ev *node.Event) {
	g := &w.digest
	// The word that says how many bytes and texts follow makes the whole sequence unambiguous.
	follow := uint64(len(ev.Bytes))<<20 ^ uint64(len(ev.Err))<<10 ^ uint64(len(ev.Local))
	g.words(uint64(w.now), uint64(m.index)<<48|uint64(ev.Kind)<<40^follow, uint64(ev.Conn)^uint64(ev.Timer)^uint64(ev.Op)<<32, uint64(ev.N))
	if len(ev.Bytes) > 0 {
		g.bytes(ev.Bytes)
	}
	if ev.Err != "" {
		g.text(string(ev.Err))
	}
	if ev.Local != "" {
		g.text(ev.Local)
		g.text(ev.Remote)
	}
	if w.trace != nil {
		w.trace.event(w.now, m, ev)
	}
}

// noteEffect takes an effect into the trace.
func (w *World) noteEffect(m *machine, ef *node.Effect) {
	g := &w.digest
	kind := uint64(m.index)<<48 | effectMark | uint64(ef.Kind)<<40
	if ef.Flag {
		kind |= flagMark
	}
	kind ^= uint64(len(ef.Bytes))<<8 ^ uint64(len(ef.Steps))
	g.words(uint64(w.now), kind, uint64(ef.Conn)^uint64(ef.Timer)^uint64(ef.Op)<<32, uint64(ef.After)^uint64(ef.N)<<40)
	switch ef.Kind {
	case node.EffectSend:
		g.bytes(ef.Bytes)
	case node.EffectNote:
		digestNote(g, ef.Note)
	case node.EffectFile:
		for i := range ef.Steps {
			s := &ef.Steps[i]
			g.words(uint64(s.Kind)^uint64(s.File)<<8, uint64(len(s.Data))^uint64(s.At), uint64(len(s.Path))^uint64(s.Size)<<16,
				uint64(len(s.To)))
			g.text(s.Path)
			g.text(s.To)
			g.bytes(s.Data)
		}
	case node.EffectListen, node.EffectDial, node.EffectScript, node.EffectLog, node.EffectResolve:
		g.text(ef.Addr)
		g.text(ef.From)
		g.text(ef.Text)
		for _, a := range ef.Args {
			g.text(a)
		}
	}
	if w.trace != nil {
		w.trace.effect(w.now, m, ef)
	}
}

func digestNote(g *digest, n *node.Note) {
	final := uint64(0)
	if n.Final {
		final = 1
	}
	d := g.withWords(uint64(n.Offset), uint64(n.Offset2), uint64(n.AskedOffset), uint64(n.Epoch))
	d = d.withWords(uint64(n.N), uint64(n.M), final, uint64(n.Took))
	d = d.withField(string(n.Kind)).withFields(n.Role, n.Link, n.ReplID, n.ReplID2)
	d = d.withFields(n.Peer, n.Result, n.Reason, n.AskedID).withFields(n.Digest, n.ID, n.Master, n.Leader)
	d = d.withFields(n.Event, n.Text, n.Process, n.Workload)
	*g = d.withField(n.Func).withField(n.Key).withField(n.Arg)
}

func (w *World) noteLife(m *machine, what, n int) {
	w.digest.words(uint64(w.now), uint64(m.index)<<48|uint64(what)<<40, uint64(m.life), uint64(n))
	if w.trace != nil {
		w.trace.line("%v %s %s life %d\n", time.Duration(w.now), m.spec.Name, map[int]string{lifeUp: "up", lifeDown: "down"}[what], m.life)
	}
}

func (w *World) noteFault(id int, what string) {
	w.digest.words(uint64(w.now), faultIs<<40, uint64(id), uint64(len(what)))
	w.digest.text(what)
	if w.trace != nil {
		w.trace.line("%v fault %d %s\n", time.Duration(w.now), id, what)
	}
}

// traceLog writes the trace as text, one line for each event ("<") and effect (">").
type traceLog struct {
	out *bufio.Writer
	err error
}

func newTraceLog(w io.Writer) *traceLog { return &traceLog{out: bufio.NewWriterSize(w, 1<<16)} }

func (t *traceLog) flush() error {
	if err := t.out.Flush(); t.err == nil {
		t.err = err
	}
	if t.err != nil {
		return fmt.Errorf("sim: the trace log is not complete: %w", t.err)
	}
	return nil
}

func (t *traceLog) line(format string, args ...any) {
	if _, err := fmt.Fprintf(t.out, format, args...); t.err == nil {
		t.err = err
	}
}

func (t *traceLog) event(now int64, m *machine, ev *node.Event) {
	t.line("%v %s < %v", time.Duration(now), m.spec.Name, ev.Kind)
	switch ev.Kind {
	case node.TimerFired:
		t.line(" timer=%d", ev.Timer)
	case node.FileDone, node.WorkDone, node.ScriptExited, node.Resolved:
		t.line(" op=%d n=%d", ev.Op, ev.N)
	case node.Started, node.Listened, node.Told:
	default:
		t.line(" conn=%d", ev.Conn)
	}
	if ev.Kind == node.Sent {
		t.line(" n=%d", ev.N)
	}
	if ev.Local != "" {
		t.line(" local=%s remote=%s", ev.Local, ev.Remote)
	}
	if ev.Err != "" {
		t.line(" err=%q", string(ev.Err))
	}
	if len(ev.Bytes) > 0 {
		t.line(" %q", ev.Bytes)
	}
	t.line("\n")
}

func (t *traceLog) effect(now int64, m *machine, ef *node.Effect) {
	t.line("%v %s > %v", time.Duration(now), m.spec.Name, ef.Kind)
	switch ef.Kind {
	case node.EffectSend:
		t.line(" conn=%d tell=%v %q", ef.Conn, ef.Flag, ef.Bytes)
	case node.EffectClose:
		t.line(" conn=%d after-flush=%v", ef.Conn, ef.Flag)
	case node.EffectHold:
		t.line(" conn=%d %v", ef.Conn, ef.Flag)
	case node.EffectDial:
		t.line(" conn=%d %s from=%q", ef.Conn, ef.Addr, ef.From)
	case node.EffectListen:
		t.line(" %s", ef.Addr)
	case node.EffectSetTimer:
		t.line(" timer=%d after=%v", ef.Timer, ef.After)
	case node.EffectStopTimer:
		t.line(" timer=%d", ef.Timer)
	case node.EffectFile:
		t.line(" op=%d background=%v", ef.Op, ef.Flag)
		for _, s := range ef.Steps {
			t.line(" [%v %q %q %q", s.Kind, s.Path, s.To, s.Data)
			if s.File != 0 {
				t.line(" file=%d at=%d size=%d", s.File, s.At, s.Size)
			}
			t.line("]")
		}
	case node.EffectWork:
		t.line(" op=%d size=%d", ef.Op, ef.N)
	case node.EffectScript:
		t.line(" op=%d %q %q", ef.Op, ef.Addr, ef.Args)
	case node.EffectKillScript:
		t.line(" op=%d", ef.Op)
	case node.EffectResolve:
		t.line(" op=%d %q", ef.Op, ef.Addr)
	case node.EffectBusy:
		t.line(" %v", ef.After)
	case node.EffectNote:
		t.line(" %+v", *ef.Note)
	case node.EffectLog:
		t.line(" %q %q", ef.Addr, ef.Text)
	case node.EffectExit:
		t.line(" status=%d", ef.N)
	}
	t.line("\n")
}
