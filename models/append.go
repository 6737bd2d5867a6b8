package models

import (
	"cmp"
	"slices"

	"github.com/ordeal-go/ordeal/histories"
)

// Append is lists that only grow, empty at first. In Redis: RPUSH and LRANGE; txn is several of them in MULTI.
//
//	append x   result the new length, or nothing if that was not told
//	read       result the list; nothing stands for the empty list
//	txn [[f, key, value], …]   several appends and reads at one moment; result the same list with what each read found:
//	                           [["append","k","x"], ["read","l",["y"]]]; "r" stands for read, as in Jepsen
//
// Where each value is appended once per list, the lists that were read tell the order of all that happened, and cycles in
// it are what is wrong (cycles.go); that judge takes transactions over several lists as well as single operations.
func Append() Model {
	return Model{
		Name: "append", About: "lists that only grow, alone or several in a transaction (RPUSH, LRANGE, MULTI)",
		Functions: []Function{
			{Name: FuncAppend, Takes: "a value", Gives: "the new length, or nothing", Writes: true, Reads: true},
			{Name: histories.FuncRead, Gives: "the list", Reads: true},
			{Name: FuncTxn, Takes: "a list of [f, key, value]", Gives: "the same, with what was read", Writes: true,
				Reads: true}},
		Joins: func(op *histories.Operation) bool { return op.Func == FuncTxn },
		Init:  func() any { return lists("[]") },
		Step:  stepAppend,
		Pure:  func(op *histories.Operation) bool { return !appends(op) },
		Judge: judgeAppend, Aborted: true,
		Show: func(state any) string { return string(state.(lists)) },
	}
}

// What the operations of lists do, besides reading.
const (
	FuncAppend = "append"
	FuncTxn    = "txn"
)

// lists is a state of lists as one string, the JSON of [[key, [value, …]], …] in order of the keys.
type lists string

// micro is an append or a read, alone or of a transaction.
type micro struct {
	key    string
	append bool
	value  histories.Value // of an append
	read   histories.Value // of a read that was answered
	length int             // of an append that was told the new length; -1 otherwise
}

// micros are what op does, in order.
func micros(op *histories.Operation) []micro {
	if op.Func != FuncTxn {
		m := micro{key: op.Key, append: op.Func == FuncAppend, value: op.Arg, read: op.Result, length: -1}
		if n, ok := op.Result.Int64(); ok && m.append && op.Outcome == histories.OK {
			m.length = int(n)
		}
		return []micro{m}
	}
	var all []micro
	for i, asked := range op.Arg.Elems() {
		m := micro{key: asked.Elem(1).Str(), append: asked.Elem(0).Str() == FuncAppend, length: -1}
		if m.append {
			m.value = asked.Elem(2)
		} else {
			m.read = op.Result.Elem(i).Elem(2)
		}
		all = append(all, m)
	}
	return all
}

// appends says whether op appends to any list.
func appends(op *histories.Operation) bool {
	return slices.ContainsFunc(micros(op), func(m micro) bool { return m.append })
}

func stepAppend(state any, op *histories.Operation) (bool, any) {
	v, err := histories.ParseValue(string(state.(lists)))
	if err != nil {
		panic("models: a state of lists is no JSON: " + err.Error()) // this function made it
	}
	now := slices.Clone(v.Elems())
	for _, m := range micros(op) {
		i, is := slices.BinarySearchFunc(now, m.key, func(pair histories.Value, key string) int {
			return cmp.Compare(pair.Elem(0).Str(), key)
		})
		var old []histories.Value
		if is {
			old = now[i].Elem(1).Elems()
		}
		if !m.append {
			if op.Outcome == histories.OK && !slices.EqualFunc(old, m.read.Elems(), sameWord) {
				return false, state
			}
			continue
		}
		if m.length >= 0 && m.length != len(old)+1 {
			return false, state
		}
		pair := histories.List(histories.Text(m.key), histories.List(append(slices.Clone(old), canonical(m.value))...))
		if is {
			now[i] = pair
		} else {
			now = slices.Insert(now, i, pair)
		}
	}
	return true, lists(histories.List(now...).String())
}
