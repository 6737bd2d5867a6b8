package commands

import (
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
)

// MIGRATE: keys out of this server and into another. What goes over the wire is put together here, and the keys are
// taken away here; the host carries it. Redis 4.0: cluster.c, migrateCommand.

// Migration is what a MIGRATE asks for.
type Migration struct {
	Host     string
	Port     int
	DB       int64
	Timeout  time.Duration // how long nothing may move
	Password []byte        // nil: none
	Copy     bool          // the keys stay here as well
	Keys     [][]byte      // those that are there, in order; at least one
	// Restores are the commands that make the keys there, one for each: RESTORE with what is left of the key's time.
	Restores []byte
}

func (d *Data) migrateRow() front.Command {
	row := front.Row("migrate", -6, "w*", 0, 0, 0, d.migrateCommand, "Move keys to another server")
	row.Keys = migrateKeys
	return row
}

// migrateKeys are the arguments that are keys. Redis 4.0: db.c, migrateGetKeys.
func migrateKeys(args [][]byte) (keys []int) {
	if len(args[3]) > 0 {
		return []int{3}
	}
	for i := 6; i < len(args); i++ {
		if !strings.EqualFold(string(args[i]), "keys") {
			continue
		}
		for i++; i < len(args); i++ {
			keys = append(keys, i)
		}
		return keys
	}
	return []int{3}
}

func (d *Data) migrateCommand(c *front.Call) {
	m, replace, names, ok := parseMigrate(c)
	if !ok {
		return
	}
	for _, key := range names {
		v, at, volatile, found := d.db(c).Lookup(key)
		if v, found = d.unlessExpired(c, key, v, at, volatile, found); !found {
			continue
		}
		ttl := int64(0)
		if volatile {
			ttl = max(at-d.Now.UnixMilli(), 1)
		}
		words := append(front.Words("RESTORE"), key, strconv.AppendInt(nil, ttl, 10), keyspace.Dump(v))
		if replace {
			words = append(words, []byte("REPLACE"))
		}
		m.Keys = append(m.Keys, key)
		m.Restores = resp.AppendCommandBytes(m.Restores, words)
	}
	if len(m.Keys) == 0 {
		c.Simple("NOKEY")
		return
	}
	d.host.Migrate(c, m)
}

// parseMigrate reads the words of a MIGRATE; if it cannot, it replies so.
func parseMigrate(c *front.Call) (m Migration, replace bool, keys [][]byte, ok bool) {
	keys = c.Args[3:4]
	for i := 6; i < len(c.Args); i++ {
		more := i < len(c.Args)-1
		switch word := c.Option(i); {
		case word == "COPY":
			m.Copy = true
		case word == "REPLACE":
			replace = true
		case word == "AUTH" && more:
			i++
			m.Password = c.Args[i]
		case word == "KEYS" && len(c.Args[3]) > 0:
			c.Error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")
			return m, false, nil, false
		case word == "KEYS":
			keys, i = c.Args[i+1:], len(c.Args)
		default:
			c.Error(front.ErrSyntax)
			return m, false, nil, false
		}
	}
	ms, ok := c.Integer(5)
	if !ok {
		return m, false, nil, false
	}
	if m.DB, ok = c.Integer(4); !ok {
		return m, false, nil, false
	}
	const usual = 1000
	if ms <= 0 {
		ms = usual
	}
	port, _ := resp.ParseInt(c.Args[2]) // what is no number is no port, and cannot be dialled
	m.Host, m.Port, m.Timeout = string(c.Args[1]), int(port), time.Duration(min(ms, maxTimeoutMS))*time.Millisecond
	return m, replace, keys, true
}

// maxTimeoutMS is the longest that a command waits, in ms: what a timer can still count.
const maxTimeoutMS = 1 << 40

// Migrated takes away keys that another server has now, and tells so: replicas hear a DEL.
func (d *Data) Migrated(c *front.Call, keys [][]byte) {
	if len(keys) == 0 {
		return
	}
	for _, key := range keys {
		if d.deleteKey(c.DB, key) {
			d.notify(eventGeneric, "del", c.DB, key)
			c.Dirty++
		}
	}
	c.Instead(append(front.Words("DEL"), keys...)...)
}
