package models

import (
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// TextValue is a text that is written as a whole or grows at its end, empty at first. In Redis: SET, APPEND and GET.
//
//	write x    result nothing
//	append x   result is not looked at: Redis gives the new length
//	read       result the text, or nothing if it is empty
func TextValue() Model {
	return Model{
		Name: "text", About: "a text that is written as a whole or grows at its end (SET, APPEND, GET)",
		Functions: []Function{
			{Name: histories.FuncWrite, Takes: "a text", Gives: "nothing", Writes: true},
			{Name: FuncAppend, Takes: "a text", Gives: "nothing", Writes: true},
			{Name: histories.FuncRead, Gives: "the text", Reads: true}},
		Init: func() any { return "" },
		Step: func(state any, op *histories.Operation) (bool, any) {
			now := state.(string)
			switch op.Func {
			case histories.FuncWrite:
				return true, op.Arg.Str()
			case FuncAppend:
				return true, now + op.Arg.Str()
			}
			return op.Outcome != histories.OK || op.Result.Str() == now, now
		},
		Lost: func(state any, op *histories.Operation) bool {
			return op.Func == histories.FuncRead && !strings.HasPrefix(op.Result.Str(), state.(string))
		},
		Resets: func(op *histories.Operation) bool { return op.Func == histories.FuncWrite },
		Show:   func(state any) string { return histories.Text(state.(string)).String() },
	}
}
