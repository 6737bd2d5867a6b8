package front

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/pubsub"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Publish and subscribe. Redis 4.0: pubsub.c.

// SubscribeRows are the commands of subscribers.
func (f *Front) SubscribeRows() []Command {
	p := &f.PubSub
	return Group("pubsub",
		Row("subscribe", -2, "psltP", 0, 0, 0, f.subscription(p.AppendSubscribe),
			"Listen for messages published to the given channels"),
		Row("unsubscribe", -1, "psltP", 0, 0, 0, f.subscription(p.AppendUnsubscribe),
			"Stop listening for messages posted to the given channels"),
		Row("psubscribe", -2, "psltP", 0, 0, 0, f.subscription(p.AppendPSubscribe),
			"Listen for messages published to channels matching the given patterns"),
		Row("punsubscribe", -1, "psltP", 0, 0, 0, f.subscription(p.AppendPUnsubscribe),
			"Stop listening for messages posted to channels matching the given patterns"),
		Row("pubsub", -2, "pltR", 0, 0, 0, f.pubsubCommand, "Inspect the state of the Pub/Sub subsystem"),
	)
}

// subscription makes a command of a change of the registry, which appends the replies to it.
func (f *Front) subscription(change func(b []byte, conn node.ConnID, names [][]byte) []byte) func(*Call) {
	return func(c *Call) {
		client := c.Client
		c.Raw(change(nil, client.Conn, c.Args[1:]))
		if f.PubSub.Count(client.Conn) > 0 {
			client.State |= Subscribed
		} else {
			client.State &^= Subscribed
		}
	}
}

// Publish delivers a message to our own subscribers and returns how many deliveries there were.
func (f *Front) Publish(channel string, message []byte) int64 {
	receivers := f.PubSub.Publish(channel)
	for _, to := range receivers {
		c := f.clients[to.Conn]
		if c == nil || c.mute() {
			continue
		}
		if b := f.open(c); b != nil {
			*b = pubsub.AppendMessage(*b, to, channel, message)
		}
	}
	return int64(len(receivers))
}

func (f *Front) pubsubCommand(c *Call) {
	switch sub := c.Option(1); {
	case sub == "CHANNELS" && len(c.Args) <= 3:
		pattern := "*"
		if len(c.Args) == 3 {
			pattern = string(c.Args[2])
		}
		c.Texts(f.PubSub.Channels(pattern))
	case sub == "NUMSUB":
		c.Array(2 * (len(c.Args) - 2))
		for _, channel := range c.Args[2:] {
			c.Bulk(channel)
			c.Int(int64(f.PubSub.NumSub(string(channel))))
		}
	case sub == "NUMPAT" && len(c.Args) == 2:
		c.Int(int64(f.PubSub.NumPat()))
	default:
		c.Error("ERR Unknown PUBSUB subcommand or wrong number of arguments for '" + string(c.Args[1]) + "'")
	}
}

// pong is PING's answer to a subscribed client, which can only take messages.
func pong(b, message []byte) []byte {
	b = resp.AppendArray(b, 2)
	b = resp.AppendBulkString(b, "pong")
	return resp.AppendBulk(b, message)
}
