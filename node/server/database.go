package server

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node/resp"
)

// Commands on whole databases. Redis 4.0: db.c.

func databaseCommands() []command {
	return []command{
		row("select", 2, "lF", 0, 0, 0, (*Server).selectCommand),
		row("swapdb", 3, "wF", 0, 0, 0, (*Server).swapdbCommand),
		row("dbsize", 1, "rF", 0, 0, 0, (*Server).dbsizeCommand),
		row("flushdb", -1, "w", 0, 0, 0, (*Server).flushdbCommand),
		row("flushall", -1, "w", 0, 0, 0, (*Server).flushallCommand),
	}
}

func (s *Server) selectCommand(c *client) {
	n, ok := resp.ParseInt(c.args[1])
	switch {
	case !ok:
		s.replyError(c, "ERR invalid DB index")
	case n < 0 || n >= s.cfg.databases:
		s.replyError(c, errBadDB)
	default:
		c.db = int(n)
		s.replySimple(c, "OK")
	}
}

func (s *Server) swapdbCommand(c *client) {
	i, ok := resp.ParseInt(c.args[1])
	if !ok {
		s.replyError(c, "ERR invalid first DB index")
		return
	}
	j, ok := resp.ParseInt(c.args[2])
	if !ok {
		s.replyError(c, "ERR invalid second DB index")
		return
	}
	if i < 0 || j < 0 || i >= s.cfg.databases || j >= s.cfg.databases {
		s.replyError(c, errBadDB)
		return
	}
	if i != j {
		s.ks.Swap(int(i), int(j))
	}
	s.dirty++
	s.replySimple(c, "OK")
}

func (s *Server) dbsizeCommand(c *client) { s.replyInt(c, int64(s.db(c).Len())) }

// flushOptions reads the optional ASYNC. Either way a flush costs nothing here.
func (s *Server) flushOptions(c *client) bool {
	if len(c.args) > 2 || (len(c.args) == 2 && !strings.EqualFold(string(c.args[1]), "async")) {
		s.replyError(c, errSyntax)
		return false
	}
	return true
}

func (s *Server) flushdbCommand(c *client) {
	if !s.flushOptions(c) {
		return
	}
	s.touchedAll(c.db)
	s.dirty += int64(s.db(c).Flush())
	s.replySimple(c, "OK")
}

func (s *Server) flushallCommand(c *client) {
	if !s.flushOptions(c) {
		return
	}
	s.touchedAll(-1)
	s.dirty += int64(s.ks.FlushAll())
	s.forgetOwn()
	s.replySimple(c, "OK")
	s.killSave() // what it saves is gone
	s.dirty++
	if len(s.cfg.savePoints) == 0 {
		return
	}
	// The file must not bring back what was flushed.
	dirty := s.dirty
	s.saveNow(func([]byte) { s.dirty = dirty })
}

// parseCursor reads an unsigned 64-bit number.
func parseCursor(b []byte) (uint64, bool) {
	n, err := strconv.ParseUint(string(b), 10, 64)
	return n, err == nil
}

func appendUint(b []byte, n uint64) []byte { return strconv.AppendUint(b, n, 10) }
