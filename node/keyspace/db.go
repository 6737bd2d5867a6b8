package keyspace

import "math/rand/v2"

// DB is one numbered database. Expiry times are in ms since the epoch by whatever clock the caller goes by, and a
// key that has one is called volatile.
type DB struct {
	keys    table[Value]
	expires table[int64] // of the volatile keys, in a table of its own so that active expiry can sample them
	bytes   int64
	page    []entry[Value]
}

// perKey is about how much memory a key takes besides its own bytes and its value's, in bytes.
const perKey = 96

// Len returns the number of keys, those included whose time has come.
func (db *DB) Len() int { return db.keys.count }

// Volatile returns the number of keys that have an expiry time.
func (db *DB) Volatile() int { return db.expires.count }

// Bytes estimates the memory that keys and values take, in bytes.
func (db *DB) Bytes() int64 { return db.bytes }

// Get returns the value of key.
func (db *DB) Get(key []byte) (v Value, ok bool) {
	if e := db.keys.get(key); e != nil {
		return e.value, true
	}
	return Value{}, false
}

// Lookup is Get and ExpireAt in one: it costs nothing more than Get if key is not volatile.
func (db *DB) Lookup(key []byte) (v Value, expireAt int64, volatile, ok bool) {
	e := db.keys.get(key)
	if e == nil {
		return Value{}, 0, false, false
	}
	if e.value.keeps {
		expireAt = db.expires.get(key).value
	}
	return e.value, expireAt, e.value.keeps, true
}

// Exists says whether key is there.
func (db *DB) Exists(key []byte) bool { return db.keys.get(key) != nil }

// ExpireAt returns the time at which key expires; ok is false if key is not there or not volatile.
func (db *DB) ExpireAt(key []byte) (ms int64, ok bool) {
	if e := db.expires.get(key); e != nil {
		return e.value, true
	}
	return 0, false
}

// Set makes v the value of key. An expiry time stays; see [DB.Persist]. key is copied.
func (db *DB) Set(key []byte, v Value) {
	e, added := db.keys.changeOrAdd(key, "")
	if added {
		db.bytes += int64(len(key)) + perKey
	}
	db.bytes += int64(len(v.b) - len(e.value.b))
	v.keeps = e.value.keeps
	v.b = v.b[:len(v.b):len(v.b)] // room behind it, if any, is the property of Append
	e.value = v
}

// Append adds suffix to the string at key, which is created if it is missing, and returns the new length in bytes.
// The key must not hold another type. Many small appends to one key cost no more than one large one.
func (db *DB) Append(key, suffix []byte) int {
	e, added := db.keys.changeOrAdd(key, "")
	if added {
		e.value = StringValue(suffix)
		db.bytes += int64(len(key)+len(e.value.b)) + perKey
		return len(suffix)
	}
	v := &e.value
	before := len(v.b)
	if v.form == formInt {
		v.b = v.AppendTo(nil)
	}
	// A snapshot may hold the same bytes, but none of the room behind them.
	v.b, v.form, v.n = append(v.b, suffix...), formRaw, 0
	db.bytes += int64(len(v.b) - before)
	return len(v.b)
}

// SetExpire makes key expire at ms. It says false, and does nothing, if key is not there.
func (db *DB) SetExpire(key []byte, ms int64) bool {
	e := db.keys.change(key)
	if e == nil {
		return false
	}
	e.value.keeps = true
	x, _ := db.expires.changeOrAdd(key, e.key)
	x.value = ms
	return true
}

// Persist takes key's expiry time away. It says false if there was none.
func (db *DB) Persist(key []byte) bool {
	if _, ok := db.expires.remove(key); !ok {
		return false
	}
	db.keys.change(key).value.keeps = false
	return true
}

// Delete removes key. It says false if it was not there.
func (db *DB) Delete(key []byte) bool {
	old, ok := db.keys.remove(key)
	if !ok {
		return false
	}
	if old.value.keeps {
		db.expires.remove(key)
	}
	db.bytes -= int64(len(key)+len(old.value.b)) + perKey
	return true
}

// Flush removes all keys and returns how many there were. It takes the same time for many as for few.
func (db *DB) Flush() int {
	db.bytes = 0
	db.expires.reset()
	return db.keys.reset()
}

// Random returns a key, each with the same probability; ok is false if there is none.
func (db *DB) Random(rng *rand.Rand) (key string, ok bool) {
	if e := db.keys.random(rng); e != nil {
		return e.key, true
	}
	return "", false
}

// RandomVolatile returns a volatile key, each with the same probability, and when it expires.
func (db *DB) RandomVolatile(rng *rand.Rand) (key string, ms int64, ok bool) {
	if e := db.expires.random(rng); e != nil {
		return e.key, e.value, true
	}
	return "", 0, false
}

// Scan calls visit with count keys or a few more, or as many as are left, and returns the cursor with which the next
// call goes on; 0 begins, and 0 is returned at the end. From begin to end, each key that is there all the time is
// visited exactly once, however the database changes meanwhile; a key that comes or goes may be visited or not.
// visit may change the database. Cursors are below 2^48; one that Scan never returned does no harm.
func (db *DB) Scan(cursor uint64, count int, visit func(key string, v Value)) (next uint64) {
	page, next := db.keys.scan(cursor, max(count, 1), db.page[:0])
	db.page = nil // visit may scan too
	for i := range page {
		visit(page[i].key, page[i].value)
	}
	clear(page)
	db.page = page
	return next
}

// Keys calls visit with all keys there are at the time of the call, until it says false. visit may change the
// database.
func (db *DB) Keys(visit func(key string, v Value) bool) {
	frozen := db.keys.freeze()
	frozen.walk(func(e *entry[Value]) bool { return visit(e.key, e.value) })
}
