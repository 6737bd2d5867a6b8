package keyspace

import "github.com/ordeal-go/ordeal/node/value"

// defaultSeed is the hash seed of [New]: any number does.
const defaultSeed = 0x6f726465616c2e21

// Keyspace is all databases of a server.
type Keyspace struct {
	dbs    []DB
	shared *shared
}

// New returns databases empty databases, numbered from 0, with a fixed hash seed.
func New(databases int) *Keyspace { return NewSeeded(databases, defaultSeed) }

// NewSeeded is New with a hash seed. Whoever takes keys from strangers keeps it secret.
func NewSeeded(databases int, seed uint64) *Keyspace {
	ks := &Keyspace{dbs: make([]DB, databases), shared: &shared{limits: value.DefaultLimits()}}
	for i := range ks.dbs {
		ks.dbs[i] = newDB(seed, ks.shared)
	}
	return ks
}

// Limits returns the limits of the compact forms of collections, which may be changed at any time.
func (ks *Keyspace) Limits() *value.Limits { return &ks.shared.limits }

// Databases returns how many databases there are.
func (ks *Keyspace) Databases() int { return len(ks.dbs) }

// DB returns database i, which must be at least 0 and less than Databases. It stays the database of that number,
// whatever is swapped or flushed.
func (ks *Keyspace) DB(i int) *DB { return &ks.dbs[i] }

// Swap exchanges the contents of two databases: who has selected one sees the keys of the other. SWAPDB.
func (ks *Keyspace) Swap(i, j int) { ks.dbs[i], ks.dbs[j] = ks.dbs[j], ks.dbs[i] }

// FlushAll removes all keys and returns how many there were.
func (ks *Keyspace) FlushAll() (removed int) {
	for i := range ks.dbs {
		removed += ks.dbs[i].Flush()
	}
	return removed
}

// Len returns the number of keys in all databases.
func (ks *Keyspace) Len() (keys int) {
	for i := range ks.dbs {
		keys += ks.dbs[i].Len()
	}
	return keys
}

// Bytes estimates the memory that keys and values take, in bytes. It is counted as it changes.
func (ks *Keyspace) Bytes() (n int64) {
	for i := range ks.dbs {
		n += ks.dbs[i].Bytes()
	}
	return n
}
