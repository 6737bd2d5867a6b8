package histories

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// LineMax is the longest line that [Read] takes, in bytes without its newline. The longest lines are headers, with the
// plan of the run in them.
const LineMax = 16 << 20

// ReadFile reads the history in the file path.
func ReadFile(path string) (*History, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, err := read(f, sizeOf(f))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return h, nil
}

// sizeOf is how many bytes r has if it is a file, else 0.
func sizeOf(r io.Reader) int64 {
	f, is := r.(interface{ Stat() (os.FileInfo, error) })
	if !is {
		return 0
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

// Read reads a history of JSON lines. Lines of one process must be in order; otherwise they need not be, and are
// sorted by time.
//
// A last line that was cut off when the run died is left out; the history is then not Complete, as it is whenever the
// footer is missing, and its End is that of the last line. Operations that are open at the end are [Info]. Any other fault of the file is an error that
// names the line, what was found, and what was expected.
func Read(r io.Reader) (*History, error) {
	return read(r, 0)
}

// read is Read of about size bytes, 0 if that is not known.
func read(r io.Reader, size int64) (*History, error) {
	rd := reader{h: &History{}, open: map[string]int{}, faults: map[int]int{}, size: size}
	in := bufio.NewReaderSize(r, 1<<16)
	for {
		line, whole, err := readLine(in)
		if err != nil && err != io.EOF {
			return nil, rd.fault("%w", err)
		}
		if len(line) > 0 || whole {
			rd.line++
			rd.taken += int64(len(line)) + 1
			if !whole && !json.Valid(line) && rd.line > 1 {
				break // torn
			}
			if len(bytes.TrimSpace(line)) > 0 {
				if err := rd.take(line); err != nil {
					return nil, err
				}
			}
		}
		if err == io.EOF {
			break
		}
	}
	if !rd.header {
		return nil, errors.New("the history is empty: expected a header, a line like " + headerExample)
	}
	rd.h.sort()
	if !rd.h.Complete {
		rd.h.End = rd.h.last()
	}
	return rd.h, nil
}

// last is when the last of what is known happened.
func (h *History) last() (at time.Duration) {
	for i := range h.Ops {
		op := &h.Ops[i]
		if at = max(at, op.Invoked); op.Returned != Forever {
			at = max(at, op.Returned)
		}
	}
	for i := range h.Faults {
		f := &h.Faults[i]
		if at = max(at, f.Start); f.Stop != Forever {
			at = max(at, f.Stop)
		}
	}
	if n := len(h.Notes); n > 0 {
		at = max(at, h.Notes[n-1].Time)
	}
	if n := len(h.Logs); n > 0 {
		at = max(at, h.Logs[n-1].Time)
	}
	if n := len(h.Places); n > 0 {
		at = max(at, h.Places[n-1].Time)
	}
	return at
}

const headerExample = `{"ordeal":1,"scenario":"…","seed":1,"world":"sim"}`

// readLine reads up to a newline and returns what is before it; whole says whether there was one.
func readLine(in *bufio.Reader) (line []byte, whole bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if n := len(part); n > 0 && part[n-1] == '\n' {
			part, whole = part[:n-1], true
		}
		if len(line)+len(part) > LineMax {
			return nil, false, fmt.Errorf("the line is longer than %d bytes, the most that is read", LineMax)
		}
		if line == nil && err == nil {
			return part, whole, nil // valid until the next read, which is long enough
		}
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return line, whole, err
		}
	}
}

// sort brings lines that were not written in order of time into it.
func (h *History) sort() {
	inOrder(h.Ops, func(op *Operation) time.Duration { return op.Invoked })
	inOrder(h.Faults, func(f *Fault) time.Duration { return f.Start })
	inOrder(h.Notes, func(n *Note) time.Duration { return n.Time })
	inOrder(h.Logs, func(l *LogLine) time.Duration { return l.Time })
	inOrder(h.Places, func(p *Place) time.Duration { return p.Time })
}

// inOrder sorts list by time. It looks first: nearly all lists are in order, and their elements are large to move.
func inOrder[T any](list []T, at func(*T) time.Duration) {
	for i := 1; i < len(list); i++ {
		if at(&list[i-1]) > at(&list[i]) {
			slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(at(&a), at(&b)) })
			return
		}
	}
}

// reader is a history while it is read.
type reader struct {
	h       *History
	line    int   // its number, from 1
	taken   int64 // bytes so far
	size    int64 // of the file, 0 if that is not known
	header  bool
	version int            // of the file; what was read is of version Version
	open    map[string]int // process → its operation under way, an index into Ops
	faults  map[int]int    // ID → index into Faults
	plain   plainReader
}

// anyLine has the fields of every kind of line but the header. What kind a line is, its field op, fault, note, log or
// end says.
type anyLine struct {
	Note // t, machine, note, key, text, id and the fields of notes

	Op       *string         `json:"op"`
	Process  *string         `json:"process"`
	Workload string          `json:"workload"`
	Func     string          `json:"f"`
	Arg      json.RawMessage `json:"arg"`
	Result   json.RawMessage `json:"result"` // a value of an operation, a word of a note
	Value    *string         `json:"value"`  // version 1: what a write wrote, what a read found
	Node     string          `json:"node"`
	Final    bool            `json:"final"`
	Error    string          `json:"error"`

	Fault   *string  `json:"fault"`
	ID      anyID    `json:"id"` // a number of a fault, a string of a note
	Asked   string   `json:"asked"`
	Targets []string `json:"targets"`

	Log   *string        `json:"log"`
	End   *time.Duration `json:"end"`
	Trace string         `json:"trace"`
}

type anyID struct {
	number int
	text   string
	set    bool
}

func (id *anyID) UnmarshalJSON(b []byte) error {
	id.set = true
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &id.text)
	}
	return json.Unmarshal(b, &id.number)
}

func (r *reader) take(line []byte) error {
	if !r.header {
		return r.takeHeader(line)
	}
	if r.h.Complete {
		return r.fault("found a line after the end: expected nothing after the line with %q", "end")
	}
	if r.version > 1 {
		if l := r.plain.operation(line); l != nil {
			return r.takeOp(l)
		}
	}
	var l anyLine
	if err := r.decode(line, &l); err != nil {
		return err
	}
	if err := l.plain(); err != nil {
		return r.fault("a string begins with a zero byte, and what follows is not base64: %w", err)
	}
	kinds := 0
	for _, is := range []bool{l.Op != nil, l.Fault != nil, l.Kind != "", l.Log != nil, l.End != nil} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return r.fault("found %d of the fields op, fault, note, log and end: expected one, which says what the line is", kinds)
	case l.Time < 0:
		return r.fault("t is %d: expected nanoseconds from the run's start, 0 or more", int64(l.Time))
	case l.Op != nil:
		return r.takeOp(&l)
	case l.Fault != nil:
		return r.takeFault(&l)
	case l.Log != nil:
		r.h.Logs = append(r.h.Logs, LogLine{Time: l.Time, Machine: l.Machine, Text: *l.Log})
	case l.End != nil:
		r.h.Footer, r.h.Complete = Footer{End: *l.End, Trace: l.Trace}, true
	default:
		l.Note.ID = l.ID.text
		word, err := r.value("result", l.Result)
		if err != nil {
			return err
		}
		l.Note.Result = word.Str()
		if l.Note.Kind == NoteWrote {
			r.h.Places = append(r.h.Places, placeOf(&l.Note))
			return nil
		}
		r.h.Notes = append(r.h.Notes, l.Note)
	}
	return nil
}

func (r *reader) takeHeader(line []byte) error {
	var probe struct {
		Version *int `json:"ordeal"`
	}
	if err := json.Unmarshal(line, &probe); err != nil || probe.Version == nil {
		return r.fault("found no header: expected a line like %s", headerExample)
	}
	if v := *probe.Version; v < 1 || v > Version {
		return r.fault("the history has version %d, and this program reads versions 1 to %d: use the ordeal that wrote it", v, Version)
	}
	r.header, r.version = true, *probe.Version
	err := r.decode(line, &r.h.Header)
	r.h.Version = Version
	return err
}

func (r *reader) takeOp(l *anyLine) error {
	if l.Process == nil {
		return r.fault("%s without a process: expected a field \"process\"", *l.Op)
	}
	process := *l.Process
	i, open := r.open[process]
	if *l.Op == "invoke" {
		switch {
		case open:
			return r.fault("invoke of process %s, whose operation from %v is still open: expected its ok, fail or info", process, r.h.Ops[i].Invoked)
		case l.Func == "":
			return r.fault("invoke of process %s without a function: expected a field \"f\", such as %q", process, FuncRead)
		case l.Result != nil:
			return r.fault("invoke of a %s with a result: expected the result in its ok", l.Func)
		}
		arg, err := r.argument(l)
		if err != nil {
			return err
		}
		if len(r.h.Ops) == cap(r.h.Ops) {
			r.makeRoom()
		}
		r.open[process] = len(r.h.Ops)
		r.h.Ops = append(r.h.Ops, Operation{Process: process, Workload: l.Workload, Func: l.Func, Key: l.Key, Arg: arg,
			Node: l.Node, Final: l.Final, Invoked: l.Time, Returned: Forever, Outcome: Info})
		return nil
	}
	if !open {
		return r.fault("%s of process %s, which has no operation open: expected its invoke before", *l.Op, process)
	}
	op := &r.h.Ops[i]
	outcome := Outcome(*l.Op)
	switch {
	case outcome != OK && outcome != Fail && outcome != Info:
		return r.fault("op is %q: expected invoke, ok, fail or info", *l.Op)
	case l.Time < op.Invoked:
		return r.fault("%s at %v of an operation invoked at %v: expected it not to return before", outcome, l.Time, op.Invoked)
	case l.Arg != nil:
		return r.fault("%s of a %s with an argument: expected it in its invoke", outcome, op.Func)
	case l.Result != nil && outcome != OK:
		return r.fault("%s of a %s with a result: expected one only in an ok", outcome, op.Func)
	case l.Error != "" && outcome == OK:
		return r.fault("ok with an error, %q: expected fail or info", l.Error)
	}
	result, err := r.result(l, op, outcome)
	if err != nil {
		return err
	}
	delete(r.open, process)
	op.Outcome, op.Returned, op.Error, op.Result = outcome, l.Time, l.Error, result
	return nil
}

// makeRoom makes room for as many operations as the rest of the file has if it goes on like this: a list of a million that
// grows step by step takes twice the memory.
func (r *reader) makeRoom() {
	const sample = 1 << 12
	if n := len(r.h.Ops); n >= sample && r.taken < r.size {
		expected := float64(n) * float64(r.size) / float64(r.taken)
		r.h.Ops = slices.Grow(r.h.Ops, int(1.02*expected)-n+sample)
	}
}

// argument is what an invocation has as its argument.
func (r *reader) argument(l *anyLine) (Value, error) {
	if r.version > 1 {
		if l.Value != nil {
			return Value{}, r.fault("invoke with a field \"value\": expected \"arg\", as of version 2")
		}
		return r.value("arg", l.Arg)
	}
	switch {
	case l.Func != FuncRead && l.Func != FuncWrite:
		return Value{}, r.fault("invoke of %q: expected \"f\" to be %q or %q in a history of version 1", l.Func, FuncRead, FuncWrite)
	case l.Arg != nil:
		return Value{}, r.fault("invoke with a field \"arg\": expected \"value\" in a history of version 1")
	case l.Func == FuncWrite && l.Value == nil:
		return Value{}, r.fault("invoke of a write without a value: expected a field \"value\"")
	case l.Func == FuncRead && l.Value != nil:
		return Value{}, r.fault("invoke of a read with a value: expected the value in its ok")
	case l.Value != nil:
		return Text(*l.Value), nil
	}
	return Value{}, nil
}

// result is what the return of op has as its result.
func (r *reader) result(l *anyLine, op *Operation, outcome Outcome) (Value, error) {
	switch {
	case r.version > 1 && l.Value != nil:
		return Value{}, r.fault("%s with a field \"value\": expected \"result\", as of version 2", outcome)
	case r.version > 1:
		return r.value("result", l.Result)
	case l.Result != nil:
		return Value{}, r.fault("%s with a field \"result\": expected \"value\" in a history of version 1", outcome)
	case l.Value == nil:
		return Value{}, nil
	case outcome != OK || op.Func != FuncRead:
		return Value{}, r.fault("%s of a %s with a value: expected one only in the ok of a read", outcome, op.Func)
	}
	return Text(*l.Value), nil
}

func (r *reader) value(name string, raw json.RawMessage) (Value, error) {
	if raw == nil {
		return Value{}, nil
	}
	v, err := ParseValue(string(raw))
	if err != nil {
		return Value{}, r.fault("field %q: %w", name, err)
	}
	return v, nil
}

func (r *reader) takeFault(l *anyLine) error {
	if !l.ID.set {
		return r.fault("fault without an id: expected a number in the field \"id\"")
	}
	id := l.ID.number
	i, known := r.faults[id]
	switch *l.Fault {
	case "start":
		if known {
			return r.fault("fault %d starts a second time: expected an id of its own for each fault", id)
		}
		r.faults[id] = len(r.h.Faults)
		r.h.Faults = append(r.h.Faults, Fault{ID: id, Text: l.Text, Asked: l.Asked, Targets: l.Targets, Start: l.Time, Stop: Forever})
		return nil
	case "stop":
		if !known {
			return r.fault("stop of fault %d, which has not started: expected its start before", id)
		}
		f := &r.h.Faults[i]
		if f.Stop != Forever {
			return r.fault("fault %d stops a second time: it stopped at %v", id, f.Stop)
		}
		if l.Time < f.Start {
			return r.fault("fault %d stops at %v: it started at %v", id, l.Time, f.Start)
		}
		f.Stop = l.Time
		return nil
	}
	return r.fault("fault is %q: expected start or stop", *l.Fault)
}

// decode is strict: a misspelt field in a history written by hand must not become a missing observation.
func (r *reader) decode(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return r.fault("%s: expected a JSON object as in FORMAT.md", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); err != io.EOF {
		return r.fault("found more after the JSON object: expected the end of the line")
	}
	return nil
}

func (r *reader) fault(format string, args ...any) error {
	return fmt.Errorf("line %d: "+format, append([]any{r.line}, args...)...)
}

// plain undoes what appendText does to strings that JSON cannot carry.
func (l *anyLine) plain() error {
	n := &l.Note
	texts := []*string{&n.Machine, &n.Kind, &n.From, &n.Role, &n.Link, &n.ReplID, &n.ReplID2, &n.Peer,
		&n.Reason, &n.AskedID, &n.Digest, &n.Master, &n.Leader, &n.Event, &n.Text, &n.Key,
		l.Op, l.Process, &l.Func, l.Value, &l.Node, &l.Error, l.Fault, &l.ID.text, &l.Asked, l.Log, &l.Trace}
	for i := range l.Targets {
		texts = append(texts, &l.Targets[i])
	}
	for _, s := range texts {
		if s == nil || *s == "" || (*s)[0] != 0 {
			continue
		}
		var err error
		if *s, err = plainText(*s); err != nil {
			return err
		}
	}
	return nil
}
