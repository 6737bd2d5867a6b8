package script

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// programs draws small programs of Lua: chunks that return values, or fail in all the ways that have a message.
type programs struct {
	*rand.Rand
	depth int
	vars  []string
}

func newPrograms(seed uint64) *programs { return &programs{Rand: rand.New(rand.NewPCG(seed, 0))} }

func (g *programs) pick(s ...string) string { return s[g.IntN(len(s))] }

// program is one chunk. It makes no global variable: 7.0 forbids that in another way than 4.0.
func (g *programs) program() string {
	g.depth, g.vars = 0, nil
	switch g.IntN(12) {
	case 0, 1:
		return "return " + g.num()
	case 2, 3:
		return "return " + g.str()
	case 4:
		return "return " + g.expr() + ", " + g.expr()
	case 5:
		return g.library()
	case 6:
		return g.tables()
	case 7:
		return g.packing()
	case 8:
		return g.broken()
	case 9:
		return g.statements()
	case 10:
		return g.patterns()
	}
	return g.formats()
}

func (g *programs) expr() string {
	switch g.IntN(8) {
	case 0, 1:
		return g.num()
	case 2, 3:
		return g.str()
	case 4:
		return g.table()
	case 5:
		return g.pick("nil", "true", "false", "cjson.null")
	case 6:
		return g.boolean()
	}
	if len(g.vars) > 0 {
		return g.vars[g.IntN(len(g.vars))]
	}
	return "nil"
}

func (g *programs) literal() string {
	switch g.IntN(9) {
	case 0, 1, 2:
		return fmt.Sprint(g.IntN(20))
	case 3:
		return fmt.Sprintf("%d.%d", g.IntN(10000000), g.IntN(100))
	case 4:
		return fmt.Sprintf("%.*g", 1+g.IntN(17), (g.Float64()-0.5)*pow10(g.IntN(40)-20))
	case 5:
		return g.pick("0x10", "0xffffffff", "1e15", "1e100", "1e308", "5e-324", "0.1", "123456789012345", "1e14",
			"99999999999999", "100000000000000", "2^53", "2^31", "2^63", "-2^63", "2^64", "4294967296", "3.", ".5", "1e-5",
			"0.0001", "1e16", "3e0", "0X1F")
	case 6:
		return g.pick("(1/0)", "(-1/0)", "(0/0)", "-0", "(-(0/0))", "math.huge", "-math.huge", "math.pi")
	case 7:
		return "-" + fmt.Sprint(g.IntN(300))
	}
	return "'" + g.numberText() + "'"
}

func pow10(n int) float64 {
	f := 1.0
	for ; n > 0; n-- {
		f *= 10
	}
	for ; n < 0; n++ {
		f /= 10
	}
	return f
}

func (g *programs) numberText() string {
	return g.pick("10", " 10 ", "0x10", "1e2", "1e", "", " ", "0x", "1.5", "-3", "- 3", "+4", "inf", "nan", "-inf", "1 2",
		"0x1p4", "0x.8", "1e+2", ".", "5.", "1_0", "1e2x", "Infinity", "nan(1)", "\\t7\\n", "08", "1e400", "0b1", "--1",
		"10\\0", "1\\0x", "9007199254740993", "1e-400")
}

func (g *programs) num() string {
	if g.depth > 4 {
		return g.literal()
	}
	g.depth++
	defer func() { g.depth-- }()
	switch g.IntN(13) {
	case 0, 1:
		return g.literal()
	case 2, 3, 4, 5:
		return "(" + g.num() + g.pick(" + ", " - ", " * ", " / ", " % ", " ^ ") + g.num() + ")"
	case 6:
		return "(-" + g.num() + ")"
	case 7:
		return "math." + g.pick("abs", "ceil", "floor", "sqrt") + "(" + g.num() + ")"
	case 8:
		return "math." + g.pick("fmod", "max", "min", "pow", "ldexp") + "(" + g.num() + ", " + g.num() + ")"
	case 9:
		if g.IntN(2) == 0 {
			return "#" + g.str()
		}
		return "#" + g.table()
	case 10:
		return "tonumber(" + g.str() + g.pick("", "", ", 16", ", 2", ", 36", ", 10", ", 8", ", 1", ", 37") + ")"
	case 11:
		return "bit." + g.pick("band", "bor", "bxor", "lshift", "rshift", "arshift", "rol", "ror") + "(" + g.num() + ", " +
			g.num() + ")"
	}
	return "select('#', " + g.expr() + ", " + g.expr() + ")"
}

var stringLiterals = []string{`""`, `"a"`, `"abc"`, `"hello world"`, `"\0"`, `"a\0b"`, `"\n\t"`, `"\255\128"`, `"x=1, y=2"`,
	`"  pad  "`, `'it\'s'`, `"THE (quick) fox"`, `[[long]]`, `[==[a]]b]==]`, `"10"`, `"0x1F"`, `"%d"`, `"a.b.c"`,
	`"aaaaaaaaaa"`, `"f(a(b)c)d"`, `"k1=v1;k2=v2"`, `"\65\066"`, `"\q\z"`, `"/\\\""`}

func (g *programs) str() string {
	if g.depth > 4 {
		return stringLiterals[g.IntN(len(stringLiterals))]
	}
	g.depth++
	defer func() { g.depth-- }()
	switch g.IntN(12) {
	case 0, 1, 2:
		return stringLiterals[g.IntN(len(stringLiterals))]
	case 3:
		return "tostring(" + g.num() + ")"
	case 4:
		return "(" + g.str() + " .. " + g.num() + ")"
	case 5:
		return "(" + g.str() + " .. " + g.str() + " .. " + g.expr() + ")"
	case 6:
		return "(" + g.str() + "):" + g.pick("upper()", "lower()", "reverse()", "sub(2)", "sub(-3, -2)", "rep(2)", "len()", "byte()")
	case 7:
		return "string.format('%s|%s', " + g.num() + ", " + g.str() + ")"
	case 8:
		return "string.rep(" + g.str() + ", " + fmt.Sprint(g.IntN(6)-1) + ")"
	case 9:
		return "string.sub(" + g.str() + ", " + g.num() + g.pick("", ", "+g.num()) + ")"
	case 10:
		return g.pick("type("+g.expr()+")", "redis.sha1hex(("+g.str()+"))")
	}
	return "string.char(" + fmt.Sprint(g.IntN(256)) + ", " + fmt.Sprint(g.IntN(270)) + ")"
}

func (g *programs) boolean() string {
	if g.depth > 4 {
		return g.pick("true", "false")
	}
	g.depth++
	defer func() { g.depth-- }()
	switch g.IntN(6) {
	case 0:
		return "(" + g.num() + g.pick(" == ", " ~= ", " < ", " <= ", " > ", " >= ") + g.num() + ")"
	case 1:
		return "(" + g.str() + g.pick(" == ", " ~= ", " < ", " <= ", " > ", " >= ") + g.str() + ")"
	case 2:
		return "(not " + g.expr() + ")"
	case 3:
		return "(" + g.expr() + g.pick(" and ", " or ") + g.expr() + ")"
	case 4:
		return "(" + g.expr() + g.pick(" == ", " ~= ", " < ", " <= ", " > ", " >= ") + g.expr() + ")"
	}
	return "rawequal(" + g.expr() + ", " + g.expr() + ")"
}

func (g *programs) table() string {
	if g.depth > 3 {
		return "{}"
	}
	g.depth++
	defer func() { g.depth-- }()
	var items []string
	for range g.IntN(7) {
		switch g.IntN(6) {
		case 0, 1, 2:
			items = append(items, g.expr())
		case 3:
			items = append(items, g.pick("a", "b", "c", "x", "name", "n")+" = "+g.expr())
		case 4:
			items = append(items, fmt.Sprintf("[%d] = %s", g.IntN(12), g.expr()))
		case 5:
			items = append(items, fmt.Sprintf("[%q] = %s", g.pick("k", "key two", "3", ""), g.expr()))
		}
	}
	return "{" + strings.Join(items, ", ") + "}"
}
