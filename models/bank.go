package models

import (
	"github.com/ordeal-go/ordeal/histories"
)

// Bank is a list of accounts, between which money moves and of which none is ever overdrawn: whatever happens, the sum
// of all stays what it was. In Redis: a key for each account; transfers are WATCH, GET and MULTI, or scripts.
//
//	open [balances]             opens the accounts 0, 1, … with these balances, if there are none yet (MSETNX);
//	                            result true or 1 if it did, false or 0 if there were, or nothing
//	transfer [from,to,amount]   result true or 1 if done, false or 0 if from has less than amount, or nothing
//	read                        result the list of the balances, or nothing before there are accounts
//
// Accounts are numbered from 0. A transfer of an account that does not exist is not done.
func Bank() Model {
	return Model{
		Name: "bank", About: "accounts between which money moves and none is lost (WATCH, GET, DECRBY and INCRBY in MULTI)",
		Functions: []Function{
			{Name: FuncOpen, Takes: "the list of the balances", Gives: "whether there were no accounts, or nothing",
				Writes: true, Reads: true},
			{Name: FuncTransfer, Takes: "[from, to, amount]", Gives: "whether there was enough, or nothing",
				Writes: true, Reads: true},
			{Name: histories.FuncRead, Gives: "the list of the balances", Reads: true}},
		Init: func() any { return values("") },
		Step: stepBank,
		Pure: func(op *histories.Operation) bool { done, told := truth(op.Result); return told && !done },
		Show: show,
	}
}

// What the operations of a bank do, besides reading.
const (
	FuncOpen     = "open"
	FuncTransfer = "transfer"
)

func stepBank(state any, op *histories.Operation) (bool, any) {
	now := state.(values)
	switch op.Func {
	case FuncOpen:
		if now != "" {
			return agrees(op, false), now
		}
		return agrees(op, true), balances(op.Arg)
	case FuncTransfer:
		next, done := transfer(now, op.Arg)
		return agrees(op, done), next
	}
	return op.Outcome != histories.OK || balances(op.Result) == now, now
}

// balances are the numbers of a list, however they were spelt: GET gives them as texts.
func balances(list histories.Value) values {
	var all []histories.Value
	for _, v := range list.Elems() {
		if n, ok := v.Int64(); ok {
			v = histories.Int(n)
		}
		all = append(all, v)
	}
	return valuesOf(all...)
}

// transfer moves money as arg, [from, to, amount], says; done is false if that is not possible.
func transfer(now values, arg histories.Value) (next values, done bool) {
	accounts := now.list()
	from, ok1 := arg.Elem(0).Int64()
	to, ok2 := arg.Elem(1).Int64()
	amount, ok3 := arg.Elem(2).Int64()
	n := int64(len(accounts))
	if !ok1 || !ok2 || !ok3 || from < 0 || from >= n || to < 0 || to >= n || amount < 0 {
		return now, false
	}
	has, ok1 := accounts[from].Int64()
	gets, ok2 := accounts[to].Int64()
	if !ok1 || !ok2 || has < amount {
		return now, false
	}
	if from != to {
		accounts[from], accounts[to] = histories.Int(has-amount), histories.Int(gets+amount)
	}
	return valuesOf(accounts...), true
}
