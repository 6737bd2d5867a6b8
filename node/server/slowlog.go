package server

import (
	"fmt"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// The log of slow commands. Within a Step there is no clock: what is slow here is what kept the whole server waiting.
// Redis 4.0: slowlog.c.

const (
	slowMaxArgs = 32  // arguments kept of a command
	slowMaxArg  = 128 // bytes kept of an argument
)

type slowlog struct {
	entries []slowEntry // latest last
	nextID  int64
}

type slowEntry struct {
	id         int64
	at         node.Instant
	took       time.Duration
	args       []string
	addr, name string
}

func (s *Server) logSlow(c *front.Call, took time.Duration) {
	args, e := c.Args, slowEntry{id: s.slow.nextID, at: s.now, took: took}
	if c.Client != nil {
		e.addr, e.name = c.Client.Addr, c.Client.Name
	}
	s.slow.nextID++
	for i, arg := range args {
		if i == slowMaxArgs-1 && len(args) > slowMaxArgs {
			e.args = append(e.args, fmt.Sprintf("... (%d more arguments)", len(args)-i))
			break
		}
		if len(arg) > slowMaxArg {
			e.args = append(e.args, fmt.Sprintf("%s... (%d more bytes)", arg[:slowMaxArg], len(arg)-slowMaxArg))
			continue
		}
		e.args = append(e.args, string(arg))
	}
	s.slow.entries = append(s.slow.entries, e)
	s.trimSlowlog()
}

func (s *Server) trimSlowlog() {
	if extra := len(s.slow.entries) - int(s.cfg.slowlogMaxLen); extra > 0 {
		s.slow.entries = append([]slowEntry(nil), s.slow.entries[extra:]...)
	}
}

func (s *Server) slowlogCommand(c *front.Call) {
	sub := c.Option(1)
	switch {
	case sub == "RESET" && len(c.Args) == 2:
		s.slow.entries = nil
		c.OK()
	case sub == "LEN" && len(c.Args) == 2:
		c.Int(int64(len(s.slow.entries)))
	case sub == "GET" && len(c.Args) <= 3:
		count := int64(10)
		if len(c.Args) == 3 {
			var ok bool
			if count, ok = resp.ParseInt(c.Args[2]); !ok {
				c.Error(front.ErrNotInt)
				return
			}
		}
		s.replySlow(c, count)
	default:
		c.Error("ERR Unknown SLOWLOG subcommand or wrong # of args. Try GET, RESET, LEN.")
	}
}

// replySlow replies with the latest entries, all of them for a negative count.
func (s *Server) replySlow(c *front.Call, count int64) {
	n := len(s.slow.entries)
	if count >= 0 {
		n = int(min(int64(n), count))
	}
	c.Array(n)
	for i := range n {
		e := &s.slow.entries[len(s.slow.entries)-1-i]
		c.Array(6)
		c.Int(e.id)
		c.Int(e.at.Unix())
		c.Int(e.took.Microseconds())
		c.Texts(e.args)
		c.Text(e.addr)
		c.Text(e.name)
	}
}
