package callers

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Bank moves money between accounts in transactions. Each account is a key; MSETNX opens all of them at once. At no moment
// and at no server do the accounts together hold anything else than they were opened with.
func Bank() *Kind {
	return &Kind{
		Name: "bank", About: "accounts opened by MSETNX; transfers by WATCH, GET, and DECRBY and INCRBY in MULTI; MGET of all of them", Model: "bank",
		Commands: []string{"MSETNX", "WATCH", "UNWATCH", "GET", "MULTI", "DECRBY", "SET", "INCRBY", "EXEC", "MGET"},
		draw:     drawBank, begin: beginBank, hear: hearBank,
		final: func(*work) []Op { return []Op{{Func: histories.FuncRead}} },
	}
}

// opening is what every account holds at first.
const opening = 100

func drawBank(d *drawing) Op {
	accounts := len(d.work.keys)
	from, steps := d.rng.IntN(accounts), 1+d.rng.IntN(max(1, accounts-1))
	amount, large, open := 1+d.rng.Int64N(9), d.rng.IntN(4) == 0, d.rng.IntN(8) == 0
	switch {
	case !d.write:
		return Op{Func: histories.FuncRead}
	case open:
		balances := make([]histories.Value, accounts)
		for i := range balances {
			balances[i] = histories.Int(opening)
		}
		return Op{Func: models.FuncOpen, Arg: histories.List(balances...), Write: true}
	}
	to := (from + steps) % accounts
	arg := histories.List(histories.Int(int64(from)), histories.Int(int64(to)), histories.Int(amount))
	return Op{Func: models.FuncTransfer, Arg: arg, Write: true, told: histories.Bool(large)}
}

func beginBank(op *Op, t *Talk) {
	switch op.Func {
	case histories.FuncRead:
		t.Ask(append([]string{"MGET"}, op.work.keys...)...)
	case models.FuncOpen:
		words := []string{"MSETNX"}
		for i, balance := range op.Arg.Elems() {
			words = append(words, op.work.keys[i], balance.Str())
		}
		t.Ask(words...)
	default:
		from, to, _ := op.transfer()
		t.Ask("WATCH", from, to)
		t.Ask("MGET", from, to)
	}
}

// transfer is from which account to which other one how much is moved.
func (op *Op) transfer() (from, to string, amount int64) {
	i, _ := op.Arg.Elem(0).Int64()
	j, _ := op.Arg.Elem(1).Int64()
	amount, _ = op.Arg.Elem(2).Int64()
	return op.work.keys[i], op.work.keys[j], amount
}

func hearBank(op *Op, t *Talk, r resp.Reply) {
	switch {
	case op.Func == models.FuncTransfer && t.heard > 2:
		if !t.ended {
			heardTransaction(op, t, r, func([]resp.Reply) { t.Done(histories.Bool(true)) })
		}
	case t.refuses(r):
	case op.Func == histories.FuncRead:
		t.Done(balances(r))
	case op.Func == models.FuncOpen:
		t.Done(histories.Bool(r.Int == 1))
	case t.heard == 2 && !t.ended:
		op.move(t, r)
	}
}

// move moves the money once it is known what both accounts hold.
func (op *Op) move(t *Talk, held resp.Reply) {
	from, to, amount := op.transfer()
	balance, opened := int64(0), len(held.Elems) == 2 && !held.Elems[0].Null && !held.Elems[1].Null
	if opened {
		balance, opened = resp.ParseInt(held.Elems[0].Str)
	}
	if !opened || balance < amount {
		t.Ask("UNWATCH")
		t.Done(histories.Bool(false))
		return
	}
	t.Ask("MULTI")
	t.Ask("DECRBY", from, strconv.FormatInt(amount, 10))
	if op.told.True() {
		t.Ask("SET", op.work.keys[0]+":receipt", receipt)
	}
	t.Ask("INCRBY", to, strconv.FormatInt(amount, 10))
	t.Ask("EXEC")
}

// receipt is what stands between the two halves of one transfer in four: such a transaction is many segments long, and may
// be cut in the middle.
var receipt = strings.Repeat("receipt ", 1024)

// balances are what MGET of the accounts found: nothing if there are none yet.
func balances(r resp.Reply) histories.Value {
	all, any := make([]histories.Value, len(r.Elems)), false
	for i, e := range r.Elems {
		all[i] = number(found(e))
		any = any || !e.Null
	}
	if !any {
		return histories.Value{}
	}
	return histories.List(all...)
}
