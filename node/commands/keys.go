package commands

import (
	"math"
	"strings"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/glob"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/value"
)

// Commands on keys, whatever their values. Redis 4.0: db.c.

func (d *Data) keyRows() []front.Command {
	return front.Group("generic",
		front.Row("del", -2, "w", 1, -1, 1, d.delCommand, "Delete a key"),
		front.Row("unlink", -2, "wF", 1, -1, 1, d.delCommand, "Delete a key; its memory may be freed later"),
		front.Row("exists", -2, "rF", 1, -1, 1, d.existsCommand, "Determine if a key exists"),
		front.Row("touch", -2, "rF", 1, 1, 1, d.touchCommand, "Count existing keys, and count as an access to them"),
		front.Row("type", 2, "rF", 1, 1, 1, d.typeCommand, "Determine the type stored at key"),
		front.Row("rename", 3, "w", 1, 2, 1, func(c *front.Call) { d.rename(c, false) }, "Rename a key"),
		front.Row("renamenx", 3, "wF", 1, 2, 1, func(c *front.Call) { d.rename(c, true) },
			"Rename a key, only if the new key does not exist"),
		front.Row("move", 3, "wF", 1, 1, 1, d.moveCommand, "Move a key to another database"),
		front.Row("keys", 2, "rS", 0, 0, 0, d.keysCommand, "Find all keys matching the given pattern"),
		front.Row("scan", -2, "rR", 0, 0, 0, d.scanCommand, "Incrementally iterate the keys space"),
		front.Row("randomkey", 1, "rR", 0, 0, 0, d.randomkeyCommand, "Return a random key from the keyspace"),
		front.Row("dump", 2, "r", 1, 1, 1, d.dumpCommand, "Return a serialized version of the value stored at a key"),
		front.Row("restore", -4, "wm", 1, 1, 1, d.restoreCommand, "Create a key with a value that DUMP returned"),
		d.migrateRow(),
		front.Row("object", -2, "r", 2, 2, 2, d.objectCommand, "Inspect the internals of values"),
	)
}

func (d *Data) delCommand(c *front.Call) {
	deleted := int64(0)
	for _, key := range c.Args[1:] {
		if _, found := d.LookupWrite(c, key); found && d.deleteKey(c.DB, key) {
			d.notify(eventGeneric, "del", c.DB, key)
			deleted++
		}
	}
	c.Dirty += deleted
	c.Int(deleted)
}

func (d *Data) existsCommand(c *front.Call) {
	n := int64(0)
	for _, key := range c.Args[1:] {
		if _, found := d.Peek(c, key); found {
			n++
		}
	}
	c.Int(n)
}

func (d *Data) touchCommand(c *front.Call) {
	n := int64(0)
	for _, key := range c.Args[1:] {
		if _, found := d.LookupRead(c, key); found {
			n++
		}
	}
	c.Int(n)
}

func (d *Data) typeCommand(c *front.Call) {
	v, found := d.Peek(c, c.Args[1])
	if !found {
		c.Simple("none")
		return
	}
	c.Simple(v.Kind().String())
}

func (d *Data) rename(c *front.Call, nx bool) {
	from, to := c.Args[1], c.Args[2]
	same := string(from) == string(to)
	_, found := d.LookupWrite(c, from)
	if !found {
		c.Error(front.ErrNoKey)
		return
	}
	if same {
		if nx {
			c.Int(0)
		} else {
			c.OK()
		}
		return
	}
	if _, taken := d.LookupWrite(c, to); taken && nx {
		c.Int(0)
		return
	}
	t, _ := d.db(c).Take(from)
	d.touched(c.DB, from)
	d.setKey(c, to, t.Value)
	if t.Volatile {
		d.setExpire(c, c.DB, to, t.ExpireAt)
	}
	d.notify(eventGeneric, "rename_from", c.DB, from)
	d.notify(eventGeneric, "rename_to", c.DB, to)
	c.Dirty++
	if nx {
		c.Int(1)
	} else {
		c.OK()
	}
}

func (d *Data) moveCommand(c *front.Call) {
	n, ok := resp.ParseInt(c.Args[2])
	switch {
	case !ok || n < 0 || n >= d.cfg.Databases:
		c.Error(front.ErrIndex)
		return
	case int(n) == c.DB:
		c.Error(front.ErrSameKey)
		return
	}
	key, to := c.Args[1], int(n)
	if _, found := d.LookupWrite(c, key); !found {
		c.Int(0)
		return
	}
	if _, taken := d.lookupWriteIn(to, key); taken {
		c.Int(0)
		return
	}
	t, _ := d.db(c).Take(key)
	d.KS.DB(to).Set(key, t.Value)
	if t.Volatile {
		d.setExpire(c, to, key, t.ExpireAt)
	}
	d.ready(to, key)
	c.Dirty++
	c.Int(1)
}

// hidden says whether a listing leaves out a key that has outlived its time. A master deletes it by the way.
func (d *Data) hidden(db int, key string) bool {
	at, volatile := d.KS.DB(db).ExpireAt([]byte(key))
	if !volatile || !d.outlived(at) {
		return false
	}
	if d.host.IsMaster() {
		d.expire(db, []byte(key))
	}
	return true
}

func (d *Data) keysCommand(c *front.Call) {
	pattern := c.Args[1]
	var found []string
	d.db(c).Keys(func(key string, _ value.Value) bool {
		if (string(pattern) == "*" || glob.Match(pattern, []byte(key), false)) && !d.hidden(c.DB, key) {
			found = append(found, key)
		}
		return true
	})
	c.Texts(found)
}

// randomTries is how often RANDOMKEY of a replica whose keys may all have outlived their time looks for another.
// Redis 4.0: db.c, dbRandomKey.
const randomTries = 100

func (d *Data) randomkeyCommand(c *front.Call) {
	db := d.db(c)
	for tries := 0; ; tries++ {
		key, ok := db.Random(d.Rand)
		if !ok {
			c.Null()
			return
		}
		allVolatile := db.Len() == db.Volatile()
		giveUp := allVolatile && !d.host.IsMaster() && tries >= randomTries
		if giveUp || !d.hidden(c.DB, key) {
			c.Text(key)
			return
		}
	}
}

func (d *Data) objectCommand(c *front.Call) {
	if len(c.Args) == 2 && c.Option(1) == "HELP" {
		c.Help("OBJECT <subcommand> arg arg ... arg. Subcommands are:",
			"refcount <key> -- Return the number of references of the value associated with the specified key.",
			"encoding <key> -- Return the kind of internal representation used in order to store the value associated with a key.",
			"idletime <key> -- Return the idle time of the key, that is the approximated number of seconds elapsed since the last access to the key.",
			"freq <key> -- Return the access frequency index of the key. The returned integer is proportional to the logarithm of the recent access frequency of the key.")
		return
	}
	sub := c.Option(1)
	known := sub == "REFCOUNT" || sub == "ENCODING" || sub == "IDLETIME" || sub == "FREQ"
	if len(c.Args) != 3 || !known {
		c.Error("ERR Unknown subcommand or wrong number of arguments for '" + string(c.Args[1]) + "'. Try OBJECT help")
		return
	}
	v, found := d.Peek(c, c.Args[2])
	if !found {
		c.Null()
		return
	}
	switch sub {
	case "REFCOUNT":
		c.Int(d.refCount(v))
	case "ENCODING":
		c.Text(v.Encoding())
	case "IDLETIME":
		if d.lfu() {
			c.Error("ERR An LFU maxmemory policy is selected, idle time not tracked." + policiesSwitched)
			return
		}
		word, _ := d.db(c).Access(c.Args[2])
		c.Int(d.idle(word))
	case "FREQ":
		if !d.lfu() {
			c.Error("ERR An LFU maxmemory policy is not selected, access frequency not tracked." + policiesSwitched)
			return
		}
		word, _ := d.db(c).Access(c.Args[2])
		c.Int(d.frequency(word))
	}
}

const policiesSwitched = " Please note that when switching between policies at runtime LRU and LFU data will take some " +
	"time to adjust."

// refCount is what OBJECT REFCOUNT tells: Redis shares the objects of small numbers among all their keys, and says so
// by the largest int. It shares none where each key has its own access time to keep for eviction.
// Redis 4.0: server.h, OBJ_SHARED_INTEGERS, OBJ_SHARED_REFCOUNT; object.c, tryObjectEncoding.
func (d *Data) refCount(v value.Value) int64 {
	const shared = 10000
	if d.cfg.MaxMemory > 0 && (d.lfu() || strings.HasSuffix(d.cfg.Policy, "-lru")) {
		return 1
	}
	if v.Kind() == value.KindString && v.Encoding() == "int" {
		if n, _ := v.Int(); n >= 0 && n < shared {
			return math.MaxInt32
		}
	}
	return 1
}
