package server

import (
	"github.com/ordeal-go/ordeal/node/pubsub"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Publish and subscribe. Redis 4.0: pubsub.c.

func pubsubCommands() []command {
	subscription := func(change func([]byte, *client) []byte) func(*Server, *client) {
		return func(s *Server, c *client) {
			s.replyRaw(c, change(nil, c))
			if s.pubsub.Count(c.conn) > 0 {
				c.flags |= flagPubSub
			} else {
				c.flags &^= flagPubSub
			}
		}
	}
	return []command{
		row("subscribe", -2, "pslt", 0, 0, 0, func(s *Server, c *client) {
			subscription(func(b []byte, c *client) []byte { return s.pubsub.AppendSubscribe(b, c.conn, c.args[1:]) })(s, c)
		}),
		row("unsubscribe", -1, "pslt", 0, 0, 0, func(s *Server, c *client) {
			subscription(func(b []byte, c *client) []byte { return s.pubsub.AppendUnsubscribe(b, c.conn, c.args[1:]) })(s, c)
		}),
		row("psubscribe", -2, "pslt", 0, 0, 0, func(s *Server, c *client) {
			subscription(func(b []byte, c *client) []byte { return s.pubsub.AppendPSubscribe(b, c.conn, c.args[1:]) })(s, c)
		}),
		row("punsubscribe", -1, "pslt", 0, 0, 0, func(s *Server, c *client) {
			subscription(func(b []byte, c *client) []byte { return s.pubsub.AppendPUnsubscribe(b, c.conn, c.args[1:]) })(s, c)
		}),
		row("publish", 3, "pltF", 0, 0, 0, (*Server).publishCommand),
		row("pubsub", -2, "pltR", 0, 0, 0, (*Server).pubsubCommand),
	}
}

// publishCommand delivers a message to our own subscribers, and as part of the stream to those of our replicas.
func (s *Server) publishCommand(c *client) {
	s.replyInt(c, s.publish(string(c.args[1]), c.args[2]))
	s.forced = true
}

// publish returns how many deliveries there were.
func (s *Server) publish(channel string, message []byte) int64 {
	receivers := s.pubsub.Publish(channel)
	for _, to := range receivers {
		c := s.clients[to.Conn]
		if c == nil || c.mute() {
			continue
		}
		c.reply = pubsub.AppendMessage(c.reply, to, channel, message)
		s.unsentReply(c)
	}
	return int64(len(receivers))
}

func (s *Server) pubsubCommand(c *client) {
	sub := option(c.args[1])
	switch {
	case sub == "CHANNELS" && len(c.args) <= 3:
		pattern := "*"
		if len(c.args) == 3 {
			pattern = string(c.args[2])
		}
		s.replyStrings(c, s.pubsub.Channels(pattern))
	case sub == "NUMSUB":
		s.replyArray(c, 2*(len(c.args)-2))
		for _, channel := range c.args[2:] {
			s.replyBulk(c, channel)
			s.replyInt(c, int64(s.pubsub.NumSub(string(channel))))
		}
	case sub == "NUMPAT" && len(c.args) == 2:
		s.replyInt(c, int64(s.pubsub.NumPat()))
	default:
		s.replyError(c, "ERR Unknown PUBSUB subcommand or wrong number of arguments for '"+string(c.args[1])+"'")
	}
}

// pong is PING's answer to a subscribed client, which can only take messages.
func pong(b, message []byte) []byte {
	b = resp.AppendArray(b, 2)
	b = resp.AppendBulkString(b, "pong")
	return resp.AppendBulk(b, message)
}
