package server

import (
	"fmt"
	"strconv"

	"github.com/ordeal-go/ordeal/node/conf"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Commands on the server itself. Redis 4.0: server.c.

func serverCommands() []command {
	return []command{
		row("info", -1, "lt", 0, 0, 0, (*Server).infoCommand),
		row("config", -2, "lat", 0, 0, 0, (*Server).configCommand),
		row("monitor", 1, "as", 0, 0, 0, (*Server).monitorCommand),
		row("debug", -1, "as", 0, 0, 0, (*Server).debugCommand),
		row("slowlog", -2, "a", 0, 0, 0, (*Server).slowlogCommand),
		row("latency", -2, "aslt", 0, 0, 0, (*Server).latencyCommand),
		row("memory", -2, "r", 0, 0, 0, (*Server).memoryCommand),
		row("time", 1, "RF", 0, 0, 0, (*Server).timeCommand),
		row("command", 0, "lt", 0, 0, 0, (*Server).commandCommand),
	}
}

func (s *Server) timeCommand(c *client) {
	micros := int64(s.now) / 1000
	s.replyArray(c, 2)
	s.replyBulkString(c, strconv.FormatInt(micros/1e6, 10))
	s.replyBulkString(c, strconv.FormatInt(micros%1e6, 10))
}

func (s *Server) commandCommand(c *client) {
	sub := ""
	if len(c.args) > 1 {
		sub = option(c.args[1])
	}
	switch {
	case len(c.args) == 1:
		rows := s.listedCommands()
		s.replyArray(c, len(rows))
		for _, cmd := range rows {
			s.replyCommand(c, cmd)
		}
	case sub == "INFO":
		s.replyArray(c, len(c.args)-2)
		for _, name := range c.args[2:] {
			s.replyCommand(c, s.lookup(name))
		}
	case sub == "COUNT" && len(c.args) == 2:
		s.replyInt(c, int64(len(s.table)))
	case sub == "GETKEYS" && len(c.args) >= 3:
		s.commandGetKeys(c)
	default:
		s.replyError(c, "ERR Unknown subcommand or wrong number of arguments.")
	}
}

// listedCommands are the commands that rename-command has left a name.
func (s *Server) listedCommands() []*command {
	var rows []*command
	for _, cmd := range s.commands {
		if s.table[cmd.name] == cmd {
			rows = append(rows, cmd)
		}
	}
	return rows
}

// replyCommand replies with a row of the table; cmd may be nil.
func (s *Server) replyCommand(c *client, cmd *command) {
	if cmd == nil {
		s.replyNullArray(c)
		return
	}
	s.replyArray(c, 6)
	s.replyBulkString(c, cmd.name)
	s.replyInt(c, int64(cmd.arity))
	n := 0
	for _, f := range flagNames {
		if cmd.flags&f.flag != 0 {
			n++
		}
	}
	s.replyArray(c, n)
	for _, f := range flagNames {
		if cmd.flags&f.flag != 0 {
			s.replySimple(c, f.name)
		}
	}
	s.replyInt(c, int64(cmd.first))
	s.replyInt(c, int64(cmd.last))
	s.replyInt(c, int64(cmd.step))
}

func (s *Server) commandGetKeys(c *client) {
	args := c.args[2:]
	cmd := s.lookup(args[0])
	switch {
	case cmd == nil:
		s.replyError(c, "ERR Invalid command specified")
		return
	case (cmd.arity > 0 && len(args) != cmd.arity) || len(args) < -cmd.arity:
		s.replyError(c, "ERR Invalid number of arguments specified for command")
		return
	}
	keys := cmd.keys(args)
	if len(keys) == 0 {
		s.replyError(c, "ERR The command has no key arguments")
		return
	}
	s.replyArray(c, len(keys))
	for _, key := range keys {
		s.replyBulk(c, key)
	}
}

// keys returns the arguments that are keys.
func (cmd *command) keys(args [][]byte) (keys [][]byte) {
	if cmd.first == 0 {
		return nil
	}
	last := cmd.last
	if last < 0 {
		last += len(args)
	}
	for i := cmd.first; i <= last && i < len(args); i += cmd.step {
		keys = append(keys, args[i])
	}
	return keys
}

func (s *Server) monitorCommand(c *client) {
	if c.is(flagReplica | flagMonitor) {
		return
	}
	c.flags |= flagMonitor
	s.monitors = append(s.monitors, c)
	s.replySimple(c, "OK")
}

// feedMonitors shows the running command to those who watch all of them. Redis 4.0: replication.c,
// replicationFeedMonitors.
func (s *Server) feedMonitors(c *client) {
	if !s.loading && c.cmd.flags&(flagNoMonitor|flagAdmin) == 0 {
		s.showMonitors(c)
	}
}

func (s *Server) showMonitors(c *client) {
	micros := int64(s.now) / 1000
	b := fmt.Appendf(nil, "+%d.%06d [%d %s]", micros/1e6, micros%1e6, c.db, c.addr)
	for _, arg := range c.args {
		b = append(append(b, ' '), conf.Quote(string(arg))...)
	}
	b = append(b, "\r\n"...)
	for _, m := range s.monitors {
		s.replyRaw(m, b)
	}
}

func (s *Server) latencyCommand(c *client) {
	switch sub := option(c.args[1]); {
	case sub == "LATEST" && len(c.args) == 2, sub == "HISTORY" && len(c.args) == 3:
		s.replyArray(c, 0) // nothing is sampled: a core has no clock within a Step
	case sub == "RESET":
		s.replyInt(c, 0)
	case sub == "GRAPH" && len(c.args) == 3:
		s.replyError(c, "ERR No samples available for event '"+string(c.args[2])+"'")
	case sub == "DOCTOR" && len(c.args) == 2:
		s.replyBulkString(c, "This server samples no latencies.\n")
	default:
		s.replyError(c, errSyntax)
	}
}

func (s *Server) memoryCommand(c *client) {
	switch sub := option(c.args[1]); {
	case sub == "USAGE" && len(c.args) >= 3:
		s.memoryUsage(c)
	case sub == "PURGE" && len(c.args) == 2:
		s.replySimple(c, "OK")
	case sub == "MALLOC-STATS" && len(c.args) == 2:
		s.replyBulkString(c, "Stats not supported for the current allocator")
	case sub == "DOCTOR" && len(c.args) == 2:
		s.replyBulkString(c, "This server keeps no account of its memory but an estimate.\n")
	case sub == "HELP" && len(c.args) == 2:
		s.replyHelp(c, "MEMORY DOCTOR", "MEMORY USAGE <key> [SAMPLES <count>]", "MEMORY PURGE", "MEMORY MALLOC-STATS")
	default:
		s.replyError(c, errSyntax)
	}
}

func (s *Server) memoryUsage(c *client) {
	if len(c.args) != 3 {
		samples, ok := int64(0), false
		if len(c.args) == 5 && option(c.args[3]) == "SAMPLES" {
			samples, ok = resp.ParseInt(c.args[4])
		}
		if !ok || samples < 0 {
			s.replyError(c, errSyntax)
			return
		}
	}
	v, found := s.lookupRead(c, c.args[2])
	if !found {
		s.replyNull(c)
		return
	}
	const perKey = 48
	s.replyInt(c, int64(perKey+len(c.args[2])+v.Len()))
}
