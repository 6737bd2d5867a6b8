package server

import (
	"fmt"
	"strconv"

	"github.com/ordeal-go/ordeal/node/conf"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Commands on the server itself. Redis 4.0: server.c.

func (s *Server) serverRows() []front.Command {
	return front.Group("server",
		front.Row("info", -1, "lt", 0, 0, 0, s.infoCommand, "Get information and statistics about the server"),
		front.Row("config", -2, "lat", 0, 0, 0, s.configCommand, "Get, set and rewrite configuration parameters"),
		front.Row("monitor", 1, "as", 0, 0, 0, s.monitorCommand, "Listen for all requests received by the server in real time"),
		front.Row("debug", -1, "as", 0, 0, 0, s.debugCommand, "What test suites use"),
		front.Row("slowlog", -2, "a", 0, 0, 0, s.slowlogCommand, "Manage the log of slow commands"),
		front.Row("latency", -2, "aslt", 0, 0, 0, s.latencyCommand, "Samples of what kept the server waiting"),
		front.Row("memory", -2, "r", 0, 0, 0, s.memoryCommand, "Estimate what keys take"),
		front.Row("time", 1, "RF", 0, 0, 0, s.timeCommand, "Return the current server time"),
	)
}

func (s *Server) timeCommand(c *front.Call) {
	micros := int64(s.now) / 1000
	c.Array(2)
	c.Text(strconv.FormatInt(micros/1e6, 10))
	c.Text(strconv.FormatInt(micros%1e6, 10))
}

func (s *Server) monitorCommand(c *front.Call) {
	if c.Is(front.Replica | front.Monitor) {
		return
	}
	c.Client.State |= front.Monitor
	s.front.Monitors = append(s.front.Monitors, c.Client)
	c.OK()
}

// ShowMonitors implements commands.Host: it shows a call to those who watch all of them.
// Redis 4.0: replication.c, replicationFeedMonitors.
func (s *Server) ShowMonitors(c *front.Call) {
	if len(s.front.Monitors) == 0 {
		return
	}
	micros := int64(s.now) / 1000
	from := "lua"
	if c.Client != nil {
		from = c.Client.Addr
	}
	b := fmt.Appendf(nil, "+%d.%06d [%d %s]", micros/1e6, micros%1e6, c.DB, from)
	for _, arg := range c.Args {
		b = append(append(b, ' '), conf.Quote(string(arg))...)
	}
	b = append(b, "\r\n"...)
	for _, m := range s.front.Monitors {
		s.front.Push(m, b)
	}
}

func (s *Server) memoryCommand(c *front.Call) {
	switch sub := c.Option(1); {
	case sub == "USAGE" && len(c.Args) >= 3:
		s.memoryUsage(c)
	case sub == "PURGE" && len(c.Args) == 2:
		c.OK()
	case sub == "MALLOC-STATS" && len(c.Args) == 2:
		c.Text("Stats not supported for the current allocator")
	case sub == "DOCTOR" && len(c.Args) == 2:
		c.Text("This server keeps no account of its memory but an estimate.\n")
	case sub == "HELP" && len(c.Args) == 2:
		c.Help("MEMORY DOCTOR", "MEMORY USAGE <key> [SAMPLES <count>]", "MEMORY PURGE", "MEMORY MALLOC-STATS")
	default:
		c.Error(front.ErrSyntax)
	}
}

func (s *Server) memoryUsage(c *front.Call) {
	if len(c.Args) != 3 {
		samples, ok := int64(0), false
		if len(c.Args) == 5 && c.Option(3) == "SAMPLES" {
			samples, ok = resp.ParseInt(c.Args[4])
		}
		if !ok || samples < 0 {
			c.Error(front.ErrSyntax)
			return
		}
	}
	v, found := s.data.LookupRead(c, c.Args[2])
	if !found {
		c.Null()
		return
	}
	const perKey = 48
	c.Int(int64(perKey + len(c.Args[2]) + v.Len()))
}
