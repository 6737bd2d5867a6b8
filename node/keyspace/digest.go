package keyspace

import (
	"encoding/binary"

	"github.com/ordeal-go/ordeal/node/table"
	"github.com/ordeal-go/ordeal/node/value"
)

// Digest is a fingerprint of the data: the same for the same databases, keys, values and volatile keys, whatever
// the order in which they came; all zero for an empty server. When keys expire is no part of it.
type Digest = value.Digest

// sums is the digest of a database as it is kept. A key is counted if it has a part in of, and its word says so.
// Before a key changes its part is taken out again and the key waits in changed, so that a digest costs what has
// changed since the last.
type sums struct {
	of      Digest
	changed []string // some more than once, some no longer there
}

const (
	counted = 1 << 31 // in the word beside an entry: it has a part in the sum
	waiting = 1 << 30 // it is in changed

	// settleAt is how many changed keys [Keyspace.Settle] lets wait: counting them takes about 0.1 ms.
	settleAt = 256
)

// KeepDigest makes Digest cheap from now on: it then costs what has changed since the last one. Every change to a key
// costs up to about a microsecond more. It is cheapest on an empty keyspace; otherwise all keys are counted once.
func (ks *Keyspace) KeepDigest() {
	for i := range ks.dbs {
		ks.dbs[i].keepSums()
	}
}

func (db *DB) keepSums() {
	if db.sums != nil {
		return
	}
	db.sums = &sums{}
	db.ledger.KeepSums(true)
	db.keys.Places(func(p table.Place) { db.count(p) })
}

// Settle counts changed keys if many of them wait. Whoever keeps a digest calls it now and then, between commands: no
// value that Change has returned may be changed after it without another Change.
func (ks *Keyspace) Settle() {
	if !ks.shared.settle {
		return
	}
	ks.shared.settle = false
	for i := range ks.dbs {
		ks.dbs[i].settleMany()
	}
}

func (db *DB) settleMany() {
	if db.sums != nil && len(db.sums.changed) >= settleAt {
		db.settle()
	}
}

// settleAll counts all changed keys: who has loaded a file beside the server pays for them there.
func (ks *Keyspace) settleAll() {
	for i := range ks.dbs {
		if ks.dbs[i].sums != nil {
			ks.dbs[i].settle()
		}
	}
}

// Digest returns the fingerprint that DEBUG DIGEST replies, and keeps it from then on, as KeepDigest says. As for
// Settle, it is called between commands. Redis 4.0: debug.c, computeDatasetDigest.
func (ks *Keyspace) Digest() [20]byte {
	ks.KeepDigest()
	var d Digest
	for i := range ks.dbs {
		if db := &ks.dbs[i]; db.Len() > 0 {
			db.settle()
			addDB(&d, i, &db.sums.of)
		}
	}
	return d
}

// Digest is [Keyspace.Digest] of what the snapshot holds; it looks at everything.
func (snap *Snapshot) Digest() [20]byte {
	var d Digest
	for i := range snap.dbs {
		if db := &snap.dbs[i]; db.keys.Len() > 0 {
			var of Digest
			db.keys.Walk(func(e *table.Entry[value.Value]) bool {
				addKey(&of, e, false)
				return true
			})
			addDB(&d, i, &of)
		}
	}
	return d
}

// DigestOf returns what DEBUG DIGEST-VALUE replies for key, zeros if it is not there. Redis 6.0: debug.c,
// xorObjectDigest.
func (db *DB) DigestOf(key []byte) (d Digest) {
	if e := db.keys.Get(key); e != nil {
		addValue(&d, e.Value, false)
	}
	return d
}

func addDB(d *Digest, number int, of *Digest) {
	d.Next(binary.BigEndian.AppendUint32(nil, uint32(number)))
	for i := range d {
		d[i] ^= of[i]
	}
}

// addKey adds what a key has a part in d, or takes it out again.
func addKey(d *Digest, e *table.Entry[value.Value], live bool) {
	var of Digest
	var key [64]byte
	of.Next(append(key[:0], e.Key...))
	addValue(&of, e.Value, live)
	d.Any(of[:])
}

func addValue(of *Digest, v value.Value, live bool) {
	of.Next([]byte{0, 0, 0, byte(v.Kind())})
	v.AddTo(of, live)
	if v.Mark {
		of.Any([]byte("!!expire!!"))
	}
}

func (db *DB) count(p table.Place) {
	addKey(&db.sums.of, db.keys.At(p), true)
	w := db.keys.Word(p)
	*w = *w&^waiting | counted
}

// uncount is called before the entry at p changes, or after it has been added.
func (db *DB) uncount(p table.Place) {
	s := db.sums
	if s == nil {
		return
	}
	e, w := db.keys.At(p), db.keys.Word(p)
	if *w&counted != 0 {
		addKey(&s.of, e, true)
	}
	if *w&waiting == 0 {
		s.changed = append(s.changed, e.Key)
		db.shared.settle = db.shared.settle || len(s.changed) >= settleAt
	}
	*w = *w&^counted | waiting
	if len(s.changed) > 2*db.Len()+64*settleAt {
		// Nobody asks and nobody settles: better to count everything when somebody does.
		db.sums = nil
		db.ledger.KeepSums(false)
	}
}

// settle counts all keys that have changed.
func (db *DB) settle() {
	for _, key := range db.sums.changed {
		if p, ok := db.keys.Find([]byte(key)); ok && *db.keys.Word(p)&counted == 0 {
			db.count(p)
		}
	}
	clear(db.sums.changed)
	db.sums.changed = db.sums.changed[:0]
}
