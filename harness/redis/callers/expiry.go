package callers

import (
	"strconv"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Expiry sets values that live for a time: SET PX of 50 ms to 3 s, PERSIST now and then, and GET with PTTL. None dies
// early at the master, and none lives on.
func Expiry() *Kind {
	return &Kind{
		Name: "expiry", About: "SET PX of 50 ms to 3 s, PERSIST, and PTTL with GET: nothing dies early, nothing lives on", Model: "expiry",
		Commands: []string{"SET", "PERSIST", "PTTL", "GET"},
		draw: func(d *drawing) Op {
			ttl, persist := expiries[d.rng.IntN(len(expiries))], d.rng.IntN(5) == 0
			switch {
			case !d.write:
				return Op{Func: FuncLook, Key: d.key}
			case persist:
				return Op{Func: FuncPersist, Key: d.key, Write: true}
			}
			return Op{Func: FuncPut, Key: d.key, Arg: histories.List(histories.Text(d.unique()), histories.Int(ttl)), Write: true}
		},
		begin: func(op *Op, t *Talk) {
			switch op.Func {
			case FuncPut:
				ttl, _ := op.Arg.Elem(1).Int64()
				t.Ask("SET", op.Key, op.Arg.Elem(0).Str(), "PX", strconv.FormatInt(ttl, 10))
			case FuncPersist:
				t.Ask("PERSIST", op.Key)
			default:
				t.Ask("PTTL", op.Key)
				t.Ask("GET", op.Key)
			}
		},
		hear: func(op *Op, t *Talk, r resp.Reply) {
			switch {
			case t.refuses(r):
			case op.Func == FuncPut:
				t.Done(histories.Value{})
			case op.Func == FuncPersist:
				t.Done(histories.Bool(r.Int == 1))
			case t.heard == 1:
				op.told = histories.Int(r.Int)
			case r.Null:
				t.Done(histories.Value{})
			default:
				t.Done(histories.List(found(r), op.told))
			}
		},
		final: func(w *work) []Op {
			var ops []Op
			for _, key := range w.keys {
				ops = append(ops, Op{Func: FuncLook, Key: key})
			}
			return ops
		},
	}
}

// What the operations of kind expiry do.
const (
	FuncPut     = "put"     // [value, ms]: the key holds the value for so many milliseconds
	FuncPersist = "persist" // the key's value lives on; true if it had been going to die
	FuncLook    = "look"    // [value, ms left, -1 if it lives on], or nothing
)

var expiries = []int64{50, 200, 500, 1000, 2000, 3000} // ms
