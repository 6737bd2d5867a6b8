package clients

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node"
)

// The notes that the machine of a client under test makes.
const (
	// NotePromise is what the client is held to: Key, one of the Promise… below, and Text.
	NotePromise node.NoteKind = "promise"
	// NoteOverdue is a call that has not returned when it had to: Process, Key (what it does to what), Took: how long after
	// the end of its context it was by then, ns.
	NoteOverdue node.NoteKind = "overdue"
	// NoteDemoted is a server that answered the client READONLY: Peer.
	NoteDemoted node.NoteKind = "demoted"
	// NoteSentOn are commands that the client sent to a server after that: Peer, Text (the first's name), N (how many).
	NoteSentOn node.NoteKind = "sent-on"
)

// The keys of NotePromise.
const (
	PromiseWithin        = "within"
	PromiseAfterReadOnly = "after-readonly"
	PromiseGrace         = "grace"
)

// Operation is something that the client does, in the words of its workload's model (histories/FORMAT.md, *model*).
type Operation struct {
	Workload string // which of the scenario's, by name; "": the first
	Func     string // "write", "read", "add", …
	Key      string
	Arg      any  // string, integer, bool, nil, or a list of these
	ReadOnly bool // it changes nothing, so that an error means that it did not happen
}

// Process does one operation after another. Several processes are several users of the client at a time.
type Process struct {
	app  *App
	name string
}

// Process returns the process of that name, which the history calls "c1/name", or "c1" if name is "".
func (a *App) Process(name string) *Process {
	if name != "" {
		name = "/" + name
	}
	return &Process{a, Name + name}
}

// NotDone marks an error as one after which the operation has certainly not happened, and never will. Others of an
// operation that changes something leave that open: a client that tries again by itself may have been heard the first
// time.
func NotDone(err error) error {
	if err == nil {
		return nil
	}
	return notDone{err}
}

type notDone struct{ error }

func (n notDone) Unwrap() error { return n.error }

// Write has call write value to key of a register.
func (p *Process) Write(ctx context.Context, key, value string, call func(context.Context) error) error {
	_, err := p.Do(ctx, Operation{Func: histories.FuncWrite, Key: key, Arg: value}, func(ctx context.Context) (any, error) {
		return nil, call(ctx)
	})
	return err
}

// Read has call read key of a register; found is false if there is nothing.
func (p *Process) Read(ctx context.Context, key string, call func(context.Context) (value string, found bool, err error)) error {
	_, err := p.Do(ctx, Operation{Func: histories.FuncRead, Key: key, ReadOnly: true}, func(ctx context.Context) (any, error) {
		value, found, err := call(ctx)
		if err != nil || !found {
			return nil, err
		}
		return value, nil
	})
	return err
}

// Do has call do op, and takes down when it began, how it ended and what it found. If ctx has a deadline, call has to
// return by then, or Promises.Grace later. A process does one operation at a time.
func (p *Process) Do(ctx context.Context, op Operation, call func(context.Context) (any, error)) (any, error) {
	p.begin(op)
	stop := p.watch(ctx, op)
	result, err := call(ctx)
	stop()
	p.end(op, result, err)
	return result, err
}

func (p *Process) begin(op Operation) {
	a := p.app
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.processes[p.name] {
		panic(fmt.Sprintf("clients: process %s begins an operation while it has one: a process does one at a time, take another for another goroutine", p.name))
	}
	a.processes[p.name] = true
	n := node.Note{Kind: node.NoteInvoke, Process: p.name, Workload: a.label(op.Workload), Func: op.Func, Key: op.Key}
	if op.Arg != nil {
		n.Arg = valueOf(op.Arg)
	}
	a.Note(n)
}

// label is what the history calls one of the scenario's workloads: the only one has no name there.
func (a *App) label(work string) string {
	mix := a.workload.Mix
	switch {
	case work == "" && len(mix) > 1:
		return mix[0].Name
	case len(mix) == 1 && work == mix[0].Name:
		return ""
	case work != "" && !slices.ContainsFunc(mix, func(w workload.Work) bool { return w.Name == work }):
		panic(fmt.Sprintf("clients: an operation is of the workload %q, and the scenario has none of that name", work))
	}
	return work
}

func (p *Process) end(op Operation, result any, err error) {
	n := node.Note{Kind: node.NoteOK, Process: p.name}
	switch {
	case err == nil:
		if result != nil {
			n.Result = valueOf(result)
		}
	case op.ReadOnly || errors.As(err, new(notDone)):
		n.Kind, n.Text = node.NoteFail, err.Error()
	default:
		n.Kind, n.Text = node.NoteInfo, err.Error()
	}
	p.app.Note(n)
	p.app.mu.Lock()
	defer p.app.mu.Unlock()
	delete(p.app.processes, p.name)
}

// watch notes it if a call does not return in time after its context is over.
func (p *Process) watch(ctx context.Context, op Operation) (stop func()) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return func() {}
	}
	grace := p.app.promises.Grace
	late := time.AfterFunc(time.Until(deadline)+grace, func() {
		p.app.Note(node.Note{Kind: NoteOverdue, Process: p.name, Key: strings.TrimSpace(op.Func + " " + op.Key), Took: int64(grace)})
	})
	return func() { late.Stop() }
}

// valueOf is v as histories have it.
func valueOf(v any) string {
	text, err := json.Marshal(v)
	if err == nil {
		var value histories.Value
		if value, err = histories.ParseValue(string(text)); err == nil {
			return value.String()
		}
	}
	panic(fmt.Sprintf("clients: an operation has the value %v, which is no text, integer, bool, nil or list of these: %v", v, err))
}
