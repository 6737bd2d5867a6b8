package server

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/resp"
)

// Whatever somebody says with PSYNC and REPLCONF, only who has the same history, at a place that the backlog has, is
// continued; the others go on being served, and a replica that means it gets into sync.
func FuzzReplicaArguments(f *testing.F) {
	for _, args := range [][4]string{
		{"?", "-1", "capa", "eof"}, {"first", "1", "capa", "psync2"}, {"first", "79", "ack", "10"}, {"second", "40", "ack", "-1"},
		{"second", "107", "listening-port", "6379"}, {"second", "108", "ip-address", "10.0.0.9"}, {"first", "9223372036854775807", "ack", "9223372036854775807"},
		{"first", "-9223372036854775808", "getack", "*"}, {"first", "1e3", "listening-port", "65536"}, {"first", " 1", "ip-address", strings.Repeat("x", 46)},
		{"", "", "", ""}, {"?", "x", "ack", ""}, {"FIRST", "2", "CAPA", "EOF"}, {"0000000000000000000000000000000000000000", "1", "capa", "\x00\r\n"},
	} {
		f.Add(args[0], args[1], args[2], args[3], true)
		f.Add(args[0], args[1], args[2], args[3], false)
	}
	f.Fuzz(func(t *testing.T, id, offset, option, value string, before bool) {
		w := newMiniWorld(t)
		w.server("m")
		w.server("r", "slaveof 10.0.0.1 6379")
		w.run(2 * time.Second)
		first := w.info("r", "master_replid")
		w.do("m", "SET", "a", "1")
		w.do("r", "SLAVEOF", "NO", "ONE")
		w.do("r", "SET", "b", "2")
		names := strings.NewReplacer("first", w.info("r", "master_replid"), "FIRST", strings.ToUpper(w.info("r", "master_replid")), "second", first)
		c := w.connect(w.machine("r"))
		if before {
			c.write(string(resp.AppendCommand(nil, "REPLCONF", option, value)))
		}
		c.write(string(resp.AppendCommand(nil, "PSYNC", names.Replace(id), offset)))
		w.run(time.Second)
		c.write(string(resp.AppendCommand(nil, "REPLCONF", option, value)))
		w.run(2 * time.Second)
		checkGrants(t, w.notes)
		checkNode(w.machine("r"))
		w.do("m", "SLAVEOF", "10.0.0.2", "6379")
		w.run(4 * time.Second)
		require.Equal(t, "up", w.info("m", "master_link_status"))
		require.Equal(t, w.do("r", "DEBUG", "DIGEST"), w.do("m", "DEBUG", "DIGEST"))
	})
}

// Whatever a master says, in the handshake, as an RDB and as the stream behind it, its replica serves others meanwhile,
// breaks none of its own rules, and gets into sync with a master that means it.
func FuzzHostileMaster(f *testing.F) {
	id := strings.Repeat("a", 40)
	rdb := snapshotOf(f)
	for _, text := range []string{
		"+PONG\r\n", "-NOAUTH\r\n", "-LOADING\r\n", strings.Repeat("x", 300) + "\r\n", "\r\n\r\n+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+CONTINUE\r\n",
		"+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC " + id + " 10\r\n$5\r\nREDIS", "+PONG\r\n-ERR\r\n-ERR\r\n-ERR unknown\r\n$10\r\n",
	} {
		f.Add([]byte(text), uint8(0), uint8(40))
	}
	for _, text := range []string{
		"$" + strconv.Itoa(len(rdb)) + "\r\n" + rdb + "*1\r\n$4\r\nPING\r\n", "$EOF:" + id + "\r\n" + rdb + id, "$EOF:" + id + "\r\n" + rdb, "\n\n\n-ERR no\r\n",
		"$-1\r\n", "$9223372036854775807\r\nREDIS0008", "$EOF:\r\n", "$0\r\n", "$18\r\nREDIS0009\xff\x00\x00\x00\x00\x00\x00\x00\x00", "x\r\n",
	} {
		f.Add([]byte(text), uint8(1), uint8(200))
	}
	for _, text := range []string{
		"*1\r\n$4\r\nPING\r\n", "*2\r\n$6\r\nSELECT\r\n$1\r\n9\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n", "*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n",
		"*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n", "SLAVEOF NO ONE\r\nSET a 1\r\n", "PSYNC ? -1\r\nSYNC\r\n", "*-1\r\n*1000000000\r\n", "SUBSCRIBE a\r\nMONITOR\r\n",
		"BLPOP l 0\r\nRPUSH l a\r\n", "EVAL \"return redis.call('set','a',1)\" 0\r\n", "SWAPDB 0 1\r\nFLUSHALL\r\nMULTI\r\nEXEC\r\nEXEC\r\n", "CONFIG SET dir /\r\nDEBUG RELOAD\r\n",
		"WAIT 1 0\r\nCLIENT REPLY OFF\r\nSET a 1\r\nBGREWRITEAOF\r\nSAVE\r\n", "$5\r\n\x00\xff\r\n",
	} {
		f.Add([]byte(text), uint8(2), uint8(7))
	}
	f.Fuzz(func(t *testing.T, input []byte, stage, cut uint8) {
		for _, word := range []string{"shutdown", "segfault", "panic", "assert", "populate", "setbit", "setrange", "srandmember", "sleep", "pause"} {
			if bytes.Contains(bytes.ToLower(input), []byte(word)) {
				return // ends the server, takes half a gigabyte or makes others wait, as it should
			}
		}
		w := newMiniWorld(t)
		w.server("good")
		w.do("good", "SET", "a", "good")
		evil := w.fake("evil")
		r := w.server("r", "slaveof "+evil.ip+" 6379", "repl-timeout 5")
		w.run(1100 * time.Millisecond)
		if stage%3 > 0 {
			for range 3 {
				evil.fake.write("+OK\r\n")
			}
			evil.fake.write("+FULLRESYNC " + id + " 10\r\n")
		}
		if stage%3 > 1 {
			evil.fake.write("$" + strconv.Itoa(len(rdb)) + "\r\n" + rdb)
			w.run(100 * time.Millisecond)
			require.Equal(t, "up", w.info("r", "master_link_status"))
		}
		for rest := input; len(rest) > 0; {
			n := min(int(cut)+1, len(rest))
			evil.fake.write(string(rest[:n]))
			checkNode(r)
			rest = rest[n:]
		}
		require.True(t, r.up, "it ended: %q", r.log[max(0, len(r.log)-3):])
		w.run(8 * time.Second)
		evil.fake.hangUp()
		require.True(t, r.up, "it ended: %q", r.log[max(0, len(r.log)-3):])
		w.run(time.Second)
		require.NotEmpty(t, w.connect(r).say("ROLE"), "nobody is served any more")
		w.connect(r).say("SLAVEOF", "10.0.0.1", "6379")
		w.run(4 * time.Second)
		require.Equal(t, "up", w.info("r", "master_link_status"), "%q", r.log)
		require.Equal(t, w.do("good", "DEBUG", "DIGEST"), w.do("r", "DEBUG", "DIGEST"))
	})
}

// snapshotOf is an RDB with a value of each type.
func snapshotOf(t testing.TB) string {
	w := newSolo(t, "", "port 6379")
	c := w.connect("")
	w.say(c, "SET a 1\r\nSET b "+strings.Repeat("compressible ", 9)+"\r\nRPUSH l a b c\r\nSADD s 1 2 x\r\nHSET h f v\r\nZADD z 1.5 m\r\nSETEX e 100 v\r\nSAVE")
	return string(w.files["/data/dump.rdb"])
}
