package callers

import (
	"strconv"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Wait is registers whose writes are followed by WAIT: its reply says how many replicas have the write, and that many
// must have it.
func Wait() *Kind {
	return &Kind{
		Name: "wait", About: "SET followed by WAIT for one or two replicas, 50 to 300 ms long, and GET", Model: "register",
		Commands: []string{"SET", "WAIT", "GET"},
		draw: func(d *drawing) Op {
			replicas, ms := 1+d.rng.Int64N(2), waits[d.rng.IntN(len(waits))]
			op := drawRegister(d)
			if op.Write {
				op.told = histories.List(histories.Int(replicas), histories.Int(ms))
			}
			return op
		},
		begin: func(op *Op, t *Talk) {
			beginRegister(op, t)
			if op.Write {
				replicas, _ := op.told.Elem(0).Int64()
				ms, _ := op.told.Elem(1).Int64()
				t.Ask("WAIT", strconv.FormatInt(replicas, 10), strconv.FormatInt(ms, 10))
			}
		},
		// The result of a write is [how many have it, how many were asked for, the time limit in ms].
		hear: func(op *Op, t *Talk, r resp.Reply) {
			switch {
			case !op.Write:
				hearRegister(op, t, r)
			case t.heard == 1:
				t.refuses(r)
			case r.IsError(): // the write itself was acknowledged
				t.Done(histories.Value{})
			default:
				t.Done(histories.List(histories.Int(r.Int), op.told.Elem(0), op.told.Elem(1)))
			}
		},
		final: finalReads,
	}
}

var waits = []int64{50, 100, 300} // ms; below what a client waits for an answer
