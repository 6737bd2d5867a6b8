package script

import (
	"math"
	"math/bits"
	"strings"

	"github.com/ordeal-go/ordeal/node/script/lua"
)

// openBit makes the table bit: operations on 32 bits, whose results are signed, as Mike Pall's BitOp has them.
func openBit(st *lua.State) {
	t := st.NewTable(0, 12)
	add := func(name string, fn lua.Native) { t.SetStr(name, st.Native(name, fn).Value()) }
	fold := func(name string, op func(a, b uint32) uint32) {
		add(name, func(c *lua.Call) {
			x := bitArg(c, 1)
			for i := c.Len(); i > 1; i-- {
				x = op(x, bitArg(c, i))
			}
			pushBits(c, x)
		})
	}
	shift := func(name string, op func(x uint32, n int) uint32) {
		add(name, func(c *lua.Call) {
			x := bitArg(c, 1)
			pushBits(c, op(x, int(bitArg(c, 2)&31)))
		})
	}
	add("tobit", func(c *lua.Call) { pushBits(c, bitArg(c, 1)) })
	add("bnot", func(c *lua.Call) { pushBits(c, ^bitArg(c, 1)) })
	fold("band", func(a, b uint32) uint32 { return a & b })
	fold("bor", func(a, b uint32) uint32 { return a | b })
	fold("bxor", func(a, b uint32) uint32 { return a ^ b })
	shift("lshift", func(x uint32, n int) uint32 { return x << n })
	shift("rshift", func(x uint32, n int) uint32 { return x >> n })
	shift("arshift", func(x uint32, n int) uint32 { return uint32(int32(x) >> n) })
	shift("rol", bits.RotateLeft32)
	shift("ror", func(x uint32, n int) uint32 { return bits.RotateLeft32(x, -n) })
	add("bswap", func(c *lua.Call) { pushBits(c, bits.ReverseBytes32(bitArg(c, 1))) })
	add("tohex", bitHex)
	st.Globals.SetStr("bit", t.Value())
}

// bitArg is the low 32 bits of a number, rounded to an integer by the addition of 2^52 + 2^51; so of numbers beyond
// 2^51 some bits are lost, as there.
func bitArg(c *lua.Call, i int) uint32 {
	return uint32(math.Float64bits(c.CheckNum(i) + (1<<52 + 1<<51)))
}

func pushBits(c *lua.Call, x uint32) { c.PushNum(float64(int32(x))) }

func bitHex(c *lua.Call) {
	x := bitArg(c, 1)
	n := int32(8)
	if !c.Arg(2).IsNil() || c.Len() >= 2 {
		n = int32(bitArg(c, 2))
	}
	digits := "0123456789abcdef"
	if n < 0 {
		n, digits = -n, strings.ToUpper(digits)
	}
	if n > 8 || n < 0 {
		n = 8
	}
	b := make([]byte, n)
	for i := n - 1; i >= 0; i-- {
		b[i] = digits[x&15]
		x >>= 4
	}
	c.PushStr(string(b))
}
