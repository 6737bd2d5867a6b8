package server

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node/resp"
)

// Commands on connections. Redis 4.0: networking.c, server.c.

func connectionCommands() []command {
	return []command{
		row("auth", 2, "sltF", 0, 0, 0, (*Server).authCommand),
		row("ping", -1, "tF", 0, 0, 0, (*Server).pingCommand),
		row("echo", 2, "F", 0, 0, 0, func(s *Server, c *client) { s.replyBulk(c, c.args[1]) }),
		row("client", -2, "as", 0, 0, 0, (*Server).clientCommand),
		row("post", -1, "lt", 0, 0, 0, (*Server).securityCommand),
		row("host:", -1, "lt", 0, 0, 0, (*Server).securityCommand),
	}
}

func (s *Server) authCommand(c *client) {
	if s.cfg.requirePass == "" {
		s.replyError(c, "ERR Client sent AUTH, but no password is set")
		return
	}
	if subtle.ConstantTimeCompare(c.args[1], []byte(s.cfg.requirePass)) != 1 {
		c.authenticated = false
		s.replyError(c, "ERR invalid password")
		return
	}
	c.authenticated = true
	s.replySimple(c, "OK")
}

func (s *Server) pingCommand(c *client) {
	if len(c.args) > 2 {
		s.replyError(c, "ERR wrong number of arguments for 'ping' command")
		return
	}
	switch {
	case c.is(flagPubSub):
		var message []byte
		if len(c.args) == 2 {
			message = c.args[1]
		}
		s.replyRaw(c, pong(nil, message))
	case len(c.args) == 2:
		s.replyBulk(c, c.args[1])
	default:
		s.replySimple(c, "PONG")
	}
}

// securityCommand answers what a browser was tricked into sending. Redis 4.0: networking.c, securityWarningCommand.
func (s *Server) securityCommand(c *client) {
	s.log('#', "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. This is "+
		"likely due to an attacker attempting to use Cross Protocol Scripting to compromise your Redis instance. Connection aborted.")
	s.freeClientASAP(c)
}

func (s *Server) clientCommand(c *client) {
	sub := option(c.args[1])
	switch {
	case sub == "LIST" && len(c.args) == 2:
		var b []byte
		for _, other := range s.byID {
			b = append(append(b, s.clientLine(other)...), '\n')
		}
		s.replyBulk(c, b)
	case sub == "REPLY" && len(c.args) == 3:
		s.clientReply(c)
	case sub == "KILL":
		s.clientKill(c)
	case sub == "SETNAME" && len(c.args) == 3:
		s.clientSetName(c)
	case sub == "GETNAME" && len(c.args) == 2:
		if c.name == "" {
			s.replyNull(c)
		} else {
			s.replyBulkString(c, c.name)
		}
	case sub == "PAUSE" && len(c.args) == 3:
		s.clientPause(c)
	default:
		s.replyError(c, "ERR Syntax error, try CLIENT (LIST | KILL | GETNAME | SETNAME | PAUSE | REPLY)")
	}
}

func (s *Server) clientReply(c *client) {
	switch option(c.args[2]) {
	case "ON":
		c.flags &^= flagReplySkip | flagReplyOff
		s.replySimple(c, "OK")
	case "OFF":
		c.flags |= flagReplyOff
	case "SKIP":
		if !c.is(flagReplyOff) {
			c.flags |= flagReplySkipNext
		}
	default:
		s.replyError(c, errSyntax)
	}
}

func (s *Server) clientSetName(c *client) {
	name := string(c.args[2])
	if i := strings.IndexFunc(name, func(r rune) bool { return r < '!' || r > '~' }); i >= 0 {
		s.replyError(c, "ERR Client names cannot contain spaces, newlines or special characters.")
		return
	}
	c.name = name
	s.replySimple(c, "OK")
}

func (s *Server) clientPause(c *client) {
	ms, ok := resp.ParseInt(c.args[2])
	switch {
	case !ok:
		s.replyError(c, "ERR timeout is not an integer or out of range")
		return
	case ms < 0:
		s.replyError(c, "ERR timeout is negative")
		return
	}
	end := s.now.Add(time.Duration(ms) * time.Millisecond)
	if !s.paused || end > s.pauseEnd { // a pause is never made shorter
		s.paused, s.pauseEnd = true, end
		s.out.SetTimer(timerPause, time.Duration(ms)*time.Millisecond)
	}
	s.replySimple(c, "OK")
}

// killFilter says which clients CLIENT KILL means.
type killFilter struct {
	addr     string
	class    int // -1: any
	id       uint64
	hasID    bool
	skipSelf bool
}

func (f *killFilter) matches(other, self *client) bool {
	return (f.addr == "" || other.addr == f.addr) &&
		(f.class < 0 || other.class() == f.class) &&
		(!f.hasID || other.id == f.id) &&
		!(f.skipSelf && other == self)
}

func (s *Server) clientKill(c *client) {
	f := killFilter{class: -1, skipSelf: true}
	oldForm := len(c.args) == 3
	switch {
	case oldForm:
		f.addr, f.skipSelf = string(c.args[2]), false
	case len(c.args) < 3 || len(c.args)%2 != 0:
		s.replyError(c, errSyntax)
		return
	default:
		for i := 2; i < len(c.args); i += 2 {
			if reason := f.parse(option(c.args[i]), c.args[i+1]); reason != "" {
				s.replyError(c, reason)
				return
			}
		}
	}
	killed := int64(0)
	for _, other := range slices.Clone(s.byID) {
		if other.is(flagFreed) || !f.matches(other, c) {
			continue
		}
		killed++
		if other == c {
			s.closeAfterReply(c) // it is to hear of its own death
		} else {
			s.freeClient(other)
		}
	}
	switch {
	case !oldForm:
		s.replyInt(c, killed)
	case killed == 0:
		s.replyError(c, "ERR No such client")
	default:
		s.replySimple(c, "OK")
	}
}

// parse takes one option of CLIENT KILL, and returns the error to reply or "".
func (f *killFilter) parse(name string, value []byte) string {
	switch name {
	case "ID":
		n, ok := resp.ParseInt(value)
		if !ok {
			return errNotInt
		}
		f.id, f.hasID = uint64(n), true
	case "TYPE":
		f.class = slices.Index([]string{"NORMAL", "SLAVE", "PUBSUB", "MASTER"}, option(value))
		if option(value) == "REPLICA" {
			f.class = classSlave
		}
		if f.class < 0 {
			return "ERR Unknown client type '" + string(value) + "'"
		}
	case "ADDR":
		f.addr = string(value)
	case "SKIPME":
		switch {
		case bytes.EqualFold(value, []byte("yes")):
			f.skipSelf = true
		case bytes.EqualFold(value, []byte("no")):
			f.skipSelf = false
		default:
			return errSyntax
		}
	default:
		return errSyntax
	}
	return ""
}

// clientLine is how CLIENT LIST and log lines show a client. Redis 4.0: networking.c, catClientInfoString.
func (s *Server) clientLine(c *client) string {
	flags := ""
	for _, f := range [...]struct {
		flag   clientFlags
		letter string
	}{{flagReplica, "S"}, {flagMonitor, "O"}, {flagMaster, "M"}, {flagMulti, "x"}, {flagBlocked, "b"}, {flagDirtyCAS, "d"},
		{flagCloseAfterReply, "c"}, {flagCloseASAP, "A"}} {
		// A monitor is a replica of a kind to Redis, which prints one letter for it.
		if c.is(f.flag) && !(f.flag == flagReplica && c.is(flagMonitor)) {
			flags += f.letter
		}
	}
	if flags == "" {
		flags = "N"
	}
	channels, patterns := s.pubsub.Counts(c.conn)
	multi := -1
	if c.multi != nil {
		multi = len(c.multi.queue)
	}
	events := "r"
	if c.hasUnsent() {
		events = "rw"
	}
	cmd := "NULL"
	if c.last != nil {
		cmd = c.last.name
	}
	waiting := c.pending() + int64(len(c.reply))
	return fmt.Sprintf("id=%d addr=%s fd=%d name=%s age=%d idle=%d flags=%s db=%d sub=%d psub=%d multi=%d qbuf=%d qbuf-free=%d "+
		"obl=%d oll=%d omem=%d events=%s cmd=%s", c.id, c.addr, c.conn, c.name, int64(s.now.Sub(c.created)/time.Second),
		int64(s.now.Sub(c.lastActive)/time.Second), flags, c.db, channels, patterns, multi, c.in.Buffered(), 0,
		len(c.reply), 0, waiting, events, cmd)
}
