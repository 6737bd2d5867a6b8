package commands

import (
	"encoding/binary"
	"math/bits"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/value"
)

// Strings as arrays of bits, the first of a byte being its highest. Redis 4.0: bitops.c.

func (d *Data) bitRows() []front.Command {
	return front.Group("string",
		front.Row("setbit", 4, "wm", 1, 1, 1, d.setbitCommand,
			"Set or clear the bit at offset in the string value stored at key"),
		front.Row("getbit", 3, "rF", 1, 1, 1, d.getbitCommand,
			"Get the bit at offset in the string value stored at key"),
		front.Row("bitfield", -2, "wm", 1, 1, 1, d.bitfieldCommand,
			"Read and change integers of any width within a string"),
		front.Row("bitop", -4, "wm", 2, -1, 1, d.bitopCommand, "Perform bitwise operations between strings"),
		front.Row("bitcount", -2, "r", 1, 1, 1, d.bitcountCommand, "Count set bits in a string"),
		front.Row("bitpos", -3, "r", 1, 1, 1, d.bitposCommand, "Find first bit set or clear in a string"),
	)
}

const errBit = "ERR bit is not an integer or out of range"

// bitOffset reads the number of a bit of a string.
func bitOffset(c *front.Call, arg []byte) (int64, bool) {
	n, ok := resp.ParseInt(arg)
	if !ok || n < 0 || n>>3 >= MaxString {
		c.Error("ERR bit offset is not an integer or out of range")
		return 0, false
	}
	return n, true
}

func (d *Data) setbitCommand(c *front.Call) {
	offset, ok := bitOffset(c, c.Args[2])
	if !ok {
		return
	}
	on, ok := resp.ParseInt(c.Args[3])
	if !ok || on&^1 != 0 {
		c.Error(errBit)
		return
	}
	v, found, ok := d.writeString(c, c.Args[1])
	if !ok {
		return
	}
	at, shift := int(offset>>3), 7-offset&7
	b := byte(0)
	if found {
		b = v.ByteAt(at)
	}
	old := b >> shift & 1
	d.db(c).WriteAt(c.Args[1], at, []byte{b&^(1<<shift) | byte(on)<<shift})
	d.touched(c.DB, c.Args[1])
	c.Dirty++
	d.notify(eventString, "setbit", c.DB, c.Args[1])
	c.Int(int64(old))
}

func (d *Data) getbitCommand(c *front.Call) {
	offset, ok := bitOffset(c, c.Args[2])
	if !ok {
		return
	}
	v, found, ok := d.readString(c, c.Args[1])
	if !ok {
		return
	}
	bit := byte(0)
	if found {
		bit = v.ByteAt(int(offset>>3)) >> (7 - offset&7) & 1
	}
	c.Int(int64(bit))
}

func (d *Data) bitopCommand(c *front.Call) {
	op := c.Option(1)
	switch {
	case op != "AND" && op != "OR" && op != "XOR" && op != "NOT":
		c.Error(front.ErrSyntax)
		return
	case op == "NOT" && len(c.Args) != 4:
		c.Error("ERR BITOP NOT must be called with a single source key.")
		return
	}
	sources := make([][]byte, 0, len(c.Args)-3)
	longest := 0
	for _, key := range c.Args[3:] {
		v, found, ok := d.readString(c, key)
		if !ok {
			return
		}
		var b []byte
		if found {
			b = v.Bytes()
		}
		sources = append(sources, b)
		longest = max(longest, len(b))
	}
	result := combine(op, sources, longest)
	dest := c.Args[2]
	if longest > 0 {
		d.setKey(c, dest, value.NewRaw(result))
		c.Dirty++
		d.notify(eventString, "set", c.DB, dest)
	} else if _, found := d.LookupWrite(c, dest); found && d.deleteKey(c.DB, dest) {
		c.Dirty++
		d.notify(eventGeneric, "del", c.DB, dest)
	}
	c.Int(int64(longest))
}

// combine is BITOP's result, longest bytes: a source that is too short has zeros there.
func combine(op string, sources [][]byte, longest int) []byte {
	result := make([]byte, longest)
	copy(result, sources[0])
	if op == "NOT" {
		for i := range result {
			result[i] = ^result[i]
		}
		return result
	}
	for _, source := range sources[1:] {
		switch op {
		case "AND":
			bytewise(result, source, func(a, b uint64) uint64 { return a & b })
			clear(result[len(source):])
		case "OR":
			bytewise(result, source, func(a, b uint64) uint64 { return a | b })
		case "XOR":
			bytewise(result, source, func(a, b uint64) uint64 { return a ^ b })
		}
	}
	return result
}

// bytewise puts what op makes of each byte of result and source in the place of the former, eight at a time.
func bytewise(result, source []byte, op func(a, b uint64) uint64) {
	order := binary.LittleEndian
	for len(source) >= 8 {
		order.PutUint64(result, op(order.Uint64(result), order.Uint64(source)))
		result, source = result[8:], source[8:]
	}
	for i := range source {
		result[i] = byte(op(uint64(result[i]), uint64(source[i])))
	}
}

func (d *Data) bitcountCommand(c *front.Call) {
	v, found, ok := d.readString(c, c.Args[1])
	if !ok {
		return
	}
	if !found {
		c.Int(0)
		return
	}
	from, to := 0, v.Len()
	switch len(c.Args) {
	case 2:
	case 4:
		start, ok1 := resp.ParseInt(c.Args[2])
		end, ok2 := resp.ParseInt(c.Args[3])
		if !ok1 || !ok2 {
			c.Error(front.ErrNotInt)
			return
		}
		if from, to, ok = clampRange(start, end, v.Len()); !ok {
			c.Int(0)
			return
		}
		to++
	default:
		c.Error(front.ErrSyntax)
		return
	}
	n := 0
	for b := range v.Pieces(from, to) {
		n += onesIn(b)
	}
	c.Int(int64(n))
}

func onesIn(b []byte) (n int) {
	for ; len(b) >= 8; b = b[8:] {
		n += bits.OnesCount64(binary.LittleEndian.Uint64(b))
	}
	for _, x := range b {
		n += bits.OnesCount8(x)
	}
	return n
}

func (d *Data) bitposCommand(c *front.Call) {
	bit, ok := resp.ParseInt(c.Args[2])
	switch {
	case !ok:
		c.Error(front.ErrNotInt)
		return
	case bit&^1 != 0:
		c.Error("ERR The bit argument must be 1 or 0.")
		return
	}
	v, found, ok := d.readString(c, c.Args[1])
	if !ok {
		return
	}
	if !found {
		c.Int(-bit) // an absent string is an endless row of zeros
		return
	}
	b, start, end, endGiven := v.Bytes(), int64(0), int64(-1), len(c.Args) == 5
	if len(c.Args) > 5 {
		c.Error(front.ErrSyntax)
		return
	}
	if len(c.Args) > 3 {
		if start, ok = resp.ParseInt(c.Args[3]); ok && endGiven {
			end, ok = resp.ParseInt(c.Args[4])
		}
		if !ok {
			c.Error(front.ErrNotInt)
			return
		}
	}
	c.Int(findBit(b, byte(bit), start, end, endGiven))
}

// findBit returns the number of the first bit of that value in the bytes of the range, or -1. Without a given end,
// the string goes on in zeros for ever.
func findBit(b []byte, bit byte, start, end int64, endGiven bool) int64 {
	length := int64(len(b))
	if start < 0 {
		start = max(start+length, 0)
	}
	if end < 0 {
		end = max(end+length, 0)
	}
	end = min(end, length-1)
	if start > end {
		return -1
	}
	skip := byte(0) // a byte without the bit looked for
	if bit == 0 {
		skip = 0xff
	}
	for i := start; i <= end; i++ {
		if b[i] == skip {
			continue
		}
		return i*8 + int64(bits.LeadingZeros8(b[i]^skip))
	}
	if bit == 0 && !endGiven {
		return (end + 1) * 8
	}
	return -1
}
