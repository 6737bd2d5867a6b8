package server

import (
	"github.com/ordeal-go/ordeal/node/resp"
)

// Replies of the running command. They gather in the client's buffer and leave at the end of the Step.

// mute says that c gets no reply: it is our master, which speaks and does not listen, or it asked for silence.
func (c *client) mute() bool {
	return c.is(flagMaster | flagReplyOff | flagReplySkip | flagCloseASAP)
}

// unsentReply marks that c has something to send at the end of the Step.
func (s *Server) unsentReply(c *client) {
	if !c.inUnsent {
		c.inUnsent = true
		s.unsent = append(s.unsent, c)
	}
}

// writeTo sends raw bytes to c whatever it asked for: the replication stream, REPLCONF ACK.
func (s *Server) writeTo(c *client, raw []byte) {
	c.reply = append(c.reply, raw...)
	s.unsentReply(c)
}

func (s *Server) replyRaw(c *client, raw []byte) {
	if !c.mute() {
		s.writeTo(c, raw)
	}
}

func (s *Server) replySimple(c *client, text string) {
	if !c.mute() {
		c.reply = resp.AppendSimple(c.reply, text)
		s.unsentReply(c)
	}
}

// replyError replies with an error, text being what follows the '-' ("ERR no such key").
func (s *Server) replyError(c *client, text string) {
	s.repl.errorReplied(s, c, text)
	if !c.mute() {
		c.reply = resp.AppendError(c.reply, text)
		s.unsentReply(c)
	}
}

func (s *Server) replyInt(c *client, n int64) {
	if !c.mute() {
		c.reply = resp.AppendInt(c.reply, n)
		s.unsentReply(c)
	}
}

func (s *Server) replyBool(c *client, b bool) {
	if b {
		s.replyInt(c, 1)
	} else {
		s.replyInt(c, 0)
	}
}

func (s *Server) replyBulk(c *client, b []byte) {
	if !c.mute() {
		c.reply = resp.AppendBulk(c.reply, b)
		s.unsentReply(c)
	}
}

func (s *Server) replyBulkString(c *client, text string) {
	if !c.mute() {
		c.reply = resp.AppendBulkString(c.reply, text)
		s.unsentReply(c)
	}
}

func (s *Server) replyBulkInt(c *client, n int64) {
	if !c.mute() {
		c.reply = resp.AppendBulkInt(c.reply, n)
		s.unsentReply(c)
	}
}

func (s *Server) replyNull(c *client) {
	if !c.mute() {
		c.reply = resp.AppendNull(c.reply)
		s.unsentReply(c)
	}
}

func (s *Server) replyNullArray(c *client) {
	if !c.mute() {
		c.reply = resp.AppendNullArray(c.reply)
		s.unsentReply(c)
	}
}

// replyArray replies with the header of an array; its n elements follow as replies of their own.
func (s *Server) replyArray(c *client, n int) {
	if !c.mute() {
		c.reply = resp.AppendArray(c.reply, n)
		s.unsentReply(c)
	}
}

func (s *Server) replyStrings(c *client, list []string) {
	s.replyArray(c, len(list))
	for _, text := range list {
		s.replyBulkString(c, text)
	}
}
