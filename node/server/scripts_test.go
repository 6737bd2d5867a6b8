package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAScriptThatRemovesEverythingIsFollowedByOneSave(t *testing.T) {
	w := newSolo(t, "", "save 900 1")
	c := w.connect("")
	require.Equal(t, "+OK\r\n", w.say(c, "SET a 1"))
	require.Equal(t, ":0\r\n", w.say(c, "EVAL \"redis.call('FLUSHALL') redis.call('FLUSHALL') return redis.call('DBSIZE')\" 0"))
	require.NotEmpty(t, w.files["/data/dump.rdb"])
	w.say(c, "SET a 1")
	require.Equal(t, "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$-1\r\n",
		w.write(c, "MULTI\r\nEVAL \"return redis.call('FLUSHALL')\" 0\r\nGET a\r\nEXEC\r\n"))
}

func TestAScriptCannotWaitForAFileOrAnotherServer(t *testing.T) {
	w := newSolo(t, "save \"\"\n")
	c := w.connect("")
	for _, call := range []string{"'SHUTDOWN', 'NOSAVE'", "'CONFIG', 'REWRITE'", "'config', 'set', 'dir', '/'", "'MIGRATE', '127.0.0.1', '1', 'a', '0', '0'"} {
		require.Contains(t, w.say(c, "EVAL \"return redis.call("+call+")\" 0"), "This command waits for a file or another server, which a script cannot do")
	}
	require.Contains(t, w.say(c, "EVAL \"return redis.call('CONFIG', 'GET', 'dir')[1]\" 0"), "dir")
	require.False(t, w.exited)
}

func TestScriptsShowInINFO(t *testing.T) {
	w := newSolo(t, "")
	require.Equal(t, "used_memory_lua:0\r\n", field(w, "used_memory_lua"))
	w.say(w.connect(""), "EVAL \"redis.log(redis.LOG_WARNING, 'a', 'word') return redis.call('PING')\" 0")
	require.NotEqual(t, "used_memory_lua:0\r\n", field(w, "used_memory_lua"))
	require.Contains(t, w.logText(), "# a word\n")
	stats := w.say(w.connect(""), "INFO commandstats")
	require.Contains(t, stats, "cmdstat_eval:calls=1,")
	require.Contains(t, stats, "cmdstat_ping:calls=1,")
}

// What min-slaves-to-write and a failed save forbid is forbidden to scripts as well.
func TestScriptsWriteWhatTheStateOfTheServerAllows(t *testing.T) {
	w := newSolo(t, "", "min-slaves-to-write 1")
	c := w.connect("")
	require.Contains(t, w.say(c, "EVAL \"return redis.call('SET', 'a', 1)\" 0"), "@user_script: 1: -NOREPLICAS Not enough good slaves to write.")
	require.Equal(t, "$-1\r\n", w.say(c, "EVAL \"return redis.call('GET', 'a')\" 0"))
	w = newSolo(t, "", "maxmemory 1")
	require.Contains(t, w.say(w.connect(""), "EVAL \"return redis.call('SET', 'a', 1)\" 0"), "@user_script: 1: -OOM command not allowed")
}
