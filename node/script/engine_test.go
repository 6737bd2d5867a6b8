package script

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/resp"
)

// recorder is a host that answers with what a test says and keeps what it is told.
type recorder struct {
	replies map[string]resp.Reply
	calls   []string
	logs    []string
	flags   []int
	limit   int // instructions after which the script is killed, 0 for never
	asked   int
}

func (h *recorder) Call(args [][]byte) (resp.Reply, string) {
	var words []string
	for _, a := range args {
		words = append(words, string(a))
	}
	line := strings.Join(words, " ")
	h.calls = append(h.calls, line)
	if r, ok := h.replies[line]; ok {
		return r, ""
	}
	return resp.Reply{Kind: '+', Str: []byte("OK")}, ""
}
func (h *recorder) Log(level int, text string)       { h.logs = append(h.logs, fmt.Sprint(level, " ", text)) }
func (h *recorder) ReplicateCommands() (int32, bool) { return 1, len(h.calls) == 0 }
func (h *recorder) SetRepl(flags int)                { h.flags = append(h.flags, flags) }
func (h *recorder) Counted(n int) error {
	h.asked++
	if h.limit > 0 && n >= h.limit {
		return errors.New("Script killed by user with SCRIPT KILL...")
	}
	return nil
}

func show(r resp.Reply) string {
	switch {
	case r.Null:
		return string(r.Kind) + "-1"
	case r.Kind == ':':
		return fmt.Sprintf(":%d", r.Int)
	case r.Kind == '*':
		var items []string
		for _, e := range r.Elems {
			items = append(items, show(e))
		}
		return "[" + strings.Join(items, " ") + "]"
	}
	return string(r.Kind) + string(r.Str)
}

// TestScriptsReplyAs40Does compares with the texts of Redis 4.0, SHA stands for the script's digest.
func TestScriptsReplyAs40Does(t *testing.T) {
	h := func() *recorder {
		return &recorder{replies: map[string]resp.Reply{
			"INCR s": {Kind: '-', Str: []byte("ERR value is not an integer or out of range")},
			"GET k":  {Kind: '$', Str: []byte("v")},
			"GET no": {Kind: '$', Null: true},
			"LEN":    {Kind: ':', Int: 7},
			"LIST":   {Kind: '*', Elems: []resp.Reply{{Kind: '$', Str: []byte("a")}, {Kind: '$', Null: true}, {Kind: ':', Int: 2}}},
			"NONE":   {Kind: '*', Null: true},
		}}
	}
	const fail = "-ERR Error running script (call to f_SHA): "
	for _, tt := range []struct{ script, want string }{
		{"return 3.99", ":3"},
		{`return redis.error_reply('a\255\r\nb\0c')`, "-a\xff  b"},
		{`return redis.status_reply('a\255\0c')`, "+a\xff"},
		{"return -3.99", ":-3"},
		{"return 1/0", ":-9223372036854775808"},
		{"return '3.99'", "$3.99"},
		{"return true", ":1"},
		{"return false", "$-1"},
		{"return nil", "$-1"},
		{"", "$-1"},
		{"return print",
			fail + "@enable_strict_lua:15: user_script:1: Script attempted to access nonexistent global variable 'print' "},
		{"return type", "$-1"},
		{"return {1, 'a', {true, false}, nil, 4}", "[:1 $a [:1 $-1]]"},
		{"return {ok = 'fine'}", "+fine"},
		{"return {err = 'MY error\\r\\nin two'}", "-MY error  in two"},
		{"return redis.error_reply('My Err')", "-My Err"},
		{"return redis.status_reply('TEST')", "+TEST"},
		{"return redis.error_reply()", "-@user_script: 1: wrong number or type of arguments"},
		{"return KEYS[1] .. ARGV[1] .. #KEYS .. #ARGV", "$kx12"},
		{"return redis.call('GET', 'k')", "$v"},
		{"return type(redis.call('GET', 'no'))", "$boolean"},
		{"return redis.call('LEN') + 1", ":8"},
		{"return redis.call('LIST')", "[$a $-1 :2]"},
		{"return type(redis.call('NONE'))", "$boolean"},
		{"return redis.call('SET', 'k', 1.5)", "+OK"},
		{"return redis.call('SET').ok", "$OK"},
		{"return redis.call('INCR', 's')", fail + "@user_script:1: ERR value is not an integer or out of range "},
		{"return redis.pcall('INCR', 's')", "-ERR value is not an integer or out of range"},
		{"return redis.pcall('INCR', 's').err", "$ERR value is not an integer or out of range"},
		{"local ok, e = pcall(redis.call, 'INCR', 's') return e", "$ERR value is not an integer or out of range"},
		{"\nreturn redis.call()",
			fail + "@user_script:2: @user_script: 2: Please specify at least one argument for redis.call() "},
		{"return redis.call('GET', {})",
			fail + "@user_script:1: @user_script: 1: Lua redis() command arguments must be strings or integers "},
		{"x = 1", fail + "@enable_strict_lua:8: user_script:1: Script attempted to create global variable 'x' "},
		{"return x",
			fail + "@enable_strict_lua:15: user_script:1: Script attempted to access nonexistent global variable 'x' "},
		{"error('boom')", fail + "@user_script:1: user_script:1: boom "},
		{"local t = nil\nreturn t.x",
			fail + "@user_script:2: user_script:2: attempt to index local 't' (a nil value) "},
		{"error({})",
			fail + "@err_handler_def:8: err_handler_def:8: attempt to concatenate local 'err' (a table value) "},
		{"return redis.sha1hex('')", "$da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{"return redis.sha1hex()", fail + "@user_script:1: wrong number of arguments "},
		{"return 1 +", "-ERR Error compiling script (new function): user_script:2: unexpected symbol near 'end' "},
		{"return 1 end return 2",
			"-ERR Error compiling script (new function): user_script:2: '<eof>' expected near 'end' "},
		{"redis.set_repl(0)", fail + "@user_script:1: You can set the replication behavior only after turning on single commands " +
			"replication with redis.replicate_commands(). "},
		{"redis.replicate_commands() redis.set_repl(8)", fail + "@user_script:1: Invalid replication flags. Please use REPL_AOF, " +
			"REPL_SLAVE, REPL_ALL or REPL_NONE. "},
		{"return redis.replicate_commands()", ":1"},
		{"redis.call('SET') return redis.replicate_commands()", "$-1"},
		{"redis.log(9, 'x')", fail + "@user_script:1: Invalid debug level. "},
		{"return tostring(redis.breakpoint) .. tostring(redis.debug)", "$nilnil"},
		{"local t = {} t[1] = t return #cjson.encode({1}) ", ":3"},
	} {
		got := show(New(Options{}).Eval([]byte(tt.script), [][]byte{[]byte("k")}, [][]byte{[]byte("x"), nil}, h()))
		want := strings.ReplaceAll(tt.want, "SHA", SHA1([]byte(tt.script)))
		require.Equal(t, want, got, tt.script)
	}
}

func TestCommandsGetNumbersAs40WritesThem(t *testing.T) {
	h := &recorder{}
	New(Options{}).Eval([]byte("redis.call('A', 1, 1.5, -0.1, 1e20, 2^53, 1e17, 'x\\0y')"), nil, nil, h)
	require.Equal(t, []string{"A 1 1.5 -0.10000000000000001 1e+20 9007199254740992 1e+17 x\x00y"}, h.calls)
}

func TestLogAndReplicationReachTheHost(t *testing.T) {
	h := &recorder{}
	r := New(Options{}).Eval([]byte(`redis.log(redis.LOG_WARNING, 'a', 1, {}, 'b') redis.replicate_commands()
		redis.set_repl(redis.REPL_NONE) redis.set_repl(redis.REPL_ALL)`), nil, nil, h)
	require.Equal(t, "$-1", show(r))
	require.Equal(t, []string{"3 a 1 b"}, h.logs)
	require.Equal(t, []int{0, 3}, h.flags)
}

// TestRandomIsRedissOwnSequence draws what a real server draws, anew in each script.
func TestRandomIsRedissOwnSequence(t *testing.T) {
	const draw = "math.randomseed(0) local r = {} for i = 1, 50 do r[i] = tostring(math.random()) .. ' ' .. math.random(1000) end " +
		"math.randomseed(42) r[51] = tostring(math.random(-5, 1000000)) return r"
	e := New(Options{})
	first := show(e.Eval([]byte(draw), nil, nil, noHost{}))
	require.Equal(t, first, show(e.Eval([]byte(draw), nil, nil, noHost{})))
	require.Equal(t, show(startRedis(t).do("EVAL", draw, "0")), first)
	unseeded := strings.TrimPrefix(draw, "math.randomseed(0) ")
	require.Equal(t, first, show(e.Eval([]byte(unseeded), nil, nil, noHost{})), "each script starts from seed 0")
}

func TestScriptsAreKeptByDigest(t *testing.T) {
	e := New(Options{})
	sha, _, ok := e.Load([]byte("return ARGV[1]"))
	require.True(t, ok)
	r, known := e.EvalSHA(strings.ToUpper(sha), nil, [][]byte{[]byte("a")}, noHost{})
	require.True(t, known)
	require.Equal(t, "$a", show(r))
	source, known := e.Source(sha)
	require.True(t, known)
	require.Equal(t, "return ARGV[1]", source)
	_, problem, ok := e.Load([]byte("return ("))
	require.False(t, ok)
	require.True(t, problem.IsError())
	require.Equal(t, []string{sha}, e.Scripts())
	e.Flush()
	_, known = e.EvalSHA(sha, nil, nil, noHost{})
	require.False(t, known)
}

// TestEndlessScriptsEnd: each would run for ever, or take all memory, or the stack.
func TestEndlessScriptsEnd(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{"while true do end", "SCRIPT KILL"},
		{"while true do pcall(function() while true do end end) end", "SCRIPT KILL"},
		{"local co = coroutine.wrap(function() while true do end end) co()", "SCRIPT KILL"},
		{"return string.find(string.rep('a', 100), string.rep('a?', 60) .. string.rep('a', 101))", "SCRIPT KILL"},
		{"return string.match(string.rep('a', 200), '.-.-.-.-.-.-.-b')", "SCRIPT KILL"},
		{"local s = 'x' while true do s = s .. s end", "not enough memory"},
		{"local t = {} while true do t[#t + 1] = {} end", "not enough memory"},
		{"local t = {} for i = 1, 1e9 do t[i] = i end", "not enough memory"},
		{"local t = {} while true do t = {t} end", "not enough memory"},
		{"return string.rep('x', 2^31 - 1)", "not enough memory"},
		{"return #string.rep(string.rep('x', 2^20), 2^20)", "not enough memory"},
		{"local s = string.rep('x', 2^20) return #string.gsub(s, '.', s)", "not enough memory"},
		{"local t = {} for i = 1, 1000 do t[i] = string.rep('x', 2^19) end return table.concat(t)",
			"not enough memory"},
		{"local s = string.rep('x', 2^20) local f = loadstring('local s = ... return ' .. string.rep('s..', 100) .. 's') return #f(s)",
			"not enough memory"},
		{"local function f() return 1 + f() end return f()", "stack overflow"},
		{"local function f() return pcall(f) end return f()", ""},
		{"local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return t.x",
			"C stack overflow"},
		{"local t = setmetatable({}, {}) getmetatable(t).__index = t return t.x", "loop in gettable"},
		{"local function f() return coroutine.wrap(f)() end return f()", "C stack overflow"},
		{"return loadstring('return ' .. string.rep('(', 1e6))", ""},
		{"return loadstring('return ' .. string.rep('-', 1e6))", ""},
		{"return loadstring('return a' .. string.rep('.a', 1e6))", ""},
		{"return loadstring('return ' .. string.rep('{', 1e5))", ""},
		{"return string.find(string.rep('a', 100), string.rep('(a', 1e5))", "too many captures"},
		{"return #string.find(string.rep('a', 1e6), string.rep('a?', 1e6))", "pattern too complex"},
		{"local t = {} t[1] = t return t", "stack limit"},
		{"local t = {} t[1] = t return cjson.encode(t)", "excessive nesting"},
		{"local t = {} t[1] = t return #cmsgpack.pack(t)", ":"},
		{"return cmsgpack.unpack(string.rep('\\145', 1e6))", "stack overflow"},
		{"return cjson.decode(string.rep('[', 1e6))", "nested data structures"},
		{"return unpack({}, 1, 1e9)", "too many results to unpack"},
		{"local t = {} for i = 1, 20000 do t[i] = 1 end return unpack(t)", "too many results to unpack"},
		{"table.sort({3, 1, 2, 5, 4, 9, 7}, function() return true end)", "invalid order function"},
		{"local s = string.rep('a', 2^20) for i = 1, 1e9 do s = s:upper() end", "SCRIPT KILL"},
	} {
		e := New(Options{MemoryLimit: 64 << 20, CountEvery: 10000})
		r := show(e.Eval([]byte(tt.script), nil, nil, &recorder{limit: 20_000_000}))
		require.Contains(t, r, tt.want, tt.script)
		require.Equal(t, ":1", show(e.Eval([]byte("return 1"), nil, nil, noHost{})), "after %s", tt.script)
	}
}

func TestDroppedMemoryIsNotHeldAgainstAScript(t *testing.T) {
	e := New(Options{MemoryLimit: 32 << 20})
	r := e.Eval([]byte("local n = 0 for i = 1, 2000 do local s = string.rep('x', 2^17) .. i n = n + #s end return n"), nil, nil, noHost{})
	require.Equal(t, byte(':'), r.Kind, show(r))
}

// TestTheSameScriptIsTheSameRun: instructions, order of tables and replies.
func TestTheSameScriptIsTheSameRun(t *testing.T) {
	const script = `local t = {} for i = 1, 500 do t['k' .. math.random(1e6)] = i t[{}] = i t[i * 1.5] = tostring({}) end
		local r = {} for k, v in pairs(t) do r[#r + 1] = tostring(k) .. tostring(v) end return r`
	run := func() (string, int) {
		e := New(Options{})
		e.Eval([]byte("return 1"), nil, nil, noHost{})
		r := show(e.Eval([]byte(script), nil, nil, noHost{}))
		return r, e.Instructions()
	}
	first, instructions := run()
	for range 5 {
		again, n := run()
		require.Equal(t, first, again)
		require.Equal(t, instructions, n)
	}
}

func FuzzScripts(f *testing.F) {
	g := newPrograms(1)
	for range 300 {
		f.Add(g.program())
	}
	f.Add("while true do end")
	f.Add("local t = setmetatable({}, {__index = function(t, k) return k end}) return t[1]")
	f.Fuzz(func(t *testing.T, source string) {
		run := func() string {
			e := New(Options{MemoryLimit: 8 << 20, CountEvery: 1000})
			return show(e.Eval([]byte(source), [][]byte{[]byte("k")}, [][]byte{[]byte("1")}, &recorder{limit: 200_000}))
		}
		if first, again := run(), run(); first != again {
			t.Fatalf("%q, then %q", first, again)
		}
	})
}
