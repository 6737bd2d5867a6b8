package server

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

func TestTooManyClientsAreTurnedAway(t *testing.T) {
	w := newSolo(t, "", "maxclients 2")
	first := w.connect("")
	w.connect("")
	third := w.connect("")
	require.Equal(t, "-ERR max number of clients reached\r\n", string(w.sent[third]))
	require.True(t, w.closed[third])
	require.Contains(t, w.say(first, "INFO stats"), "rejected_connections:1\r\n")
	w.step(node.Event{Kind: node.Closed, Conn: first})
	require.Equal(t, "+PONG\r\n", w.say(w.connect(""), "PING"))
}

func TestProtectedModeServesLoopbackOnly(t *testing.T) {
	for _, test := range []struct {
		config, from string
		served       bool
	}{
		{"port 6379", "127.0.0.1:50", true},
		{"port 6379", "[::1]:50", true},
		{"port 6379", "10.0.0.1:50", false},
		{"protected-mode no", "10.0.0.1:50", true},
		{"requirepass x", "10.0.0.1:50", true},
		{"bind 10.0.0.2", "10.0.0.1:50", true},
	} {
		w := newSolo(t, "", test.config)
		c := w.connect(test.from)
		require.Equal(t, !test.served, w.closed[c], "%v", test)
		if !test.served {
			require.True(t, strings.HasPrefix(string(w.sent[c]), "-DENIED "), "%s", w.sent[c])
		}
	}
}

func TestIdleClientsAreClosed(t *testing.T) {
	w := newSolo(t, "", "timeout 3")
	idle, subscriber, busy := w.connect(""), w.connect(""), w.connect("")
	w.say(subscriber, "SUBSCRIBE x")
	for range 5 {
		w.run(time.Second)
		w.say(busy, "PING")
	}
	require.Equal(t, []bool{true, false, false}, []bool{w.closed[idle], w.closed[subscriber], w.closed[busy]})
}

func TestClientsThatDoNotReadAreClosed(t *testing.T) {
	w := newSolo(t, "", "client-output-buffer-limit normal 100kb 0 0", "client-output-buffer-limit pubsub 0 50kb 3")
	c := w.connect("")
	w.say(c, "SET big "+strings.Repeat("x", 30<<10))
	for range 20 { // what was sent leaves at once
		w.say(c, "GET big")
	}
	require.False(t, w.closed[c])
	greedy := w.connect("")
	w.write(greedy, strings.Repeat("GET big\r\n", 20))
	require.True(t, w.closed[greedy])
	require.Contains(t, w.logText(), "scheduled to be closed ASAP for overcoming of output buffer limits.\n")
}

// One read may ask for gigabytes: what is over the limit is neither kept nor worked for.
func TestOutputLimitsHoldWithinOneStep(t *testing.T) {
	gets := strings.Repeat("GET big\r\n", 1000)
	for name, request := range map[string]string{"pipeline": gets, "transaction": "MULTI\r\n" + gets + "EXEC\r\nSET after 1\r\n",
		"one command": "MGET " + strings.Repeat(" big", 1000) + "\r\nSET after 1\r\n"} {
		t.Run(name, func(t *testing.T) {
			w := newSolo(t, "", "client-output-buffer-limit normal 1mb 0 0")
			c, greedy := w.connect(""), w.connect("")
			w.write(c, string(resp.AppendCommand(nil, "SET", "big", strings.Repeat("x", 300<<10))))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			w.write(greedy, request)
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), "bytes allocated")
			require.True(t, w.closed[greedy])
			require.Less(t, len(w.sent[greedy]), 100)
			require.Equal(t, "$-1\r\n", w.say(c, "GET after"), "its further commands are not run")
			if name == "pipeline" {
				require.Contains(t, w.say(c, "INFO commandstats"), "cmdstat_get:calls=6,", "five, and the one above")
			}
		})
	}
}

// A message is worked for as long as the subscriber may have it; those who publish are served all the same.
func TestOutputLimitsOfOthersHoldWithinOneStep(t *testing.T) {
	w := newSolo(t, "", "client-output-buffer-limit pubsub 1mb 0 0")
	slow, c := w.connect(""), w.connect("")
	w.say(slow, "SUBSCRIBE x")
	message := string(resp.AppendCommand(nil, "PUBLISH", "x", strings.Repeat("y", 100<<10)))
	require.Equal(t, strings.Repeat(":1\r\n", 50), w.write(c, strings.Repeat(message, 50)))
	require.True(t, w.closed[slow])
	require.Less(t, len(w.sent[slow]), 100)
}

func TestInputWithoutEndIsRefused(t *testing.T) {
	w := newSolo(t, "", "client-query-buffer-limit 20kb")
	c := w.connect("")
	w.write(c, "*2\r\n$3\r\nGET\r\n$100000\r\n")
	for range 10 {
		w.write(c, strings.Repeat("x", 4<<10))
	}
	require.True(t, w.closed[c])
	require.Contains(t, w.logText(), "# Closing client that reached max query buffer length: id=1 ")
}

// Bytes may arrive in any pieces; the replies are the same.
func TestRepliesDoNotDependOnHowBytesArrive(t *testing.T) {
	session := "SET a 1\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\nMULTI\r\nINCR a\r\nSAVE\r\nINCR a\r\nEXEC\r\n\r\nGET a\r\nDEBUG RELOAD\r\nGET a\r\nNOSUCH\r\nQUIT\r\nPING\r\n"
	whole := newSolo(t, "", "port 1")
	want := whole.write(whole.connect(""), session)
	require.True(t, strings.HasSuffix(want, "+OK\r\n"))
	for size := 1; size < 40; size++ {
		w := newSolo(t, "", "port 1")
		c, got := w.connect(""), ""
		for rest := session; rest != "" && !w.closed[c]; {
			n := min(size, len(rest))
			got += w.write(c, rest[:n])
			rest = rest[n:]
		}
		require.Equal(t, want, got, "in pieces of %d", size)
	}
}

func TestMisconfRefusesWritesUntilASnapshotWorks(t *testing.T) {
	w := newSolo(t, "", "save 1 1", "dir /data")
	c := w.connect("")
	broken := true
	w.fail = func(step node.FileStep) node.Errno {
		if broken && step.Kind == node.SyncFile {
			return node.ErrIO
		}
		return node.ErrNone
	}
	w.say(c, "SET a 1")
	w.run(3 * time.Second)
	require.Contains(t, w.logText(), "# Background saving error\n")
	require.Equal(t, "-"+misconfRDB+"\r\n", w.say(c, "SET a 2"))
	require.Equal(t, "-"+misconfRDB+"\r\n", w.say(c, "PING"))
	require.Equal(t, "$1\r\n1\r\n", w.say(c, "GET a"))
	require.Contains(t, w.say(c, "INFO persistence"), "rdb_last_bgsave_status:err\r\n")
	require.Equal(t, "-ERR\r\n", w.say(c, "SAVE"))
	require.Equal(t, "-ERR Errors trying to SHUTDOWN. Check logs.\r\n", w.say(c, "SHUTDOWN"))
	broken = false
	w.run(7 * time.Second) // it tries again after five
	require.Equal(t, "+OK\r\n", w.say(c, "SET a 2"))
	require.NotContains(t, w.files, "/data/temp-43.rdb")
	require.Contains(t, w.files, "/data/dump.rdb")
}

func TestSignalsShutDown(t *testing.T) {
	w := newSolo(t, "", "save 100 1", "port 1")
	w.say(w.connect(""), "SET a 1")
	w.step(node.Event{Kind: node.StopRequested, N: 15})
	require.False(t, w.exited)
	w.run(time.Second)
	require.True(t, w.exited)
	require.Zero(t, w.status)
	require.Contains(t, w.logText(), "# Received SIGTERM scheduling shutdown...\n# User requested shutdown...\n"+
		"* Saving the final RDB snapshot before exiting.\n* DB saved on disk\n# Redis is now ready to exit, bye bye...\n")
	w.boot()
	require.Equal(t, "$1\r\n1\r\n", w.say(w.connect(""), "GET a"))
	w.step(node.Event{Kind: node.StopRequested, N: 2})
	w.step(node.Event{Kind: node.StopRequested, N: 2})
	require.True(t, w.exited)
	require.Equal(t, 1, w.status)
}

func TestDamagedSnapshotEndsTheServer(t *testing.T) {
	w := newSolo(t, "", "port 1")
	w.say(w.connect(""), "SET a 1")
	w.say(2, "SAVE")
	w.files["/data/dump.rdb"] = bytes.Replace(w.files["/data/dump.rdb"], []byte("a"), []byte("b"), -1)
	w.boot()
	require.True(t, w.exited)
	require.Equal(t, 1, w.status)
	require.Contains(t, w.logText(), "# Fatal error loading the DB: /data/dump.rdb: ")
}

func TestSleepKeepsTheServerAndIsSlow(t *testing.T) {
	w := newSolo(t, "", "port 1")
	c := w.connect("")
	require.Equal(t, "+OK\r\n", w.say(c, "DEBUG SLEEP 0.25"))
	require.Equal(t, 250*time.Millisecond, w.busy)
	require.Contains(t, w.say(c, "SLOWLOG GET"), ":250000\r\n*3\r\n$5\r\nDEBUG\r\n$5\r\nSLEEP\r\n$4\r\n0.25\r\n")
	require.Contains(t, w.say(c, "INFO commandstats"), "cmdstat_debug:calls=1,usec=250000,usec_per_call=250000.00\r\n")
}

func TestMemoryLimitRefusesWhatNeedsMore(t *testing.T) {
	w := newSolo(t, "", "maxmemory 900kb")
	c := w.connect("")
	require.Equal(t, "+OK\r\n", w.say(c, "SET a "+strings.Repeat("x", 60<<10)))
	require.Equal(t, "+OK\r\n", w.say(c, "SET b "+strings.Repeat("x", 60<<10)))
	require.Equal(t, "-OOM command not allowed when used memory > 'maxmemory'.\r\n", w.say(c, "SET c 1"))
	require.Equal(t, ":1\r\n", w.say(c, "DEL a"))
	require.Equal(t, "+OK\r\n", w.say(c, "SET c 1"))
}

// Whatever a stranger sends, and however it is cut, the server neither panics nor stops serving others.
func FuzzStep(f *testing.F) {
	for _, text := range []string{
		"SET a 1\r\nGET a\r\n", "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\n10\r\n", "MULTI\r\nSET a 1\r\nSAVE\r\nEXEC\r\n",
		"SUBSCRIBE a\r\nPSUBSCRIBE *\r\nPUBLISH a b\r\n", "WATCH a\r\nFLUSHALL\r\nEXEC\r\n", "CONFIG SET save \"\"\r\nCONFIG GET *\r\n",
		"CLIENT KILL TYPE normal SKIPME no\r\nPING\r\n", "SYNC\r\nSYNC\r\nPING\r\n", "PSYNC ? -1\r\nREPLCONF ACK 10\r\n",
		"REPLCONF capa eof capa psync2\r\nPSYNC ? -1\r\n", "SLAVEOF 1.2.3.4 1\r\nROLE\r\nSET a 1\r\nSLAVEOF no one\r\n", "WAIT 1 0\r\nPING\r\n",
		"MONITOR\r\nMONITOR\r\nGET a\r\n", "CLIENT PAUSE 10\r\nGET a\r\n", "DEBUG RELOAD\r\nBGSAVE\r\nDEBUG DIGEST\r\n", "INFO all\r\n",
		"BITOP NOT a b\r\nBITPOS a 1 0 -1\r\nSETRANGE a 10 x\r\nINCRBYFLOAT a 1e10\r\n", "SCAN 0 MATCH [a COUNT 3\r\nKEYS *\r\n",
		"EXPIRE a -1\r\nPEXPIREAT a 1\r\nSWAPDB 0 1\r\nMOVE a 1\r\n", "MULTI\r\nSLAVEOF 10.0.0.1 1\r\nCONFIG REWRITE\r\nSELECT 1\r\nEXEC\r\n",
		"RPUSH l a b a\r\nLINSERT l AFTER b x\r\nLREM l -1 a\r\nLTRIM l 1 -1\r\nLSET l 0 y\r\nRPOPLPUSH l l\r\nBRPOPLPUSH m l 1\r\n",
		"MULTI\r\nRPUSH l a\r\nBLPOP l m 0\r\nEXEC\r\nBLPOP l 1\r\nDEL l\r\n", "SADD s 1 2 x\r\nSPOP s 2\r\nSMOVE s t 1\r\nSSCAN s 0 COUNT 3\r\n",
		"SADD s 1 2\r\nSINTERSTORE s s t\r\nSUNIONSTORE t s s\r\nSDIFF s t\r\nSORT t BY k* GET # GET k*->f LIMIT 0 1 ALPHA STORE l\r\n",
		"*1000000000\r\n", "$5\r\n", "\x00\xff\r\n", "*1\r\n$-1\r\n", "\"\r\n",
	} {
		f.Add([]byte(text), uint8(7))
	}
	f.Fuzz(func(t *testing.T, input []byte, cut uint8) {
		for _, word := range []string{"shutdown", "segfault", "panic", "assert", "populate", "setbit", "setrange", "srandmember"} {
			if bytes.Contains(bytes.ToLower(input), []byte(word)) {
				return // ends the server or takes half a gigabyte, as it should
			}
		}
		w := newSolo(t, "port 6379\n", "protected-mode no")
		c, other := w.connect(""), w.connect("")
		for rest := input; len(rest) > 0 && !w.closed[c]; {
			n := min(int(cut)+1, len(rest))
			w.write(c, string(rest[:n]))
			rest = rest[n:]
		}
		w.run(3 * time.Second)
		w.step(node.Event{Kind: node.Closed, Conn: c})
		if w.closed[other] {
			other = w.connect("")
		}
		if w.say(other, "DISCARD") == "" && !w.closed[other] && !w.core.front.Paused {
			t.Fatal("nobody is served any more")
		}
	})
}

func benchmarkPipeline(b *testing.B, depth int, words ...string) {
	w := newSolo(b, "", "port 6379", `save ""`)
	c := w.connect("")
	w.say(c, "SET key:000000000001 xxx")
	request := resp.AppendCommand(nil, words...)
	pipeline := bytes.Repeat(request, depth)
	ev := node.Event{Kind: node.Received, Conn: c, Bytes: pipeline}
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += depth {
		w.core.Step(w.now, &ev, &w.out)
		w.core.Step(w.now, &node.Event{Kind: node.Sent, Conn: c, N: w.core.front.Client(c).Sent}, &w.out)
		w.out.Reset()
	}
}

func BenchmarkGET(b *testing.B)         { benchmarkPipeline(b, 1, "GET", "key:000000000001") }
func BenchmarkGETPipeline(b *testing.B) { benchmarkPipeline(b, 16, "GET", "key:000000000001") }
func BenchmarkSET(b *testing.B)         { benchmarkPipeline(b, 1, "SET", "key:000000000001", "xxx") }
func BenchmarkSETPipeline(b *testing.B) { benchmarkPipeline(b, 16, "SET", "key:000000000001", "xxx") }
func BenchmarkINCR(b *testing.B)        { benchmarkPipeline(b, 16, "INCR", "counter") }
func BenchmarkPING(b *testing.B)        { benchmarkPipeline(b, 16, "PING") }
