package script

import (
	"strings"

	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/script/lua"
)

// maxReplyDepth is how deep a table may nest as a reply; one that holds itself has no end.
const maxReplyDepth = 1000

// toReply makes a reply of what a script returned: numbers lose their fraction, true is 1, false and nil are the
// null bulk, a table is its field err or ok or else its items up to the first nil. Redis 4.0: scripting.c,
// luaReplyToRedisReply.
func (e *Engine) toReply(v lua.Value, depth int) resp.Reply {
	switch v.Kind() {
	case lua.String:
		s, _ := v.Text()
		return resp.Reply{Kind: '$', Str: []byte(s)}
	case lua.Number:
		n, _ := v.Number()
		return resp.Reply{Kind: ':', Int: lua.ToInt64(n)}
	case lua.Boolean:
		if v.Truth() {
			return resp.Reply{Kind: ':', Int: 1}
		}
	case lua.TableKind:
		return e.tableReply(v.Table(), depth)
	}
	return resp.Reply{Kind: '$', Null: true}
}

func (e *Engine) tableReply(t *lua.Table, depth int) resp.Reply {
	if depth >= maxReplyDepth {
		return errorReply("ERR reached lua stack limit")
	}
	// What is read here is read raw: a metamethod could fail, or never end, outside the script's run.
	if s, ok := t.Get(e.errName).Text(); ok {
		return errorReply(s)
	}
	if s, ok := t.Get(e.okName).Text(); ok {
		return resp.Reply{Kind: '+', Str: []byte(oneLine(s))}
	}
	r := resp.Reply{Kind: '*', Elems: []resp.Reply{}}
	for i := 1; ; i++ {
		v := t.GetInt(i)
		if v.IsNil() {
			return r
		}
		r.Elems = append(r.Elems, e.toReply(v, depth+1))
	}
}

// toLua makes a value of a command's reply. Redis 4.0: scripting.c, redisProtocolToLuaType.
func (e *Engine) toLua(r resp.Reply) lua.Value {
	switch {
	case r.Null:
		return lua.False
	case r.Kind == ':':
		return lua.Num(float64(r.Int))
	case r.Kind == '$':
		return e.st.NewString(string(r.Str))
	case r.Kind == '+':
		return e.field("ok", string(r.Str))
	case r.Kind == '-':
		return e.field("err", string(r.Str))
	}
	t := e.st.NewTable(len(r.Elems), 0)
	for i := range r.Elems {
		t.SetInt(i+1, e.toLua(r.Elems[i]))
	}
	return t.Value()
}

// field is a table with one text in it.
func (e *Engine) field(name, text string) lua.Value {
	t := e.st.NewTable(0, 1)
	t.SetStr(name, e.st.NewString(text))
	return t.Value()
}

// commandArgs are the arguments of redis.call. A number is its shortest integer or 17 digits.
func commandArgs(c *lua.Call) (args [][]byte, ok bool) {
	for i := 1; i <= c.Len(); i++ {
		v := c.Arg(i)
		switch v.Kind() {
		case lua.Number:
			n, _ := v.Number()
			args = append(args, []byte(lua.FormatG(n, 17)))
		case lua.String:
			s, _ := v.Text()
			args = append(args, []byte(s))
		default:
			return nil, false
		}
	}
	return args, true
}

// globalsProtected is what a script meets that makes or reads a global variable that is not there. Redis 4.0:
// scripting.c, scriptingEnableGlobalsProtection; the names are where its chunk raises these errors.
func protectGlobals(st *lua.State) {
	meta := st.NewTable(0, 2)
	meta.SetStr("__newindex", st.Native("@enable_strict_lua:8", func(c *lua.Call) {
		if w := c.What(1); w != "" && w != "main" && w != "C" {
			c.Errorf("Script attempted to create global variable '%s'", displayed(c, 2))
		}
		c.CheckTable(1).Set(c.Arg(2), c.Arg(3))
	}).Value())
	meta.SetStr("__index", st.Native("@enable_strict_lua:15", func(c *lua.Call) {
		if w := c.What(1); w != "" && w != "C" {
			c.Errorf("Script attempted to access nonexistent global variable '%s'", displayed(c, 2))
		}
		c.Push(lua.Value{})
	}).Value())
	st.Globals.SetMeta(meta)
}

func displayed(c *lua.Call, i int) string {
	s, _ := c.ToString(c.Arg(i)).Text()
	return strings.SplitN(s, "\x00", 2)[0]
}
