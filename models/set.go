package models

import (
	"slices"

	"github.com/ordeal-go/ordeal/histories"
)

// Set is a set of values, empty at first. In Redis: SADD, SREM and SMEMBERS.
//
//	add x      result true or 1 if x was new, false or 0 if it was there, or nothing if that was not told
//	remove x   result true or 1 if x was there, false or 0 if not, or nothing
//	read       result the list of the members, in any order; nothing stands for the empty list
func Set() Model {
	return Model{
		Name: "set", About: "a set of values (SADD, SREM, SMEMBERS)",
		Functions: []Function{
			{Name: FuncAdd, Takes: "a value", Gives: "whether it was new, or nothing", Writes: true, Reads: true},
			{Name: FuncRemove, Takes: "a value", Gives: "whether it was there, or nothing", Writes: true, Reads: true},
			{Name: histories.FuncRead, Gives: "the list of the members, in any order", Reads: true}},
		Init: func() any { return values("") },
		Step: stepSet,
		Pure: func(op *histories.Operation) bool { changed, told := truth(op.Result); return told && !changed },
		Seen: func(op *histories.Operation) (left, saw histories.Value, ok bool) {
			saw = op.Result
			if op.Func == FuncAdd {
				left, saw = op.Arg, histories.Value{}
				if was := agrees(op, false); was && !op.Result.IsNothing() {
					saw = op.Arg // it was there already
				}
			}
			return left, saw, op.Func != FuncRemove
		},
		Judge: judgeSet,
		Show:  show,
	}
}

// FuncRemove takes a member out of a set.
const FuncRemove = "remove"

func stepSet(state any, op *histories.Operation) (bool, any) {
	now := state.(values)
	switch op.Func {
	case FuncAdd:
		next, is := now.with(op.Arg)
		return agrees(op, !is), next
	case FuncRemove:
		next, was := now.without(op.Arg)
		return agrees(op, was), next
	}
	return op.Outcome != histories.OK || sorted(op.Result) == now, now
}

// truth is a reply that says yes or no: a truth, or Redis's 1 and 0. told is false of any other.
func truth(v histories.Value) (yes, told bool) {
	if n, ok := v.Int64(); ok {
		return n > 0, true
	}
	return v.True(), v.True() || v.Equal(histories.Bool(false))
}

// agrees says whether op may have been told yes.
func agrees(op *histories.Operation, yes bool) bool {
	if op.Outcome != histories.OK || op.Result.IsNothing() {
		return true
	}
	said, told := truth(op.Result)
	return told && said == yes
}

// sorted is the set of the elements of a list.
func sorted(list histories.Value) values {
	elems := make([]histories.Value, len(list.Elems()))
	for i, v := range list.Elems() {
		elems[i] = canonical(v)
	}
	slices.SortFunc(elems, histories.Value.Compare)
	return valuesOf(slices.CompactFunc(elems, histories.Value.Equal)...)
}
