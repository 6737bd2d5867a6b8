package server

import (
	"fmt"
	"time"

	"github.com/ordeal-go/ordeal/node"
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

func (s *Server) logSlow(c *client, args [][]byte, took time.Duration) {
	e := slowEntry{id: s.slow.nextID, at: s.now, took: took, addr: c.addr, name: c.name}
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

func (s *Server) slowlogCommand(c *client) {
	sub := option(c.args[1])
	switch {
	case sub == "RESET" && len(c.args) == 2:
		s.slow.entries = nil
		s.replySimple(c, "OK")
	case sub == "LEN" && len(c.args) == 2:
		s.replyInt(c, int64(len(s.slow.entries)))
	case sub == "GET" && len(c.args) <= 3:
		count := int64(10)
		if len(c.args) == 3 {
			var ok bool
			if count, ok = resp.ParseInt(c.args[2]); !ok {
				s.replyError(c, errNotInt)
				return
			}
		}
		s.replySlow(c, count)
	default:
		s.replyError(c, "ERR Unknown SLOWLOG subcommand or wrong # of args. Try GET, RESET, LEN.")
	}
}

// replySlow replies with the latest entries, all of them for a negative count.
func (s *Server) replySlow(c *client, count int64) {
	n := len(s.slow.entries)
	if count >= 0 {
		n = int(min(int64(n), count))
	}
	s.replyArray(c, n)
	for i := range n {
		e := &s.slow.entries[len(s.slow.entries)-1-i]
		s.replyArray(c, 6)
		s.replyInt(c, e.id)
		s.replyInt(c, e.at.Unix())
		s.replyInt(c, e.took.Microseconds())
		s.replyStrings(c, e.args)
		s.replyBulkString(c, e.addr)
		s.replyBulkString(c, e.name)
	}
}
