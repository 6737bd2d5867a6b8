package models

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/ordeal-go/ordeal/histories"
)

// Access is what one operation does to a register: the input of [Register].
type Access struct {
	Write bool
	Key   string
	Value string // of a write
}

// State is what a register holds, and what a read finds: the output of [Register], and its state.
type State struct {
	Value  string
	Exists bool
}

func (s State) String() string {
	if !s.Exists {
		return "missing"
	}
	return fmt.Sprintf("%q", s.Value)
}

// Register is one string key of a Redis without replication. It does not exist at first; what was set last is what
// is got.
func Register() porcupine.Model {
	return porcupine.Model{
		Partition: byKey,
		Init:      func() any { return State{} },
		Step: func(state, input, output any) (bool, any) {
			if a := input.(Access); a.Write {
				return true, State{Value: a.Value, Exists: true}
			}
			return output.(State) == state.(State), state
		},
		DescribeOperation:         describe,
		DescribeState:             func(state any) string { return state.(State).String() },
		DescribeOperationMetadata: func(info any) string { s, _ := info.(string); return s },
	}
}

func describe(input, output any) string {
	a := input.(Access)
	if !a.Write {
		return fmt.Sprintf("read %s → %v", a.Key, output)
	}
	if output == nil {
		return fmt.Sprintf("write %s %q, no answer", a.Key, a.Value)
	}
	return fmt.Sprintf("write %s %q", a.Key, a.Value)
}

// byKey parts operations by key, keys in order of their names.
func byKey(all []porcupine.Operation) [][]porcupine.Operation {
	index := map[string]int{}
	var parts [][]porcupine.Operation
	for _, op := range all {
		key := op.Input.(Access).Key
		i, known := index[key]
		if !known {
			i = len(parts)
			index[key] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], op)
	}
	slices.SortFunc(parts, func(a, b []porcupine.Operation) int {
		return cmp.Compare(a[0].Input.(Access).Key, b[0].Input.(Access).Key)
	})
	return parts
}

// Operations converts those of ops that may have taken effect or saw something. Clients are numbered in order of
// their first operation; a client with an operation that has no return goes on under a new number, as in Jepsen,
// because one client does one thing at a time.
func Operations(ops []histories.Operation) []porcupine.Operation {
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
		read := op.Func == histories.FuncRead
		if op.Outcome == histories.Fail || read && op.Outcome != histories.OK {
			continue
		}
		client, known := clients[op.Process]
		if !known {
			client = next
			next++
			clients[op.Process] = client
		}
		p := porcupine.Operation{ClientId: client, Call: int64(op.Invoked), Return: int64(op.Returned),
			Input:    Access{Write: !read, Key: op.Key, Value: op.Value},
			Metadata: fmt.Sprintf("process %s at %s", op.Process, op.Node)}
		switch {
		case op.Outcome == histories.Info:
			p.Return = int64(end) + 1
			p.Metadata = fmt.Sprintf("process %s at %s: %s", op.Process, op.Node, op.Error)
			delete(clients, op.Process)
		case read:
			p.Input = Access{Key: op.Key}
			p.Output = State{Value: op.Value, Exists: op.Found}
		default:
			p.Output = State{}
		}
		all = append(all, p)
	}
	return all
}
