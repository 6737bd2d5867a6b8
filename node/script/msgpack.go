package script

import (
	"encoding/binary"
	"math"

	"github.com/ordeal-go/ordeal/node/script/lua"
)

const (
	maxPackNesting   = 16   // tables deeper than this are packed as nil
	maxUnpackNesting = 3900 // what the stack of 5.1 holds
)

// openMsgpack makes the table cmsgpack: MessagePack after Salvatore Sanfilippo's lua-cmsgpack 0.4.0.
func openMsgpack(st *lua.State) {
	t := st.NewTable(0, 0)
	for _, f := range []struct {
		name string
		fn   lua.Native
	}{
		{"pack", packCall},
		{"unpack", func(c *lua.Call) { unpackCall(c, 0, 0) }},
		{"unpack_one", func(c *lua.Call) { unpackCall(c, 1, c.OptInt(2, 0)) }},
		{"unpack_limit", func(c *lua.Call) {
			limit := c.CheckInt(2)
			unpackCall(c, limit, c.OptInt(3, 0))
		}},
	} {
		t.SetStr(f.name, st.Native(f.name, f.fn).Value())
	}
	t.SetStr("_NAME", lua.Str("cmsgpack"))
	t.SetStr("_VERSION", lua.Str("lua-cmsgpack 0.4.0"))
	t.SetStr("_COPYRIGHT", lua.Str("Copyright (C) 2012, Salvatore Sanfilippo"))
	t.SetStr("_DESCRIPTION", lua.Str("MessagePack C implementation for Lua"))
	st.Globals.SetStr("cmsgpack", t.Value())
}

type packer struct {
	c *lua.Call
	b []byte
}

func packCall(c *lua.Call) {
	if c.Len() == 0 {
		c.ArgError(0, "MessagePack pack needs input.")
	}
	p := &packer{c: c}
	for i := 1; i <= c.Len(); i++ {
		p.value(c.Arg(i), 0)
	}
	c.PushStr(string(p.b))
}

func (p *packer) value(v lua.Value, level int) {
	p.c.Grow(9)
	switch v.Kind() {
	case lua.String:
		s, _ := v.Text()
		p.text(s)
	case lua.Boolean:
		if v.Truth() {
			p.b = append(p.b, 0xc3)
		} else {
			p.b = append(p.b, 0xc2)
		}
	case lua.Number:
		n, _ := v.Number()
		p.number(n)
	case lua.TableKind:
		if level == maxPackNesting {
			p.b = append(p.b, 0xc0)
			return
		}
		p.table(v.Table(), level+1)
	default:
		p.b = append(p.b, 0xc0)
	}
}

func (p *packer) head(fix byte, limit, n int, codes [3]byte) {
	switch {
	case n < limit:
		p.b = append(p.b, fix|byte(n))
	case n <= math.MaxUint8 && codes[0] != 0:
		p.b = append(p.b, codes[0], byte(n))
	case n <= math.MaxUint16:
		p.b = binary.BigEndian.AppendUint16(append(p.b, codes[1]), uint16(n))
	default:
		p.b = binary.BigEndian.AppendUint32(append(p.b, codes[2]), uint32(n))
	}
}

func (p *packer) text(s string) {
	p.c.Grow(len(s))
	p.head(0xa0, 32, len(s), [3]byte{0xd9, 0xda, 0xdb})
	p.b = append(p.b, s...)
}

func (p *packer) number(n float64) {
	if i := lua.ToInt64(n); float64(i) == n {
		p.integer(i)
		return
	}
	if f := float32(n); float64(f) == n {
		p.b = binary.BigEndian.AppendUint32(append(p.b, 0xca), math.Float32bits(f))
		return
	}
	p.b = binary.BigEndian.AppendUint64(append(p.b, 0xcb), math.Float64bits(n))
}

func (p *packer) integer(i int64) {
	switch {
	case i >= 0 && i <= 127 || i < 0 && i >= -32:
		p.b = append(p.b, byte(i))
	case i >= 0 && i <= math.MaxUint8:
		p.b = append(p.b, 0xcc, byte(i))
	case i >= 0 && i <= math.MaxUint16:
		p.b = binary.BigEndian.AppendUint16(append(p.b, 0xcd), uint16(i))
	case i >= 0 && i <= math.MaxUint32:
		p.b = binary.BigEndian.AppendUint32(append(p.b, 0xce), uint32(i))
	case i >= 0:
		p.b = binary.BigEndian.AppendUint64(append(p.b, 0xcf), uint64(i))
	case i >= math.MinInt8:
		p.b = append(p.b, 0xd0, byte(i))
	case i >= math.MinInt16:
		p.b = binary.BigEndian.AppendUint16(append(p.b, 0xd1), uint16(i))
	case i >= math.MinInt32:
		p.b = binary.BigEndian.AppendUint32(append(p.b, 0xd2), uint32(i))
	default:
		p.b = binary.BigEndian.AppendUint64(append(p.b, 0xd3), uint64(i))
	}
}

// table packs an array if the keys are 1 to n, else a map. The empty table is an array.
func (p *packer) table(t *lua.Table, level int) {
	count, top, array := 0, 0.0, true
	for k, _, _ := t.Next(lua.Value{}); !k.IsNil(); k, _, _ = t.Next(k) {
		n, ok := k.Number()
		if !ok || n <= 0 || n != math.Floor(n) {
			array = false
		}
		top = math.Max(top, n)
		count++
		p.c.Work(1)
	}
	if array && top == float64(count) {
		p.head(0x90, 16, count, [3]byte{0, 0xdc, 0xdd})
		for i := 1; i <= count; i++ {
			p.value(t.GetInt(i), level)
		}
		return
	}
	p.head(0x80, 16, count, [3]byte{0, 0xde, 0xdf})
	for k, v, _ := t.Next(lua.Value{}); !k.IsNil(); k, v, _ = t.Next(k) {
		p.value(k, level)
		p.value(v, level)
	}
}

// unpacker reads values from s.
type unpacker struct {
	c     *lua.Call
	s     string
	at    int
	depth int
}

// unpackCall reads at most limit values from offset on; with neither, all. Otherwise where to go on comes first,
// -1 at the end.
func unpackCall(c *lua.Call, limit, offset int) {
	limit, offset = int(int32(limit)), int(int32(offset))
	s := c.CheckStr(1)
	if offset < 0 || limit < 0 {
		c.Errorf("Invalid request to unpack with offset of %d and limit of %d.", offset, len(s))
	}
	if offset > len(s) {
		c.Errorf("Start offset %d greater than input length %d.", offset, len(s))
	}
	all := limit == 0 && offset == 0
	if all {
		limit = math.MaxInt32
	}
	u := &unpacker{c: c, s: s, at: offset}
	var values []lua.Value
	for u.at < len(s) && len(values) < limit {
		values = append(values, u.value())
		c.Room(len(values), "in function mp_unpack_full")
	}
	if !all {
		if u.at == len(s) {
			c.PushNum(-1)
		} else {
			c.PushNum(float64(u.at))
		}
	}
	for _, v := range values {
		c.Push(v)
	}
}

func (u *unpacker) take(n int) string {
	if n > len(u.s)-u.at {
		u.c.Errorf("Missing bytes in input.")
	}
	s := u.s[u.at : u.at+n]
	u.at += n
	return s
}

func (u *unpacker) uint(size int) uint64 {
	var n uint64
	for _, b := range []byte(u.take(size)) {
		n = n<<8 | uint64(b)
	}
	return n
}

func (u *unpacker) value() lua.Value {
	u.c.Work(1)
	b := u.take(1)[0]
	switch {
	case b < 0x80:
		return lua.Int(int(b))
	case b >= 0xe0:
		return lua.Int(int(int8(b)))
	case b < 0x90:
		return u.mapping(int(b & 15))
	case b < 0xa0:
		return u.array(int(b & 15))
	case b < 0xc0:
		return u.text(int(b & 31))
	}
	switch b {
	case 0xc0:
		return lua.Value{}
	case 0xc2, 0xc3:
		return lua.Bool(b == 0xc3)
	case 0xca:
		return lua.Num(float64(math.Float32frombits(uint32(u.uint(4)))))
	case 0xcb:
		return lua.Num(math.Float64frombits(u.uint(8)))
	case 0xcc, 0xcd, 0xce, 0xcf:
		return lua.Num(float64(u.uint(1 << (b - 0xcc))))
	case 0xd0, 0xd1, 0xd2, 0xd3:
		size := 1 << (b - 0xd0)
		shift := 64 - 8*size
		return lua.Num(float64(int64(u.uint(size)<<shift) >> shift))
	case 0xd9, 0xda, 0xdb:
		return u.text(int(u.uint(1 << (b - 0xd9))))
	case 0xdc, 0xdd:
		return u.array(int(u.uint(2 << (b - 0xdc))))
	case 0xde, 0xdf:
		return u.mapping(int(u.uint(2 << (b - 0xde))))
	}
	u.c.Errorf("Bad data format in input.")
	return lua.Value{}
}

func (u *unpacker) text(n int) lua.Value { return u.c.State().NewString(u.take(n)) }

func (u *unpacker) descend(what string) {
	if u.depth++; u.depth > maxUnpackNesting {
		u.c.Errorf("stack overflow (in function mp_decode_to_lua_%s)", what)
	}
}

func (u *unpacker) array(n int) lua.Value {
	u.descend("array")
	t := u.c.State().NewTable(0, 0)
	for i := 1; i <= n; i++ {
		t.SetInt(i, u.value())
	}
	u.depth--
	return t.Value()
}

func (u *unpacker) mapping(n int) lua.Value {
	u.descend("hash")
	t := u.c.State().NewTable(0, 0)
	for range n {
		k := u.value()
		v := u.value()
		if k.IsNil() {
			u.c.Throw(lua.Str("table index is nil"))
		}
		if f, ok := k.Number(); ok && f != f {
			u.c.Throw(lua.Str("table index is NaN"))
		}
		t.Set(k, v)
	}
	u.depth--
	return t.Value()
}
