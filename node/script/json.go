package script

import (
	"strconv"

	"github.com/ordeal-go/ordeal/node/script/lua"
)

// jsonConfig is what cjson can be told; scripts that change it change it for those after them, as in Redis.
// The defaults are those of lua-cjson 2.1.
type jsonConfig struct {
	sparseConvert bool
	sparseRatio   int
	sparseSafe    int
	encodeDepth   int
	decodeDepth   int
	precision     int
	keepBuffer    bool
	encodeInvalid string // off, on, null
	decodeInvalid bool
}

// jsonNull is cjson.null; C Lua shows it as the null pointer it is.
var jsonNull = lua.Token("(nil)")

func (e *Engine) openJSON() { e.st.Globals.SetStr("cjson", newJSON(e.st).Value()) }

// newJSON makes a table cjson with a configuration of its own.
func newJSON(st *lua.State) *lua.Table {
	cfg := &jsonConfig{sparseRatio: 2, sparseSafe: 10, encodeDepth: 1000, decodeDepth: 1000, precision: 14,
		keepBuffer: true, encodeInvalid: "off", decodeInvalid: true}
	t := st.NewTable(0, 0)
	for _, f := range []struct {
		name string
		fn   lua.Native
	}{
		{"encode", cfg.encodeCall}, {"decode", cfg.decodeCall}, {"encode_sparse_array", cfg.setSparse},
		{"encode_max_depth", func(c *lua.Call) { intOption(c, 1, &cfg.encodeDepth, 1, 1<<31-1, 1) }},
		{"decode_max_depth", func(c *lua.Call) { intOption(c, 1, &cfg.decodeDepth, 1, 1<<31-1, 1) }},
		{"encode_number_precision", func(c *lua.Call) { intOption(c, 1, &cfg.precision, 1, 14, 1) }},
		{"encode_keep_buffer", func(c *lua.Call) { boolOption(c, 1, &cfg.keepBuffer, 1) }},
		{"encode_invalid_numbers", cfg.setEncodeInvalid},
		{"decode_invalid_numbers", func(c *lua.Call) { boolOption(c, 1, &cfg.decodeInvalid, 1) }},
		{"new", func(c *lua.Call) { c.Push(newJSON(c.State()).Value()) }},
	} {
		t.SetStr(f.name, st.Native(f.name, f.fn).Value())
	}
	t.SetStr("null", jsonNull)
	t.SetStr("_NAME", lua.Str("cjson"))
	t.SetStr("_VERSION", lua.Str("2.1.0"))
	return t
}

// atMost refuses more than n arguments.
func atMost(c *lua.Call, n int) {
	c.ArgCheck(c.Len() <= n, n+1, "found too many arguments")
}

func intOption(c *lua.Call, i int, value *int, least, most, args int) {
	atMost(c, args)
	if !c.Arg(i).IsNil() {
		n := int(int32(c.CheckInt(i)))
		c.ArgCheck(n >= least && n <= most, i,
			"expected integer between "+strconv.Itoa(least)+" and "+strconv.Itoa(most))
		*value = n
	}
	c.PushNum(float64(*value))
}

func boolOption(c *lua.Call, i int, value *bool, args int) {
	atMost(c, args)
	if v := c.Arg(i); !v.IsNil() {
		if v.Kind() == lua.Boolean {
			*value = v.Truth()
		} else {
			switch s := c.CheckStr(i); s {
			case "on", "off":
				*value = s == "on"
			default:
				c.ArgError(i, "invalid option '"+s+"'")
			}
		}
	}
	c.Push(lua.Bool(*value))
}

func (cfg *jsonConfig) setEncodeInvalid(c *lua.Call) {
	atMost(c, 1)
	if v := c.Arg(1); !v.IsNil() {
		if v.Kind() == lua.Boolean {
			cfg.encodeInvalid = "off"
			if v.Truth() {
				cfg.encodeInvalid = "on"
			}
		} else {
			switch s := c.CheckStr(1); s {
			case "on", "off", "null":
				cfg.encodeInvalid = s
			default:
				c.ArgError(1, "invalid option '"+s+"'")
			}
		}
	}
	switch cfg.encodeInvalid {
	case "null":
		c.PushStr("null")
	default:
		c.Push(lua.Bool(cfg.encodeInvalid == "on"))
	}
}

func (cfg *jsonConfig) setSparse(c *lua.Call) {
	atMost(c, 3)
	boolOption(c, 1, &cfg.sparseConvert, 3)
	intOption(c, 2, &cfg.sparseRatio, 0, 1<<31-1, 3)
	intOption(c, 3, &cfg.sparseSafe, 0, 1<<31-1, 3)
}

// encoder writes one value as JSON.
type encoder struct {
	*jsonConfig
	c *lua.Call
	b []byte
}

func (cfg *jsonConfig) encodeCall(c *lua.Call) {
	c.ArgCheck(c.Len() == 1, 1, "expected 1 argument")
	e := &encoder{jsonConfig: cfg, c: c}
	e.value(c.Arg(1), 0)
	c.PushStr(string(e.b))
}

func (e *encoder) refuse(v lua.Value, why string) {
	e.c.Errorf("Cannot serialise %s: %s", v.Kind(), why)
}

func (e *encoder) value(v lua.Value, depth int) {
	e.c.Grow(8)
	switch v.Kind() {
	case lua.Nil:
		e.b = append(e.b, "null"...)
	case lua.Boolean:
		e.b = strconv.AppendBool(e.b, v.Truth())
	case lua.Number:
		e.number(v)
	case lua.String:
		s, _ := v.Text()
		e.text(s)
	case lua.TableKind:
		e.table(v.Table(), depth+1)
	case lua.LightUserdata:
		e.b = append(e.b, "null"...)
	default:
		e.refuse(v, "type not supported")
	}
}

func (e *encoder) number(v lua.Value) {
	n, _ := v.Number()
	if n-n != 0 { // neither infinite nor no number
		switch e.encodeInvalid {
		case "off":
			e.refuse(v, "must not be NaN or Inf")
		case "null":
			e.b = append(e.b, "null"...)
			return
		}
		if n != n { // without its sign
			e.b = append(e.b, "nan"...)
			return
		}
	}
	e.b = append(e.b, lua.FormatG(n, e.precision)...)
}

func (e *encoder) text(s string) {
	e.c.Grow(len(s))
	e.b = append(e.b, '"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' || c == '\\' || c == '/':
			e.b = append(e.b, '\\', c)
		case c == '\b':
			e.b = append(e.b, `\b`...)
		case c == '\t':
			e.b = append(e.b, `\t`...)
		case c == '\n':
			e.b = append(e.b, `\n`...)
		case c == '\f':
			e.b = append(e.b, `\f`...)
		case c == '\r':
			e.b = append(e.b, `\r`...)
		case c < 32 || c == 127:
			const hex = "0123456789abcdef"
			e.b = append(e.b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			e.b = append(e.b, c)
		}
	}
	e.b = append(e.b, '"')
}

// arrayLength is the largest index of a table whose keys are all positive integers, -1 for an object: one with other
// keys, or one that is too sparse where that is converted.
func (e *encoder) arrayLength(t *lua.Table) int {
	top, items := 0, 0
	for k, _, _ := t.Next(lua.Value{}); !k.IsNil(); k, _, _ = t.Next(k) {
		n, ok := k.Number()
		if !ok || n < 1 || n != float64(int(n)) || n > 1<<31 {
			return -1
		}
		top = max(top, int(n))
		items++
		e.c.Work(1)
	}
	if e.sparseRatio > 0 && top > items*e.sparseRatio && top > e.sparseSafe {
		if !e.sparseConvert {
			e.refuse(t.Value(), "excessively sparse array")
		}
		return -1
	}
	return top
}

func (e *encoder) table(t *lua.Table, depth int) {
	if depth > e.encodeDepth {
		e.c.Errorf("Cannot serialise, excessive nesting (%d)", depth)
	}
	if n := e.arrayLength(t); n > 0 {
		e.b = append(e.b, '[')
		for i := 1; i <= n; i++ {
			if i > 1 {
				e.b = append(e.b, ',')
			}
			e.value(t.GetInt(i), depth)
		}
		e.b = append(e.b, ']')
		return
	}
	e.b = append(e.b, '{')
	first := true
	for k, v, _ := t.Next(lua.Value{}); !k.IsNil(); k, v, _ = t.Next(k) {
		if !first {
			e.b = append(e.b, ',')
		}
		first = false
		switch k.Kind() {
		case lua.Number:
			e.b = append(e.b, '"')
			e.number(k)
			e.b = append(e.b, '"')
		case lua.String:
			s, _ := k.Text()
			e.text(s)
		default:
			e.refuse(k, "table key must be a number or string")
		}
		e.b = append(e.b, ':')
		e.value(v, depth)
	}
	e.b = append(e.b, '}')
}
