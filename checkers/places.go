package checkers

import (
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// locate finds the machines that operations were asked of, where whoever did them does not know: a client under test
// chooses its servers by itself. Of writes, the servers' own word says it.
func (r *Record) locate() {
	if len(r.Places) == 0 || !slices.ContainsFunc(r.Ops, func(op histories.Operation) bool { return op.Node == "" }) {
		return
	}
	var writers []int32
	for i := range r.Ops {
		if op := &r.Ops[i]; op.Func != histories.FuncRead && op.Outcome != histories.Fail {
			writers = append(writers, int32(i))
		}
	}
	found := MatchPlaces(r, writers)
	copied := *r.History
	copied.Ops = slices.Clone(r.Ops)
	for i, p := range found {
		if op := &copied.Ops[i]; op.Node == "" && p != nil {
			op.Node = p.Machine
		}
	}
	r.History = &copied
}

// MachineOf is the machine that a process works on: a machine with several has "c1/2" and the like.
func MachineOf(process string) string {
	machine, _, _ := strings.Cut(process, "/")
	return machine
}

// uncertain is how far back a place looks for its operation among those of a client: an operation without an answer may
// be executed long after the client has gone on.
const uncertain = 256

// MatchPlaces finds for each operation the place that its server noted, nil if there is none. Those that may have one are
// writers, in order of invocation.
func MatchPlaces(r *Record, writers []int32) []*histories.Place {
	found := make([]*histories.Place, len(r.Ops))
	if len(r.Places) == 0 {
		return found
	}
	byMachine := map[string]*attempts{}
	for _, i := range writers {
		machine := MachineOf(r.Ops[i].Process)
		w := byMachine[machine]
		if w == nil {
			w = &attempts{ops: make([]int32, 0, len(writers)/4)}
			byMachine[machine] = w
		}
		w.ops = append(w.ops, i)
	}
	for i := range r.Places {
		p := &r.Places[i]
		w := byMachine[p.Peer]
		if w == nil {
			continue
		}
		for w.next < len(w.ops) && r.Ops[w.ops[w.next]].Invoked <= p.Time+r.Slack {
			w.next++
		}
		ops := w.ops
		for j := w.next - 1; j >= max(0, w.next-uncertain); j-- {
			op := &r.Ops[ops[j]]
			if found[ops[j]] == nil && op.Key == p.Key && (op.Node == p.Machine || op.Node == "") && lastWord(op) == p.Word &&
				(op.Outcome != histories.OK || p.Time <= op.Returned+r.Slack) {
				found[ops[j]] = p
				break
			}
		}
	}
	return found
}

// attempts are the writes of one machine, of which those before next were invoked before the place that is looked at:
// places are in order of time.
type attempts struct {
	ops  []int32
	next int
}

// lastWord is the last argument of the command that op was, as far as a place tells it.
func lastWord(op *histories.Operation) string {
	v := op.Arg
	for n := len(v.Elems()); n > 0; n = len(v.Elems()) {
		v = v.Elem(n - 1)
	}
	word := v.Str()
	return word[:min(len(word), 64)]
}
