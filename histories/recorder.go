package histories

import (
	"fmt"
	"slices"
	"time"
)

// Recorder collects a history while a run goes on, and streams it if it has a writer. Calls come one at a time. A
// call that does not fit what came before, like the return of an operation that was not invoked, is a defect of the
// caller: it is left out, and Finish reports the first one.
type Recorder struct {
	h    History
	w    *Writer         // may be nil
	open map[string]*int // process → its operation under way, an index into Ops; none
	err  error
}

// none is the index of no operation.
const none = -1

// NewRecorder returns a recorder of the run that header describes; w may be nil.
func NewRecorder(header Header, w *Writer) *Recorder {
	if header.Version == 0 {
		header.Version = Version
	}
	if w != nil {
		w.Header(header)
	}
	return &Recorder{h: History{Header: header}, w: w, open: map[string]*int{}}
}

// Expect makes room for about that many operations and notes. Without it a long history is copied again and again as
// it grows, which costs more than all the rest of recording.
func (r *Recorder) Expect(ops, notes int) {
	r.h.Ops = slices.Grow(r.h.Ops, ops)
	r.h.Notes = slices.Grow(r.h.Notes, notes)
	r.h.Places = slices.Grow(r.h.Places, ops/2)
}

// Invoke says that a process began the operation op: its Process, Workload, Func, Key, Arg, Node and Final count.
func (r *Recorder) Invoke(at time.Duration, op Operation) {
	open := r.open[op.Process]
	if open == nil {
		open = new(int)
		r.open[op.Process] = open
	} else if *open != none {
		r.fault("invoke of process %s at %v, whose operation from %v is open", op.Process, at, r.h.Ops[*open].Invoked)
		return
	}
	*open = len(r.h.Ops)
	op.Result, op.Error = Value{}, ""
	op.Invoked, op.Returned, op.Outcome = at, Forever, Info
	r.h.Ops = append(r.h.Ops, op)
	if r.w != nil {
		r.w.Invoke(&op)
	}
}

// OK says that the operation of process happened, and what it found; it returns it as it stands then, nil if there is none.
func (r *Recorder) OK(at time.Duration, process string, result Value) *Operation {
	op := r.returned(at, process, OK)
	if op != nil {
		op.Result = result
		if r.w != nil {
			r.w.OK(op.Returned, process, result)
		}
	}
	return op
}

// Fail says that the operation of process certainly did not happen, and returns it like OK.
func (r *Recorder) Fail(at time.Duration, process, text string) *Operation {
	op := r.returned(at, process, Fail)
	if op != nil {
		op.Error = text
		if r.w != nil {
			r.w.Fail(op.Returned, process, text)
		}
	}
	return op
}

// Info says that the operation of process may have happened, or may yet, and returns it like OK.
func (r *Recorder) Info(at time.Duration, process, text string) *Operation {
	op := r.returned(at, process, Info)
	if op != nil {
		op.Error = text
		if r.w != nil {
			r.w.Info(op.Returned, process, text)
		}
	}
	return op
}

func (r *Recorder) returned(at time.Duration, process string, outcome Outcome) *Operation {
	open := r.open[process]
	if open == nil || *open == none {
		r.fault("%s of process %s at %v, which has no operation open", outcome, process, at)
		return nil
	}
	op := &r.h.Ops[*open]
	*open = none
	op.Outcome, op.Returned = outcome, max(at, op.Invoked)
	return op
}

// FaultStart says that a fault came into force, and returns its number, from 1. asked is the fault as the scenario
// has it, if that is not text.
func (r *Recorder) FaultStart(at time.Duration, text, asked string, targets []string) int {
	f := Fault{ID: len(r.h.Faults) + 1, Text: text, Asked: asked, Targets: targets, Start: at, Stop: Forever}
	r.h.Faults = append(r.h.Faults, f)
	if r.w != nil {
		r.w.FaultStart(f)
	}
	return f.ID
}

// FaultStop says that the fault id is no longer in force.
func (r *Recorder) FaultStop(at time.Duration, id int) {
	if id < 1 || id > len(r.h.Faults) || r.h.Faults[id-1].Stop != Forever {
		r.fault("stop of fault %d at %v, which is not in force", id, at)
		return
	}
	f := &r.h.Faults[id-1]
	f.Stop = max(at, f.Start)
	if r.w != nil {
		r.w.FaultStop(f.Stop, id)
	}
}

// Note keeps an observation.
func (r *Recorder) Note(n Note) {
	r.h.Notes = append(r.h.Notes, n)
	if r.w != nil {
		r.w.Note(&n)
	}
}

// Place keeps where a write went.
func (r *Recorder) Place(p Place) {
	r.h.Places = append(r.h.Places, p)
	if r.w != nil {
		n := p.note()
		r.w.Note(&n)
	}
}

// Log keeps a line of a machine's log.
func (r *Recorder) Log(at time.Duration, machine, line string) {
	r.h.Logs = append(r.h.Logs, LogLine{at, machine, line})
	if r.w != nil {
		r.w.Log(at, machine, line)
	}
}

// Finish says that the run came to its end. It flushes the writer, which stays the caller's to close.
func (r *Recorder) Finish(f Footer) error {
	r.h.Footer, r.h.Complete = f, true
	r.h.sort()
	if r.w != nil {
		r.w.Footer(f)
		if err := r.w.Flush(); err != nil {
			return err
		}
	}
	return r.err
}

// Interrupt says that the run ended at a time without coming to its end: the history has no footer.
func (r *Recorder) Interrupt(at time.Duration) error {
	r.h.End = at
	r.h.sort()
	if r.w != nil {
		return r.w.Flush()
	}
	return nil
}

// History is what was recorded so far. It is the recorder's: it changes with the next call.
func (r *Recorder) History() *History { return &r.h }

func (r *Recorder) fault(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("the history's recorder was told nonsense: "+format, args...)
	}
}
