package server

import (
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Keys that live for a while. Redis 4.0: expire.c.

func expireCommands() []command {
	return []command{
		row("expire", 3, "wF", 1, 1, 1, func(s *Server, c *client) { s.expireCommand(c, s.now.UnixMilli(), 1000) }),
		row("expireat", 3, "wF", 1, 1, 1, func(s *Server, c *client) { s.expireCommand(c, 0, 1000) }),
		row("pexpire", 3, "wF", 1, 1, 1, func(s *Server, c *client) { s.expireCommand(c, s.now.UnixMilli(), 1) }),
		row("pexpireat", 3, "wF", 1, 1, 1, func(s *Server, c *client) { s.expireCommand(c, 0, 1) }),
		row("ttl", 2, "rF", 1, 1, 1, func(s *Server, c *client) { s.ttlCommand(c, 1000) }),
		row("pttl", 2, "rF", 1, 1, 1, func(s *Server, c *client) { s.ttlCommand(c, 1) }),
		row("persist", 2, "wF", 1, 1, 1, (*Server).persistCommand),
	}
}

// maxTracked is the highest database in which a writable replica keeps track of the keys that its own clients gave an
// expiry time. Redis 4.0: expire.c, rememberSlaveKeyWithExpire.
const maxTracked = 63

// setExpire gives key an expiry time. Redis 4.0: db.c, setExpire.
func (s *Server) setExpire(c *client, key []byte, ms int64) {
	s.db(c).SetExpire(key, ms)
	if !s.repl.isMaster() && !c.is(flagMaster) && !s.cfg.slaveReadOnly && c.db <= maxTracked {
		s.trackOwn(c.db, key)
	}
}

// expireIfMaster deletes a key that has outlived its time, unless that is our master's to do; it says whether it did.
func (s *Server) expireIfMaster(db int, key []byte) bool {
	if !s.repl.isMaster() {
		return false
	}
	s.expire(db, key)
	return true
}

// expire deletes a key that has outlived its time, and makes the replicas do so. A transaction that watches it is
// not spoilt: time alone is no change. Redis 4.0: db.c, expireIfNeeded.
func (s *Server) expire(db int, key []byte) {
	s.stats.expired++
	s.repl.feed(s, db, [][]byte{s.delWord(s.cfg.lazyExpire), key})
	s.ks.DB(db).Delete(key)
}

var delWord, unlinkWord = []byte("DEL"), []byte("UNLINK")

func (s *Server) delWord(lazy bool) []byte {
	if lazy {
		return unlinkWord
	}
	return delWord
}

// expireCommand is EXPIRE and its like: base is what the argument counts from in ms, unit its unit in ms.
func (s *Server) expireCommand(c *client, base, unit int64) {
	key := c.args[1]
	n, ok := resp.ParseInt(c.args[2])
	if !ok {
		s.replyError(c, errNotInt)
		return
	}
	when := base + n*unit
	if _, found := s.lookupWrite(c, key); !found {
		s.replyInt(c, 0)
		return
	}
	s.dirty++
	if when <= s.now.UnixMilli() && s.repl.isMaster() {
		// A time in the past deletes. A replica waits for its master to say so.
		s.deleteKey(c.db, key)
		s.rewritten = [][]byte{s.delWord(s.cfg.lazyExpire), key}
		s.replyInt(c, 1)
		return
	}
	s.setExpire(c, key, when)
	s.touched(c.db, key)
	s.replyInt(c, 1)
}

// ttlCommand replies with the time left in unit ms, -1 for a key that stays and -2 for none.
func (s *Server) ttlCommand(c *client, unit int64) {
	if _, found := s.lookupRead(c, c.args[1]); !found {
		s.replyInt(c, -2)
		return
	}
	at, volatile := s.db(c).ExpireAt(c.args[1])
	if !volatile {
		s.replyInt(c, -1)
		return
	}
	left := max(at-s.now.UnixMilli(), 0)
	s.replyInt(c, (left+unit/2)/unit)
}

func (s *Server) persistCommand(c *client) {
	if _, found := s.lookupWrite(c, c.args[1]); !found || !s.db(c).Persist(c.args[1]) {
		s.replyInt(c, 0)
		return
	}
	s.dirty++
	s.replyInt(c, 1)
}

// The active expire cycle. Redis 4.0: expire.c, activeExpireCycle. What it may cost is bounded there by time; a core
// has no clock within a Step, so here it is bounded by the number of samples.
const (
	expireSamples = 20 // keys looked at in one round
	expireRounds  = 16 // most rounds in one database and cycle
)

// expireSome deletes some of the keys that have outlived their time and that nobody asks for.
func (s *Server) expireSome() {
	for i := range s.ks.Databases() {
		db := s.ks.DB(i)
		for round := 0; round < expireRounds && db.Volatile() > 0; round++ {
			if s.expireSample(db, i)*4 <= expireSamples { // a quarter or fewer are stale
				break
			}
		}
	}
}

func (s *Server) expireSample(db *keyspace.DB, number int) (expired int) {
	for range min(expireSamples, db.Volatile()) {
		key, at, ok := db.RandomVolatile(s.rng)
		if !ok {
			break
		}
		if s.outlived(at) {
			s.expire(number, []byte(key))
			expired++
		}
	}
	return expired
}

// ownKey is a key of a writable replica that one of its own clients gave an expiry time: no DEL will come for it.
type ownKey struct {
	db  int
	key string
}

func (s *Server) trackOwn(db int, key []byte) {
	k := ownKey{db, string(key)}
	if !s.isOwn[k] {
		if s.isOwn == nil {
			s.isOwn = make(map[ownKey]bool)
		}
		s.isOwn[k] = true
		s.ownVolatile = append(s.ownVolatile, k)
	}
}

// forgetOwn forgets the tracked keys: all data is gone.
func (s *Server) forgetOwn() { s.ownVolatile, s.isOwn = nil, nil }

// expireOwn deletes the tracked keys whose time has come. Redis 4.0: expire.c, expireSlaveKeys.
func (s *Server) expireOwn() {
	rest := s.ownVolatile[:0]
	for _, k := range s.ownVolatile {
		at, volatile := s.ks.DB(k.db).ExpireAt([]byte(k.key))
		if volatile && !s.outlived(at) {
			rest = append(rest, k)
			continue
		}
		delete(s.isOwn, k)
		if volatile {
			s.stats.expired++
			s.ks.DB(k.db).Delete([]byte(k.key))
		}
	}
	clear(s.ownVolatile[len(rest):])
	s.ownVolatile = rest
}
