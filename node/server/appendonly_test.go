package server

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

const aofFile = "/data/appendonly.aof"

// aofText is the append only file, a word after the other, commands on lines of their own.
func aofText(t testing.TB, data []byte) string {
	t.Helper()
	var b strings.Builder
	p := resp.RequestParser{}
	p.Feed(data)
	for {
		args, ok, err := p.Next()
		require.NoError(t, err)
		if !ok {
			return b.String()
		}
		for i, arg := range args {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.Write(arg)
		}
		b.WriteByte('\n')
	}
}

func digest(w *solo) string { return w.say(w.connect(""), "DEBUG DIGEST") }

func TestChangesAreWrittenAsTheyMustBeReadLater(t *testing.T) {
	w := newSolo(t, "", "appendonly yes")
	c := w.connect("")
	at := w.now.UnixMilli()
	for _, test := range []struct{ say, want string }{
		{"SET a 1", "SELECT 0\nSET a 1\n"},
		{"GET a", ""},
		{"SET a 2 NX", ""},
		{"INCR a", "INCR a\n"},
		{"SELECT 3\r\nSET b 1\r\nSELECT 0\r\nSET c 1", "SELECT 3\nSET b 1\nSELECT 0\nSET c 1\n"},
		{"EXPIRE a 10", fmt.Sprintf("PEXPIREAT a %d\n", at+10000)},
		{"PEXPIRE a 77", fmt.Sprintf("PEXPIREAT a %d\n", at+77)},
		{"EXPIREAT a 9999999999", "PEXPIREAT a 9999999999000\n"},
		{"EXPIRE a -1", "DEL a\n"},
		{"SETEX d 5 x", fmt.Sprintf("MULTI\nSET d x\nPEXPIREAT d %d\nEXEC\n", at+5000)},
		{"SET e x XX PX 9", ""},
		{"SET e x NX PX 9", fmt.Sprintf("MULTI\nSET e x\nPEXPIREAT e %d\nEXEC\n", at+9)},
		{"MULTI\r\nSET f 1\r\nSETEX g 1 x\r\nGET f\r\nEXEC", fmt.Sprintf("MULTI\nSET f 1\nSET g x\nPEXPIREAT g %d\nEXEC\n", at+1000)},
		{"MULTI\r\nGET f\r\nEXEC", ""},
		{"INCRBYFLOAT f 1.5", "SET f 2.5\n"},
		{"SADD s x\r\nSPOP s", "SADD s x\nSREM s x\n"},
		{"PUBLISH channel message", ""},
		{"EVAL \"redis.call('SET', KEYS[1], ARGV[1]) redis.call('PUBLISH', 'a', 'b')\" 1 h 1", ""},
		{"EVAL \"redis.replicate_commands() redis.call('SET', 'i', 1) redis.call('PUBLISH', 'a', 'b')\" 0", "MULTI\nSET i 1\nEXEC\n"},
		{"EVAL \"redis.replicate_commands() redis.set_repl(redis.REPL_AOF) redis.call('SET', 'j', 1) redis.set_repl(redis.REPL_SLAVE) redis.call('SET', 'k', 1)\" 0",
			"MULTI\nSET j 1\nEXEC\n"},
		{"FLUSHALL", "FLUSHALL\n"},
	} {
		before := len(w.files[aofFile])
		require.NotContains(t, w.say(c, test.say), "ERR", test.say)
		if test.want == "" && strings.HasPrefix(test.say, "EVAL") {
			require.Contains(t, string(w.files[aofFile][before:]), "EVAL", "a script goes in as it is")
			continue
		}
		require.Equal(t, test.want, aofText(t, w.files[aofFile][before:]), test.say)
	}
}

// Nothing leaves before what it tells of is where appendfsync wants it.
func TestRepliesWaitForTheDisk(t *testing.T) {
	for policy, want := range map[string][]node.FileKind{
		"always": {node.AppendFile, node.SyncFile}, "everysec": {node.AppendFile}, "no": {node.AppendFile},
	} {
		w := newSolo(t, "", "appendonly yes", "appendfsync "+policy)
		c, other := w.connect(""), w.connect("")
		w.run(3 * time.Second)
		var did []node.FileKind
		w.fail = func(step node.FileStep) node.Errno {
			if len(w.sent[c])+len(w.sent[other]) == 0 { // what follows is a sync beside the server
				did = append(did, step.Kind)
			}
			return node.ErrNone
		}
		require.Equal(t, ":1\r\n+PONG\r\n$1\r\n1\r\n", w.write(c, "INCR a\r\nPING\r\nGET a\r\n"), policy)
		require.Equal(t, want, did, policy)
		did = nil
		w.run(3 * time.Second)
		require.Equal(t, "$1\r\n1\r\n", w.write(other, "GET a\r\n"))
		require.Empty(t, did, "a read waits for nothing")
	}
}

func TestWhatCannotBeWrittenRefusesWritesUntilItCan(t *testing.T) {
	w := newSolo(t, "", "appendonly yes")
	c := w.connect("")
	w.say(c, "SET a 1")
	size := len(w.files[aofFile])
	w.fail = func(step node.FileStep) node.Errno {
		if step.Kind == node.AppendFile {
			w.files[step.Path] = append(bytes.Clone(w.files[step.Path]), step.Data[:len(step.Data)/2]...)
			return node.ErrNoSpace
		}
		return node.ErrNone
	}
	require.Equal(t, "+OK\r\n", w.say(c, "SET a 2"), "it is done, and will be written")
	require.Greater(t, len(w.files[aofFile]), size)
	misconf := "-MISCONF Errors writing to the AOF file: No space left on device\r\n"
	require.Equal(t, misconf, w.say(c, "SET a 3"))
	require.Equal(t, misconf, w.say(c, "PING"))
	require.Equal(t, "$1\r\n2\r\n", w.say(c, "GET a"))
	require.Equal(t, "aof_last_write_status:err\r\n", field(w, "aof_last_write_status"))
	w.run(5 * time.Second)
	require.Equal(t, misconf, w.say(c, "SET a 3"))
	w.fail = nil
	w.run(2 * time.Second)
	require.Equal(t, "+OK\r\n", w.say(c, "SET a 4"))
	require.Equal(t, "SELECT 0\nSET a 1\nSET a 2\nSET a 4\n", aofText(t, w.files[aofFile]), "the part of the failed write is gone")
	require.Contains(t, w.logText(), "# Error writing to the AOF file: No space left on device\n")
	require.Contains(t, w.logText(), "# AOF write error looks solved, Redis can write again.\n")
}

func TestUnderAlwaysADiskThatFailsEndsTheServerBeforeAnybodyIsAnswered(t *testing.T) {
	for _, failing := range []node.FileKind{node.AppendFile, node.SyncFile} {
		w := newSolo(t, "", "appendonly yes", "appendfsync always")
		c := w.connect("")
		w.fail = func(step node.FileStep) node.Errno {
			if step.Kind == failing {
				return node.ErrIO
			}
			return node.ErrNone
		}
		require.Empty(t, w.say(c, "SET a 1"))
		require.True(t, w.exited)
		require.Equal(t, 1, w.status)
		require.Contains(t, w.logText(), "# Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...\n")
	}
}

func TestASyncThatFailedRefusesWritesAndMakesANewFile(t *testing.T) {
	w := newSolo(t, "", "appendonly yes")
	c := w.connect("")
	w.fail = func(step node.FileStep) node.Errno {
		if step.Kind == node.SyncFile {
			return node.ErrIO
		}
		return node.ErrNone
	}
	w.say(c, "SET a 1")
	w.run(3 * time.Second)
	require.Equal(t, "-MISCONF Errors writing to the AOF file: Input/output error\r\n", w.say(c, "SET a 2"))
	w.fail = nil
	w.run(3 * time.Second)
	require.Equal(t, "+OK\r\n", w.say(c, "SET a 3"))
	require.Contains(t, w.logText(), "* Background AOF rewrite finished successfully\n")
	require.Equal(t, "SELECT 0\nSET a 1\nSELECT 0\nSET a 3\n", aofText(t, w.files[aofFile]))
}

func TestEverySecondWhatWasWrittenIsSynced(t *testing.T) {
	w := newSolo(t, "", "appendonly yes")
	c := w.connect("")
	written, synced, worst := w.now, w.now, time.Duration(0)
	syncs := 0
	w.fail = func(step node.FileStep) node.Errno {
		switch step.Kind {
		case node.AppendFile:
			written = w.now
			worst = max(worst, w.now.Sub(synced))
		case node.SyncFile:
			synced = w.now
			syncs++
		}
		return node.ErrNone
	}
	for range 300 {
		w.say(c, "INCR a")
		w.run(100 * time.Millisecond)
	}
	require.LessOrEqual(t, worst, 1200*time.Millisecond)
	require.InDelta(t, 29, syncs, 2)
	w.run(3 * time.Second)
	require.GreaterOrEqual(t, synced, written, "the last change is synced, though nothing follows it")
	before := syncs
	w.run(10 * time.Second)
	require.Equal(t, before, syncs, "there is nothing to sync")
}

func TestTheFileIsTheDatasetOfTheNextLife(t *testing.T) {
	for _, preamble := range []string{"yes", "no"} {
		w := newSolo(t, "", "appendonly yes", "aof-use-rdb-preamble "+preamble)
		c := w.connect("")
		w.write(c, everyType)
		w.run(time.Second)
		was := digest(w)
		w.say(c, "SAVE")
		w.say(c, "FLUSHALL")
		w.write(c, everyType)
		w.files["/data/dump.rdb"] = []byte("not looked at")
		w.boot()
		require.False(t, w.exited, w.logText())
		require.Equal(t, was, digest(w))
		require.Regexp(t, `DB loaded from append only file: \d\.\d{3} seconds`, w.logText())
		c = w.connect("")
		require.Equal(t, "+Background append only file rewriting started\r\n", w.say(c, "BGREWRITEAOF"))
		require.Equal(t, preamble == "yes", bytes.HasPrefix(w.files[aofFile], []byte("REDIS")))
		w.say(c, "SET after 1")
		was = digest(w)
		w.boot()
		require.False(t, w.exited, w.logText())
		require.Equal(t, was, digest(w), "preamble %s", preamble)
		require.Equal(t, "*2\r\n$10\r\nappendonly\r\n$3\r\nyes\r\n", w.say(w.connect(""), "CONFIG GET appendonly"))
	}
}

// everyType are changes of all kinds of values, in two databases.
var everyType = strings.Join([]string{"SET string 1", "SET raw " + strings.Repeat("x", 100), "SETEX volatile 1000 v",
	"RPUSH list " + words(200), "SADD set " + words(130), "SADD ints 1 2 3", "HMSET hash " + words(300), "ZADD zset 1 a 2.5 b inf c",
	"ZADD big " + scored(200), "PFADD hll a b c", "SELECT 9", "SET other x", "EXPIREAT other 9999999999", "SELECT 0",
	"EVAL \"return redis.call('INCR', 'counter')\" 0"}, "\r\n") + "\r\n"

func words(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("w%d", i))
	}
	return strings.Join(list, " ")
}

func scored(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("%d.125 w%d", i*i, i))
	}
	return strings.Join(list, " ")
}

// A tail may be torn anywhere: what is whole is kept, a transaction as a whole, and what is written later follows it.
func TestATornTailIsCutOff(t *testing.T) {
	w := newSolo(t, "", "appendonly yes")
	c := w.connect("")
	w.write(c, "SET a 1\r\nSET b 1\r\n")
	whole := map[int]string{0: digest(newSolo(t, "")), len(w.files[aofFile]): digest(w)}
	for _, lines := range []string{"MULTI\r\nSET a 2\r\nSET b 2\r\nEXEC\r\n", "SETEX v 100 x\r\n", "SET a 3\r\n"} {
		w.write(c, lines)
		whole[len(w.files[aofFile])] = digest(w)
	}
	file := w.files[aofFile]
	firstB := bytes.Index(file, []byte("*3\r\n$3\r\nSET\r\n$1\r\nb"))
	last := 0
	for n := range len(file) + 1 {
		v := newSolo(t, "", "appendonly yes")
		if _, ok := whole[n]; ok {
			last = n
		}
		v.files[aofFile] = file[:n:n]
		v.boot()
		require.False(t, v.exited, "%d bytes: %s", n, v.logText())
		if n <= firstB && last == 0 {
			continue // SELECT and the first SET are commands of their own
		}
		if last == 0 {
			continue
		}
		require.Equal(t, whole[last], digest(v), "%d bytes", n)
		require.Equal(t, last, len(v.files[aofFile]), "%d bytes", n)
		require.Equal(t, "+OK\r\n", v.say(v.connect(""), "SET next 1"))
		was := digest(v)
		v.boot()
		require.Equal(t, was, digest(v))
	}
}

func TestABrokenMiddleIsRefused(t *testing.T) {
	w := newSolo(t, "", "appendonly yes")
	for _, text := range []string{"garbage", "*1\r\n$4\r\nPINGxx*1\r\n", "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$3\r\n1\r\n*1\r\n$8\r\nFLUSHALL\r\n",
		"*2\r\n:1\r\n", "*-1\r\n", "*0\r\n", "*2\r\n$-1\r\n", "*1\r\n$4\r\nEXEC\r\n", "*1\r\n$6\r\nnosuch\r\n", "*1\r\n$8\r\nFLUSHALL\r\n\x00\x00\x00",
		"REDIS0008\xff", "*1\r\n$8\r\nSHUTDOWN\r\n", "*1\r\n$5\r\nMULTI\r\n*1\r\n$5\r\nMULTI\r\n"} {
		w.files[aofFile] = []byte(text)
		w.boot()
		require.True(t, w.exited, "%q is loaded", text)
		require.Equal(t, 1, w.status)
		require.Equal(t, text, string(w.files[aofFile]), "what nobody understands is left as it is")
	}
}

// What a time to live means does not depend on when the file is read.
func TestKeysThatExpiredDoNotComeBack(t *testing.T) {
	w := newSolo(t, "", "appendonly yes")
	c := w.connect("")
	w.write(c, "SETEX short 5 x\r\nSETEX long 500 x\r\nSET a 1\r\nEXPIRE a 5\r\nPERSIST a\r\nSET b 1 PX 5000\r\nAPPEND b 2\r\nPEXPIRE b 600000\r\n")
	w.now = w.now.Add(60 * time.Second)
	w.boot()
	c = w.connect("")
	require.Equal(t, "$-1\r\n:440\r\n:-1\r\n:540\r\n$2\r\n12\r\n", w.write(c, "GET short\r\nTTL long\r\nTTL a\r\nTTL b\r\nGET b\r\n"))
	require.Contains(t, aofText(t, w.files[aofFile]), "DEL short\n")
}

func TestScriptsAreKnownToTheFileThatNamesThem(t *testing.T) {
	w := newSolo(t, "", "appendonly yes")
	c := w.connect("")
	sha := strings.Split(w.say(c, `SCRIPT LOAD "return redis.call('INCR', 'n')"`), "\r\n")[1]
	w.say(c, "EVALSHA "+sha+" 0")
	w.say(c, "BGREWRITEAOF")
	require.NotContains(t, string(w.files[aofFile]), "INCR")
	require.Equal(t, ":2\r\n", w.say(c, "EVALSHA "+sha+" 0"))
	require.Equal(t, ":3\r\n", w.say(c, "EVALSHA "+sha+" 0"))
	w.boot()
	require.Equal(t, "$1\r\n3\r\n", w.say(w.connect(""), "GET n"))
}

func TestTheFileIsRewrittenWhenItHasGrown(t *testing.T) {
	w := newSolo(t, "", "appendonly yes", "auto-aof-rewrite-min-size 1kb")
	c := w.connect("")
	for range 200 {
		w.say(c, "SET a "+strings.Repeat("x", 100))
		w.run(50 * time.Millisecond)
	}
	require.Less(t, len(w.files[aofFile]), 3000)
	require.Regexp(t, `Starting automatic rewriting of AOF on \d+% growth`, w.logText())
	info := w.say(c, "INFO persistence")
	require.Contains(t, info, "aof_enabled:1\r\naof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0\r\naof_last_rewrite_time_sec:0\r\n"+
		"aof_current_rewrite_time_sec:-1\r\naof_last_bgrewrite_status:ok\r\naof_last_write_status:ok\r\naof_last_cow_size:0\r\n")
	require.Contains(t, info, fmt.Sprintf("aof_current_size:%d\r\n", len(w.files[aofFile])))
	require.Contains(t, info, "aof_pending_rewrite:0\r\naof_buffer_length:0\r\naof_rewrite_buffer_length:0\r\naof_pending_bio_fsync:0\r\naof_delayed_fsync:0\r\n")
}

func TestSwitchingOnBeginsWithARewriteAndOffWithASync(t *testing.T) {
	w := newSolo(t, "", "port 6379")
	c := w.connect("")
	w.say(c, "SET a 1")
	w.files[aofFile] = []byte("of another time")
	require.Equal(t, "+OK\r\n", w.say(c, "CONFIG SET appendonly yes"))
	require.Equal(t, "SELECT 0\nSET a 1\n", aofText(t, w.files[aofFile]))
	synced := false
	w.fail = func(step node.FileStep) node.Errno {
		synced = synced || step.Kind == node.SyncFile
		return node.ErrNone
	}
	require.Equal(t, "+OK\r\n+OK\r\n+OK\r\n", w.write(c, "SET a 2\r\nCONFIG SET appendonly no\r\nSET a 3\r\n"))
	require.True(t, synced)
	require.Equal(t, "SELECT 0\nSET a 1\nSELECT 0\nSET a 2\n", aofText(t, w.files[aofFile]))
	require.Contains(t, w.say(c, "INFO persistence"), "aof_enabled:0\r\n")
	require.Equal(t, "*3\r\n+OK\r\n+OK\r\n+OK\r\n", after(w.write(c, "MULTI\r\nSET a 4\r\nCONFIG SET appendonly yes\r\nSET a 5\r\nEXEC\r\n"), "+QUEUED\r\n"))
	w.run(time.Second)
	require.Equal(t, "SELECT 0\nSET a 5\n", aofText(t, w.files[aofFile]))
	require.Equal(t, "*3\r\n+OK\r\n+OK\r\n+OK\r\n", after(w.write(c, "MULTI\r\nSET a 6\r\nCONFIG SET appendonly no\r\nSET a 7\r\nEXEC\r\n"), "+QUEUED\r\n"))
	require.Equal(t, "SELECT 0\nSET a 5\nMULTI\nSELECT 0\nSET a 6\nEXEC\n", strings.Replace(aofText(t, w.files[aofFile]), "SELECT 0\nMULTI\n", "MULTI\nSELECT 0\n", 1))
}

// after is what follows the last sep.
func after(text, sep string) string { return text[strings.LastIndex(text, sep)+len(sep):] }

func TestOneThingIsMadeBesideTheServerAtATime(t *testing.T) {
	w := newMiniWorld(t)
	w.workTime = time.Second
	w.server("m", "appendonly yes")
	w.run(3 * time.Second)
	require.Equal(t, "+Background append only file rewriting started", w.do("m", "BGREWRITEAOF"))
	require.Equal(t, "-ERR Background append only file rewriting already in progress", w.do("m", "BGREWRITEAOF"))
	require.Equal(t, "-ERR An AOF log rewriting in progress: can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a "+
		"BGSAVE whenever possible.", w.do("m", "BGSAVE"))
	require.Equal(t, "+Background saving scheduled", w.do("m", "BGSAVE", "SCHEDULE"))
	require.Equal(t, "1", w.info("m", "aof_rewrite_in_progress"))
	w.run(2200 * time.Millisecond)
	require.Equal(t, []string{"0", "1"}, []string{w.info("m", "aof_rewrite_in_progress"), w.info("m", "rdb_bgsave_in_progress")})
	require.Equal(t, "+Background append only file rewriting scheduled", w.do("m", "BGREWRITEAOF"))
	require.Equal(t, "1", w.info("m", "aof_rewrite_scheduled"))
	for range 100 { // until the snapshot is over
		if w.run(100 * time.Millisecond); w.info("m", "rdb_bgsave_in_progress") == "0" {
			break
		}
	}
	w.run(200 * time.Millisecond)
	require.Equal(t, []string{"1", "0"}, []string{w.info("m", "aof_rewrite_in_progress"), w.info("m", "aof_rewrite_scheduled")})
}

// A replica's file is its master's dataset, from the first rewrite after a full synchronization on; it comes to the same.
func TestAReplicaKeepsItsMastersDataset(t *testing.T) {
	w := newMiniWorld(t)
	w.workTime = 100 * time.Millisecond
	m, r := w.server("m", "appendonly yes"), w.server("r", "appendonly yes", "slaveof 10.0.0.1 6379")
	w.do("m", "SET", "a", "1")
	w.run(10 * time.Second)
	require.Contains(t, strings.Join(r.log, "\n"), "Background AOF rewrite finished successfully")
	w.do("m", "SETEX", "b", "100", "x")
	c := w.connect(m)
	for _, line := range []string{"MULTI\r\n", "SET c 1\r\n", "INCR c\r\n", "EXEC\r\n"} {
		c.write(line)
	}
	w.do("m", "EVAL", "return redis.call('APPEND', 'a', '2')", "0")
	w.run(3 * time.Second)
	was := w.do("m", "DEBUG", "DIGEST")
	require.Equal(t, was, w.do("r", "DEBUG", "DIGEST"))
	require.Contains(t, aofText(t, r.files[aofFile]), "MULTI\nSET c 1\nINCR c\nEXEC\n")
	w.kill(r)
	w.kill(m)
	r.args = r.args[:len(r.args)-1] // no longer a replica
	w.boot(r)
	w.run(time.Second)
	require.Equal(t, was, w.do("r", "DEBUG", "DIGEST"))
	w.boot(m)
	w.run(time.Second)
	require.Equal(t, was, w.do("m", "DEBUG", "DIGEST"))
}

func TestAFullSynchronizationWaitsForTheEndOfARewrite(t *testing.T) {
	w := newMiniWorld(t)
	w.workTime = 3 * time.Second
	m := w.server("m", "appendonly yes")
	w.run(10 * time.Second)
	w.do("m", "SET", "a", "1")
	w.do("m", "BGREWRITEAOF")
	w.server("r", "slaveof 10.0.0.1 6379")
	w.run(2 * time.Second)
	require.Contains(t, strings.Join(m.log, "\n"), "No BGSAVE in progress, but an AOF rewrite is active. BGSAVE for replication delayed")
	w.run(30 * time.Second)
	require.Equal(t, "up", w.info("r", "master_link_status"))
	require.Equal(t, "1", w.do("r", "GET", "a"))
}

func TestDebugLoadAOFComesToTheSameDataset(t *testing.T) {
	for _, preamble := range []string{"yes", "no"} {
		w := newSolo(t, "", "appendonly yes", "aof-use-rdb-preamble "+preamble)
		c := w.connect("")
		require.NotContains(t, w.write(c, everyType), "-ERR")
		was := digest(w)
		require.Equal(t, "+OK\r\n+OK\r\n$1\r\n1\r\n", w.write(c, "SET string 1\r\nDEBUG LOADAOF\r\nGET string\r\n"))
		require.Equal(t, was, digest(w))
		w.say(c, "BGREWRITEAOF")
		require.Equal(t, "+OK\r\n", w.say(c, "DEBUG LOADAOF"))
		require.Equal(t, was, digest(w))
	}
	w := newSolo(t, "")
	c := w.connect("")
	require.Contains(t, w.say(c, "DEBUG LOADAOF"), "-ERR the append only file cannot be read: No such file or directory")
	require.NotContains(t, w.write(c, everyType), "-ERR")
	was := digest(w)
	w.say(c, "BGREWRITEAOF")
	require.Equal(t, "+OK\r\n+OK\r\n", w.write(c, "FLUSHALL\r\nDEBUG LOADAOF\r\n"), "no append only file is kept, but there is one")
	require.Equal(t, was, digest(w))
}

func TestShutdownWritesAndSyncs(t *testing.T) {
	w := newSolo(t, "", "appendonly yes", "save \"\"")
	c := w.connect("")
	synced := 0
	w.fail = func(step node.FileStep) node.Errno {
		if step.Kind == node.SyncFile {
			synced = len(w.files[aofFile])
		}
		return node.ErrNone
	}
	w.write(c, "SET a 1\r\nSHUTDOWN\r\n")
	require.True(t, w.exited)
	require.Equal(t, 0, w.status)
	require.Equal(t, "SELECT 0\nSET a 1\n", aofText(t, w.files[aofFile][:synced]))
	require.Contains(t, w.logText(), "* Calling fsync() on the AOF file.\n")
}

func TestChangingDirLeavesTheFileWhereItIsUntilTheRewrite(t *testing.T) {
	w := newSolo(t, "", "appendonly yes")
	c := w.connect("")
	w.say(c, "SET a 1")
	w.say(c, "CONFIG SET dir /other")
	w.say(c, "SET a 2")
	require.Equal(t, "SELECT 0\nSET a 1\nSET a 2\n", aofText(t, w.files[aofFile]))
	w.say(c, "BGREWRITEAOF")
	w.say(c, "SET a 3")
	require.Equal(t, "SELECT 0\nSET a 2\nSELECT 0\nSET a 3\n", aofText(t, w.files["/other/appendonly.aof"]))
}

func TestALongFsyncIsCountedAndHoldsNobodyUp(t *testing.T) {
	w := newMiniWorld(t)
	w.workTime = 5 * time.Second // of jobs beside the server
	w.server("m", "appendonly yes")
	w.run(30 * time.Second)
	for range 100 {
		require.Equal(t, "+OK", w.do("m", "SET", "a", "1"))
		w.run(100 * time.Millisecond)
	}
	require.Equal(t, "2", w.info("m", "aof_delayed_fsync"))
}
