package server

import (
	"slices"

	"github.com/ordeal-go/ordeal/node/keyspace"
)

// How commands get at keys: everything that must happen around a key (it may have expired, somebody may watch it)
// happens here.

const (
	errWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
	errSyntax    = "ERR syntax error"
	errNoKey     = "ERR no such key"
	errNotInt    = "ERR value is not an integer or out of range"
	errNotFloat  = "ERR value is not a valid float"
	errSameKey   = "ERR source and destination objects are the same"
	errBadDB     = "ERR DB index is out of range"
)

// db is the database that c has selected.
func (s *Server) db(c *client) *keyspace.DB { return s.ks.DB(c.db) }

// outlived says whether a key that expires at ms has done so.
func (s *Server) outlived(ms int64) bool { return s.now.UnixMilli() > ms }

// lookupRead returns the value of key for a command that reads it. A key that has outlived its time is deleted by a
// master; a replica waits for its master's DEL, but hides the key from clients that only read.
// Redis 4.0: db.c, lookupKeyReadWithFlags.
func (s *Server) lookupRead(c *client, key []byte) (keyspace.Value, bool) {
	v, at, volatile, ok := s.db(c).Lookup(key)
	if ok && volatile && s.outlived(at) {
		if s.repl.isMaster() {
			s.expire(c.db, key)
			ok = false
		} else if !c.is(flagMaster) && c.cmd.flags&flagReadOnly != 0 {
			ok = false
		}
	}
	if !ok {
		s.stats.misses++
		return keyspace.Value{}, false
	}
	s.stats.hits++
	return v, true
}

// lookupWrite returns the value of key for a command that may change it. Redis 4.0: db.c, lookupKeyWrite.
func (s *Server) lookupWrite(c *client, key []byte) (keyspace.Value, bool) {
	v, at, volatile, ok := s.db(c).Lookup(key)
	if ok && volatile && s.outlived(at) && s.expireIfMaster(c.db, key) {
		return keyspace.Value{}, false
	}
	return v, ok
}

// readString is lookupRead of a string; it replies and returns ok = false if the key holds something else.
// found says whether the key is there.
func (s *Server) readString(c *client, key []byte) (v keyspace.Value, found, ok bool) {
	v, found = s.lookupRead(c, key)
	return v, found, s.checkString(c, v, found)
}

// writeString is lookupWrite of a string, as readString.
func (s *Server) writeString(c *client, key []byte) (v keyspace.Value, found, ok bool) {
	v, found = s.lookupWrite(c, key)
	return v, found, s.checkString(c, v, found)
}

func (s *Server) checkString(c *client, v keyspace.Value, found bool) bool {
	if found && v.Kind() != keyspace.String {
		s.replyError(c, errWrongType)
		return false
	}
	return true
}

// setKey gives key a new value and no expiry time. Redis 4.0: db.c, setKey.
func (s *Server) setKey(c *client, key []byte, v keyspace.Value) {
	db := s.db(c)
	db.Set(key, v)
	if db.Volatile() > 0 {
		db.Persist(key)
	}
	s.touched(c.db, key)
}

// putKey gives key a new value and leaves its expiry time.
func (s *Server) putKey(c *client, key []byte, v keyspace.Value) {
	s.db(c).Set(key, v)
	s.touched(c.db, key)
}

// deleteKey removes key and says whether it was there.
func (s *Server) deleteKey(db int, key []byte) bool {
	if !s.ks.DB(db).Delete(key) {
		return false
	}
	s.touched(db, key)
	return true
}

// touched spoils the transactions of those who watch key. Redis 4.0: db.c, signalModifiedKey.
func (s *Server) touched(db int, key []byte) {
	if len(s.watchers) == 0 {
		return
	}
	for _, c := range s.watchers[watchedKey{db, string(key)}] {
		c.flags |= flagDirtyCAS
	}
}

// touchedAll spoils the transactions of those who watch a key of database db, or of any for -1, that exists.
// Redis 4.0: multi.c, touchWatchedKeysOnFlush.
func (s *Server) touchedAll(db int) {
	if len(s.watchers) == 0 {
		return
	}
	for _, c := range s.byID {
		for _, w := range c.watched {
			if (db < 0 || w.db == db) && s.ks.DB(w.db).Exists([]byte(w.key)) {
				c.flags |= flagDirtyCAS
			}
		}
	}
}

// unwatchAll ends all of c's WATCHes.
func (s *Server) unwatchAll(c *client) {
	for _, w := range c.watched {
		rest := slices.DeleteFunc(s.watchers[w], func(other *client) bool { return other == c })
		if len(rest) == 0 {
			delete(s.watchers, w)
		} else {
			s.watchers[w] = rest
		}
	}
	c.watched = nil
}
