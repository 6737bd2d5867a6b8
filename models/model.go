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

	// Joins says that op touches several parts: then all the operations of the history are judged as one part. nil: none
	// does.
	Joins func(op *histories.Operation) bool

	// Init is the state of a part before the first operation.
	Init func() any

	// Step is nil of a model that knows no order: its operations are judged in other ways.
	//
	// Step says whether op may have found what it found in state, and what the state is after it. It changes neither. Of
	// an operation without an answer (Outcome Info) it is not known what was found: any result will do. States are
	// comparable: they are the same if ==.
	Step func(state any, op *histories.Operation) (ok bool, next any)

	// Pure says of op, which writes and was answered, that it changes nothing in any state in which it may have found what
	// it found: a cas that failed, a pop of an empty stack. nil: none is. What only reads is pure in any case.
	Pure func(op *histories.Operation) bool

	// Seen is which value op leaves to be seen, and which it saw, or a list of these. An operation without an answer whose
	// value nobody saw need not have happened. ok is false if that cannot be said of a history with op in it. nil: never.
	Seen func(op *histories.Operation) (left, saw histories.Value, ok bool)

	// Lost says that op can no more find what it found after state, unless an operation comes between that Resets. It makes
	// searches shorter. nil: there is no telling.
	Lost   func(state any, op *histories.Operation) bool
	Resets func(op *histories.Operation) bool

	// Judge is a fast judge of the operations of one part, which count and are in order of invocation. It is exact where
	// it applies; ok is false where it does not, and then it says nothing. nil: there is none.
	Judge func(ops []*histories.Operation) (a Answer, ok bool)

	// Aborted says that Judge wants operations that certainly did not happen as well: it knows more of a value that one of
	// them was to write than that nobody did.
	Aborted bool

	// Show is a state as a person reads it.
	Show func(state any) string
}

// Function is one thing that operations of a model may do.
type Function struct {
	Name   string // "write"
	Takes  string // what its argument is; "" for none
	Gives  string // what its result is
	Writes bool   // it may change the state
	Reads  bool   // its result says something of the state
}

// Models are the models that there are, in the order of the documents.
func Models() []Model {
	return []Model{Register(), TextValue(), Counter(), Set(), Append(), Queue(), Stack(), Lock(), Bank(), Expiry(), PubSub(), Intruder(), Blocking(), Raw(), Session()}
}

// ByName returns the model called name.
func ByName(name string) (Model, error) {
	var names []string
	for _, m := range Models() {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Model{}, Unknown("there is no model called %q", name, names)
}

// Function returns the model's function called name; ok is false if it has none.
func (m *Model) Function(name string) (f Function, ok bool) {
	if does := m.function(name); does != nil {
		return *does, true
	}
	return Function{}, false
}

// function is the function called name where it stands, nil if there is none: judges ask this of every operation.
func (m *Model) function(name string) *Function {
	for i := range m.Functions {
		if f := &m.Functions[i]; f.Name == name {
			return f
		}
	}
	return nil
}

// Writes says whether op may change the state.
func (m *Model) Writes(op *histories.Operation) bool {
	f := m.function(op.Func)
	return f != nil && f.Writes
}

// Judges says whether the judges of m are to be given op: it counts, or Aborted is set and it failed.
func (m *Model) Judges(op *histories.Operation) bool {
	return m.Counts(op) || m.function(op.Func) != nil && m.Aborted && op.Outcome == histories.Fail
}

// OnlyReads says that op, which was answered, changes no state that allows it.
func (m *Model) OnlyReads(op *histories.Operation) bool {
	return !m.Writes(op) || m.Pure != nil && m.Pure(op)
}

// Changed says whether op certainly changed the state.
func (m *Model) Changed(op *histories.Operation) bool {
	return op.Outcome == histories.OK && !m.OnlyReads(op)
}

// Counts says whether op says anything of an order: it may have taken effect, or it saw something.
func (m *Model) Counts(op *histories.Operation) bool {
	f := m.function(op.Func)
	return f != nil && op.Outcome != histories.Fail && (f.Writes || op.Outcome == histories.OK)
}

// FunctionNames are the names of what operations of m do, with commas between.
func (m *Model) FunctionNames() string {
	var names []string
	for _, f := range m.Functions {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// PartOf names the part of the state that op touches.
func (m *Model) PartOf(op *histories.Operation) string {
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
		Hash:      hash,
		Step: func(state, input, _ any) (bool, any) {
			return m.Step(state, input.(*histories.Operation))
		},
		DescribeOperation:         func(input, _ any) string { return Describe(input.(*histories.Operation)) },
		DescribeState:             m.Show,
		DescribeOperationMetadata: func(info any) string { s, _ := info.(string); return s },
	}
}

// partition parts operations by what they touch, parts in order of their names.
func (m *Model) partition(all []porcupine.Operation) [][]porcupine.Operation {
	index := map[string]int{}
	var parts [][]porcupine.Operation
	if m.Joins != nil && slices.ContainsFunc(all, func(op porcupine.Operation) bool { return m.Joins(op.Input.(*histories.Operation)) }) {
		return [][]porcupine.Operation{all}
	}
	part := func(op porcupine.Operation) string { return m.PartOf(op.Input.(*histories.Operation)) }
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
		words = append(words, short(op.Arg))
	}
	switch {
	case op.Outcome == histories.Info:
		return strings.Join(words, " ") + ", no answer"
	case !op.Result.IsNothing():
		words = append(words, "→", short(op.Result))
	case op.Func == histories.FuncRead:
		words = append(words, "→ missing")
	case takes(op) || op.Func == FuncAcquire:
		words = append(words, "→ nothing")
	}
	return strings.Join(words, " ")
}

// short is v as JSON, with an ellipsis for what is long: a set read as a whole has thousands of members.
func short(v histories.Value) string {
	const most = 200
	if n := len(v.Elems()); n > 20 {
		last := v.Elem(n - 1).String()
		text := histories.List(v.Elems()[:8]...).String()
		return fmt.Sprintf("%s,… %d values …,%s]", strings.TrimSuffix(text, "]"), n, last)
	}
	text := v.String()
	if len(text) > most {
		return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(text[:most], ""), len(text))
	}
	return text
}

// Operations converts those of ops that count, as [Convert] does.
func (m *Model) Operations(ops []histories.Operation) []porcupine.Operation {
	var counted []*histories.Operation
	for i := range ops {
		if m.Counts(&ops[i]) {
			counted = append(counted, &ops[i])
		}
	}
	return Convert(counted)
}

// Convert makes porcupine's operations of ops, which are their inputs. Clients are numbered in order of their first
// operation; a client with an operation that has no return goes on under a new number, as in Jepsen, because one client
// does one thing at a time.
func Convert(ops []*histories.Operation) []porcupine.Operation {
	var end time.Duration
	for _, op := range ops {
		end = max(end, op.Invoked)
		if op.Outcome == histories.OK {
			end = max(end, op.Returned)
		}
	}
	clients := map[string]int{}
	next := 0
	var all []porcupine.Operation
	for _, op := range ops {
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
