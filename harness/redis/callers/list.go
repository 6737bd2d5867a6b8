package callers

import (
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/node/resp"
)

// ListAppend is RPUSH and LRANGE of a few lists, to which every operation adds a word of its own.
func ListAppend() *Kind {
	return &Kind{
		Name: "list-append", About: "RPUSH of words, each once, whose reply is the new length, and LRANGE of the whole",
		Model:    "append",
		Commands: []string{"RPUSH", "LRANGE"},
		draw: func(d *drawing) Op {
			if !d.write {
				return Op{Func: histories.FuncRead, Key: d.key}
			}
			return Op{Func: models.FuncAppend, Key: d.key, Arg: histories.Text(d.unique()), Write: true}
		},
		begin: func(op *Op, t *Talk) {
			if op.Write {
				t.Ask("RPUSH", op.Key, op.Arg.Str())
			} else {
				t.Ask("LRANGE", op.Key, "0", "-1")
			}
		},
		hear: func(_ *Op, t *Talk, r resp.Reply) {
			if !t.refuses(r) {
				t.Done(found(r))
			}
		},
		final: finalReads,
	}
}

// Queue is LPUSH and RPOP of a few lists: what takes from them stands in the place of what reads.
func Queue() *Kind {
	return &Kind{
		Name: "queue", About: "LPUSH of words, each once, and RPOP of the oldest", Model: "queue",
		Commands: []string{"LPUSH", "RPOP"},
		draw: func(d *drawing) Op {
			if !d.write {
				return Op{Func: models.FuncDequeue, Key: d.key, Write: true}
			}
			return Op{Func: models.FuncEnqueue, Key: d.key, Arg: histories.Text(d.unique()), Write: true}
		},
		begin: func(op *Op, t *Talk) {
			if op.Func == models.FuncEnqueue {
				t.Ask("LPUSH", op.Key, op.Arg.Str())
			} else {
				t.Ask("RPOP", op.Key)
			}
		},
		hear: func(op *Op, t *Talk, r resp.Reply) {
			switch {
			case t.refuses(r):
			case op.Func == models.FuncEnqueue:
				t.Done(histories.Value{})
			default:
				t.Done(found(r))
			}
		},
		final: func(*work) []Op { return nil },
	}
}
