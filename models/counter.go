package models

import (
	"strconv"

	"github.com/ordeal-go/ordeal/histories"
)

// Counter is a sum, 0 at first. In Redis: INCRBY, which gives the new value, and GET.
//
//	add n   result the new value, or nothing if it was not told; n is an integer, 1 if left out
//	read    result the sum, or nothing, which stands for 0: Redis's counters begin as missing keys
func Counter() Model {
	return Model{
		Name: "counter", About: "a sum that operations add to (INCRBY, GET)",
		Functions: []Function{
			{Name: FuncAdd, Takes: "an integer, 1 if left out", Gives: "the new sum, or nothing", Writes: true,
				Reads: true},
			{Name: histories.FuncRead, Gives: "the sum, or nothing for 0", Reads: true}},
		Init: func() any { return int64(0) },
		Step: stepCounter,
		Lost: func(state any, op *histories.Operation) bool {
			sum, told := found(op)
			if op.Func == FuncAdd {
				sum -= summand(op) // what it must find
			}
			return told && sum < state.(int64)
		},
		Resets: func(op *histories.Operation) bool { return op.Func == FuncAdd && summand(op) < 0 },
		Judge:  judgeCounter,
		Show:   func(state any) string { return strconv.FormatInt(state.(int64), 10) },
	}
}

// FuncAdd adds an integer to a counter, or a member to a set.
const FuncAdd = "add"

// summand is what op adds to a counter.
func summand(op *histories.Operation) int64 {
	if op.Arg.IsNothing() {
		return 1
	}
	n, _ := op.Arg.Int64()
	return n
}

// found is the sum that op found: of an add, the one that it left. told is false if it does not say.
func found(op *histories.Operation) (sum int64, told bool) {
	switch {
	case op.Outcome != histories.OK:
		return 0, false
	case op.Result.IsNothing():
		return 0, op.Func == histories.FuncRead
	}
	return op.Result.Int64()
}

func stepCounter(state any, op *histories.Operation) (bool, any) {
	next := state.(int64)
	if op.Func == FuncAdd {
		next += summand(op)
	}
	sum, told := found(op)
	if !told && op.Outcome == histories.OK && !op.Result.IsNothing() {
		return false, next // what it found is no integer
	}
	return !told || sum == next, next
}
