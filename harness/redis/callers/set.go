package callers

import (
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Set is SADD and SMEMBERS of a few sets, to which every operation adds a member of its own.
func Set() *Kind {
	return &Kind{
		Name: "set", About: "SADD of members, each once, and SMEMBERS", Model: "set",
		Commands: []string{"SADD", "SMEMBERS"},
		draw: func(d *drawing) Op {
			if !d.write {
				return Op{Func: histories.FuncRead, Key: d.key}
			}
			return Op{Func: models.FuncAdd, Key: d.key, Arg: histories.Text(d.unique()), Write: true}
		},
		begin: func(op *Op, t *Talk) {
			if op.Write {
				t.Ask("SADD", op.Key, op.Arg.Str())
			} else {
				t.Ask("SMEMBERS", op.Key)
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
