package pubsub

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// AppendSubscribe carries out SUBSCRIBE for conn and appends one reply for each channel to b.
func (r *Registry) AppendSubscribe(b []byte, conn node.ConnID, channels [][]byte) []byte {
	for _, channel := range channels {
		r.Subscribe(conn, string(channel))
		b = r.appendChange(b, "subscribe", channel, conn)
	}
	return b
}

// AppendPSubscribe carries out PSUBSCRIBE for conn and appends one reply for each pattern to b.
func (r *Registry) AppendPSubscribe(b []byte, conn node.ConnID, patterns [][]byte) []byte {
	for _, pattern := range patterns {
		r.PSubscribe(conn, string(pattern))
		b = r.appendChange(b, "psubscribe", pattern, conn)
	}
	return b
}

// AppendUnsubscribe carries out UNSUBSCRIBE for conn, of all its channels if channels is empty, and appends the
// replies to b: one for each channel, and one with a null channel if there was none to end.
func (r *Registry) AppendUnsubscribe(b []byte, conn node.ConnID, channels [][]byte) []byte {
	if len(channels) == 0 {
		channels = asBytes(r.Subscriptions(conn))
	}
	for _, channel := range channels {
		r.Unsubscribe(conn, string(channel))
		b = r.appendChange(b, "unsubscribe", channel, conn)
	}
	if len(channels) == 0 {
		b = r.appendNoChange(b, "unsubscribe", conn)
	}
	return b
}

// AppendPUnsubscribe is AppendUnsubscribe for PUNSUBSCRIBE.
func (r *Registry) AppendPUnsubscribe(b []byte, conn node.ConnID, patterns [][]byte) []byte {
	if len(patterns) == 0 {
		patterns = asBytes(r.PSubscriptions(conn))
	}
	for _, pattern := range patterns {
		r.PUnsubscribe(conn, string(pattern))
		b = r.appendChange(b, "punsubscribe", pattern, conn)
	}
	if len(patterns) == 0 {
		b = r.appendNoChange(b, "punsubscribe", conn)
	}
	return b
}

func (r *Registry) appendChange(b []byte, what string, name []byte, conn node.ConnID) []byte {
	b = resp.AppendArray(b, 3)
	b = resp.AppendBulkString(b, what)
	b = resp.AppendBulk(b, name)
	return resp.AppendInt(b, int64(r.Count(conn)))
}

func (r *Registry) appendNoChange(b []byte, what string, conn node.ConnID) []byte {
	b = resp.AppendArray(b, 3)
	b = resp.AppendBulkString(b, what)
	b = resp.AppendNull(b)
	return resp.AppendInt(b, int64(r.Count(conn)))
}

// AppendMessage appends a message to b as it reaches to: "message" or, by a pattern, "pmessage".
func AppendMessage(b []byte, to Receiver, channel string, payload []byte) []byte {
	if to.ByPattern {
		b = resp.AppendArray(b, 4)
		b = resp.AppendBulkString(b, "pmessage")
		b = resp.AppendBulkString(b, to.Pattern)
	} else {
		b = resp.AppendArray(b, 3)
		b = resp.AppendBulkString(b, "message")
	}
	b = resp.AppendBulkString(b, channel)
	return resp.AppendBulk(b, payload)
}

func asBytes(names []string) [][]byte {
	list := make([][]byte, len(names))
	for i, name := range names {
		list[i] = []byte(name)
	}
	return list
}
