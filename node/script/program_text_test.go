package script

import (
	"fmt"
	"strings"
)

func (g *programs) pattern() string {
	var b strings.Builder
	b.WriteString(g.pick("", "", "", "^"))
	for range 1 + g.IntN(4) {
		item := g.pick("a", ".", "%a", "%d", "%s", "%w", "%p", "%u", "%l", "%x", "%c", "%z", "%A", "%S", "[abc]", "[^a]", "[a-f]",
			"[%w_]", "[]]", "[^]]", "[a%]]", "l", "o", " ", "%.", "%(", "=", "b", "[", "%", "(", ")", "%1", "%b()", "%f[%w]", "%f",
			"[%a-z]", "[a-]", "[-a]", "()", "k", "%bxy", "%b", "[a-%d]")
		if g.IntN(4) == 0 {
			item = "(" + item + g.pick("", "*", "+", "-", "?") + ")"
		} else {
			item += g.pick("", "", "", "*", "+", "-", "?")
		}
		b.WriteString(item)
	}
	b.WriteString(g.pick("", "", "", "$"))
	return b.String()
}

// patterns finds, matches and replaces.
func (g *programs) patterns() string {
	s, p := g.str(), luaQuote(g.pattern())
	switch g.IntN(6) {
	case 0:
		return "return pcall(string.find, " + s + ", " + p + g.pick("", ", 2", ", -2", ", 1, true", ", 100", ", "+g.num()) + ")"
	case 1:
		return "return pcall(string.match, " + s + ", " + p + g.pick("", ", 2", ", -2", ", "+g.num()) + ")"
	case 2:
		return "local r = {} for a, b in string.gmatch(" + s + ", " + p + ") do r[#r + 1] = a r[#r + 1] = b end return r"
	case 3:
		repl := g.pick("'<%0>'", "'%1'", "'x'", "'%2%1'", "'%%'", "''", "{a = 'A', b = false, l = 1}", "'%'", "'%x'", "5",
			"string.upper", "function(a, b) return b end", "function() return {} end", "{l = {}}", "nil", "true", "'%9'")
		return "return pcall(string.gsub, " + s + ", " + p + ", " + repl + g.pick("", "", ", 1", ", 0", ", -1", ", 2") + ")"
	case 4:
		return "return string.find(" + s + ", " + s + g.pick("", ", 1, true") + ")"
	}
	return "return (string.gsub(" + s + ", " + p + ", '[%0]'))"
}

// formats prints numbers and strings in all of printf's ways.
func (g *programs) formats() string {
	var f strings.Builder
	var args []string
	for range 1 + g.IntN(3) {
		f.WriteString(g.pick("", "x", " ", "%%"))
		verb := g.pick("d", "i", "u", "c", "x", "X", "o", "e", "E", "f", "g", "G", "s", "q", "s", "g", "d", "y", "a")
		if g.IntN(30) == 0 {
			verb = g.pick("", "5", "%", ".")
		}
		f.WriteString("%" + g.pick("", "", "", "-", "+", " ", "#", "0", "-+ ", "#0", "-0", "+-#0 ", "++++++") +
			g.pick("", "", "5", "12", "2", "100", "20") + g.pick("", "", ".0", ".3", ".", ".10", ".14", ".17", ".99", ".100") + verb)
		switch {
		case strings.Contains("dicuxXoeEfgG", verb) && g.IntN(12) > 0:
			args = append(args, g.num())
		case g.IntN(8) > 0:
			args = append(args, g.str())
		default:
			args = append(args, g.expr())
		}
	}
	if g.IntN(15) == 0 {
		args = args[1:]
	}
	list := ""
	if len(args) > 0 {
		list = ", " + strings.Join(args, ", ")
	}
	return fmt.Sprintf("return string.format(%s%s)", luaQuote(f.String()), list)
}

// statements is control flow, closures, coroutines and metatables.
func (g *programs) statements() string {
	n := g.IntN(6)
	g.vars = []string{"a", "b", "t"}
	a, b := g.expr(), g.expr()
	head := fmt.Sprintf("local a, b, t = %s, %s, %s ", g.num(), g.str(), g.table())
	return head + g.pick(
		fmt.Sprintf("local r = {} for i = %s, %d, %s do r[#r + 1] = i if #r > 20 then break end end return r", g.num(), n,
			g.pick("1", "2", "-1", "0.5", "'1'", "3")),
		fmt.Sprintf("local f = {} for i = 1, %d do f[i] = function() i = i + 1 return i, a end end "+
			"local r = {} for i = 1, #f do r[i] = f[i]() + f[i]() end return r", n),
		fmt.Sprintf("local co = coroutine.create(function(x, ...) local y = coroutine.yield(x, %s) return y, ..., %s end) "+
			"local r = {coroutine.resume(co, 1, 2)} r[#r + 1] = coroutine.status(co) "+
			"return r, coroutine.resume(co, %s), coroutine.resume(co), coroutine.status(co)", a, b, a),
		fmt.Sprintf("local co = coroutine.wrap(function() for i = 1, %d do coroutine.yield(i) end error(%s) end) "+
			"local r = {} for i = 1, 4 do r[i] = {pcall(co)} end return r", n, a),
		fmt.Sprintf("local m = {} for _, e in ipairs{'add', 'sub', 'mul', 'div', 'mod', 'pow', 'concat', 'eq', 'lt', 'le', 'call'} do "+
			"m['__' .. e] = function(x, y) return e .. type(x) .. type(y) end end m.__unm = function() return %s end "+
			"m.__index = function(_, k) return k end local o, p = setmetatable({}, m), setmetatable({}, m) "+
			"return pcall(function() return %s end)", a,
			g.pick("o + a", "b .. o", "o .. b", "o == p", "o < p", "o <= p", "o > p", "-o", "o.x", "o(1)", "#o", "o ^ 2", "2 % o",
				"o < 1", "o ~= p", "tostring(o) == b", "o.x.y", "b .. a .. o", "o .. o .. a", "o - b", "1 / o")),
		fmt.Sprintf("local function v(...) local x, y = ... return select('#', ...), y, ... end return v(%s, %s), (v()), v(nil, nil)",
			a, b),
		fmt.Sprintf("local x, y, z = (function() return %s, %s end)() x, y = y, x t.x, t.y = x, y return x, y, z, t", a, b),
		fmt.Sprintf("local i = 0 while i < %d do i = i + 1 if i == 3 then break end end repeat local k = i i = i - 1 until k < 2 return i", n),
		fmt.Sprintf("if %s then return 1 elseif %s then return 2 else return 3 end", a, b),
		fmt.Sprintf("return %s and %s or %s", a, b, g.expr()),
		fmt.Sprintf("local function f(...) return arg and arg.n, arg end return f(%s, %s)", a, b),
		fmt.Sprintf("local function f(n) if n == 0 then return %s end return f(n - 1) end return f(%d)", a, n*10),
		fmt.Sprintf("local s = 0 for k, v in %s do s = s .. tostring(k) end return s", g.pick("pairs(t)", "ipairs(t)", "next, t", "b", "t")),
		fmt.Sprintf("return xpcall(function() return a.x.y, %s end, function(m) return %s, m end)", a, b),
		"local goto = a local r = {goto} return r[1], goto",
		fmt.Sprintf("return tostring(setmetatable({}, {__tostring = function() return %s end}))", b),
		fmt.Sprintf("local p = setmetatable({}, {__index = t, __newindex = function(s, k, v) rawset(s, k, {v}) end, __metatable = %s}) "+
			"p.new = %s return p, p.new, p.a, getmetatable(p), pcall(setmetatable, p, {})", a, b),
		fmt.Sprintf("local f = loadstring(%s) if f then return pcall(f, %s) end return 'no'", luaQuote("return ..., "+a), b),
		fmt.Sprintf("table.sort(t, function(x, y) return tostring(x) %s tostring(y) end) return t", g.pick("<", ">", "<=")),
		fmt.Sprintf("return math.random(), math.random(%d), math.random(%d, %d), math.random(%s)", n+1, n, n+5, a))
}
