package callers

import (
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Publish publishes messages, each once. The observer subscribes to the channels at every server, and notes what it
// hears: a message may be missed only where a connection broke.
func Publish() *Kind {
	return &Kind{
		Name: "pubsub", About: "PUBLISH of messages, each once, to which the observer is subscribed at every server", Model: "pubsub",
		Commands: []string{"PUBLISH", "SUBSCRIBE"},
		draw: func(d *drawing) Op {
			return Op{Func: FuncPublish, Key: d.key, Arg: histories.Text(d.unique()), Write: true}
		},
		begin: func(op *Op, t *Talk) { t.Ask("PUBLISH", op.Key, op.Arg.Str()) },
		hear: func(op *Op, t *Talk, r resp.Reply) {
			if !t.refuses(r) {
				t.Done(histories.Int(r.Int))
			}
		},
		final: func(*work) []Op { return nil },
	}
}

// FuncPublish publishes a message: the key is the channel, the result how many subscribers of that server got it.
const FuncPublish = "publish"

// Channels are the channels of the mix.
func Channels(s workload.Spec) []string {
	var all []string
	for _, w := range works(s) {
		if w.kind.Name == Publish().Name {
			all = append(all, w.keys...)
		}
	}
	return all
}
