package lua

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// eval runs a program and prints what it returns, or its error.
func eval(source string) string {
	st := NewState()
	st.MemoryLimit = 64 << 20
	st.OpenLibs(func() float64 { return 0.5 }, func(int) {})
	f, err := st.Compile(source, "@t")
	if err != nil {
		return err.Error()
	}
	results, _, err := st.Run(f)
	if err != nil {
		return err.Error()
	}
	c := &Call{th: st.main}
	var out string
	for i, v := range results {
		if i > 0 {
			out += " "
		}
		s, _ := c.ToString(v).Text()
		out += s
	}
	return out
}

func TestPrograms(t *testing.T) {
	for source, want := range map[string]string{
		"return 1 + 1, 'a' .. 1, #{1, 2, 3}, -0, 1e400, 0/0, 1e15, 0.1":                                                 "2 a1 3 -0 inf -nan 1e+15 0.1",
		"local function f(n) if n < 2 then return n end return f(n - 1) + f(n - 2) end return f(20)":                    "6765",
		"local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end) return co(1), co(10)": "2 20",
		"local f = {} for i = 1, 3 do f[i] = function() i = i + 1 return i end end return f[1](), f[1](), f[2]()":       "2 3 3",
		"local goto = 1 return goto": "1",
		"local t t.x = 1":            "t:1: attempt to index local 't' (a nil value)",
		"return x.y":                 "t:1: attempt to index global 'x' (a nil value)",
		"x = = 1":                    "t:1: unexpected symbol near '='",
		"return {}..'a'":             "t:1: attempt to concatenate a table value",
		"return 1 < 'a'":             "t:1: attempt to compare number with string",
		"for i = 1, 'x' do end":      "t:1: 'for' limit must be a number",
		"return ('x'):rep(3, 4)":     "xxx",
		"return string.rep()":        "t:1: bad argument #1 to 'rep' (string expected, got no value)",
		"return ('x'):bad()":         "t:1: attempt to call method 'bad' (a nil value)",
		"return string.format('%5.2s|%q|%5d|%+.3e', 'abc', 'a\\n', 3.7, 12345)":            "   ab|\"a\\\n\"|    3|+1.234e+04",
		"return tonumber('0x10'), tonumber(' 1e2 '), tonumber('ff', 16), tonumber('1e2x')": "16 100 255 nil",
		"return ('THE (quick) fox'):find('%((%a+)%)'), ('a,b'):match('^(%w),(%w)$')":       "5 a b",
		"local function f(...) return arg.n end return f(1, nil, 3)":                       "3",
	} {
		require.Equal(t, want, eval(source), source)
	}
}

// TestTableAgainstMap: whatever is written is read, each entry is traversed once, and a border is a border.
func TestTableAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := NewState()
		table, model := st.NewTable(rapid.IntRange(0, 4).Draw(t, "array"), rapid.IntRange(0, 4).Draw(t, "hash")), map[string]Value{}
		keys := rapid.OneOf(
			rapid.Map(rapid.IntRange(-2, 40), Int), rapid.Map(rapid.Float64Range(-1, 1), Num),
			rapid.Map(rapid.StringMatching(`[a-c]{0,3}`), Str), rapid.Map(rapid.Bool(), Bool))
		name := func(v Value) string {
			s, _ := v.Text()
			return fmt.Sprint(v.Kind(), s, v.n+0) // +0: both zeros are one key
		}
		for range rapid.IntRange(0, 200).Draw(t, "writes") {
			k, v := keys.Draw(t, "key"), Value{}
			if rapid.IntRange(0, 3).Draw(t, "kept") > 0 {
				v = Int(rapid.IntRange(1, 9).Draw(t, "value"))
			}
			table.Set(k, v)
			if model[name(k)] = v; v.IsNil() {
				delete(model, name(k))
			}
		}
		seen := 0
		for k, v, ok := table.Next(Value{}); !k.IsNil(); k, v, ok = table.Next(k) {
			require.True(t, ok)
			require.Equal(t, model[name(k)], v)
			require.Equal(t, v, table.Get(k))
			seen++
		}
		require.Equal(t, len(model), seen)
		if slot := len(table.array); slot > 0 || table.nodes != nil {
			require.LessOrEqual(t, seen, slot+len(table.nodes))
		}
		n := table.Len()
		require.True(t, table.GetInt(n+1).IsNil())
		require.True(t, n == 0 || !table.GetInt(n).IsNil())
	})
}

func TestFormatNumberReadsBackTo14Digits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Float64().Draw(t, "n")
		back, ok := ParseNumber(FormatNumber(n))
		require.True(t, ok)
		want, _ := strconv.ParseFloat(strconv.FormatFloat(n, 'e', 13, 64), 64)
		require.Equal(t, want, back)
	})
}
