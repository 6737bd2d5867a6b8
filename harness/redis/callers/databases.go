package callers

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Databases is registers of the same names in several databases: a SELECT before nearly every operation. A server that
// loses track of the selected database writes one's values into another's.
func Databases() *Kind {
	return &Kind{
		Name: "databases", About: "registers of the same names in four databases, with a SELECT wherever the database changes", Model: "register",
		Commands: []string{"SELECT", "SET", "GET"},
		draw: func(d *drawing) Op {
			db := d.rng.IntN(databasesUsed)
			op := drawRegister(d)
			op.DB, op.Key = db, inDatabase(db, op.Key)
			return op
		},
		begin: func(op *Op, t *Talk) {
			_, key, _ := strings.Cut(op.Key, "/")
			if op.Write {
				t.Ask("SET", key, op.Arg.Str())
			} else {
				t.Ask("GET", key)
			}
		},
		hear: func(op *Op, t *Talk, r resp.Reply) { hearRegister(op, t, r) },
		final: func(w *work) []Op {
			var ops []Op
			for db := range databasesUsed {
				for _, key := range w.keys {
					ops = append(ops, Op{Func: histories.FuncRead, Key: inDatabase(db, key), DB: db})
				}
			}
			return ops
		},
	}
}

const databasesUsed = 4

// inDatabase is how the history calls a key of a database: "db2/k1".
func inDatabase(db int, key string) string { return "db" + strconv.Itoa(db) + "/" + key }
