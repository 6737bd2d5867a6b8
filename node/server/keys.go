package server

import (
	"strings"

	"github.com/ordeal-go/ordeal/node/glob"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Commands on keys, whatever their values. Redis 4.0: db.c.

func keyCommands() []command {
	return []command{
		row("del", -2, "w", 1, -1, 1, (*Server).delCommand),
		row("unlink", -2, "wF", 1, -1, 1, (*Server).delCommand),
		row("exists", -2, "rF", 1, -1, 1, (*Server).existsCommand),
		row("touch", -2, "rF", 1, -1, 1, (*Server).existsCommand),
		row("type", 2, "rF", 1, 1, 1, (*Server).typeCommand),
		row("rename", 3, "w", 1, 2, 1, func(s *Server, c *client) { s.rename(c, false) }),
		row("renamenx", 3, "wF", 1, 2, 1, func(s *Server, c *client) { s.rename(c, true) }),
		row("move", 3, "wF", 1, 1, 1, (*Server).moveCommand),
		row("keys", 2, "rS", 0, 0, 0, (*Server).keysCommand),
		row("scan", -2, "rR", 0, 0, 0, (*Server).scanCommand),
		row("randomkey", 1, "rR", 0, 0, 0, (*Server).randomkeyCommand),
		row("object", -2, "r", 2, 2, 2, (*Server).objectCommand),
	}
}

func (s *Server) delCommand(c *client) {
	deleted := int64(0)
	for _, key := range c.args[1:] {
		if _, found := s.lookupWrite(c, key); found && s.deleteKey(c.db, key) {
			deleted++
		}
	}
	s.dirty += deleted
	s.replyInt(c, deleted)
}

func (s *Server) existsCommand(c *client) {
	n := int64(0)
	for _, key := range c.args[1:] {
		if _, found := s.lookupRead(c, key); found {
			n++
		}
	}
	s.replyInt(c, n)
}

func (s *Server) typeCommand(c *client) {
	v, found := s.lookupRead(c, c.args[1])
	if !found {
		s.replySimple(c, "none")
		return
	}
	s.replySimple(c, v.Kind().String())
}

func (s *Server) rename(c *client, nx bool) {
	from, to := c.args[1], c.args[2]
	same := string(from) == string(to)
	v, found := s.lookupWrite(c, from)
	if !found {
		s.replyError(c, errNoKey)
		return
	}
	if same {
		if nx {
			s.replyInt(c, 0)
		} else {
			s.replySimple(c, "OK")
		}
		return
	}
	at, volatile := s.db(c).ExpireAt(from)
	if _, taken := s.lookupWrite(c, to); taken && nx {
		s.replyInt(c, 0)
		return
	}
	s.setKey(c, to, v)
	if volatile {
		s.setExpire(c, to, at)
	}
	s.deleteKey(c.db, from)
	s.dirty++
	if nx {
		s.replyInt(c, 1)
	} else {
		s.replySimple(c, "OK")
	}
}

func (s *Server) moveCommand(c *client) {
	n, ok := resp.ParseInt(c.args[2])
	switch {
	case !ok || n < 0 || n >= s.cfg.databases:
		s.replyError(c, "ERR index out of range")
		return
	case int(n) == c.db:
		s.replyError(c, errSameKey)
		return
	}
	key, from := c.args[1], c.db
	v, found := s.lookupWrite(c, key)
	if !found {
		s.replyInt(c, 0)
		return
	}
	at, volatile := s.db(c).ExpireAt(key)
	c.db = int(n)
	defer func() { c.db = from }()
	if _, taken := s.lookupWrite(c, key); taken {
		s.replyInt(c, 0)
		return
	}
	s.db(c).Set(key, v)
	if volatile {
		s.setExpire(c, key, at)
	}
	s.ks.DB(from).Delete(key)
	s.dirty++
	s.replyInt(c, 1)
}

// hidden says whether a listing leaves out a key that has outlived its time. A master deletes it by the way.
func (s *Server) hidden(c *client, key string) bool {
	at, volatile := s.db(c).ExpireAt([]byte(key))
	if !volatile || !s.outlived(at) {
		return false
	}
	s.expireIfMaster(c.db, []byte(key))
	return true
}

func (s *Server) keysCommand(c *client) {
	pattern := c.args[1]
	var found []string
	s.db(c).Keys(func(key string, _ keyspace.Value) bool {
		if (string(pattern) == "*" || glob.Match(pattern, []byte(key), false)) && !s.hidden(c, key) {
			found = append(found, key)
		}
		return true
	})
	s.replyStrings(c, found)
}

func (s *Server) scanCommand(c *client) {
	cursor, ok := parseCursor(c.args[1])
	if !ok {
		s.replyError(c, "ERR invalid cursor")
		return
	}
	count, pattern := int64(10), []byte("*")
	for i := 2; i < len(c.args); i += 2 {
		if i+1 == len(c.args) {
			s.replyError(c, errSyntax)
			return
		}
		switch option(c.args[i]) {
		case "COUNT":
			if count, ok = resp.ParseInt(c.args[i+1]); !ok {
				s.replyError(c, errNotInt)
				return
			}
			if count < 1 {
				s.replyError(c, errSyntax)
				return
			}
		case "MATCH":
			pattern = c.args[i+1]
		default:
			s.replyError(c, errSyntax)
			return
		}
	}
	var found []string
	next := s.db(c).Scan(cursor, int(min(count, 1<<30)), func(key string, _ keyspace.Value) {
		if (string(pattern) == "*" || glob.Match(pattern, []byte(key), false)) && !s.hidden(c, key) {
			found = append(found, key)
		}
	})
	s.replyArray(c, 2)
	s.replyBulk(c, appendUint(nil, next))
	s.replyStrings(c, found)
}

// randomTries is how often RANDOMKEY of a replica whose keys may all have outlived their time looks for another.
// Redis 4.0: db.c, dbRandomKey.
const randomTries = 100

func (s *Server) randomkeyCommand(c *client) {
	db := s.db(c)
	for tries := 0; ; tries++ {
		key, ok := db.Random(s.rng)
		if !ok {
			s.replyNull(c)
			return
		}
		allVolatile := db.Len() == db.Volatile()
		giveUp := allVolatile && !s.repl.isMaster() && tries >= randomTries
		if giveUp || !s.hidden(c, key) {
			s.replyBulkString(c, key)
			return
		}
	}
}

func (s *Server) objectCommand(c *client) {
	if len(c.args) == 2 && option(c.args[1]) == "HELP" {
		s.replyHelp(c, "OBJECT <subcommand> arg arg ... arg. Subcommands are:",
			"refcount <key> -- Return the number of references of the value associated with the specified key.",
			"encoding <key> -- Return the kind of internal representation used in order to store the value associated with a key.",
			"idletime <key> -- Return the idle time of the key, that is the approximated number of seconds elapsed since the last access to the key.",
			"freq <key> -- Return the access frequency index of the key. The returned integer is proportional to the logarithm of the recent access frequency of the key.")
		return
	}
	sub := option(c.args[1])
	known := sub == "REFCOUNT" || sub == "ENCODING" || sub == "IDLETIME" || sub == "FREQ"
	if len(c.args) != 3 || !known {
		s.replyError(c, "ERR Unknown subcommand or wrong number of arguments for '"+string(c.args[1])+"'. Try OBJECT help")
		return
	}
	v, found := s.lookupRead(c, c.args[2])
	if !found {
		s.replyNull(c)
		return
	}
	switch sub {
	case "REFCOUNT":
		s.replyInt(c, 1)
	case "ENCODING":
		s.replyBulkString(c, v.Encoding())
	case "IDLETIME":
		s.replyInt(c, 0) // no clock of accesses is kept
	case "FREQ":
		s.replyError(c, "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching "+
			"between policies at runtime LRU and LFU data will take some time to adjust.")
	}
}

// replyHelp replies with lines of status replies, as HELP subcommands do.
func (s *Server) replyHelp(c *client, lines ...string) {
	s.replyArray(c, len(lines))
	for _, line := range lines {
		s.replySimple(c, strings.TrimSpace(line))
	}
}
