package checkers

import (
	"github.com/ordeal-go/ordeal/histories"
)

// Transactions holds every server to the wholeness of MULTI and EXEC: what a transaction changes is seen whole or not at
// all, at the master and at every replica, and after whatever crash or failover.
//
// The witness is a bank: transfers take from one account what they give to another, so that the accounts together hold 0
// in every state that whole transactions can lead to. That holds of a prefix of the transactions too, and so at replicas
// and of what survives a failover. Redis 4.0: multi.c, execCommand, which puts MULTI and EXEC around what it propagates.
type Transactions struct{}

// Name implements Checker.
func (Transactions) Name() string { return "transactions" }

// Check implements Checker.
func (Transactions) Check(h *histories.History) Verdict {
	var q inquiry
	q.saw("transfers", 0)
	q.saw("reads of all accounts", 0)
	for i := range h.Ops {
		op := &h.Ops[i]
		if h.Model(op) != "bank" || op.Outcome != histories.OK {
			continue
		}
		if op.Func != histories.FuncRead {
			q.saw("transfers", 1)
			continue
		}
		q.saw("reads of all accounts", 1)
		var sum int64
		for _, account := range op.Result.Elems() {
			n, ok := account.Int64()
			if !ok {
				q.breach(op.Returned, op.Node, []int{i}, "an account holds %v, which is no number", account)
			}
			sum += n
		}
		if sum != 0 {
			q.breach(op.Returned, op.Node, []int{i}, "the accounts hold %v, together %d: part of a transaction was seen without the rest", op.Result, sum)
		}
	}
	missing := ""
	switch {
	case q.count("transfers") == 0:
		missing = "no transfer was acknowledged"
	case q.count("reads of all accounts") == 0:
		missing = "nobody read the accounts"
	}
	return q.verdict(missing, "transactions were seen whole or not at all")
}
