package checkers

import (
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// located is the history with the machines that operations were asked of, where whoever did them does not know: a client
// under test chooses its servers by itself. Of writes, the servers' own word says it.
func located(h *histories.History) *histories.History {
	if len(h.Places) == 0 || !slices.ContainsFunc(h.Ops, func(op histories.Operation) bool { return op.Node == "" }) {
		return h
	}
	var writers []int32
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Func != histories.FuncRead && op.Outcome != histories.Fail {
			writers = append(writers, int32(i))
		}
	}
	found := matchPlaces(index(h), writers)
	copied := *h
	copied.Ops = slices.Clone(h.Ops)
	for i, p := range found {
		if op := &copied.Ops[i]; op.Node == "" && p != nil {
			op.Node = p.Machine
		}
	}
	return &copied
}

// machineOf is the machine that a process works on: a machine with several has "c1/2" and the like.
func machineOf(process string) string {
	machine, _, _ := strings.Cut(process, "/")
	return machine
}
