package commands

import (
	"bytes"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/value"
)

// BITFIELD: a string as an array of integers of any width. Redis 4.0: bitops.c, bitfieldCommand.

// overflowKind says what becomes of a result that does not fit.
type overflowKind uint8

const (
	overflowWrap overflowKind = iota
	overflowSaturate
	overflowFail
)

// field is an integer within a string: its width in bits and where it begins.
type field struct {
	signed bool
	bits   int // 1 to 64, to 63 if unsigned
	offset int64
}

// fieldOp is one operation of BITFIELD.
type fieldOp struct {
	field
	kind     byte // 'G' GET, 'S' SET, 'I' INCRBY
	arg      int64
	overflow overflowKind
}

func (d *Data) bitfieldCommand(c *front.Call) {
	ops, ok := parseFieldOps(c)
	if !ok {
		return
	}
	last, writes := int64(-1), false // the highest byte that is written
	for _, op := range ops {
		if op.kind != 'G' {
			last, writes = max(last, (op.offset+int64(op.bits)-1)>>3), true
		}
	}
	key, db := c.Args[1], d.db(c)
	var v value.Value
	if writes {
		v, _, ok = d.writeString(c, key)
	} else {
		v, _, ok = d.readString(c, key)
	}
	if !ok {
		return
	}
	if writes { // it becomes long enough, and raw bytes, even if every operation fails, as in Redis
		db.WriteAt(key, int(last), []byte{v.ByteAt(int(last))})
		v, _ = db.Get(key)
	}
	changes := int64(0)
	c.Array(len(ops))
	for _, op := range ops {
		old := op.read(v)
		result, set, ok := op.apply(old)
		if !ok {
			c.Null()
			continue
		}
		if op.kind != 'G' {
			op.write(v, set, func(at int, b []byte) { db.WriteAt(key, at, b) })
			v, _ = db.Get(key)
			changes++
		}
		c.Int(result)
	}
	if changes > 0 {
		d.touched(c.DB, key)
		d.notify(eventString, "setbit", c.DB, key)
		c.Dirty += changes
	}
}

func parseFieldOps(c *front.Call) (ops []fieldOp, ok bool) {
	overflow := overflowWrap
	for i := 2; i < len(c.Args); {
		left := len(c.Args) - i - 1
		name := c.Option(i)
		switch {
		case name == "GET" && left >= 2, name == "SET" && left >= 3, name == "INCRBY" && left >= 3:
		case name == "OVERFLOW" && left >= 1:
			if overflow, ok = parseOverflow(c.Option(i + 1)); !ok {
				c.Error("ERR Invalid OVERFLOW type specified")
				return nil, false
			}
			i += 2
			continue
		default:
			c.Error(front.ErrSyntax)
			return nil, false
		}
		op := fieldOp{kind: name[0], overflow: overflow}
		if op.field, ok = parseField(c, c.Args[i+1], c.Args[i+2]); !ok {
			return nil, false
		}
		i += 3
		if op.kind != 'G' {
			if op.arg, ok = c.Integer(i); !ok {
				return nil, false
			}
			i++
		}
		ops = append(ops, op)
	}
	return ops, true
}

func parseOverflow(word string) (overflowKind, bool) {
	switch word {
	case "WRAP":
		return overflowWrap, true
	case "SAT":
		return overflowSaturate, true
	case "FAIL":
		return overflowFail, true
	}
	return 0, false
}

// parseField reads a type such as i16 or u8, and an offset in bits or, after '#', in fields of that width.
func parseField(c *front.Call, kind, offset []byte) (f field, ok bool) {
	var bits int64
	if len(kind) > 1 && (kind[0] == 'i' || kind[0] == 'u') {
		f.signed = kind[0] == 'i'
		bits, ok = resp.ParseInt(kind[1:])
	}
	if !ok || bits < 1 || bits > 64 || bits == 64 && !f.signed {
		c.Error("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
		return f, false
	}
	f.bits = int(bits)
	unit := int64(1)
	if rest, counted := bytes.CutPrefix(offset, []byte("#")); counted {
		offset, unit = rest, bits
	}
	n, ok := resp.ParseInt(offset)
	const most = MaxString << 3
	if !ok || n < 0 || n >= most || n*unit >= most || (n*unit+bits-1)>>3 >= MaxString {
		c.Error("ERR bit offset is not an integer or out of range")
		return f, false
	}
	f.offset = n * unit
	return f, true
}

// read returns the field's value in v; beyond its end there are zeros.
func (f field) read(v value.Value) int64 {
	var u uint64
	for i := range int64(f.bits) {
		at := f.offset + i
		u = u<<1 | uint64(v.ByteAt(int(at>>3))>>(7-at&7)&1)
	}
	if f.signed && f.bits < 64 && u>>(f.bits-1)&1 == 1 {
		u |= ^uint64(0) << f.bits
	}
	return int64(u)
}

// write calls put with the bytes of v that change when the field becomes n, and where they begin.
func (f field) write(v value.Value, n int64, put func(at int, b []byte)) {
	first, last := f.offset>>3, (f.offset+int64(f.bits)-1)>>3
	b := make([]byte, 0, 9)
	for i := first; i <= last; i++ {
		b = append(b, v.ByteAt(int(i)))
	}
	for i := range f.bits {
		at := f.offset + int64(i) - first<<3
		bit := byte(uint64(n) >> (f.bits - 1 - i) & 1)
		mask := byte(1) << (7 - at&7)
		b[at>>3] = b[at>>3]&^mask | bit<<(7-at&7)
	}
	put(int(first), b)
}

// apply returns what to reply and what to store; ok is false if it does not fit and must fail.
func (op fieldOp) apply(old int64) (result, set int64, ok bool) {
	switch op.kind {
	case 'G':
		return old, old, true
	case 'S':
		set, ok = op.fit(op.arg, 0)
		return old, set, ok
	}
	set, ok = op.fit(old, op.arg)
	return set, set, ok
}

// fit returns n+by within the field. Redis 4.0: bitops.c, checkUnsignedBitfieldOverflow, checkSignedBitfieldOverflow.
func (op fieldOp) fit(n, by int64) (int64, bool) {
	over, under := false, false
	var low, high int64
	if op.signed {
		high = int64(^uint64(0) >> (65 - op.bits))
		low = -high - 1
		// The differences wrap, as they do in Redis: SET of a number that is far below saturates at the highest there.
		room, fall := high-n, low-n
		over = n > high || op.bits < 64 && by > room || n >= 0 && by > 0 && by > room
		under = !over && (n < low || op.bits < 64 && by < fall || n < 0 && by < 0 && by < fall)
	} else {
		high = int64(^uint64(0) >> (64 - op.bits)) // at most 63 bits
		over = uint64(n) > uint64(high) || by > 0 && by > high-n
		under = !over && by < 0 && by < -n
	}
	if !over && !under {
		return n + by, true
	}
	switch op.overflow {
	case overflowFail:
		return 0, false
	case overflowSaturate:
		if over {
			return high, true
		}
		return low, true
	}
	return op.wrap(uint64(n) + uint64(by)), true
}

// wrap keeps the low bits.
func (f field) wrap(u uint64) int64 {
	if f.bits == 64 {
		return int64(u)
	}
	u &= 1<<f.bits - 1
	if f.signed && u>>(f.bits-1)&1 == 1 {
		u |= ^uint64(0) << f.bits
	}
	return int64(u)
}
