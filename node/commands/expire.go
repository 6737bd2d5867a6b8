package commands

import (
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Keys that live for a while. Redis 4.0: expire.c.

func (d *Data) expireRows() []front.Command {
	return front.Group("generic",
		front.Row("expire", 3, "wF", 1, 1, 1, func(c *front.Call) { d.expireCommand(c, d.Now.UnixMilli(), 1000) },
			"Set a key's time to live in seconds"),
		front.Row("expireat", 3, "wF", 1, 1, 1, func(c *front.Call) { d.expireCommand(c, 0, 1000) },
			"Set the expiration for a key as a UNIX timestamp"),
		front.Row("pexpire", 3, "wF", 1, 1, 1, func(c *front.Call) { d.expireCommand(c, d.Now.UnixMilli(), 1) },
			"Set a key's time to live in milliseconds"),
		front.Row("pexpireat", 3, "wF", 1, 1, 1, func(c *front.Call) { d.expireCommand(c, 0, 1) },
			"Set the expiration for a key as a UNIX timestamp in milliseconds"),
		front.Row("ttl", 2, "rF", 1, 1, 1, func(c *front.Call) { d.ttlCommand(c, 1000) },
			"Get the time to live for a key in seconds"),
		front.Row("pttl", 2, "rF", 1, 1, 1, func(c *front.Call) { d.ttlCommand(c, 1) },
			"Get the time to live for a key in milliseconds"),
		front.Row("persist", 2, "wF", 1, 1, 1, d.persistCommand, "Remove the expiration from a key"),
	)
}

// maxTracked is the highest database in which a writable replica keeps track of the keys that its own clients gave an
// expiry time. Redis 4.0: expire.c, rememberSlaveKeyWithExpire.
const maxTracked = 63

// setExpire gives key of database db an expiry time. A script that does so is told by its changes: run again from an append
// only file, which has times by the clock, it would give the key a new life, as 4.0's does. Redis 4.0: db.c, setExpire.
func (d *Data) setExpire(c *front.Call, db int, key []byte, ms int64) {
	if d.run != nil {
		d.run.special = true
	}
	d.KS.DB(db).SetExpire(key, ms)
	if !d.Replaying && !d.host.IsMaster() && !c.FromMaster() && !d.cfg.SlaveReadOnly && db <= maxTracked {
		d.trackOwn(db, key)
	}
}

// expire deletes a key that has outlived its time, and makes the replicas do so. A transaction that watches it is
// not spoilt: time alone is no change. Redis 4.0: db.c, expireIfNeeded.
func (d *Data) expire(db int, key []byte) {
	d.Stats.Expired++
	words := [][]byte{delWord(d.cfg.LazyExpire), key}
	if d.run == nil || !d.run.expired(db, words) {
		d.host.Feed(Everywhere, db, words)
	}
	d.notify(eventExpired, "expired", db, key)
	d.KS.DB(db).Delete(key)
}

var wordDel, wordUnlink = []byte("DEL"), []byte("UNLINK")

// delWord is how a deletion that nobody asked for reaches replicas.
func delWord(lazy bool) []byte {
	if lazy {
		return wordUnlink
	}
	return wordDel
}

// expireCommand is EXPIRE and its like: base is what the argument counts from in ms, unit its unit in ms.
func (d *Data) expireCommand(c *front.Call, base, unit int64) {
	key := c.Args[1]
	n, ok := resp.ParseInt(c.Args[2])
	if !ok {
		c.Error(front.ErrNotInt)
		return
	}
	when := base + n*unit
	if _, found := d.LookupWrite(c, key); !found {
		c.Int(0)
		return
	}
	c.Dirty++
	if when <= d.Now.UnixMilli() && d.host.IsMaster() && !d.Replaying {
		// A time in the past deletes. A replica waits for its master to say so, and an append only file says so itself: a
		// script that does it is told by its changes, where 4.0's replica runs the script, gives the key that time, and keeps it.
		if d.run != nil {
			d.run.special = true
		}
		d.deleteKey(c.DB, key)
		c.Instead(delWord(d.cfg.LazyExpire), key)
		d.notify(eventGeneric, "del", c.DB, key)
		c.Int(1)
		return
	}
	d.setExpire(c, c.DB, key, when)
	d.touched(c.DB, key)
	d.notify(eventGeneric, "expire", c.DB, key)
	c.Int(1)
}

// ttlCommand replies with the time left in unit ms, -1 for a key that stays and -2 for none.
func (d *Data) ttlCommand(c *front.Call, unit int64) {
	if _, found := d.Peek(c, c.Args[1]); !found {
		c.Int(-2)
		return
	}
	at, volatile := d.db(c).ExpireAt(c.Args[1])
	if !volatile {
		c.Int(-1)
		return
	}
	left := max(at-d.Now.UnixMilli(), 0)
	c.Int((left + unit/2) / unit)
}

func (d *Data) persistCommand(c *front.Call) {
	if _, found := d.LookupWrite(c, c.Args[1]); !found || !d.db(c).Persist(c.Args[1]) {
		c.Int(0)
		return
	}
	c.Dirty++
	c.Int(1)
}
