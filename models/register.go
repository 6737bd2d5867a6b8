package models

import (
	"github.com/ordeal-go/ordeal/histories"
)

// Register is one value under a name, which does not exist at first: what was written last is what is read. In Redis: a
// string key, SET and GET; cas is a WATCH, a GET and a SET in MULTI, done only if the key held what was expected.
//
//	write value            result nothing
//	read                   result value, or nothing if it does not exist
//	cas [expected, value]  result true if it held expected (nothing: did not exist), and false if not
func Register() Model {
	return Model{
		Name: "register", About: "one value under a name: what was written last is what is read (SET, GET)",
		Functions: []Function{
			{Name: histories.FuncWrite, Takes: "the value", Gives: "nothing", Writes: true},
			{Name: histories.FuncRead, Gives: "the value, or nothing", Reads: true},
			{Name: FuncCAS, Takes: "[expected, value]", Gives: "whether it held what was expected", Writes: true, Reads: true}},
		Init: func() any { return cell{} },
		Step: func(state any, op *histories.Operation) (bool, any) {
			now := state.(cell)
			switch op.Func {
			case histories.FuncWrite:
				return true, holding(op.Arg)
			case FuncCAS:
				return stepCAS(now, op)
			}
			return op.Outcome != histories.OK || holding(op.Result) == now, now
		},
		Pure: func(op *histories.Operation) bool { return op.Func == FuncCAS && !op.Result.True() },
		Seen: func(op *histories.Operation) (left, saw histories.Value, ok bool) {
			return op.Arg, op.Result, op.Func != FuncCAS
		},
		Judge: judgeRegister,
		Show:  func(state any) string { return state.(cell).String() },
	}
}

// FuncCAS writes a value if the register holds the one that is expected.
const FuncCAS = "cas"

func stepCAS(now cell, op *histories.Operation) (bool, any) {
	expected, value := holding(op.Arg.Elem(0)), holding(op.Arg.Elem(1))
	next := now
	if now == expected {
		next = value
	}
	return op.Outcome != histories.OK || op.Result.True() == (now == expected), next
}

// cell is what a register holds, as a word.
type cell struct {
	word   string
	exists bool
}

func holding(v histories.Value) cell { return cell{v.Str(), !v.IsNothing()} }

func (c cell) String() string {
	if !c.exists {
		return "missing"
	}
	return histories.Text(c.word).String()
}
