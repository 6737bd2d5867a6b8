package models

import (
	"github.com/ordeal-go/ordeal/histories"
)

// Queue is first in, first out, empty at first. In Redis: RPUSH and LPOP.
//
//	enqueue x   result is not looked at: Redis gives the new length
//	dequeue     result the oldest value, or nothing if the queue was empty
func Queue() Model {
	return Model{
		Name: "queue", About: "first in, first out (RPUSH, LPOP)",
		Functions: []Function{
			{Name: FuncEnqueue, Takes: "a value", Gives: "nothing", Writes: true},
			{Name: FuncDequeue, Gives: "the oldest value, or nothing if there is none", Writes: true, Reads: true}},
		Init: func() any { return values("") },
		Step: func(state any, op *histories.Operation) (bool, any) {
			now := state.(values)
			if op.Func == FuncEnqueue {
				return true, now.push(op.Arg)
			}
			head, rest, ok := now.first()
			return took(op, head, ok), rest
		},
		Pure:  foundEmpty,
		Seen:  putAndTaken,
		Judge: judgeQueue,
		Show:  show,
	}
}

// Stack is last in, first out, empty at first. In Redis: LPUSH and LPOP.
//
//	push x   result is not looked at
//	pop      result the newest value, or nothing if the stack was empty
func Stack() Model {
	return Model{
		Name: "stack", About: "last in, first out (LPUSH, LPOP)",
		Functions: []Function{
			{Name: FuncPush, Takes: "a value", Gives: "nothing", Writes: true},
			{Name: FuncPop, Gives: "the newest value, or nothing if there is none", Writes: true, Reads: true}},
		Init: func() any { return values("") },
		Step: func(state any, op *histories.Operation) (bool, any) {
			now := state.(values)
			if op.Func == FuncPush {
				return true, now.push(op.Arg)
			}
			tail, rest, ok := now.last()
			return took(op, tail, ok), rest
		},
		Pure:  foundEmpty,
		Seen:  putAndTaken,
		Judge: judgeStack,
		Show:  show,
	}
}

// What the operations of queues and stacks do.
const (
	FuncEnqueue = "enqueue"
	FuncDequeue = "dequeue"
	FuncPush    = "push"
	FuncPop     = "pop"
)

// took says whether op may have taken the value that head is the JSON of, or found none if there was none.
func took(op *histories.Operation, head string, was bool) bool {
	switch {
	case op.Outcome != histories.OK:
		return true
	case !was:
		return op.Result.IsNothing()
	}
	return !op.Result.IsNothing() && canonical(op.Result).String() == head
}

// takes says whether op takes a value out of a queue or a stack.
func takes(op *histories.Operation) bool { return op.Func == FuncDequeue || op.Func == FuncPop }

func foundEmpty(op *histories.Operation) bool { return takes(op) && op.Result.IsNothing() }

// putAndTaken is what op put into a queue or a stack, or took out of it.
func putAndTaken(op *histories.Operation) (left, saw histories.Value, ok bool) {
	if takes(op) {
		return left, op.Result, true
	}
	return op.Arg, saw, true
}
