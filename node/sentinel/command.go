package sentinel

import (
	"strings"

	"github.com/ordeal-go/ordeal/node/resp"
)

// command is an entry of the command table. A Sentinel knows these and no others.
type command struct {
	arity  int  // number of words; negative: at least so many
	inSub  bool // allowed in the pub/sub context
	handle func(s *Sentinel, c *client, args [][]byte)
}

var commands map[string]command

// Filled at init time because handlers refer to commands that refer to the table.
func init() {
	commands = map[string]command{
		"ping":      {1, true, (*Sentinel).pingCommand},
		"sentinel":  {-2, false, (*Sentinel).sentinelCommand},
		"publish":   {3, false, (*Sentinel).publishCommand},
		"info":      {-1, false, (*Sentinel).infoCommand},
		"role":      {1, false, (*Sentinel).roleCommand},
		"client":    {-2, false, (*Sentinel).clientCommand},
		"shutdown":  {-1, false, (*Sentinel).shutdownCommand},
		"subscribe": {-2, true, func(s *Sentinel, c *client, args [][]byte) { c.out = s.subs.AppendSubscribe(c.out, c.conn, args[1:]) }},
		"unsubscribe": {-1, true, func(s *Sentinel, c *client, args [][]byte) {
			c.out = s.subs.AppendUnsubscribe(c.out, c.conn, args[1:])
		}},
		"psubscribe": {-2, true, func(s *Sentinel, c *client, args [][]byte) { c.out = s.subs.AppendPSubscribe(c.out, c.conn, args[1:]) }},
		"punsubscribe": {-1, true, func(s *Sentinel, c *client, args [][]byte) {
			c.out = s.subs.AppendPUnsubscribe(c.out, c.conn, args[1:])
		}},
	}
}

// dispatch checks a request as Redis's dispatcher does, and runs it.
func (s *Sentinel) dispatch(c *client, args [][]byte) {
	name := strings.ToLower(string(args[0]))
	if name == "quit" {
		c.ok()
		s.hangUp(c)
		return
	}
	cmd, known := commands[name]
	switch {
	case !known:
		c.fail(unknownCommand(args))
		return
	case cmd.arity > 0 && len(args) != cmd.arity, len(args) < -cmd.arity:
		c.fail("ERR wrong number of arguments for '" + name + "' command")
		return
	case s.cfg.requirePass != "":
		c.fail("NOAUTH Authentication required.") // and 4.0 has no AUTH here: it can never be used
		return
	case !cmd.inSub && s.subs.Count(c.conn) > 0:
		c.fail("ERR only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT allowed in this context")
		return
	}
	c.last = name
	cmd.handle(s, c, args)
}

// unknownCommand is the error of 4.0.11 and later, by which newer clients learn that they must do without.
func unknownCommand(args [][]byte) string {
	var rest []byte
	for _, arg := range args[1:] {
		if len(rest) >= 128 {
			break
		}
		rest = append(rest, '`')
		rest = append(rest, arg[:min(len(arg), 128-len(rest)+1)]...)
		rest = append(rest, "`, "...)
	}
	name := args[0][:min(len(args[0]), 128)]
	return "ERR unknown command `" + string(name) + "`, with args beginning with: " + string(rest)
}

func (s *Sentinel) pingCommand(c *client, _ [][]byte) {
	if s.subs.Count(c.conn) > 0 {
		c.out = resp.AppendCommand(c.out, "pong", "")
		return
	}
	c.out = resp.AppendSimple(c.out, "PONG")
}

// publishCommand takes a hello that another Sentinel sends directly.
func (s *Sentinel) publishCommand(c *client, args [][]byte) {
	if string(args[1]) != helloTopic {
		c.fail("ERR Only HELLO messages are accepted by Sentinel instances.")
		return
	}
	s.processHello(args[2])
	c.out = resp.AppendInt(c.out, 1)
}

func (s *Sentinel) roleCommand(c *client, _ [][]byte) {
	c.out = resp.AppendArray(c.out, 2)
	c.out = resp.AppendBulkString(c.out, "sentinel")
	c.out = resp.AppendArray(c.out, len(s.masters))
	for _, m := range s.masters {
		c.out = resp.AppendBulkString(c.out, m.name)
	}
}

func (s *Sentinel) shutdownCommand(c *client, args [][]byte) {
	if len(args) > 2 {
		c.fail("ERR syntax error")
		return
	}
	if len(args) == 2 {
		if how := strings.ToLower(string(args[1])); how != "save" && how != "nosave" {
			c.fail("ERR syntax error")
			return
		}
	}
	s.shutdown() // there is nothing to save either way
}
