package script

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/ordeal-go/ordeal/node/script/lua"
)

const (
	maxStructInt   = 32 // largest integer of a format, in bytes
	structMaxAlign = 8  // what "!" alone means
)

// layout is how far a format has been read, and what it says of byte order and alignment.
type layout struct {
	c     *lua.Call
	f     string
	at    int
	big   bool
	align int
}

// openStruct makes the table struct: values to and from bytes, after Roberto Ierusalimschy's lua-struct as Redis has
// it.
func openStruct(st *lua.State) {
	t := st.NewTable(0, 3)
	t.SetStr("pack", st.Native("pack", structPack).Value())
	t.SetStr("unpack", st.Native("unpack", structUnpack).Value())
	t.SetStr("size", st.Native("size", structSize).Value())
	st.Globals.SetStr("struct", t.Value())
}

func newLayout(c *lua.Call) *layout {
	f, _, _ := strings.Cut(c.CheckStr(1), "\x00")
	return &layout{c: c, f: f, align: 1}
}

// number reads digits, or otherwise where there are none.
func (l *layout) number(otherwise int) int {
	if l.at >= len(l.f) || l.f[l.at] < '0' || l.f[l.at] > '9' {
		return otherwise
	}
	n := 0
	for l.at < len(l.f) && l.f[l.at] >= '0' && l.f[l.at] <= '9' {
		d := int(l.f[l.at] - '0')
		if n > (math.MaxInt32-d)/10 {
			l.c.Errorf("integral size overflow")
		}
		n = n*10 + d
		l.at++
	}
	return n
}

// next is the next option and the bytes it takes.
func (l *layout) next() (opt byte, size int, ok bool) {
	if l.at >= len(l.f) {
		return 0, 0, false
	}
	l.c.Work(1)
	opt = l.f[l.at]
	l.at++
	switch opt {
	case 'b', 'B', 'x':
		size = 1
	case 'h', 'H':
		size = 2
	case 'l', 'L', 'T', 'd':
		size = 8
	case 'f':
		size = 4
	case 'c':
		size = l.number(1)
	case 'i', 'I':
		if size = l.number(4); size > maxStructInt {
			l.c.Errorf("integral size %d is larger than limit of %d", size, maxStructInt)
		}
	}
	return opt, size, true
}

// padding is how many bytes go before an option so that it is aligned.
func (l *layout) padding(at int, opt byte, size int) int {
	if size == 0 || opt == 'c' {
		return 0
	}
	size = min(size, l.align)
	if size <= 1 {
		return 0
	}
	return (size - at&(size-1)) & (size - 1)
}

// control does the options that take no bytes.
func (l *layout) control(opt byte) {
	switch opt {
	case ' ':
	case '>':
		l.big = true
	case '<':
		l.big = false
	case '!':
		n := l.number(structMaxAlign)
		if n <= 0 || bits.OnesCount(uint(n)) != 1 {
			l.c.Errorf("alignment %d is not a power of 2", n)
		}
		l.align = n
	default:
		l.c.ArgError(1, fmt.Sprintf("invalid format option '%s'", string([]byte{opt})))
	}
}

func structPack(c *lua.Call) {
	l := newLayout(c)
	var b []byte
	arg, total := 2, 0
	for {
		opt, size, ok := l.next()
		if !ok {
			break
		}
		pad := l.padding(total, opt, size)
		total += pad
		b = append(b, make([]byte, pad)...)
		l.present(opt, arg)
		switch opt {
		case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I':
			b = l.putInt(b, c.CheckNum(arg), size)
			arg++
		case 'x':
			b = append(b, 0)
		case 'f':
			b = l.putBits(b, uint64(math.Float32bits(float32(c.CheckNum(arg)))), 4)
			arg++
		case 'd':
			b = l.putBits(b, math.Float64bits(c.CheckNum(arg)), 8)
			arg++
		case 'c', 's':
			s := c.CheckStr(arg)
			arg++
			if size == 0 {
				size = len(s)
			}
			c.ArgCheck(len(s) >= size, arg, "string too short")
			c.Grow(size)
			b = append(b, s[:size]...)
			if opt == 's' {
				b = append(b, 0)
				size++
			}
		default:
			l.control(opt)
		}
		total += size
	}
	c.PushStr(string(b))
}

// present refuses an option without its argument: in C a nil marks the end of them.
func (l *layout) present(opt byte, arg int) {
	switch {
	case arg <= l.c.Len():
	case strings.IndexByte("bBhHlLTiIfd", opt) >= 0:
		l.c.ArgError(arg, "number expected, got nil")
	case opt == 'c' || opt == 's':
		l.c.ArgError(arg, "string expected, got nil")
	}
}

func (l *layout) putInt(b []byte, n float64, size int) []byte {
	return l.putBits(b, lua.ToUint64(n), size)
}

func (l *layout) putBits(b []byte, u uint64, size int) []byte {
	var raw [maxStructInt]byte
	if l.big {
		binary.BigEndian.PutUint64(raw[maxStructInt-8:], u)
		return append(b, raw[maxStructInt-size:]...)
	}
	binary.LittleEndian.PutUint64(raw[:], u)
	return append(b, raw[:size]...)
}

func (l *layout) bits(data string) uint64 {
	var u uint64
	for i := range len(data) {
		if l.big {
			u = u<<8 | uint64(data[i])
		} else {
			u = u<<8 | uint64(data[len(data)-1-i])
		}
	}
	return u
}

func (l *layout) integer(data string, signed bool) float64 {
	u := l.bits(data)
	if !signed {
		return float64(u)
	}
	mask := ^uint64(0) << ((len(data)*8 - 1) & 63) // the processor counts shifts modulo 64
	if u&mask != 0 {
		u |= mask
	}
	return float64(int64(u))
}

func structUnpack(c *lua.Call) {
	l := newLayout(c)
	data := c.CheckStr(2)
	pos := c.OptInt(3, 1)
	c.ArgCheck(pos != 0, 3, "offset must be 1 or greater")
	pos--
	n := 0
	var last lua.Value
	push := func(v lua.Value) {
		c.Room(2, "too many results")
		last = v
		n++
		c.Push(v)
	}
	need := func(size int) {
		c.ArgCheck(pos >= 0 && size <= len(data) && pos <= len(data)-size, 2, "data string too short")
	}
	for {
		opt, size, ok := l.next()
		if !ok {
			break
		}
		pos += l.padding(pos, opt, size)
		need(size)
		switch opt {
		case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I':
			push(lua.Num(l.integer(data[pos:pos+size], opt >= 'a')))
		case 'x':
		case 'f':
			push(lua.Num(float64(math.Float32frombits(uint32(l.bits(data[pos : pos+4]))))))
		case 'd':
			push(lua.Num(math.Float64frombits(l.bits(data[pos : pos+8]))))
		case 'c':
			if size == 0 {
				k, isNum := last.ToNum()
				if n == 0 || !isNum {
					c.Errorf("format 'c0' needs a previous size")
				}
				size = int(min(lua.ToUint64(k), math.MaxInt64))
				c.Pop()
				n--
				need(size)
			}
			push(c.State().NewString(data[pos : pos+size]))
		case 's':
			end := strings.IndexByte(data[pos:], 0)
			if end < 0 {
				c.Errorf("unfinished string in data")
			}
			push(c.State().NewString(data[pos : pos+end]))
			size = end + 1
		default:
			l.control(opt)
		}
		pos += size
	}
	c.PushNum(float64(pos + 1))
}

func structSize(c *lua.Call) {
	l := newLayout(c)
	pos := 0
	for {
		opt, size, ok := l.next()
		if !ok {
			break
		}
		pos += l.padding(pos, opt, size)
		if opt == 's' {
			c.ArgError(1, "option 's' has no fixed size")
		} else if opt == 'c' && size == 0 {
			c.ArgError(1, "option 'c0' has no fixed size")
		}
		if !isAlnum(opt) {
			l.control(opt)
		}
		pos += size
	}
	c.PushNum(float64(pos))
}

func isAlnum(c byte) bool { return c >= '0' && c <= '9' || c|32 >= 'a' && c|32 <= 'z' }
