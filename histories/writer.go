package histories

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"
)

// Writer streams a history as JSON lines while the run goes on. Lines reach the underlying writer whole: a run that
// dies leaves a file that [Read] reads up to its last line. It is not safe for concurrent use.
//
// The first error sticks: later calls do nothing, and Err and Close report it.
type Writer struct {
	w      io.Writer
	buffer int
	lines  []byte // whole lines that have not been written
	err    error
}

// NewWriter returns a writer on w. With buffer 0 every line is one Write, at once: use it live, where what was lost
// cannot be had again. Otherwise lines are gathered and written together when there are buffer bytes of them, and a
// crash of the process loses those: use it in a simulation, where the seed brings them back.
func NewWriter(w io.Writer, buffer int) *Writer { return &Writer{w: w, buffer: buffer} }

// Header writes the first line. Version is filled in if it is 0.
func (w *Writer) Header(h Header) {
	if h.Version == 0 {
		h.Version = Version
	}
	line, err := json.Marshal(h)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.end(append(w.lines, line...))
}

// Invoke writes that op began at op.Invoked. How it ended is ignored.
func (w *Writer) Invoke(op *Operation) {
	b := appendTime(w.lines, op.Invoked)
	b = append(b, `,"op":"invoke"`...)
	b = appendText(appendName(b, "process"), op.Process)
	b = appendField(b, "workload", op.Workload)
	b = appendText(appendName(b, "f"), op.Func)
	b = appendField(b, "key", op.Key)
	b = appendValue(b, "arg", op.Arg)
	b = appendField(b, "node", op.Node)
	if op.Final {
		b = append(b, `,"final":true`...)
	}
	w.end(append(b, '}'))
}

// OK writes that the operation which process has open happened, and what it found.
func (w *Writer) OK(at time.Duration, process string, result Value) {
	b := appendTime(w.lines, at)
	b = append(b, `,"op":"ok"`...)
	b = appendText(appendName(b, "process"), process)
	b = appendValue(b, "result", result)
	w.end(append(b, '}'))
}

// Fail writes that the operation which process has open certainly did not happen.
func (w *Writer) Fail(at time.Duration, process, text string) { w.result(at, Fail, process, text) }

// Info writes that the operation which process has open may have happened, then or later.
func (w *Writer) Info(at time.Duration, process, text string) { w.result(at, Info, process, text) }

func (w *Writer) result(at time.Duration, outcome Outcome, process, text string) {
	b := appendTime(w.lines, at)
	b = appendField(b, "op", string(outcome))
	b = appendText(appendName(b, "process"), process)
	b = appendField(b, "error", text)
	w.end(append(b, '}'))
}

// FaultStart writes that f came into force at f.Start. f.Stop is ignored.
func (w *Writer) FaultStart(f Fault) {
	b := appendTime(w.lines, f.Start)
	b = append(b, `,"fault":"start"`...)
	b = strconv.AppendInt(appendName(b, "id"), int64(f.ID), 10)
	b = appendText(appendName(b, "text"), f.Text)
	b = appendField(b, "asked", f.Asked)
	if len(f.Targets) > 0 {
		b = append(appendName(b, "targets"), '[')
		for i, target := range f.Targets {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, target)
		}
		b = append(b, ']')
	}
	w.end(append(b, '}'))
}

// FaultStop writes that the fault id is no longer in force.
func (w *Writer) FaultStop(at time.Duration, id int) {
	b := appendTime(w.lines, at)
	b = append(b, `,"fault":"stop"`...)
	b = strconv.AppendInt(appendName(b, "id"), int64(id), 10)
	w.end(append(b, '}'))
}

// Note writes an observation.
func (w *Writer) Note(n *Note) { w.end(appendNote(w.lines, n)) }

// Log writes a line of a machine's log.
func (w *Writer) Log(at time.Duration, machine, line string) {
	b := appendTime(w.lines, at)
	b = appendText(appendName(b, "machine"), machine)
	b = appendText(appendName(b, "log"), line)
	w.end(append(b, '}'))
}

// Footer writes the last line. A history without it did not come to its end.
func (w *Writer) Footer(f Footer) {
	b := append(w.lines, `{"end":`...)
	b = strconv.AppendInt(b, int64(f.End), 10)
	b = appendField(b, "trace", f.Trace)
	w.end(append(b, '}'))
}

// end takes the lines so far, the last without its newline.
func (w *Writer) end(lines []byte) {
	w.lines = append(lines, '\n')
	if len(w.lines) >= w.buffer {
		w.Flush()
	}
}

// Flush writes the lines gathered.
func (w *Writer) Flush() error {
	if w.err == nil && len(w.lines) > 0 {
		_, w.err = w.w.Write(w.lines)
	}
	w.lines = w.lines[:0]
	return w.err
}

// Err is the first error, if there was one.
func (w *Writer) Err() error { return w.err }

// Close flushes, and closes the underlying writer if that can be closed.
func (w *Writer) Close() error {
	w.Flush()
	if c, ok := w.w.(io.Closer); ok {
		return errors.Join(w.err, c.Close())
	}
	return w.err
}

// Write writes the whole history h, as if it had been streamed.
func Write(to io.Writer, h *History) error {
	w := NewWriter(to, 1<<16)
	w.Header(h.Header)
	for _, step := range order(h) {
		step.write(w, h)
	}
	if h.Complete {
		w.Footer(h.Footer)
	}
	return w.Flush()
}
