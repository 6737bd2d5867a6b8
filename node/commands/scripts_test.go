package commands

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// eval is an EVAL whose script is one line without quotes of the other kind.
func eval(script string, rest ...string) string {
	if len(rest) == 0 {
		rest = []string{"0"}
	}
	return `EVAL "` + script + `" ` + strings.Join(rest, " ")
}

func TestScriptsRunCommands(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	for _, test := range []struct{ say, want string }{
		{eval("return redis.call('SET', KEYS[1], ARGV[1])", "1 a x"), "+OK"},
		{eval("return redis.call('get', 'a')"), "$1 x"},
		{eval("return redis.call('get', 'nosuch')"), "$-1"},
		{eval("return {1, 'two', {3}, false, redis.call('STRLEN', 'a')}"), "*5 :1 $3 two *1 :3 $-1 :1"},
		{eval("redis.call('SELECT', 1) redis.call('SET', 'b', 'in 1') return redis.call('GET', 'b')"), "$4 in 1"},
		{"GET b", "$-1"},
		{"SELECT 1", "+OK"},
		{"GET b", "$4 in 1"},
		{"SELECT 0", "+OK"},
		{eval("redis.call('MSET', 'c', 1, 'd', 2, 'b', 3) return redis.call('KEYS', '*')"), "*4 $1 a $1 b $1 c $1 d"},
		{eval("redis.call('SADD', 's', 'z', 'x', 'y') return redis.call('SMEMBERS', 's')"), "*3 $1 x $1 y $1 z"},
		{eval("return redis.call('SORT', 's', 'BY', 'nosort')"), "*3 $1 x $1 y $1 z"},
		{eval("return redis.pcall('INCR', 'a')"), "-ERR value is not an integer or out of range"},
		{eval("return redis.pcall('INCR', 'a')['err']"), "$43 ERR value is not an integer or out of range"},
	} {
		require.Equal(t, test.want, h.say(c, test.say), test.say)
	}
}

func TestScriptsAreRefusedWhatScriptsMayNotDo(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	sha := "f_[0-9a-f]{40}"
	for _, test := range []struct{ say, want string }{
		{eval("return 1", "x"), "-ERR value is not an integer or out of range"},
		{eval("return 1", "1"), "-ERR Number of keys can't be greater than number of args"},
		{eval("return 1", "-1"), "-ERR Number of keys can't be negative"},
		{eval("return redis.call('nosuch')"), `-ERR Error running script \(call to ` + sha + `\): @user_script:1: @user_script: 1: Unknown Redis command called from Lua script`},
		{eval("return redis.call('get')"), ".*@user_script: 1: Wrong number of args calling Redis command From Lua script"},
		{eval("return redis.pcall('MULTI')"), "-@user_script: 1: This Redis command is not allowed from scripts"},
		{eval("return redis.call('EVAL', 'return 1', 0)"), ".*This Redis command is not allowed from scripts"},
		{eval("redis.call('RANDOMKEY') redis.call('SET', 'a', 1)"), ".*Write commands not allowed after non deterministic commands. Call redis.replicate_commands\\(\\) at the start of your script in order to switch to single commands replication mode."},
		{"EVAL 'return' 0 0", "$-1"},
		{"EVAL 'this is no Lua' 0", "-ERR Error compiling script \\(new function\\): user_script:1: '=' expected near 'is'"},
		{"EVALSHA 123 0", "-NOSCRIPT No matching script. Please use EVAL."},
		{"EVALSHA 0123456789012345678901234567890123456789 0", "-NOSCRIPT No matching script. Please use EVAL."},
		{"SCRIPT KILL", "-NOTBUSY No scripts in execution right now."},
		{"SCRIPT DEBUG YES", "-ERR this server has no debugger of scripts.*"},
		{"SCRIPT what", "-ERR Unknown SCRIPT subcommand or wrong # of args."},
	} {
		require.Regexp(t, "^"+strings.ReplaceAll(test.want, "$-", `\$-`)+" ?$", h.say(c, test.say), test.say)
	}
	h.slave = true
	require.Contains(t, h.say(c, eval("return redis.call('SET', 'a', 1)")), "@user_script: 1: -READONLY You can't write against a read only slave.")
	h.slave, h.full = false, true
	require.Contains(t, h.say(c, eval("return redis.call('SET', 'a', 1)")), "@user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.")
	require.Equal(t, "+OK", h.say(c, eval("redis.call('DEL', 'a') return redis.call('SET', 'a', 1)")), "not in the middle of a script that has written")
}

func TestScriptsAreKnownByTheirHash(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	const sha = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db" // of "return 1"
	require.Equal(t, "*1 :0", h.say(c, "SCRIPT EXISTS "+sha))
	require.Equal(t, "$40 "+sha, h.say(c, "SCRIPT LOAD 'return 1'"))
	require.Equal(t, "*2 :1 :0", h.say(c, "SCRIPT EXISTS "+sha+" x"))
	require.Equal(t, ":1", h.say(c, "EVALSHA "+strings.ToUpper(sha)+" 0"))
	require.Equal(t, "+OK", h.say(c, "SCRIPT FLUSH"))
	require.Equal(t, "-NOSCRIPT No matching script. Please use EVAL.", h.say(c, "EVALSHA "+sha+" 0"))
	require.Equal(t, ":1", h.say(c, eval("return 1")))
	require.Equal(t, ":1", h.say(c, "EVALSHA "+sha+" 0"))
}

func TestWhatReplicasHearOfScripts(t *testing.T) {
	incr := "return redis.call('INCR', KEYS[1])"
	for _, test := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"a script that wrote, as it came", []string{eval(incr, "1 a")}, "0 EVAL " + incr + " 1 a"},
		{"a script that only read", []string{eval("return redis.call('GET', 'a')")}, ""},
		{"SCRIPT LOAD and FLUSH", []string{"SCRIPT LOAD 'return 1'", "SCRIPT FLUSH"}, "0 SCRIPT LOAD return 1; 0 SCRIPT FLUSH"},
		{"by its hash: first whole, then by its hash", []string{"SCRIPT LOAD \"" + incr + "\"", "EVALSHA SHA 1 a", "EVALSHA SHA 1 a"},
			"0 SCRIPT LOAD " + incr + "; 0 EVAL " + incr + " 1 a; 0 EVALSHA SHA 1 a"},
		{"by its hash, and nothing changed", []string{eval("return 1"), "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0"},
			"0 SCRIPT LOAD return 1"},
		{"its effects, in one transaction", []string{eval("redis.replicate_commands() redis.call('RANDOMKEY') redis.call('SELECT', 2) redis.call('INCR', 'a') redis.call('INCRBYFLOAT', 'b', 1.5)")},
			"0 MULTI; 2 INCR a; 2 SET b 1.5; 0 EXEC"},
		{"no effects", []string{eval("redis.replicate_commands() return redis.call('GET', 'a')")}, ""},
		{"what it says need not be told", []string{eval("redis.replicate_commands() redis.call('SET', 'a', 1) redis.set_repl(redis.REPL_NONE) redis.call('SET', 'b', 1) redis.set_repl(redis.REPL_SLAVE) redis.call('SET', 'c', 1)")},
			"0 MULTI; 0 SET a 1; 0 SET c 1; 0 EXEC"},
		{"inside a transaction", []string{"MULTI", eval(incr, "1 a"), "EXEC"}, "0 MULTI; 0 EVAL " + incr + " 1 a; 0 EXEC"},
		{"effects inside a transaction", []string{"MULTI", eval("redis.replicate_commands() redis.call('SET', 'a', 1)"), "EXEC"}, "0 MULTI; 0 SET a 1; 0 EXEC"},
		{"a script that fails after a write", []string{eval("redis.call('SET', 'a', 'x') redis.call('INCR', 'a')")}, "0 EVAL redis.call('SET', 'a', 'x') redis.call('INCR', 'a') 0"},
		{"a script that runs for ever after a write", []string{eval("redis.call('SET', 'a', 'x') while true do end")}, "0 MULTI; 0 SET a x; 0 EXEC"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHost(t)
			h.data.longest = 1_000_000
			c := h.connect()
			sha := "SHA"
			for _, line := range test.lines {
				if text := h.say(c, strings.ReplaceAll(line, "EVALSHA SHA", "EVALSHA "+sha)); strings.HasPrefix(text, "$40 ") {
					sha = text[4:]
				}
			}
			require.Equal(t, strings.ReplaceAll(test.want, "EVALSHA SHA", "EVALSHA "+sha), h.streamed())
		})
	}
}

// What this server refused for its own state, another would not refuse: replicas hear what was done, not the script.
func TestAScriptThatWasRefusedSomethingIsToldByItsEffects(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	h.say(c, "SET a 1")
	h.full = true
	h.streamed()
	h.say(c, eval("redis.pcall('SET', 'b', 1) redis.call('DEL', 'a')"))
	require.Equal(t, "0 MULTI; 0 DEL a; 0 EXEC", h.streamed())
}

// A key that outlives its time between a script's commands is deleted there, and not before the script.
func TestAKeyThatExpiresWithinAScriptGoesAfterWhatCameBefore(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	h.say(c, "SET k v PX 10")
	h.streamed()
	h.run(1000 * 1000 * 1000)
	h.say(c, eval("redis.call('SWAPDB', 0, 1) redis.call('SELECT', 1) return redis.call('GET', 'k')"))
	require.Equal(t, "0 MULTI; 0 SWAPDB 0 1; 1 DEL k; 0 EXEC", h.streamed())
	h.say(c, "SELECT 1", "SET k v PX 10")
	h.streamed()
	h.run(1000 * 1000 * 1000)
	h.say(c, eval("redis.call('EXISTS', 'k') return redis.call('SET', 'a', 1)"))
	require.Equal(t, "1 DEL k; 1 EVAL redis.call('EXISTS', 'k') return redis.call('SET', 'a', 1) 0", h.streamed())
}

// At a replica nobody could end it: the stream of its master would have to wait.
func TestAScriptThatNeverEndsIsEndedAtAReplica(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	h.slave, h.cfg.SlaveReadOnly = true, false
	h.cfg.LuaTimeLimit, h.data.longest = 10, 1_000_000
	require.Contains(t, h.say(c, eval("pcall(function() while true do end end) return 1")), "Script killed: it ran for longer than lua-time-limit")
	require.Equal(t, "+PONG", h.say(c, "PING"))
	require.Contains(t, h.say(c, eval("redis.call('SET', 'a', 1) while true do end")), "What it wrote stays")
	require.Equal(t, "$1 1", h.say(c, "GET a"))
}

func TestASpoiltTransactionIsThatOfAnother(t *testing.T) {
	h := newHost(t)
	c, other := h.connect(), h.connect()
	h.say(c, "WATCH a", "MULTI", "PING")
	h.say(other, eval("return redis.call('SET', KEYS[1], 1)", "1 a"))
	require.Equal(t, "*-1", h.say(c, "EXEC"))
}

func TestScriptsLeaveNothingInTheWayOfOthers(t *testing.T) {
	h := newHost(t)
	c := h.connect()
	h.say(c, eval("return redis.call('SET', 'big', string.rep('x', 3000000))"))
	require.Len(t, h.say(c, eval("return redis.call('GET', 'big')")), 3000000+len("$3000000 "))
	require.Less(t, cap(h.data.reply), 2<<20)
}
