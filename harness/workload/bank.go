package workload

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Bank moves money between accounts in transactions: each account is a key, and holds 0 at first. At no moment and at no
// server do the accounts together hold anything else.
var Bank = &Kind{
	Name: "bank", About: "transfers between accounts by DECRBY and INCRBY in MULTI, and MGET of all of them; together they hold 0", Model: "bank",
	Commands: []string{"MULTI", "EXEC", "DECRBY", "SET", "INCRBY", "MGET"},
	draw: func(d *drawing) Op {
		amount, steps, large := 1+d.rng.Int64N(9), 1+d.rng.IntN(max(1, len(d.work.keys)-1)), d.rng.IntN(4) == 0
		if !d.write {
			return Op{Func: histories.FuncRead}
		}
		to := d.work.other(d.key, steps)
		return Op{Func: "transfer", Arg: histories.List(histories.Text(d.key), histories.Text(to), histories.Int(amount)), Write: true,
			told: histories.Bool(large)}
	},
	begin: func(op *Op, t *Talk) {
		if !op.Write {
			t.Ask(append([]string{"MGET"}, op.work.keys...)...)
			return
		}
		amount, _ := op.Arg.Elem(2).Int64()
		t.Ask("MULTI")
		t.Ask("DECRBY", op.Arg.Elem(0).Str(), strconv.FormatInt(amount, 10))
		if op.told.True() {
			t.Ask("SET", op.work.keys[0]+":receipt", receipt)
		}
		t.Ask("INCRBY", op.Arg.Elem(1).Str(), strconv.FormatInt(amount, 10))
		t.Ask("EXEC")
	},
	hear: func(op *Op, t *Talk, r resp.Reply) {
		switch {
		case op.Write:
			heardTransaction(op, t, r, func([]resp.Reply) { t.Done(histories.Bool(true)) })
		case t.refuses(r):
		default:
			t.Done(balances(r))
		}
	},
	final: func(*work) []Op { return []Op{{Func: histories.FuncRead}} },
}

// receipt is what stands between the two halves of one transfer in four: such a transaction is many segments long, and may
// be cut in the middle.
var receipt = strings.Repeat("receipt ", 1024)

// balances are what MGET of the accounts found.
func balances(r resp.Reply) histories.Value {
	all := make([]histories.Value, len(r.Elems))
	for i, e := range r.Elems {
		all[i] = number(found(e))
	}
	return histories.List(all...)
}
