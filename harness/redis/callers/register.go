package callers

import (
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Register is SET and GET of a few keys. Every value is written once.
func Register() *Kind {
	return &Kind{
		Name: "register", About: "SET and GET of a few keys; every value is written once", Model: "register",
		Commands: []string{"SET", "GET"},
		draw:     drawRegister, begin: beginRegister, hear: hearRegister, final: finalReads,
	}
}

// CAS is a register that is also changed by comparing and setting: WATCH, GET, and SET in MULTI if the value is still
// the one that the client saw last.
func CAS() *Kind {
	return &Kind{
		Name: "cas-register", About: "a register that is also compared and set, by WATCH, GET, MULTI, SET and EXEC", Model: "register",
		Commands: []string{"SET", "GET", "WATCH", "UNWATCH", "MULTI", "EXEC"},
		draw: func(d *drawing) Op {
			op := drawRegister(d)
			if d.rng.IntN(2) == 0 && op.Write {
				op.Func = funcCAS
			}
			return op
		},
		begin: beginCAS, hear: hearCAS, final: finalReads,
	}
}

const funcCAS = "cas"

func drawRegister(d *drawing) Op {
	if !d.write {
		return Op{Func: histories.FuncRead, Key: d.key}
	}
	return Op{Func: histories.FuncWrite, Key: d.key, Arg: d.uniqueValue(), Write: true}
}

func finalReads(w *work) []Op {
	var ops []Op
	for _, key := range w.keys {
		ops = append(ops, Op{Func: histories.FuncRead, Key: key})
	}
	return ops
}

func beginRegister(op *Op, t *Talk) {
	if op.Write {
		t.Ask("SET", op.Key, op.Arg.Str())
	} else {
		t.Ask("GET", op.Key)
	}
}

func hearRegister(op *Op, t *Talk, r resp.Reply) {
	switch {
	case t.refuses(r):
	case op.Write:
		t.Done(histories.Value{})
	default:
		t.Done(found(r))
	}
}

func beginCAS(op *Op, t *Talk) {
	if op.Func != funcCAS {
		beginRegister(op, t)
		return
	}
	expected := histories.Value{}
	if value, seen := op.hand.seen[op.Key]; seen {
		expected = histories.Text(value)
	}
	op.Arg = histories.List(expected, op.Arg)
	t.Ask("WATCH", op.Key)
	t.Ask("GET", op.Key)
}

// hearCAS: WATCH and GET are answered first; what comes after depends on what GET found.
func hearCAS(op *Op, t *Talk, r resp.Reply) {
	if op.Func != funcCAS {
		hearRegister(op, t, r)
		if op.Func == histories.FuncRead && t.end == node.NoteOK && !t.result.IsNothing() {
			op.hand.seen[op.Key] = t.result.Str()
		}
		return
	}
	expected, value := op.Arg.Elem(0), op.Arg.Elem(1)
	switch t.heard {
	case 1:
		t.refuses(r)
	case 2:
		switch now := found(r); {
		case t.refuses(r), t.ended:
		case now.Equal(expected):
			t.Ask("MULTI")
			t.Ask("SET", op.Key, value.Str())
			t.Ask("EXEC")
		default:
			op.hand.seen[op.Key] = now.Str()
			t.Ask("UNWATCH")
			t.Done(histories.Bool(false))
		}
	default:
		if t.ended { // UNWATCH
			return
		}
		heardTransaction(op, t, r, func(results []resp.Reply) {
			op.hand.seen[op.Key] = value.Str()
			t.Done(histories.Bool(true))
		})
	}
}

// doneAtOnce is what is saved of a transaction whose commands were not queued.
const doneAtOnce = "done at once"

// heardTransaction takes the replies to MULTI, the commands in it, and EXEC, the last that was asked. done is called
// with the results.
//
// What the server refused before EXEC was not done, unless MULTI was refused too: then what follows was done at once.
func heardTransaction(op *Op, t *Talk, r resp.Reply, done func(results []resp.Reply)) {
	if t.heard < t.asked {
		switch {
		case r.IsError() && op.saved == "":
			op.saved = string(r.Str)
		case r.Kind != '-' && r.Kind != '+':
			op.saved = doneAtOnce
		}
		return
	}
	switch {
	case op.saved == doneAtOnce:
		t.Unknown("parts were done outside of a transaction: " + string(r.Str))
	case op.saved != "" && len(r.Elems) > 0:
		t.Unknown("a part was refused, and the others were done: " + op.saved)
	case op.saved != "": // Redis 4.0 refuses a write at a replica without giving up the transaction, which is then empty
		t.Refused(op.saved)
	case r.IsError():
		t.Refused(string(r.Str))
	case r.Null:
		t.Refused("the watched key changed")
	default:
		for _, e := range r.Elems {
			if e.IsError() {
				t.Unknown("a part failed: " + string(e.Str))
				return
			}
		}
		done(r.Elems)
	}
}
