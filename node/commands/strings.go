package commands

import (
	"math"
	"strconv"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/value"
)

// Commands on strings. Redis 4.0: t_string.c.

func (d *Data) stringRows() []front.Command {
	return front.Group("string",
		front.Row("get", 2, "rF", 1, 1, 1, d.getCommand, "Get the value of a key"),
		front.Row("set", -3, "wm", 1, 1, 1, d.setCommand, "Set the string value of a key"),
		front.Row("setnx", 3, "wmF", 1, 1, 1, d.setnxCommand, "Set the value of a key, only if the key does not exist"),
		front.Row("setex", 4, "wm", 1, 1, 1, d.setexCommand, "Set the value and expiration in seconds of a key"),
		front.Row("psetex", 4, "wm", 1, 1, 1, d.psetexCommand, "Set the value and expiration in milliseconds of a key"),
		front.Row("append", 3, "wm", 1, 1, 1, d.appendCommand, "Append a value to a key"),
		front.Row("strlen", 2, "rF", 1, 1, 1, d.strlenCommand, "Get the length of the value stored in a key"),
		front.Row("setrange", 4, "wm", 1, 1, 1, d.setrangeCommand,
			"Overwrite part of a string at key starting at the specified offset"),
		front.Row("getrange", 4, "r", 1, 1, 1, d.getrangeCommand, "Get a substring of the string stored at a key"),
		front.Row("substr", 4, "r", 1, 1, 1, d.getrangeCommand,
			"Get a substring of the string stored at a key; the old name of GETRANGE"),
		front.Row("incr", 2, "wmF", 1, 1, 1, d.incrCommand, "Increment the integer value of a key by one"),
		front.Row("decr", 2, "wmF", 1, 1, 1, d.decrCommand, "Decrement the integer value of a key by one"),
		front.Row("mget", -2, "rF", 1, -1, 1, d.mgetCommand, "Get the values of all the given keys"),
		front.Row("incrby", 3, "wmF", 1, 1, 1, d.incrbyCommand,
			"Increment the integer value of a key by the given amount"),
		front.Row("decrby", 3, "wmF", 1, 1, 1, d.decrbyCommand,
			"Decrement the integer value of a key by the given number"),
		front.Row("incrbyfloat", 3, "wmF", 1, 1, 1, d.incrbyfloatCommand,
			"Increment the float value of a key by the given amount"),
		front.Row("getset", 3, "wm", 1, 1, 1, d.getsetCommand,
			"Set the string value of a key and return its old value"),
		front.Row("mset", -3, "wm", 1, -1, 2, d.msetCommand, "Set multiple keys to multiple values"),
		front.Row("msetnx", -3, "wm", 1, -1, 2, d.msetnxCommand,
			"Set multiple keys to multiple values, only if none of the keys exist"),
	)
}

// MaxString is the longest string in bytes that a command may build. Redis 4.0: t_string.c, checkStringLength.
const MaxString = 512 << 20

const errTooLong = "ERR string exceeds maximum allowed size (512MB)"

// replyValue replies with a string.
func replyValue(c *front.Call, v value.Value) {
	if v.Encoding() == "int" {
		n, _ := v.Int()
		c.BulkInt(n)
		return
	}
	c.Bulk(v.Bytes())
}

func (d *Data) getCommand(c *front.Call) {
	v, found, ok := d.readString(c, c.Args[1])
	switch {
	case !ok:
	case !found:
		c.Null()
	default:
		replyValue(c, v)
	}
}

// setOptions are what may follow SET's value.
type setOptions struct {
	nx, xx bool
	unit   int64 // of the expiry, in ms; 0: none
	expiry []byte
}

func parseSetOptions(words [][]byte) (o setOptions, ok bool) {
	for i := 0; i < len(words); i++ {
		w := words[i]
		if len(w) != 2 {
			return o, false
		}
		hasNext := i+1 < len(words)
		switch string([]byte{w[0] &^ 0x20, w[1] &^ 0x20}) {
		case "NX":
			if o.xx {
				return o, false
			}
			o.nx = true
		case "XX":
			if o.nx {
				return o, false
			}
			o.xx = true
		case "EX", "PX":
			unit := int64(1000)
			if w[0]&^0x20 == 'P' {
				unit = 1
			}
			if !hasNext || (o.unit != 0 && o.unit != unit) {
				return o, false
			}
			o.unit, o.expiry = unit, words[i+1]
			i++
		default:
			return o, false
		}
	}
	return o, true
}

// setUntil is SET key value PXAT ms, which is how masters and append only files since 7.0 tell of a value with a time to
// live. A client of 4.0 cannot say it. It is false for all other calls. Redis 7.0: t_string.c, setGenericCommand.
func (d *Data) setUntil(c *front.Call) bool {
	if len(c.Args) != 5 || !c.FromMaster() && !d.Replaying || c.Option(3) != "PXAT" {
		return false
	}
	at, ok := resp.ParseInt(c.Args[4])
	if !ok || !d.set(c, c.Args[1], c.Args[2], setOptions{}) {
		return false
	}
	d.setExpire(c, c.DB, c.Args[1], at)
	d.notify(eventGeneric, "expire", c.DB, c.Args[1])
	c.OK()
	return true
}

func (d *Data) setCommand(c *front.Call) {
	if d.setUntil(c) {
		return
	}
	var o setOptions
	if len(c.Args) > 3 {
		var ok bool
		if o, ok = parseSetOptions(c.Args[3:]); !ok {
			c.Error(front.ErrSyntax)
			return
		}
	}
	if d.set(c, c.Args[1], c.Args[2], o) {
		c.OK()
	}
}

// set does what SET and its like do, and says whether it set. If not, it replied.
func (d *Data) set(c *front.Call, key, text []byte, o setOptions) bool {
	var ttl int64
	if o.unit != 0 {
		n, ok := resp.ParseInt(o.expiry)
		if !ok {
			c.Error(front.ErrNotInt)
			return false
		}
		if n <= 0 {
			c.Error("ERR invalid expire time in " + c.Cmd.Name)
			return false
		}
		ttl = n * o.unit
	}
	if o.nx || o.xx {
		if _, found := d.LookupWrite(c, key); found == o.nx {
			c.Null()
			return false
		}
	}
	d.setKey(c, key, value.NewString(text))
	c.Dirty++
	d.notify(eventString, "set", c.DB, key)
	if o.unit != 0 {
		d.setExpire(c, c.DB, key, d.Now.UnixMilli()+ttl)
		d.notify(eventGeneric, "expire", c.DB, key)
	}
	return true
}

func (d *Data) setnxCommand(c *front.Call) {
	if _, found := d.LookupWrite(c, c.Args[1]); found {
		c.Int(0)
		return
	}
	d.set(c, c.Args[1], c.Args[2], setOptions{})
	c.Int(1)
}

func (d *Data) setexCommand(c *front.Call)  { d.setWithExpiry(c, 1000) }
func (d *Data) psetexCommand(c *front.Call) { d.setWithExpiry(c, 1) }

func (d *Data) setWithExpiry(c *front.Call, unit int64) {
	if d.set(c, c.Args[1], c.Args[3], setOptions{unit: unit, expiry: c.Args[2]}) {
		c.OK()
	}
}

func (d *Data) getsetCommand(c *front.Call) {
	v, found, ok := d.readString(c, c.Args[1])
	if !ok {
		return
	}
	if found {
		replyValue(c, v)
	} else {
		c.Null()
	}
	d.set(c, c.Args[1], c.Args[2], setOptions{})
}

func (d *Data) appendCommand(c *front.Call) {
	v, found, ok := d.writeString(c, c.Args[1])
	if !ok {
		return
	}
	if found && int64(v.Len()+len(c.Args[2])) > MaxString {
		c.Error(errTooLong)
		return
	}
	length := 0
	if found && v.Len() == 0 {
		length = d.db(c).WriteAt(c.Args[1], 0, c.Args[2]) // stays raw, where a string of its own would not be
	} else {
		length = d.db(c).Append(c.Args[1], c.Args[2])
	}
	d.touched(c.DB, c.Args[1])
	c.Dirty++
	d.notify(eventString, "append", c.DB, c.Args[1])
	c.Int(int64(length))
}

func (d *Data) strlenCommand(c *front.Call) {
	if v, found, ok := d.readString(c, c.Args[1]); ok {
		n := 0
		if found {
			n = v.Len()
		}
		c.Int(int64(n))
	}
}

func (d *Data) setrangeCommand(c *front.Call) {
	offset, ok := resp.ParseInt(c.Args[2])
	switch {
	case !ok:
		c.Error(front.ErrNotInt)
		return
	case offset < 0:
		c.Error("ERR offset is out of range")
		return
	}
	v, found, ok := d.writeString(c, c.Args[1])
	if !ok {
		return
	}
	part := c.Args[3]
	if len(part) == 0 {
		length := 0
		if found {
			length = v.Len()
		}
		c.Int(int64(length))
		return
	}
	if offset > MaxString-int64(len(part)) {
		c.Error(errTooLong)
		return
	}
	length := d.db(c).WriteAt(c.Args[1], int(offset), part)
	d.touched(c.DB, c.Args[1])
	c.Dirty++
	d.notify(eventString, "setrange", c.DB, c.Args[1])
	c.Int(int64(length))
}

func (d *Data) getrangeCommand(c *front.Call) {
	start, ok1 := resp.ParseInt(c.Args[2])
	end, ok2 := resp.ParseInt(c.Args[3])
	if !ok1 || !ok2 {
		c.Error(front.ErrNotInt)
		return
	}
	v, found, ok := d.readString(c, c.Args[1])
	if !ok {
		return
	}
	if !found {
		c.Bulk(nil)
		return
	}
	from, to, ok := clampRange(start, end, v.Len())
	if !ok {
		c.Bulk(nil)
		return
	}
	c.Bulk(v.Slice(from, to+1, nil))
}

// clampRange turns a range with ends counted from the end when negative, both within, into indices of something of
// length n; ok is false if it is empty.
func clampRange(start, end int64, n int) (from, to int, ok bool) {
	if start < 0 && end < 0 && start > end {
		return 0, 0, false
	}
	length := int64(n)
	if start < 0 {
		start = max(start+length, 0)
	}
	if end < 0 {
		end = max(end+length, 0)
	}
	end = min(end, length-1)
	if start > end || n == 0 {
		return 0, 0, false
	}
	return int(start), int(end), true
}

func (d *Data) mgetCommand(c *front.Call) {
	c.Array(len(c.Args) - 1)
	for _, key := range c.Args[1:] {
		if v, found := d.LookupRead(c, key); found && v.Kind() == value.KindString {
			replyValue(c, v)
		} else {
			c.Null()
		}
	}
}

func (d *Data) msetCommand(c *front.Call) {
	if d.msetPairs(c, false) {
		c.OK()
	}
}

func (d *Data) msetnxCommand(c *front.Call) {
	if d.msetPairs(c, true) {
		c.Int(1)
	}
}

// msetPairs sets all pairs, or with nx none if one of the keys is there. If it returns false, it replied.
func (d *Data) msetPairs(c *front.Call, nx bool) bool {
	if len(c.Args)%2 == 0 {
		c.Error("ERR wrong number of arguments for MSET")
		return false
	}
	if nx {
		busy := false
		for i := 1; i < len(c.Args); i += 2 {
			if _, found := d.LookupWrite(c, c.Args[i]); found {
				busy = true
			}
		}
		if busy {
			c.Int(0)
			return false
		}
	}
	for i := 1; i < len(c.Args); i += 2 {
		d.setKey(c, c.Args[i], value.NewString(c.Args[i+1]))
		d.notify(eventString, "set", c.DB, c.Args[i])
	}
	c.Dirty += int64(len(c.Args)-1) / 2
	return true
}

func (d *Data) incrCommand(c *front.Call) { d.incr(c, 1) }
func (d *Data) decrCommand(c *front.Call) { d.incr(c, -1) }

func (d *Data) incrbyCommand(c *front.Call) {
	n, ok := resp.ParseInt(c.Args[2])
	if !ok {
		c.Error(front.ErrNotInt)
		return
	}
	d.incr(c, n)
}

func (d *Data) decrbyCommand(c *front.Call) {
	n, ok := resp.ParseInt(c.Args[2])
	if !ok {
		c.Error(front.ErrNotInt)
		return
	}
	d.incr(c, -n) // of the smallest number it is that number, as in Redis
}

func (d *Data) incr(c *front.Call, by int64) {
	v, found, ok := d.writeString(c, c.Args[1])
	if !ok {
		return
	}
	var n int64
	if found {
		if n, ok = v.Int(); !ok {
			c.Error(front.ErrNotInt)
			return
		}
	}
	if (by < 0 && n < 0 && by < math.MinInt64-n) || (by > 0 && n > 0 && by > math.MaxInt64-n) {
		c.Error("ERR increment or decrement would overflow")
		return
	}
	n += by
	d.PutKey(c, c.Args[1], value.NewInt(n))
	c.Dirty++
	d.notify(eventString, "incrby", c.DB, c.Args[1])
	c.Int(n)
}

func (d *Data) incrbyfloatCommand(c *front.Call) {
	v, found, ok := d.writeString(c, c.Args[1])
	if !ok {
		return
	}
	sum := newLongDouble()
	if found {
		if sum, ok = parseLongDouble(v.Bytes()); !ok {
			c.Error(front.ErrNotFloat)
			return
		}
	}
	by, ok := parseLongDouble(c.Args[2])
	if !ok {
		c.Error(front.ErrNotFloat)
		return
	}
	if sum.IsInf() || by.IsInf() || tooLarge(sum.Add(sum, by)) {
		c.Error("ERR increment would produce NaN or Infinity")
		return
	}
	text := formatLongDouble(sum)
	d.PutKey(c, c.Args[1], value.NewString(text))
	c.Dirty++
	d.notify(eventString, "incrbyfloat", c.DB, c.Args[1])
	c.Bulk(text)
	// Replicas get the result: their arithmetic may round otherwise. SET makes the key live for ever, so its time is
	// told
	// again; 4.0 does not, and its replicas keep what its master lets die.
	c.Instead([]byte("SET"), c.Args[1], text)
	if _, at, volatile, _ := d.db(c).Lookup(c.Args[1]); volatile {
		c.Instead([]byte("PEXPIREAT"), c.Args[1], strconv.AppendInt(nil, at, 10))
	}
}
