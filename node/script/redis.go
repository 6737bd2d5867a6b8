package script

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/script/lua"
)

// openRedis makes the table redis. breakpoint and debug are absent: there is no script debugger.
// Redis 4.0: scripting.c, scriptingInit.
func (e *Engine) openRedis() {
	t := e.st.NewTable(0, 32)
	for _, f := range []struct {
		name string
		fn   lua.Native
	}{
		{"call", func(c *lua.Call) { e.command(c, true) }},
		{"pcall", func(c *lua.Call) { e.command(c, false) }},
		{"log", e.log},
		{"sha1hex", sha1hex},
		{"error_reply", func(c *lua.Call) { e.singleField(c, "err") }},
		{"status_reply", func(c *lua.Call) { e.singleField(c, "ok") }},
		{"replicate_commands", e.replicateCommands},
		{"set_repl", e.setRepl},
	} {
		t.SetStr(f.name, e.st.Native(f.name, f.fn).Value())
	}
	for i, name := range []string{"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING"} {
		t.SetStr(name, lua.Int(i))
	}
	for i, name := range []string{"REPL_NONE", "REPL_AOF", "REPL_SLAVE", "REPL_ALL"} {
		t.SetStr(name, lua.Int(i))
	}
	e.st.Globals.SetStr("redis", t.Value())
}

// positioned is an error with where the function was called, as the err of a table has it.
func (e *Engine) positioned(c *lua.Call, text string) lua.Value {
	if source, line, ok := c.Caller(); ok {
		text = source + ": " + strconv.Itoa(line) + ": " + text
	}
	return e.field("err", text)
}

// command is redis.call, which raises errors, and redis.pcall, which returns them.
// Redis 4.0: scripting.c, luaRedisGenericCommand.
func (e *Engine) command(c *lua.Call, raise bool) {
	refuse := func(text string) {
		v := e.positioned(c, text)
		if raise {
			c.Throw(v.Table().GetStr("err"))
		}
		c.Push(v)
	}
	if c.Len() == 0 {
		refuse("Please specify at least one argument for redis.call()")
		return
	}
	args, ok := commandArgs(c)
	if !ok {
		refuse("Lua redis() command arguments must be strings or integers")
		return
	}
	if e.host == nil { // the body of a script that runs while it is loaded
		refuse("redis.call() outside a script")
		return
	}
	reply, refusal := e.host.Call(args)
	if refusal != "" {
		refuse(refusal)
		return
	}
	c.Work(replyWork(reply))
	if raise && reply.IsError() {
		c.Throw(e.st.NewString(string(reply.Str)))
	}
	c.Push(e.toLua(reply))
}

// replyWork is what a reply weighs in instructions: its elements.
func replyWork(r resp.Reply) int {
	n := 1
	for i := range r.Elems {
		n += replyWork(r.Elems[i])
	}
	return n
}

func (e *Engine) log(c *lua.Call) {
	if c.Len() < 2 {
		c.Throw(lua.Str("redis.log() requires two arguments or more."))
	}
	level, ok := c.Arg(1).Number()
	if !ok {
		c.Throw(lua.Str("First argument must be a number (log level)."))
	}
	if level < 0 || level > 3 {
		c.Throw(lua.Str("Invalid debug level."))
	}
	var words []string
	for i := 2; i <= c.Len(); i++ {
		if s, ok := c.Arg(i).ToStr(); ok {
			words = append(words, s)
		}
	}
	if e.host != nil {
		e.host.Log(int(level), strings.Join(words, " "))
	}
}

func sha1hex(c *lua.Call) {
	if c.Len() != 1 {
		c.Throw(lua.Str("wrong number of arguments"))
	}
	s, _ := c.Arg(1).ToStr()
	c.Work(len(s) / 16)
	c.PushStr(SHA1([]byte(s)))
}

func (e *Engine) singleField(c *lua.Call, name string) {
	s, ok := c.Arg(1).Text()
	if c.Len() != 1 || !ok {
		c.Push(e.positioned(c, "wrong number or type of arguments"))
		return
	}
	c.Push(e.field(name, s))
}

func (e *Engine) replicateCommands(c *lua.Call) {
	if e.host == nil {
		c.Push(lua.False)
		return
	}
	seed, ok := e.host.ReplicateCommands()
	if ok {
		e.replicated = true
		e.random.seed(seed)
	}
	c.Push(lua.Bool(ok))
}

func (e *Engine) setRepl(c *lua.Call) {
	if !e.replicated {
		c.Throw(lua.Str("You can set the replication behavior only after turning on single commands replication " +
			"with redis.replicate_commands()."))
	}
	if c.Len() != 1 {
		c.Throw(lua.Str("redis.set_repl() requires two arguments."))
	}
	n, _ := c.Arg(1).ToNum()
	flags := int(lua.ToInt64(n))
	if flags&^3 != 0 {
		c.Throw(lua.Str("Invalid replication flags. Please use REPL_AOF, REPL_SLAVE, REPL_ALL or REPL_NONE."))
	}
	e.host.SetRepl(flags)
}
