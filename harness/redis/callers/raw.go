package callers

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Raw sends commands made of templates; {r1.host} and {r1.port} are the address of server r1. No model judges what they answer; the digests of the servers' data tell whether
// all of them came to the same.
func Raw() *Kind {
	return &Kind{
		Name: "raw", About: "commands made of templates, judged by the digests of the data alone", Model: "raw",
		draw: func(d *drawing) Op {
			line := d.work.Commands[d.rng.IntN(len(d.work.Commands))]
			fill := strings.NewReplacer("{key}", d.key, "{other}", d.work.other(d.key, 1), "{value}", d.unique(), "{n}", strconv.Itoa(d.rng.IntN(100)))
			words := strings.Fields(line)
			for i := range words {
				words[i] = withAddresses(fill.Replace(words[i]), d.servers)
			}
			return Op{Func: FuncCommand, Key: d.key, Arg: histories.Texts(words...), Write: true}
		},
		begin: func(op *Op, t *Talk) {
			words := make([]string, len(op.Arg.Elems()))
			for i, w := range op.Arg.Elems() {
				words[i] = w.Str()
			}
			t.Ask(words...)
		},
		hear: func(op *Op, t *Talk, r resp.Reply) {
			switch {
			case r.IsError() && slices.Contains(halfDone, strings.ToUpper(op.Arg.Elem(0).Str())):
				t.Unknown(string(r.Str))
			case !t.refuses(r):
				t.Done(found(r))
			}
		},
		final: func(*work) []Op { return nil },
	}
}

// halfDone are commands that may have changed something before they answered an error.
var halfDone = []string{"EVAL", "EVALSHA", "MIGRATE"}

// notRaw are commands that change what the connection is, or what its later commands mean.
var notRaw = []string{"AUTH", "CLIENT", "DISCARD", "EXEC", "MONITOR", "MULTI", "PSUBSCRIBE", "PSYNC", "PUNSUBSCRIBE", "QUIT", "REPLCONF",
	"SELECT", "SHUTDOWN", "SUBSCRIBE", "SYNC", "UNSUBSCRIBE", "UNWATCH", "WATCH"}

// checkTemplate says what is wrong with a template of kind raw, or nil.
func checkTemplate(line string) error {
	words := strings.Fields(line)
	if len(words) == 0 {
		return errors.New("commands: one of them has no word")
	}
	if name := strings.ToUpper(words[0]); slices.Contains(notRaw, name) {
		return fmt.Errorf("commands: %s changes what later commands on the connection mean: use db: or another kind", name)
	}
	return nil
}

// FuncCommand sends the words of its argument.
const FuncCommand = "command"
