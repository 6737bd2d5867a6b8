package commands

import (
	"math"
	"strconv"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/value"
)

// Commands on hashes. Redis 4.0: t_hash.c.

func (d *Data) hashRows() []front.Command {
	return front.Group("hash",
		front.Row("hset", -4, "wmF", 1, 1, 1, d.hsetCommand, "Set the values of hash fields"),
		front.Row("hsetnx", 4, "wmF", 1, 1, 1, d.hsetnxCommand, "Set the value of a hash field, only if the field does not exist"),
		front.Row("hget", 3, "rF", 1, 1, 1, d.hgetCommand, "Get the value of a hash field"),
		front.Row("hmset", -4, "wmF", 1, 1, 1, d.hmsetCommand, "Set multiple hash fields to multiple values"),
		front.Row("hmget", -3, "rF", 1, 1, 1, d.hmgetCommand, "Get the values of all the given hash fields"),
		front.Row("hincrby", 4, "wmF", 1, 1, 1, d.hincrbyCommand, "Increment the integer value of a hash field by the given number"),
		front.Row("hincrbyfloat", 4, "wmF", 1, 1, 1, d.hincrbyfloatCommand, "Increment the float value of a hash field by the given amount"),
		front.Row("hdel", -3, "wF", 1, 1, 1, d.hdelCommand, "Delete one or more hash fields"),
		front.Row("hlen", 2, "rF", 1, 1, 1, d.hlenCommand, "Get the number of fields in a hash"),
		front.Row("hstrlen", 3, "rF", 1, 1, 1, d.hstrlenCommand, "Get the length of the value of a hash field"),
		front.Row("hkeys", 2, "rS", 1, 1, 1, func(c *front.Call) { d.hashContents(c, true, false) }, "Get all the fields in a hash"),
		front.Row("hvals", 2, "rS", 1, 1, 1, func(c *front.Call) { d.hashContents(c, false, true) }, "Get all the values in a hash"),
		front.Row("hgetall", 2, "r", 1, 1, 1, func(c *front.Call) { d.hashContents(c, true, true) }, "Get all the fields and values in a hash"),
		front.Row("hexists", 3, "rF", 1, 1, 1, d.hexistsCommand, "Determine if a hash field exists"),
		front.Row("hscan", -3, "rR", 1, 1, 1, d.hscanCommand, "Incrementally iterate hash fields and associated values"),
	)
}

func (d *Data) hsetCommand(c *front.Call) {
	if added, ok := d.hset(c); ok {
		c.Int(added)
	}
}

func (d *Data) hmsetCommand(c *front.Call) {
	if _, ok := d.hset(c); ok {
		c.OK()
	}
}

// hset sets all pairs and returns how many fields are new. If ok is false, it replied.
func (d *Data) hset(c *front.Call) (added int64, ok bool) {
	if len(c.Args)%2 == 1 {
		c.Error("ERR wrong number of arguments for HMSET")
		return 0, false
	}
	v, ok := d.changeOrAdd(c, c.Args[1], value.KindHash)
	if !ok {
		return 0, false
	}
	for i := 2; i < len(c.Args); i += 2 {
		if v.Hash().Set(c.Args[i], c.Args[i+1]) {
			added++
		}
	}
	c.Dirty++
	d.changed(c, c.Args[1], eventHash, "hset", v)
	return added, true
}

func (d *Data) hsetnxCommand(c *front.Call) {
	v, ok := d.changeOrAdd(c, c.Args[1], value.KindHash)
	if !ok {
		return
	}
	if _, there := v.Hash().Get(c.Args[2]); there {
		c.Int(0)
		return
	}
	v.Hash().Set(c.Args[2], c.Args[3])
	c.Dirty++
	c.Int(1)
	d.changed(c, c.Args[1], eventHash, "hset", v)
}

// readField returns the value of the field that argument 2 names. If it returns ok = false, it replied.
func (d *Data) readField(c *front.Call) (text []byte, there, ok bool) {
	v, found, ok := d.read(c, c.Args[1], value.KindHash)
	if !ok || !found {
		return nil, false, ok
	}
	text, there = v.Hash().Get(c.Args[2])
	return text, there, true
}

func (d *Data) hgetCommand(c *front.Call) {
	text, there, ok := d.readField(c)
	switch {
	case !ok:
	case !there:
		c.Null()
	default:
		c.Bulk(text)
	}
}

func (d *Data) hstrlenCommand(c *front.Call) {
	if text, _, ok := d.readField(c); ok {
		c.Int(int64(len(text)))
	}
}

func (d *Data) hexistsCommand(c *front.Call) {
	if _, there, ok := d.readField(c); ok {
		c.Bool(there)
	}
}

func (d *Data) hmgetCommand(c *front.Call) {
	v, found, ok := d.read(c, c.Args[1], value.KindHash)
	if !ok {
		return
	}
	c.Array(len(c.Args) - 2)
	for _, field := range c.Args[2:] {
		var text []byte
		there := false
		if found {
			text, there = v.Hash().Get(field)
		}
		if there {
			c.Bulk(text)
		} else {
			c.Null()
		}
	}
}

// heldField is the value of the field that argument 2 names, for a command that is going to change it. It does not add
// the key: a command that then fails must leave no empty hash behind. If it returns ok = false, it replied.
func (d *Data) heldField(c *front.Call) (text []byte, there, ok bool) {
	v, found := d.LookupWrite(c, c.Args[1])
	if !checkKind(c, v, found, value.KindHash) {
		return nil, false, false
	}
	if found {
		text, there = v.Hash().Get(c.Args[2])
	}
	return text, there, true
}

// setField gives the field that argument 2 names a value, which an increment has made.
func (d *Data) setField(c *front.Call, text []byte, event string) {
	v, _ := d.changeOrAdd(c, c.Args[1], value.KindHash)
	v.Hash().Set(c.Args[2], text)
	c.Dirty++
	d.changed(c, c.Args[1], eventHash, event, v)
}

func (d *Data) hincrbyCommand(c *front.Call) {
	by, ok := c.Integer(3)
	if !ok {
		return
	}
	text, there, ok := d.heldField(c)
	if !ok {
		return
	}
	var n int64
	if there {
		if n, ok = resp.ParseInt(text); !ok {
			c.Error("ERR hash value is not an integer")
			return
		}
	}
	if (by < 0 && n < math.MinInt64-by) || (by > 0 && n > math.MaxInt64-by) {
		c.Error("ERR increment or decrement would overflow")
		return
	}
	n += by
	d.setField(c, strconv.AppendInt(nil, n, 10), "hincrby")
	c.Int(n)
}

func (d *Data) hincrbyfloatCommand(c *front.Call) {
	by, ok := parseLongDouble(c.Args[3])
	if !ok {
		c.Error(front.ErrNotFloat)
		return
	}
	text, there, ok := d.heldField(c)
	if !ok {
		return
	}
	sum := newLongDouble()
	if there {
		if sum, ok = parseLongDouble(text); !ok {
			c.Error("ERR hash value is not a float")
			return
		}
	}
	if sum.IsInf() || by.IsInf() || tooLarge(sum.Add(sum, by)) {
		c.Error("ERR increment would produce NaN or Infinity")
		return
	}
	text = formatLongDouble(sum)
	d.setField(c, text, "hincrbyfloat")
	c.Bulk(text)
	// Replicas get the result: their arithmetic may round otherwise.
	c.Instead([]byte("HSET"), c.Args[1], c.Args[2], text)
}

func (d *Data) hdelCommand(c *front.Call) {
	v, found, ok := d.change(c, c.Args[1], value.KindHash)
	if !ok {
		return
	}
	var deleted int64
	if found {
		for _, field := range c.Args[2:] {
			if v.Hash().Delete(field) {
				deleted++
			}
		}
	}
	if deleted > 0 {
		d.changed(c, c.Args[1], eventHash, "hdel", v)
	}
	c.Dirty += deleted
	c.Int(deleted)
}

func (d *Data) hlenCommand(c *front.Call) {
	v, found, ok := d.read(c, c.Args[1], value.KindHash)
	switch {
	case !ok:
	case !found:
		c.Int(0)
	default:
		c.Int(int64(v.Hash().Len()))
	}
}

// hashContents replies with the fields of a hash, their values, or each field and its value.
func (d *Data) hashContents(c *front.Call, fields, values bool) {
	v, found, ok := d.read(c, c.Args[1], value.KindHash)
	if !ok {
		return
	}
	if !found {
		c.Array(0)
		return
	}
	n := v.Hash().Len()
	if fields && values {
		n *= 2
	}
	c.Array(n)
	for field, text := range v.Hash().All() {
		if fields {
			c.Bulk(field)
		}
		if values {
			c.Bulk(text)
		}
	}
}

func (d *Data) hscanCommand(c *front.Call) {
	d.scanOf(c, value.KindHash, func(v value.Value, cursor uint64, count int, visit func(...[]byte)) uint64 {
		return v.Hash().Scan(cursor, count, func(field, text []byte) { visit(field, text) })
	})
}
