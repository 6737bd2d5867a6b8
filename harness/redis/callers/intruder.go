package callers

import (
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Intruder tries wrong passwords, and a command after each, on a connection that is authenticated. No server lets it in;
// one that has a password forgets what the connection was allowed before. Redis 4.0: server.c, authCommand.
func Intruder() *Kind {
	return &Kind{
		Name: "intruder", About: "AUTH with wrong passwords, and a GET or SET after each", Model: "intruder",
		Commands: []string{"AUTH", "GET", "SET"},
		draw: func(d *drawing) Op {
			return Op{Func: FuncIntrude, Key: d.key, Arg: histories.Text("wrong-" + d.unique()), told: histories.Bool(d.rng.IntN(2) == 0)}
		},
		begin: func(op *Op, t *Talk) {
			t.Ask("AUTH", op.Arg.Str())
			if op.told.True() {
				t.Ask("SET", op.Key, "taken")
			} else {
				t.Ask("GET", op.Key)
			}
			if t.auth != nil {
				t.Ask(t.auth...) // what comes after is somebody else's
			}
		},
		hear: func(op *Op, t *Talk, r resp.Reply) {
			switch t.heard {
			case 1:
				op.saved = said(r)
			case 2:
				t.Done(histories.Texts(op.saved, said(r)))
			}
		},
		final: func(*work) []Op { return nil },
	}
}

// FuncIntrude tries a password: the result is what AUTH and the command after it were answered, as a word each.
const FuncIntrude = "intrude"

// said is a reply as a word: an error's text, or OK.
func said(r resp.Reply) string {
	if r.IsError() {
		return string(r.Str)
	}
	return "OK"
}
