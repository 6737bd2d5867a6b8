package commands

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Commands on whole databases. Redis 4.0: db.c.

func (d *Data) databaseRows() []front.Command {
	return front.Group("server",
		front.Row("select", 2, "lF", 0, 0, 0, d.selectCommand, "Change the selected database"),
		front.Row("swapdb", 3, "wF", 0, 0, 0, d.swapdbCommand, "Exchange two databases"),
		front.Row("dbsize", 1, "rF", 0, 0, 0, d.dbsizeCommand, "Return the number of keys in the selected database"),
		front.Row("flushdb", -1, "w", 0, 0, 0, d.flushdbCommand, "Remove all keys from the current database"),
		front.Row("flushall", -1, "w", 0, 0, 0, d.flushallCommand, "Remove all keys from all databases"),
	)
}

func (d *Data) selectCommand(c *front.Call) {
	n, ok := resp.ParseInt(c.Args[1])
	switch {
	case !ok:
		c.Error("ERR invalid DB index")
	case n < 0 || n >= d.cfg.Databases:
		c.Error(front.ErrBadDB)
	default:
		c.Select(int(n))
		c.OK()
	}
}

func (d *Data) swapdbCommand(c *front.Call) {
	i, ok := resp.ParseInt(c.Args[1])
	if !ok {
		c.Error("ERR invalid first DB index")
		return
	}
	j, ok := resp.ParseInt(c.Args[2])
	if !ok {
		c.Error("ERR invalid second DB index")
		return
	}
	if i < 0 || j < 0 || i >= d.cfg.Databases || j >= d.cfg.Databases {
		c.Error(front.ErrBadDB)
		return
	}
	if i != j {
		d.KS.Swap(int(i), int(j))
		d.readyAll()
	}
	c.Dirty++
	c.OK()
}

func (d *Data) dbsizeCommand(c *front.Call) { c.Int(int64(d.db(c).Len())) }

// flushOptions reads the optional ASYNC. Either way a flush costs nothing here.
func flushOptions(c *front.Call) bool {
	if len(c.Args) > 2 || (len(c.Args) == 2 && !strings.EqualFold(string(c.Args[1]), "async")) {
		c.Error(front.ErrSyntax)
		return false
	}
	return true
}

func (d *Data) flushdbCommand(c *front.Call) {
	if !flushOptions(c) {
		return
	}
	d.touchedAll(c.DB)
	c.Dirty += int64(d.db(c).Flush())
	c.OK()
}

func (d *Data) flushallCommand(c *front.Call) {
	if !flushOptions(c) {
		return
	}
	d.touchedAll(-1)
	c.Dirty += int64(d.KS.FlushAll())
	d.forgetOwn()
	c.OK()
	c.Dirty++
	d.host.Emptied(c)
}

// parseCursor reads an unsigned 64-bit number as strtoul does: with a sign, if there is one, and nothing at all is 0.
// Redis 4.0: db.c, parseScanCursorOrReply.
func parseCursor(b []byte) (uint64, bool) {
	digits, negative := string(b), false
	if len(b) == 0 {
		return 0, true
	}
	if b[0] == '-' || b[0] == '+' {
		digits, negative = digits[1:], b[0] == '-'
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if negative {
		n = -n
	}
	return n, err == nil
}

func appendUint(b []byte, n uint64) []byte { return strconv.AppendUint(b, n, 10) }
