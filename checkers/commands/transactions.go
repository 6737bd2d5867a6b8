package commands

import (
	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// Transactions holds every server to the wholeness of MULTI and EXEC: what a transaction changes is seen whole or not at
// all, at the master and at every replica, and after whatever crash or failover.
//
// The witness is a bank: transfers take from one account what they give to another, so that in every state that whole
// transactions can lead to the accounts together hold what they were opened with. That holds of a prefix of the
// transactions too, and so at replicas and of what survives a failover. Redis 4.0: multi.c, execCommand, which puts MULTI
// and EXEC around what it propagates.
type Transactions struct{}

// Name implements Checker.
func (Transactions) Name() string { return "transactions" }

// Check implements Checker.
func (Transactions) Check(r *checkers.Record) checkers.Verdict {
	var q checkers.Inquiry
	q.Saw("transfers", 0)
	q.Saw("reads of all accounts", 0)
	totals := map[string]int64{} // workload → what its accounts were opened with
	for i := range r.Ops {
		op := &r.Ops[i]
		if r.Model(op) == "bank" && op.Func == models.FuncOpen {
			totals[op.Workload] = total(op.Arg)
		}
	}
	for i := range r.Ops {
		op := &r.Ops[i]
		switch opened, known := totals[op.Workload]; {
		case r.Model(op) != "bank" || op.Outcome != histories.OK || !known:
		case op.Func == models.FuncTransfer && op.Result.True():
			q.Saw("transfers", 1)
		case op.Func == histories.FuncRead && !op.Result.IsNothing():
			q.Saw("reads of all accounts", 1)
			if sum := total(op.Result); sum != opened {
				q.Breach(op.Returned, op.Node, []int{i}, "the accounts hold %v, together %d, and were opened with %d: part of a transaction was seen without the rest",
					op.Result, sum, opened)
			}
		}
	}
	missing := ""
	switch {
	case q.Count("transfers") == 0:
		missing = "no transfer was acknowledged"
	case q.Count("reads of all accounts") == 0:
		missing = "nobody read the accounts"
	}
	return q.Verdict(missing, "transactions were seen whole or not at all")
}

// total is what balances come to.
func total(balances histories.Value) (sum int64) {
	for _, b := range balances.Elems() {
		n, _ := b.Int64() // what is no number counts nothing, and is missed in the sum
		sum += n
	}
	return sum
}

func (Transactions) Promise(r *checkers.Record) checkers.Promise {
	if !r.Works("bank") {
		return checkers.Nobody("nobody works at a bank")
	}
	return r.Ends("data was changed by hand", "run-as")
}
