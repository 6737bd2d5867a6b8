package callers

import (
	"strconv"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Counter is INCRBY and GET of a few keys.
func Counter() *Kind {
	return &Kind{
		Name: "counter", About: "INCRBY by 1 to 9, whose reply is the new value, and GET", Model: "counter",
		Commands: []string{"INCRBY", "GET"},
		draw: func(d *drawing) Op {
			by := 1 + d.rng.Int64N(9)
			if !d.write {
				return Op{Func: histories.FuncRead, Key: d.key}
			}
			return Op{Func: "add", Key: d.key, Arg: histories.Int(by), Write: true}
		},
		begin: func(op *Op, t *Talk) {
			if op.Write {
				by, _ := op.Arg.Int64()
				t.Ask("INCRBY", op.Key, strconv.FormatInt(by, 10))
			} else {
				t.Ask("GET", op.Key)
			}
		},
		hear: func(op *Op, t *Talk, r resp.Reply) {
			if !t.refuses(r) {
				t.Done(number(found(r)))
			}
		},
		final: finalReads,
	}
}

// number is a counter's value: a key that does not exist counts 0.
func number(v histories.Value) histories.Value {
	if n, ok := v.Int64(); ok {
		return histories.Int(n)
	}
	if v.IsNothing() {
		return histories.Int(0)
	}
	return v // no number at all, which the model will not explain
}
