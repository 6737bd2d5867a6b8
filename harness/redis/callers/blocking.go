package callers

import (
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Blocking has clients wait for elements of a few lists, by BLPOP and BRPOP of one or two of them for a second, while others
// put elements there: by a push, within a transaction, or by making another key be the list. Whoever waits is served as
// soon as there is something, and who began first comes first.
func Blocking() *Kind {
	return &Kind{
		Name: "blocking", About: "BLPOP and BRPOP that wait for a second, and elements put there by pushes, transactions, RENAMENX and MOVE", Model: "blocking",
		Commands: []string{"BLPOP", "BRPOP", "LPUSH", "RPUSH", "MULTI", "EXEC", "EVAL", "RENAMENX", "MOVE"},
		draw:     drawBlocking, begin: beginBlocking, hear: hearBlocking,
		final: func(*work) []Op { return nil },
	}
}

const (
	waitSeconds = 1 // how long a take waits
	// takePatience is for how long a client waits for the end of such a wait.
	takePatience = 2500 * time.Millisecond
)

// Each puts an element into an empty list, by making what is elsewhere the list, or says that it was not empty. What is
// elsewhere is nobody else's: a script is one command.
const (
	renamedScript = `redis.call('DEL', KEYS[2]) redis.call('RPUSH', KEYS[2], ARGV[1])
if redis.call('RENAMENX', KEYS[2], KEYS[1]) == 1 then return 1 end
redis.call('DEL', KEYS[2]) return 0`
	movedScript = `redis.call('SELECT', 15) redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], ARGV[1])
local moved = redis.call('MOVE', KEYS[1], ARGV[2]) redis.call('DEL', KEYS[1]) return moved`
)

func drawBlocking(d *drawing) Op {
	if !d.write {
		op := Op{Func: models.FuncTake, Key: d.key, Write: true, patience: takePatience}
		word := []string{"BLPOP", "BRPOP"}[d.rng.IntN(2)]
		if other := d.work.other(d.key, 1); d.rng.IntN(4) == 0 && other != d.key {
			op.Arg = histories.Texts(word, other)
		} else {
			op.Arg = histories.Texts(word)
		}
		return op
	}
	how := []string{"LPUSH", "RPUSH", "RPUSH", "MULTI", "RENAMENX", "MOVE"}[d.rng.IntN(6)]
	return Op{Func: models.FuncGive, Key: d.key, Arg: histories.Texts(d.unique(), how), Write: true}
}

func beginBlocking(op *Op, t *Talk) {
	if op.Func == models.FuncTake {
		words := []string{op.Arg.Elem(0).Str(), op.Key}
		if len(op.Arg.Elems()) > 1 {
			words = append(words, op.Arg.Elem(1).Str())
		}
		t.Ask(append(words, strconv.Itoa(waitSeconds))...)
		return
	}
	value := op.Arg.Elem(0).Str()
	switch how := op.Arg.Elem(1).Str(); how {
	case "MULTI":
		t.Ask("MULTI")
		t.Ask("LPUSH", op.Key, value)
		t.Ask("EXEC")
	case "RENAMENX":
		t.Ask("EVAL", renamedScript, "2", op.Key, op.Key+":"+value, value)
	case "MOVE":
		t.Ask("EVAL", movedScript, "1", op.Key, value, strconv.Itoa(op.DB))
	default:
		t.Ask(how, op.Key, value)
	}
}

func hearBlocking(op *Op, t *Talk, r resp.Reply) {
	how := op.Arg.Elem(1).Str()
	switch {
	case op.Func == models.FuncTake && !t.refuses(r):
		t.Done(found(r))
	case op.Func == models.FuncTake:
	case how == "MULTI" && t.heard < t.asked:
		if r.IsError() {
			op.saved = string(r.Str)
		}
	case r.IsError() && (how == "RENAMENX" || how == "MOVE"):
		t.Unknown(string(r.Str)) // a script may have done a part of it
	case r.IsError() && op.saved != "":
		t.Refused(op.saved)
	case t.refuses(r):
	case how == "RENAMENX" || how == "MOVE":
		t.Done(histories.Bool(r.Int == 1))
	default:
		t.Done(histories.Bool(true))
	}
}

// patienceOf is how long a client waits for the end of an operation.
func (op *Op) patienceOf() time.Duration {
	if op.patience > 0 {
		return op.patience
	}
	return opTimeout
}
