package keyspace

import (
	"math/rand/v2"

	"github.com/ordeal-go/ordeal/node/table"
	"github.com/ordeal-go/ordeal/node/value"
)

// DB is one numbered database. Expiry times are in ms since the epoch by whatever clock the caller goes by, and a
// key that has one is called volatile.
type DB struct {
	keys    table.Table[value.Value] // a value is marked if its key is volatile
	expires table.Table[int64]       // of the volatile keys, in a table of its own so that active expiry can sample them
	ledger  *value.Ledger
	keyed   int64 // memory of keys and expiry times, in bytes
	sums    *sums // nil unless a digest is kept
	shared  *shared
}

// shared is what all databases of a keyspace have in common.
type shared struct {
	limits value.Limits
	fresh  uint32
	touch  func(word uint32) uint32 // nil: a key that is used gets the word fresh
	settle bool                     // in some database many changed keys wait to be counted
}

// About how much memory a key, and its expiry time, take besides the bytes of the key and its value, in bytes: their
// entries in the tables, with the room that shards have in reserve.
const (
	perKey    = 74
	perExpiry = 40
)

func newDB(seed uint64, s *shared) DB {
	return DB{
		keys: table.New[value.Value](seed, true),
		// With one seed for both tables, walking one and filling the other would fill it shard by shard.
		expires: table.New[int64](^seed, false),
		ledger:  value.NewLedger(&s.limits, seed*0x9e3779b97f4a7c15+1),
		shared:  s,
	}
}

// Ledger returns the books that values for this database are made with: value.NewHash(db.Ledger()).
func (db *DB) Ledger() *value.Ledger { return db.ledger }

// Len returns the number of keys, those included whose time has come.
func (db *DB) Len() int { return db.keys.Len() }

// Volatile returns the number of keys that have an expiry time.
func (db *DB) Volatile() int { return db.expires.Len() }

// Bytes estimates the memory that keys and values take, in bytes. It is counted as it changes.
func (db *DB) Bytes() int64 { return db.keyed + db.ledger.Bytes() }

func keyMemory(key int) int64 { return perKey + int64(key+7)&^7 }

// Get returns the value of key, for reading only; see [DB.Change].
func (db *DB) Get(key []byte) (v value.Value, ok bool) {
	if e := db.keys.Get(key); e != nil {
		return e.Value, true
	}
	return v, false
}

// Lookup is Get and ExpireAt in one: it costs nothing more than Get if key is not volatile.
func (db *DB) Lookup(key []byte) (v value.Value, expireAt int64, volatile, ok bool) {
	e := db.keys.Get(key)
	if e == nil {
		return v, 0, false, false
	}
	if e.Value.Mark {
		expireAt = db.expires.Get(key).Value
	}
	return e.Value, expireAt, e.Value.Mark, true
}

// MemoryOf estimates the memory that key, its value and its expiry time take, in bytes; ok is false if it is not
// there. MEMORY USAGE.
func (db *DB) MemoryOf(key []byte) (n int64, ok bool) {
	e := db.keys.Get(key)
	if e == nil {
		return 0, false
	}
	n = keyMemory(len(key)) + e.Value.Memory()
	if e.Value.Mark {
		n += perExpiry
	}
	return n, true
}

// Exists says whether key is there.
func (db *DB) Exists(key []byte) bool { return db.keys.Get(key) != nil }

// ExpireAt returns the time at which key expires; ok is false if key is not there or not volatile.
func (db *DB) ExpireAt(key []byte) (ms int64, ok bool) {
	if e := db.expires.Get(key); e != nil {
		return e.Value, true
	}
	return 0, false
}

// Change returns the value of key for changing it in place: a collection through its methods, a string through the
// methods of Ledger, whose result is then given to Set. It is good until the next Snapshot, Set or Delete. Whoever
// takes the last element out of a collection deletes its key.
func (db *DB) Change(key []byte) (v value.Value, ok bool) {
	p, ok := db.keys.Find(key)
	if !ok {
		return v, false
	}
	db.uncount(p)
	e := db.keys.Own(p)
	e.Value = db.ledger.Own(e.Value)
	return e.Value, true
}

// ChangeOrAdd is Change, and where there is no key it adds it with an empty value of type k, which must then be
// filled. The value that is there may be of another type.
func (db *DB) ChangeOrAdd(key []byte, k value.Kind) (v value.Value, added bool) {
	if v, ok := db.Change(key); ok {
		return v, false
	}
	return db.set(key, value.New(db.ledger, k)), true
}

// Set makes v the value of key: a string, a collection made with the Ledger of a database, or what [DB.Take]
// returned. It must not be the value of another key. An expiry time stays; see [DB.Persist]. key is copied.
func (db *DB) Set(key []byte, v value.Value) { db.set(key, v) }

// Add is Set of a key that is not there. It says false, and does nothing, if it is.
func (db *DB) Add(key []byte, v value.Value) bool {
	p, added := db.keys.FindOrAdd(key, "")
	if added {
		db.put(key, v, p, true)
	}
	return added
}

func (db *DB) set(key []byte, v value.Value) value.Value {
	p, added := db.keys.FindOrAdd(key, "")
	return db.put(key, v, p, added)
}

func (db *DB) put(key []byte, v value.Value, p table.Place, added bool) value.Value {
	if added {
		db.keyed += keyMemory(len(key))
		*db.keys.Word(p) = db.shared.fresh
	}
	if !added && db.shared.touch == nil {
		db.use(p)
	}
	db.uncount(p)
	e := db.keys.Own(p)
	v.Mark = e.Value.Mark
	switch {
	case added:
		v = db.ledger.Hold(v)
	case !v.Same(e.Value):
		db.ledger.Release(e.Value)
		v = db.ledger.Hold(v)
	}
	e.Value = v
	return v
}

// Append adds suffix to the string at key, which is created if it is missing, and returns the new length in bytes.
// The key must not hold another type. Many small appends to one key cost no more than one large one.
func (db *DB) Append(key, suffix []byte) int {
	v, _ := db.Change(key)
	v = db.set(key, db.ledger.Append(v, suffix))
	return v.Len()
}

// WriteAt puts part into the string at key, which is created if it is missing, from offset on, and returns the new
// length in bytes. Bytes that lie between its end and offset become zero. The key must not hold another type.
func (db *DB) WriteAt(key []byte, offset int, part []byte) int {
	v, _ := db.Change(key)
	v = db.set(key, db.ledger.WriteAt(v, offset, part))
	return v.Len()
}

// SetExpire makes key expire at ms. It says false, and does nothing, if key is not there.
func (db *DB) SetExpire(key []byte, ms int64) bool {
	p, ok := db.keys.Find(key)
	if !ok {
		return false
	}
	if !db.keys.At(p).Value.Mark {
		db.uncount(p)
		db.keys.Own(p).Value.Mark = true
		db.keyed += perExpiry
	}
	x, _ := db.expires.FindOrAdd(key, db.keys.At(p).Key)
	db.expires.Own(x).Value = ms
	return true
}

// Persist takes key's expiry time away. It says false if there was none.
func (db *DB) Persist(key []byte) bool {
	if _, ok := db.expires.Remove(key); !ok {
		return false
	}
	p, _ := db.keys.Find(key)
	db.uncount(p)
	db.keys.Own(p).Value.Mark = false
	db.keyed -= perExpiry
	return true
}

// Delete removes key. It says false if it was not there.
func (db *DB) Delete(key []byte) bool {
	_, ok := db.Take(key)
	return ok
}

// Taken is a value without its key.
type Taken struct {
	Value    value.Value
	ExpireAt int64 // ms since the epoch, if Volatile
	Volatile bool
}

// Take removes key and returns what it held, for Set to put elsewhere: RENAME, MOVE.
func (db *DB) Take(key []byte) (t Taken, ok bool) {
	p, ok := db.keys.Find(key)
	if !ok {
		return t, false
	}
	db.uncount(p)
	old := db.keys.RemoveAt(p).Value
	db.ledger.Release(old)
	db.keyed -= keyMemory(len(key))
	if old.Mark {
		x, _ := db.expires.Remove(key)
		t.ExpireAt, t.Volatile = x.Value, true
		db.keyed -= perExpiry
		old.Mark = false
	}
	t.Value = old
	return t, true
}

// Flush removes all keys and returns how many there were. It takes the same time for many as for few.
func (db *DB) Flush() int {
	db.keyed = 0
	db.ledger.Reset()
	if db.sums != nil {
		db.sums = &sums{}
	}
	db.expires.Reset()
	return db.keys.Reset()
}

// Random returns a key, each with the same probability; ok is false if there is none.
func (db *DB) Random(rng *rand.Rand) (key string, ok bool) {
	if p, ok := db.keys.Random(rng); ok {
		return db.keys.At(p).Key, true
	}
	return "", false
}

// RandomVolatile returns a volatile key, each with the same probability, and when it expires.
func (db *DB) RandomVolatile(rng *rand.Rand) (key string, ms int64, ok bool) {
	if p, ok := db.expires.Random(rng); ok {
		e := db.expires.At(p)
		return e.Key, e.Value, true
	}
	return "", 0, false
}

// Scan calls visit with count keys or a few more, or as many as are left, and returns the cursor with which the next
// call goes on; 0 begins, and 0 is returned at the end. From begin to end, each key that is there all the time is
// visited exactly once, however the database changes meanwhile; a key that comes or goes may be visited or not.
// visit may change the database. Cursors are below 2^48; one that Scan never returned does no harm.
func (db *DB) Scan(cursor uint64, count int, visit func(key string, v value.Value)) (next uint64) {
	page, next := db.keys.Scan(cursor, max(count, 1), nil)
	for i := range page {
		visit(page[i].Key, page[i].Value)
	}
	return next
}

// Keys calls visit with all keys there are at the time of the call, until it says false. visit may change the
// database.
func (db *DB) Keys(visit func(key string, v value.Value) bool) {
	frozen := db.keys.Freeze()
	frozen.Walk(func(e *table.Entry[value.Value]) bool { return visit(e.Key, e.Value) })
}
