package script

import (
	"fmt"
	"strings"
)

// library calls functions with arguments of any type.
func (g *programs) library() string {
	f := g.pick("string.byte", "string.char", "string.find", "string.format", "string.gsub", "string.len", "string.lower",
		"string.match", "string.rep", "string.reverse", "string.sub", "string.upper", "table.concat", "table.getn",
		"table.maxn", "table.remove", "table.sort", "table.setn", "math.abs", "math.ceil", "math.floor", "math.max",
		"math.min", "math.modf", "math.frexp", "math.fmod", "math.random", "math.ldexp", "tonumber", "tostring", "type",
		"select", "unpack", "rawget", "rawequal", "rawset", "next", "ipairs", "error", "assert", "getmetatable",
		"setmetatable", "bit.tobit", "bit.bnot", "bit.band", "bit.tohex", "bit.bswap", "bit.rol", "coroutine.status",
		"coroutine.create", "coroutine.resume", "coroutine.running", "loadstring", "xpcall",
		"cjson.encode", "cjson.decode", "cmsgpack.unpack",
		"struct.size", "struct.pack", "struct.unpack", "table.foreachi", "table.foreach", "math.randomseed",
		"string.gmatch", "string.gfind", "coroutine.wrap", "pairs", "gcinfo")
	if f == "gcinfo" {
		return "return type(gcinfo())"
	}
	var args []string
	for range g.IntN(4) {
		args = append(args, g.expr())
	}
	list := strings.Join(args, ", ")
	if f == "string.rep" || f == "math.randomseed" && len(args) > 0 {
		list = g.str() + g.pick("", ", 3", ", -1", ", '2'", ", {}")
	}
	switch g.IntN(3) {
	case 0:
		return "return " + f + "(" + list + ")"
	case 1:
		return "local f = " + f + " return pcall(function() return (f(" + list + ")) end)"
	}
	if list != "" {
		list = ", " + list
	}
	return "return pcall(" + f + list + ")"
}

// tables changes a table in many ways and looks at its length, borders and order on the way.
func (g *programs) tables() string {
	var b strings.Builder
	b.WriteString("local t = " + g.table() + " local r = {} local function s() r[#r + 1] = #t end ")
	for range 1 + g.IntN(8) {
		k := g.pick(fmt.Sprint(g.IntN(20)), fmt.Sprint(g.IntN(70)), fmt.Sprintf("'k%d'", g.IntN(40)), "#t + 1", "#t", "true",
			fmt.Sprintf("%d.5", g.IntN(5)), fmt.Sprint(g.IntN(1<<30)))
		switch g.IntN(9) {
		case 0, 1:
			b.WriteString("t[" + k + "] = " + g.pick("1", "'v'", "nil", "false") + " ")
		case 2:
			fmt.Fprintf(&b, "for i = 1, %d do t[i] = i end ", g.IntN(40))
		case 3:
			fmt.Fprintf(&b, "for i = %d, 1, -1 do t[i] = i end ", g.IntN(40))
		case 4:
			b.WriteString("table.insert(t, " + g.pick("", "1, ", fmt.Sprint(g.IntN(9), ", ")) + "'i') ")
		case 5:
			b.WriteString("table.remove(t" + g.pick("", ", 1", fmt.Sprint(", ", g.IntN(9))) + ") ")
		case 6:
			fmt.Fprintf(&b, "for i = 1, %d do t['s' .. i * %d] = i end ", g.IntN(30), 1+g.IntN(1000))
		case 7:
			fmt.Fprintf(&b, "for i = %d, %d do t[i] = nil end ", g.IntN(20), g.IntN(40))
		case 8:
			b.WriteString("for k, v in pairs(t) do if type(k) == 'number' then t[k] = nil end end ")
		}
		b.WriteString("s() ")
	}
	b.WriteString(g.pick("return r, t, #t, table.maxn(t)", "return r, table.getn(t), next(t)",
		"local n = {} for i = 1, #t do n[i] = tostring(t[i]) end table.sort(n) return r, n",
		"local n = {} for k in pairs(t) do n[#n + 1] = tostring(k) end return table.concat(n, ' ')",
		"return pcall(table.concat, t, ',')", "return pcall(table.sort, t)", "return r, unpack(t)",
		"table.sort(r, function(a, b) return a > b end) return r",
		"return pcall(table.sort, t, function(a, b) return true end)"))
	return b.String()
}

// packing goes through cjson, cmsgpack and struct, both ways.
func (g *programs) packing() string {
	switch g.IntN(8) {
	case 0:
		return "return cjson.encode(" + g.expr() + ")"
	case 1:
		return "return cjson.decode(cjson.encode(" + g.table() + "))"
	case 2:
		return fmt.Sprintf("return pcall(cjson.decode, %s)", luaQuote(g.json(0)))
	case 3:
		return "return cmsgpack.pack(" + g.expr() + g.pick("", ", "+g.expr()) + ")"
	case 4:
		return "return cmsgpack.unpack(cmsgpack.pack(" + g.expr() + ", " + g.expr() + "))"
	case 5:
		b := make([]byte, 1+g.IntN(12))
		for i := range b {
			b[i] = byte(g.Uint32())
			if g.IntN(2) == 0 {
				b[i] = 0x80 | b[i]&0x2f
			}
		}
		return fmt.Sprintf("return pcall(cmsgpack.%s%s)", g.pick("unpack, ", "unpack_one, ", "unpack_limit, "), luaQuote(string(b))+
			g.pick("", ", 1", ", 2", ", 0", ", 1, 1"))
	case 6:
		return fmt.Sprintf("return pcall(struct.pack, %q, %s, %s, %s)", g.structFormat(), g.num(), g.expr(), g.num())
	}
	return fmt.Sprintf("return pcall(struct.unpack, %q, %s%s)", g.structFormat(), g.str(), g.pick("", "", ", 2", ", "+g.num()))
}

func (g *programs) structFormat() string {
	var b strings.Builder
	for range 1 + g.IntN(5) {
		b.WriteString(g.pick("<", ">", "!", "!4", "b", "B", "h", "H", "i", "I", "l", "L", "T", "f", "d", "s", "x", "c0", "c1",
			"c2", "i3", "I7", "i8", "I16", " ", "i1", "!2", "y", "i40", "bc0"))
	}
	return b.String()
}

func (g *programs) json(depth int) string {
	space := g.pick("", "", " ", "\n")
	if depth > 3 || g.IntN(3) == 0 {
		return space + g.pick("1", "-1", "1.5e3", "0x10", "true", "false", "null", `"a"`, `"\u00e9\ud83d\ude00"`, `"\n\/"`,
			`"bad\q"`, `"\ud800"`, "nan", "inf", "-inf", "+1", "01", "tru", "", "-", "1.", "[", "}", `"open`, "1e999", "nul",
			"12345678901234567890", `"\u12"`, ",", "1 2", "@", "'a'", "-nan", "i", "N", "T", `"\u0000"`)
	}
	var items []string
	for range g.IntN(4) {
		items = append(items, g.json(depth+1))
	}
	if g.IntN(2) == 0 {
		return space + "[" + strings.Join(items, ",") + g.pick("]", "]", "]", "", ",]") + space
	}
	for i := range items {
		items[i] = fmt.Sprintf("%s%s%s", g.pick(`"a"`, `"b"`, `"k1"`, `""`, "1", `"1"`), g.pick(":", ":", ":", " : ", ""), items[i])
	}
	return space + "{" + strings.Join(items, ",") + g.pick("}", "}", "}", "", ",}")
}

func luaQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		fmt.Fprintf(&b, "\\%03d", s[i])
	}
	return b.String() + `"`
}

// broken fails: in the text, or while it runs.
func (g *programs) broken() string {
	switch g.IntN(4) {
	case 0: // a program with something missing, doubled or out of place
		text := g.program()
		at := g.IntN(len(text) + 1)
		switch g.IntN(3) {
		case 0:
			return text[:at]
		case 1:
			return text[:at] + g.pick("(", ")", "end", "\"", "=", " local ", "[[", "]]", "..", "~", "\x01", "1x", "@", " do ",
				"...", " goto ", " = ", "\n", ";", "{", "}", "--[[", "#", " function ", " return ", " break ", "\\") + text[at:]
		}
		return text[:at] + text[min(len(text), at+1+g.IntN(6)):]
	case 1:
		return "local a, b, t, s = " + g.expr() + ", " + g.expr() + ", " + g.table() + ", " + g.str() + " " +
			"return " + g.pick("a + b", "a .. b", "a.x", "t.x.y", "t[1].y", "a()", "t.f()", "t:m()", "s:nomethod()", "#a", "-a",
			"a < b", "a <= b", "a > t", "t[nil]", "t.a.b.c", "t[a].z", "(a)()", "s.x.y", "a.b()", "t[1] + 1", "1 + t.x",
			"'x' .. t", "t .. 'x'", "a .. 'm' .. b", "2 ^ t", "t % 2", "s * 2", "s < 1", "not a.b", "{a} < {b}", "s()", "a[b]",
			"a + b .. t", "t.n + t.n", "-t.x", "#t.x", "t.x .. t.y", "t.x()()", "a >= b", "s .. nil")
	case 2:
		return "local t, a = {}, " + g.expr() + " local function f(x) " +
			g.pick("t[x] = 1", "return x.y", "return t + x", "t.x.y = 1", "a.b = x", "error(x)", "error(x, 2)", "error(x, 0)",
				"return x()", "for i = 1, x do if i > 5 then break end end",
				"local n = 0 for i = x, 1, a do n = n + 1 if n > 5 then break end end", "for k in x do end", "t[a] = 1",
				"for k, v in pairs(x) do end", "return #x", "return a .. x", "assert(x, 'no')", "assert(a)", "return -x",
				"local y <const> = 1", "return x.y.z", "return (a or x).z", "setmetatable(x, a)") +
			" end return pcall(f, " + g.expr() + ")"
	}
	return "return loadstring(" + luaQuote(g.program()) + g.pick("", ", '=name'", ", '@file'", ", 'line\\nline'") + ")"
}
