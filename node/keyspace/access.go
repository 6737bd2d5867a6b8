package keyspace

import (
	"math/rand/v2"

	"github.com/ordeal-go/ordeal/node/table"
	"github.com/ordeal-go/ordeal/node/value"
)

// The access clock: each key has a word of 24 bits beside its value, which eviction goes by: the LRU clock of its last
// use, or a minute and a counter for LFU. What it means is its caller's business. Words are no part of a snapshot:
// reading a key and noting that it was read disturbs none and copies nothing.

// accessMask is the part of the word beside an entry that is the access word. The highest bit says whether the key is
// in the sum of the digest.
const accessMask = 1<<24 - 1

// LRUWord is the word of a key that has not been used for idle seconds, by the LRU clock of that time in ms.
func LRUWord(nowMS int64, idle uint64) uint32 { return uint32(uint64(nowMS/1000)-idle) & accessMask }

// LFUWord is the word of a key with that counter at that time in ms.
func LFUWord(nowMS int64, counter uint8) uint32 {
	const millisPerMinute = 60_000
	return uint32(nowMS/millisPerMinute)<<8&accessMask | uint32(counter)
}

// SetClock sets the access word that keys get when they are added, below 2^24, and what becomes of the word of a key
// that is used: nil makes it that of a new one.
func (ks *Keyspace) SetClock(fresh uint32, touch func(word uint32) uint32) {
	ks.SetFresh(fresh)
	ks.shared.touch = touch
}

// Use is Lookup, and gives key the word of one that is used.
func (db *DB) Use(key []byte) (v value.Value, expireAt int64, volatile, ok bool) {
	p, ok := db.keys.Find(key)
	if !ok {
		return v, 0, false, false
	}
	db.use(p)
	v = db.keys.At(p).Value
	if v.Mark {
		expireAt = db.expires.Get(key).Value
	}
	return v, expireAt, v.Mark, true
}

func (db *DB) use(p table.Place) {
	w, word := db.keys.Word(p), db.shared.fresh
	if db.shared.touch != nil {
		word = db.shared.touch(*w & accessMask)
	}
	*w = *w&^accessMask | word&accessMask
}

// SetFresh sets the access word that keys get when they are added, below 2^24.
func (ks *Keyspace) SetFresh(word uint32) { ks.shared.fresh = word & accessMask }

// Access returns the access word of key.
func (db *DB) Access(key []byte) (word uint32, ok bool) {
	p, ok := db.keys.Find(key)
	if !ok {
		return 0, false
	}
	return *db.keys.Word(p) & accessMask, true
}

// SetAccess sets the access word of key, below 2^24. It says false if key is not there.
func (db *DB) SetAccess(key []byte, word uint32) bool {
	p, ok := db.keys.Find(key)
	if ok {
		w := db.keys.Word(p)
		*w = *w&^accessMask | word&accessMask
	}
	return ok
}

// Candidate is a key that eviction may choose.
type Candidate struct {
	Key      string
	Access   uint32
	ExpireAt int64 // ms since the epoch, if the key is volatile
}

// Sample calls visit with n keys, each drawn from all of them, or from the volatile ones, with the same probability;
// a key may come up more than once.
func (db *DB) Sample(rng *rand.Rand, n int, volatile bool, visit func(Candidate)) {
	for range n {
		var c Candidate
		if volatile {
			p, ok := db.expires.Random(rng)
			if !ok {
				return
			}
			e := db.expires.At(p)
			c.Key, c.ExpireAt = e.Key, e.Value
			c.Access, _ = db.Access([]byte(e.Key))
		} else {
			p, ok := db.keys.Random(rng)
			if !ok {
				return
			}
			e := db.keys.At(p)
			c.Key, c.Access = e.Key, *db.keys.Word(p)&accessMask
			if e.Value.Mark {
				c.ExpireAt = db.expires.Get([]byte(e.Key)).Value
			}
		}
		visit(c)
	}
}
