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
	h, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return h, nil
}

// Read reads a history of JSON lines. Lines of one process must be in order; otherwise they need not be, and are
// sorted by time.
//
// A last line that was cut off when the run died is left out; the history is then not Complete, as it is whenever the
// footer is missing. Operations that are open at the end are [Info]. Any other fault of the file is an error that
// names the line, what was found, and what was expected.
func Read(r io.Reader) (*History, error) {
	rd := reader{h: &History{}, open: map[string]int{}, faults: map[int]int{}}
	in := bufio.NewReaderSize(r, 1<<16)
	for {
		line, whole, err := readLine(in)
		if err != nil && err != io.EOF {
			return nil, rd.fault("%w", err)
		}
		if len(line) > 0 || whole {
			rd.line++
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
	return rd.h, nil
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
	h      *History
	line   int // its number, from 1
	header bool
	open   map[string]int // process → its operation under way, an index into Ops
	faults map[int]int    // ID → index into Faults
}

// anyLine has the fields of every kind of line but the header. What kind a line is, its field op, fault, note, log or
// end says.
type anyLine struct {
	Note // t, machine, note, key, text, id and the fields of notes

	Op      *string `json:"op"`
	Process *string `json:"process"`
	Func    string  `json:"f"`
	Value   *string `json:"value"`
	Node    string  `json:"node"`
	Final   bool    `json:"final"`
	Error   string  `json:"error"`

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
	if *probe.Version != Version {
		return r.fault("the history has version %d, and this program reads version %d", *probe.Version, Version)
	}
	r.header = true
	return r.decode(line, &r.h.Header)
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
		case l.Func != FuncRead && l.Func != FuncWrite:
			return r.fault("invoke of %q: expected \"f\" to be %q or %q", l.Func, FuncRead, FuncWrite)
		case l.Func == FuncWrite && l.Value == nil:
			return r.fault("invoke of a write without a value: expected a field \"value\"")
		case l.Func == FuncRead && l.Value != nil:
			return r.fault("invoke of a read with a value: expected the value in its ok")
		}
		op := Operation{Process: process, Func: l.Func, Key: l.Key, Node: l.Node, Final: l.Final,
			Invoked: l.Time, Returned: Forever, Outcome: Info}
		if l.Value != nil {
			op.Value = *l.Value
		}
		r.open[process] = len(r.h.Ops)
		r.h.Ops = append(r.h.Ops, op)
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
	case l.Value != nil && (outcome != OK || op.Func != FuncRead):
		return r.fault("%s of a %s with a value: expected one only in the ok of a read", outcome, op.Func)
	case l.Error != "" && outcome == OK:
		return r.fault("ok with an error, %q: expected fail or info", l.Error)
	}
	delete(r.open, process)
	op.Outcome, op.Returned, op.Error = outcome, l.Time, l.Error
	if l.Value != nil {
		op.Value, op.Found = *l.Value, true
	}
	return nil
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
	texts := []*string{&n.Machine, &n.Kind, &n.From, &n.Role, &n.Link, &n.ReplID, &n.ReplID2, &n.Peer, &n.Result,
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
