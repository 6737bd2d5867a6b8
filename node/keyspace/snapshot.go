package keyspace

import (
	"iter"

	"github.com/ordeal-go/ordeal/node/table"
	"github.com/ordeal-go/ordeal/node/value"
)

// Snapshot is the whole keyspace as it was at one instant. It never changes, and any number of goroutines may read
// it while the keyspace goes on changing. It need not be released.
type Snapshot struct {
	dbs   []frozenDB
	bytes int64
}

type frozenDB struct {
	keys    table.Table[value.Value]
	expires table.Table[int64]
}

// Item is a key with all that belongs to it.
type Item struct {
	Key      string
	Value    value.Value
	ExpireAt int64 // ms since the epoch, if Volatile
	Volatile bool
}

// Snapshot takes a snapshot: some tens of microseconds for a million keys. From then on the first write to each shard
// pays for a copy of it, a few microseconds, and the first write to each large value for a copy of the list of its
// parts and of the part.
func (ks *Keyspace) Snapshot() *Snapshot {
	snap := &Snapshot{dbs: make([]frozenDB, len(ks.dbs)), bytes: ks.Bytes()}
	for i := range ks.dbs {
		db := &ks.dbs[i]
		snap.dbs[i] = frozenDB{keys: db.keys.Freeze(), expires: db.expires.Freeze()}
		db.ledger.Freeze()
	}
	return snap
}

// Databases returns how many databases there are.
func (snap *Snapshot) Databases() int { return len(snap.dbs) }

// Len returns the number of keys in database db.
func (snap *Snapshot) Len(db int) int { return snap.dbs[db].keys.Len() }

// Volatile returns the number of keys in database db that have an expiry time.
func (snap *Snapshot) Volatile(db int) int { return snap.dbs[db].expires.Len() }

// Bytes estimates the memory that keys and values take, in bytes.
func (snap *Snapshot) Bytes() int64 { return snap.bytes }

// Get returns what database db holds at key.
func (snap *Snapshot) Get(db int, key []byte) (it Item, ok bool) {
	e := snap.dbs[db].keys.Get(key)
	if e == nil {
		return Item{}, false
	}
	return snap.dbs[db].item(e), true
}

// All walks all databases in ascending order; the first value is the number of the database. The order of keys
// follows from the hash seed and the operations before the snapshot.
func (snap *Snapshot) All() iter.Seq2[int, Item] {
	return func(yield func(int, Item) bool) {
		for i := range snap.dbs {
			db := &snap.dbs[i]
			if !db.keys.Walk(func(e *table.Entry[value.Value]) bool { return yield(i, db.item(e)) }) {
				return
			}
		}
	}
}

func (db *frozenDB) item(e *table.Entry[value.Value]) Item {
	it := Item{Key: e.Key, Value: e.Value, Volatile: e.Value.Mark}
	if it.Volatile {
		it.ExpireAt = db.expires.Get([]byte(e.Key)).Value
	}
	return it
}
