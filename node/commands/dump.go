package commands

import (
	"errors"
	"math"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/rdb"
)

// DUMP and RESTORE: a value out of one server and into another. Redis 4.0: cluster.c.

func (d *Data) dumpCommand(c *front.Call) {
	v, found := d.LookupRead(c, c.Args[1])
	if !found {
		c.Null()
		return
	}
	c.Bulk(keyspace.Dump(v))
}

func (d *Data) restoreCommand(c *front.Call) {
	replace := false
	for i := 4; i < len(c.Args); i++ {
		if c.Option(i) != "REPLACE" {
			c.Error(front.ErrSyntax)
			return
		}
		replace = true
	}
	key := c.Args[1]
	if _, found := d.LookupWrite(c, key); found && !replace {
		c.Error("BUSYKEY Target key name already exists.")
		return
	}
	ttl, ok := c.Integer(2)
	if !ok {
		return
	}
	if ttl < 0 || ttl > math.MaxInt64-d.Now.UnixMilli() {
		c.Error("ERR Invalid TTL value, must be >= 0")
		return
	}
	v, err := d.db(c).Restore(c.Args[3])
	switch {
	case errors.Is(err, rdb.ErrDumpFooter):
		c.Error("ERR DUMP payload version or checksum are wrong")
		return
	case err != nil:
		c.Error("ERR Bad data format")
		return
	}
	if replace {
		d.deleteKey(c.DB, key)
	}
	d.setKey(c, key, v)
	if ttl > 0 {
		d.setExpire(c, c.DB, key, d.Now.UnixMilli()+ttl)
	}
	c.Dirty++
	c.OK()
}
