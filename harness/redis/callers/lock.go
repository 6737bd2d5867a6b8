package callers

import (
	"strconv"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Lock is a lock with fencing: whoever takes it gets a token that is larger than every one before, and gives it back with
// that token. A client takes a lock that it does not hold, and gives back one that it does.
//
// The lock is a key that holds the token while it is taken; the next token is counted in the key beside it. Both are
// changed in MULTI, under WATCH.
func Lock() *Kind {
	return &Kind{
		Name: "lock", About: "a lock with fencing tokens: WATCH, GET, and INCR and SET, or DEL, in MULTI", Model: "lock",
		Commands: []string{"WATCH", "UNWATCH", "GET", "MULTI", "INCR", "SET", "DEL", "EXEC"},
		draw: func(d *drawing) Op {
			return Op{Func: "acquire", Key: d.key, Write: true}
		},
		begin: beginLock, hear: hearLock,
		final: func(*work) []Op { return nil },
	}
}

func tokens(lock string) string { return lock + ":tokens" }

func beginLock(op *Op, t *Talk) {
	if token, held := op.hand.held[op.Key]; held {
		op.Func, op.Arg = "release", histories.Int(token)
		delete(op.hand.held, op.Key) // however it ends: an outcome that is not known is not tried again
	}
	t.Ask("WATCH", op.Key, tokens(op.Key))
	t.Ask("GET", op.Key)
	t.Ask("GET", tokens(op.Key))
}

func hearLock(op *Op, t *Talk, r resp.Reply) {
	switch t.heard {
	case 1:
		t.refuses(r)
	case 2:
		if !t.refuses(r) {
			op.saved = found(r).Str()
		}
	case 3:
		if !t.refuses(r) && !t.ended {
			op.grab(t, op.saved, found(r).Str())
		}
	default:
		if t.ended { // UNWATCH
			return
		}
		heardTransaction(op, t, r, func([]resp.Reply) {
			if op.Func == "release" {
				t.Done(histories.Bool(true))
				return
			}
			token, _ := op.told.Int64()
			op.hand.held[op.Key] = token
			t.Done(op.told)
		})
	}
}

// grab goes on once it is known who holds the lock, and which token was given last.
func (op *Op) grab(t *Talk, holder, last string) {
	op.saved = ""
	mine := op.Func == "release" && holder == op.Arg.Str()
	switch {
	case op.Func == "release" && !mine:
		t.Ask("UNWATCH")
		t.Done(histories.Bool(false))
	case mine:
		t.Ask("MULTI")
		t.Ask("DEL", op.Key)
		t.Ask("EXEC")
	case holder != "":
		t.Ask("UNWATCH")
		t.Done(histories.Value{})
	default:
		n, _ := strconv.ParseInt(last, 10, 64) // 0 if none was given
		op.told = histories.Int(n + 1)
		t.Ask("MULTI")
		t.Ask("SET", tokens(op.Key), op.told.Str())
		t.Ask("SET", op.Key, op.told.Str())
		t.Ask("EXEC")
	}
}
