package models

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/ordeal-go/ordeal/histories"
)

// Model is the sequential specification of one kind of object, as a value.
type Model struct {
	Name  string
	About string // one sentence: what the object is, and in Redis's words how it is used

	// Functions are what operations on it may do, [histories.Operation].Func.
	Functions []Function

	// Part names the part of the whole state that op touches: operations of different parts never touch each other, and
	// each part is judged for itself. nil: the operation's Key.
	Part func(op *histories.Operation) string

	// Init is the state of a part before the first operation.
	Init func() any

	// Step says whether op may have found what it found in state, and what the state is after it. It changes neither. Of
	// an operation without an answer (Outcome Info) it is not known what was found: any result will do.
	Step func(state any, op *histories.Operation) (ok bool, next any)

	// Equal says whether two states are the same; nil: they are if ==.
	Equal func(a, b any) bool

	// Show is a state as a person reads it.
	Show func(state any) string
}

// Function is one thing that operations of a model may do.
type Function struct {
	Name   string // "write"
	Writes bool   // it may change the state
	Reads  bool   // its result says something of the state
}

// Models are the models that there are, in the order of the documents.
func Models() []Model { return []Model{Register()} }

// ByName returns the model called name.
func ByName(name string) (Model, error) {
	var names []string
	for _, m := range Models() {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Model{}, fmt.Errorf("there is no model called %q: there are %s", name, strings.Join(names, ", "))
}

// Function returns the model's function called name; ok is false if it has none.
func (m *Model) Function(name string) (f Function, ok bool) {
	for _, f := range m.Functions {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}

// Writes says whether op may change the state.
func (m *Model) Writes(op *histories.Operation) bool {
	f, _ := m.Function(op.Func)
	return f.Writes
}

// Counts says whether op says anything of an order: it may have taken effect, or it saw something.
func (m *Model) Counts(op *histories.Operation) bool {
	f, ok := m.Function(op.Func)
	return ok && op.Outcome != histories.Fail && (f.Writes || op.Outcome == histories.OK)
}

func (m *Model) part(op *histories.Operation) string {
	if m.Part == nil {
		return op.Key
	}
	return m.Part(op)
}

// Porcupine is the model as porcupine takes it. Inputs are of type *[histories.Operation], as [Model.Operations] makes
// them; there are no outputs, because an operation has its result in it.
func (m *Model) Porcupine() porcupine.Model {
	return porcupine.Model{
		Partition: m.partition,
		Init:      m.Init,
		Step: func(state, input, _ any) (bool, any) {
			return m.Step(state, input.(*histories.Operation))
		},
		Equal:                     m.Equal,
		DescribeOperation:         func(input, _ any) string { return Describe(input.(*histories.Operation)) },
		DescribeState:             m.Show,
		DescribeOperationMetadata: func(info any) string { s, _ := info.(string); return s },
	}
}

// partition parts operations by what they touch, parts in order of their names.
func (m *Model) partition(all []porcupine.Operation) [][]porcupine.Operation {
	index := map[string]int{}
	var parts [][]porcupine.Operation
	part := func(op porcupine.Operation) string { return m.part(op.Input.(*histories.Operation)) }
	for _, op := range all {
		name := part(op)
		i, known := index[name]
		if !known {
			i = len(parts)
			index[name] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], op)
	}
	slices.SortFunc(parts, func(a, b []porcupine.Operation) int { return cmp.Compare(part(a[0]), part(b[0])) })
	return parts
}

// Describe is an operation as a person reads it: what it did to what, and what it found.
func Describe(op *histories.Operation) string {
	words := []string{op.Func}
	if op.Key != "" {
		words = append(words, op.Key)
	}
	if !op.Arg.IsNothing() {
		words = append(words, op.Arg.String())
	}
	switch {
	case op.Outcome == histories.Info:
		return strings.Join(words, " ") + ", no answer"
	case !op.Result.IsNothing():
		words = append(words, "→", op.Result.String())
	case op.Func == histories.FuncRead:
		words = append(words, "→ missing")
	}
	return strings.Join(words, " ")
}

// Operations converts those of ops that count. Clients are numbered in order of their first operation; a client with an
// operation that has no return goes on under a new number, as in Jepsen, because one client does one thing at a time.
// The operations are shared with ops.
func (m *Model) Operations(ops []histories.Operation) []porcupine.Operation {
	var end time.Duration
	for i := range ops {
		end = max(end, ops[i].Invoked)
		if ops[i].Outcome == histories.OK {
			end = max(end, ops[i].Returned)
		}
	}
	clients := map[string]int{}
	next := 0
	var all []porcupine.Operation
	for i := range ops {
		op := &ops[i]
		if !m.Counts(op) {
			continue
		}
		client, known := clients[op.Process]
		if !known {
			client = next
			next++
			clients[op.Process] = client
		}
		p := porcupine.Operation{ClientId: client, Call: int64(op.Invoked), Return: int64(op.Returned), Input: op,
			Metadata: fmt.Sprintf("process %s at %s", op.Process, op.Node)}
		if op.Outcome == histories.Info {
			p.Return = int64(end) + 1
			p.Metadata = fmt.Sprintf("process %s at %s: %s", op.Process, op.Node, op.Error)
			delete(clients, op.Process)
		}
		all = append(all, p)
	}
	return all
}
