package commands

import (
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/value"
)

// How commands get at keys: everything that must happen around a key happens here.

// db is the database that the call works on.
func (d *Data) db(c *front.Call) *keyspace.DB { return d.KS.DB(c.DB) }

// outlived says whether a key that expires at ms has done so.
func (d *Data) outlived(ms int64) bool { return d.Now.UnixMilli() > ms && !d.Replaying }

// LookupRead returns the value of key for a command that reads it. A key that has outlived its time is deleted by a
// master; a replica waits for its master's DEL, but hides the key from clients that only read.
// Redis 4.0: db.c, lookupKeyReadWithFlags.
func (d *Data) LookupRead(c *front.Call, key []byte) (value.Value, bool) {
	v, at, volatile, ok := d.db(c).Use(key)
	return d.unlessExpired(c, key, v, at, volatile, ok)
}

// Peek is LookupRead for a command that asks about the key only, which is no use of it.
func (d *Data) Peek(c *front.Call, key []byte) (value.Value, bool) {
	v, at, volatile, ok := d.db(c).Lookup(key)
	return d.unlessExpired(c, key, v, at, volatile, ok)
}

func (d *Data) unlessExpired(c *front.Call, key []byte, v value.Value, at int64, volatile, ok bool) (value.Value, bool) {
	if ok && volatile && d.outlived(at) {
		if d.host.IsMaster() {
			d.expire(c.DB, key)
			ok = false
		} else if !c.FromMaster() && c.Cmd.Is(front.ReadOnly) {
			ok = false
		}
	}
	if !ok {
		d.Stats.Misses++
		return value.Value{}, false
	}
	d.Stats.Hits++
	return v, true
}

// LookupWrite returns the value of key for a command that may change it. Redis 4.0: db.c, lookupKeyWrite.
func (d *Data) LookupWrite(c *front.Call, key []byte) (value.Value, bool) {
	return d.lookupWriteIn(c.DB, key)
}

// lookupWriteIn is LookupWrite in a database that is not the call's.
func (d *Data) lookupWriteIn(db int, key []byte) (value.Value, bool) {
	v, at, volatile, ok := d.KS.DB(db).Use(key)
	if ok && volatile && d.outlived(at) && d.host.IsMaster() {
		d.expire(db, key)
		return value.Value{}, false
	}
	return v, ok
}

// readString is LookupRead of a string; it replies and returns ok = false if the key holds something else.
// found says whether the key is there.
func (d *Data) readString(c *front.Call, key []byte) (v value.Value, found, ok bool) {
	v, found = d.LookupRead(c, key)
	return v, found, checkString(c, v, found)
}

// writeString is LookupWrite of a string, as readString.
func (d *Data) writeString(c *front.Call, key []byte) (v value.Value, found, ok bool) {
	v, found = d.LookupWrite(c, key)
	return v, found, checkString(c, v, found)
}

func checkString(c *front.Call, v value.Value, found bool) bool {
	return checkKind(c, v, found, value.KindString)
}

// checkKind replies, and returns false, if what was found is of another type than k.
func checkKind(c *front.Call, v value.Value, found bool, k value.Kind) bool {
	if found && v.Kind() != k {
		c.Error(front.ErrWrongType)
		return false
	}
	return true
}

// read is LookupRead of a value of type k, as readString.
func (d *Data) read(c *front.Call, key []byte, k value.Kind) (v value.Value, found, ok bool) {
	v, found = d.LookupRead(c, key)
	return v, found, checkKind(c, v, found, k)
}

// change is LookupWrite of a value of type k, as readString, which may then be changed in place. Whoever has changed it
// calls changed.
func (d *Data) change(c *front.Call, key []byte, k value.Kind) (v value.Value, found, ok bool) {
	if v, found = d.LookupWrite(c, key); !checkKind(c, v, found, k) {
		return v, found, false
	}
	if found {
		v, _ = d.db(c).Change(key)
	}
	return v, found, true
}

// changeOrAdd is change, and where there is no key it adds one with an empty value, which must then be filled.
func (d *Data) changeOrAdd(c *front.Call, key []byte, k value.Kind) (v value.Value, ok bool) {
	if v, found := d.LookupWrite(c, key); !checkKind(c, v, found, k) {
		return v, false
	}
	v, _ = d.db(c).ChangeOrAdd(key, k)
	return v, true
}

// changed tells of an event that changed the collection at key in place, and deletes the key if nothing is left of it.
func (d *Data) changed(c *front.Call, key []byte, class Events, event string, v value.Value) {
	d.notify(class, event, c.DB, key)
	d.dropEmpty(c, key, v)
	d.touched(c.DB, key)
}

// dropEmpty deletes key if nothing is left of the collection that it holds: a key never holds an empty one.
func (d *Data) dropEmpty(c *front.Call, key []byte, v value.Value) {
	if v.Elements() == 0 {
		d.db(c).Delete(key)
		d.notify(eventGeneric, "del", c.DB, key)
	}
}

// setKey gives key a new value and no expiry time. Redis 4.0: db.c, setKey.
func (d *Data) setKey(c *front.Call, key []byte, v value.Value) {
	db := d.db(c)
	if d.lfu() {
		db.Use(key)
	}
	db.Set(key, v)
	if db.Volatile() > 0 {
		db.Persist(key)
	}
	d.touched(c.DB, key)
}

// PutKey gives key a new value and leaves its expiry time.
func (d *Data) PutKey(c *front.Call, key []byte, v value.Value) {
	d.db(c).Set(key, v)
	d.touched(c.DB, key)
}

// deleteKey removes key and says whether it was there.
func (d *Data) deleteKey(db int, key []byte) bool {
	if !d.KS.DB(db).Delete(key) {
		return false
	}
	d.touched(db, key)
	return true
}
