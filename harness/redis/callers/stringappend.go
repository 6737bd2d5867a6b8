package callers

import (
	"strings"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node/resp"
)

// StringAppend is APPEND and GET of a few keys: lists of words with commas behind them, to which every operation adds a
// word of its own.
func StringAppend() *Kind {
	return &Kind{
		Name: "string-append", About: "APPEND of a word and a comma, each once, and GET of the whole", Model: "append",
		Commands: []string{"APPEND", "GET"},
		draw: func(d *drawing) Op {
			if !d.write {
				return Op{Func: histories.FuncRead, Key: d.key}
			}
			return Op{Func: "append", Key: d.key, Arg: histories.Text(d.unique()), Write: true}
		},
		begin: func(op *Op, t *Talk) {
			if op.Write {
				t.Ask("APPEND", op.Key, op.Arg.Str()+appended)
			} else {
				t.Ask("GET", op.Key)
			}
		},
		hear: func(op *Op, t *Talk, r resp.Reply) {
			switch {
			case t.refuses(r):
			case op.Write:
				t.Done(histories.Value{})
			default:
				t.Done(words(string(r.Str)))
			}
		},
		final: finalReads,
	}
}

// appended ends every word.
const appended = ","

// words are the words of a string that APPEND made. What is behind the last comma was torn off, and stands as it is.
func words(s string) histories.Value {
	if s == "" {
		return histories.List()
	}
	return histories.Texts(strings.Split(strings.TrimSuffix(s, appended), appended)...)
}
