package server

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/resp"
)

// realRedis starts a redis-server and returns a connection to it. Commands whose behaviour is the same in 4.0 and in
// the version installed must be answered by both with the same bytes.
func realRedis(t *testing.T) net.Conn {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	cmd := exec.Command(path, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			return conn
		}
		if time.Now().After(deadline) {
			t.Fatalf("redis-server does not listen: %v", err)
		}
	}
}

// ask sends a request and returns the bytes of its reply.
func ask(t *testing.T, conn net.Conn, p *resp.ReplyParser, request []byte) string {
	_, err := conn.Write(request)
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	buf := make([]byte, 64<<10)
	for {
		r, ok, err := p.Next()
		require.NoError(t, err)
		if ok {
			return replyBytes(r)
		}
		n, err := conn.Read(buf)
		require.NoError(t, err)
		p.Feed(buf[:n])
	}
}

func replyBytes(r resp.Reply) string {
	switch {
	case r.Null && r.Kind == '*':
		return "*-1"
	case r.Null:
		return "$-1"
	case r.Kind == '*':
		parts := []string{fmt.Sprintf("*%d", len(r.Elems))}
		for _, e := range r.Elems {
			parts = append(parts, replyBytes(e))
		}
		return strings.Join(parts, " ")
	case r.Kind == ':':
		return fmt.Sprintf(":%d", r.Int)
	}
	return fmt.Sprintf("%c%q", r.Kind, r.Str)
}

// drawCommand makes a command out of a few keys and values, many of them wrong.
func drawCommand(rng *rand.Rand) []string {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	key := func() string { return pick("a", "b", "c", "d", "e") }
	value := func() string {
		return pick("1", "-7", "10", "0", "9223372036854775807", "-9223372036854775808", "007", "+1", "3.5", "-0.1", "1e3", "foobar", "",
			"a longer value with \x00 bytes \xff in it", "12345678901234567890", "  5")
	}
	n := func() string { return pick("0", "1", "2", "5", "-1", "-3", "7", "100", "x", "") }
	switch rng.IntN(30) {
	case 0, 1:
		return []string{"SET", key(), value()}
	case 2:
		return []string{"SET", key(), value(), pick("NX", "XX", "nx")}
	case 3:
		return []string{"SETNX", key(), value()}
	case 4:
		return []string{"GETSET", key(), value()}
	case 5:
		return []string{"APPEND", key(), value()}
	case 6:
		return []string{"SETRANGE", key(), n(), value()}
	case 7:
		return []string{"GETRANGE", key(), n(), n()}
	case 8:
		return []string{pick("INCR", "DECR"), key()}
	case 9:
		return []string{"INCRBY", key(), value()}
	case 10:
		return []string{"DECRBY", key(), pick("1", "-5", "x", "9223372036854775807")}
	case 11:
		return []string{"INCRBYFLOAT", key(), pick("0.1", "-2.75", "1e10", "3", "abc", "", "1e-10", "inf", "nan", "5e400", "0.30000000000000004")}
	case 12:
		return []string{"MGET", key(), key(), key()}
	case 13:
		return []string{"MSET", key(), value(), key(), value()}
	case 14:
		return []string{"MSETNX", key(), value(), key(), value()}
	case 15:
		return []string{"SETBIT", key(), n(), pick("0", "1", "2", "x")}
	case 16:
		return []string{"GETBIT", key(), n()}
	case 17:
		return []string{"BITCOUNT", key(), n(), n()}
	case 18:
		return []string{"BITPOS", key(), pick("0", "1")}
	case 19:
		return []string{"BITPOS", key(), pick("0", "1"), n(), n()}
	case 20:
		return []string{"BITOP", pick("AND", "OR", "XOR", "NOT"), key(), key(), key()}
	case 21:
		return []string{"BITOP", "NOT", key(), key()}
	case 22:
		return []string{"DEL", key(), key()}
	case 23:
		return []string{pick("EXISTS", "TOUCH", "UNLINK"), key(), key(), key()}
	case 24:
		return []string{pick("RENAMENX", "RENAME"), key(), key()}
	case 25:
		return []string{pick("TTL", "PERSIST", "TYPE", "STRLEN", "GET"), key()}
	case 26:
		return []string{pick("EXPIRE", "PEXPIRE"), key(), pick("1000000", "-1", "0", "x")}
	case 27:
		return []string{pick("DBSIZE", "MULTI", "EXEC", "DISCARD", "UNWATCH", "PING")}
	case 28:
		return []string{"MOVE", key(), pick("1", "0", "99")}
	}
	return []string{pick("SELECT 0", "SELECT 1", "SWAPDB 0 1", "SELECT 99", "ECHO x", "WATCH a b")}
}

// sameWords puts errors that Redis has put into other words since 4.0 into the same ones.
func sameWords(reply string) string {
	for _, w := range []struct{ pattern, words string }{
		{`ERR (invalid )?(DB )?index (is )?out of range`, "ERR db"},
		{`ERR value is out of range[^"]*`, "ERR value is not an integer or out of range"},
		{`ERR invalid expire time[^"]*`, "ERR expire"},
		{`EXECABORT[^"]*`, "EXECABORT"},
		{`ERR wrong number of arguments for [^"]*`, "ERR arity"},
		{`ERR string exceeds maximum allowed size[^"]*`, "ERR size"},
		{`ERR decrement would overflow`, "ERR increment or decrement would overflow"},
	} {
		reply = regexp.MustCompile(w.pattern).ReplaceAllString(reply, w.words)
	}
	return reply
}

func TestAnswersAreThoseOfRedis(t *testing.T) {
	conn := realRedis(t)
	var theirs, ours resp.ReplyParser
	w := newSolo(t, "", "port 6379", "save \"\"")
	c := w.connect("")
	watching := false
	rng := rand.New(rand.NewPCG(7, 14))
	for i := range 6000 {
		command := drawCommand(rng)
		if len(command) == 1 {
			command = strings.Fields(command[0])
		}
		if len(command) > 2 && command[0] == "SETRANGE" && command[2] == "100" && rng.IntN(4) > 0 {
			continue
		}
		switch command[0] {
		case "WATCH":
			watching = true
		case "EXEC", "DISCARD", "UNWATCH":
			watching = false
		case "SWAPDB", "PERSIST": // spoil transactions since 6.2, and did not in 4.0
			if watching {
				continue
			}
		}
		request := resp.AppendCommand(nil, command...)
		want := ask(t, conn, &theirs, request)
		ours.Feed([]byte(w.write(c, string(request))))
		r, ok, err := ours.Next()
		require.NoError(t, err)
		require.True(t, ok, "command %d, %q: no reply", i, command)
		got := replyBytes(r)
		if got != want && sameWords(got) != sameWords(want) {
			t.Fatalf("command %d, %q:\nordeal %s\nredis  %s", i, command, got, want)
		}
	}
	// In the end both hold the same data.
	for db := range 2 {
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			_ = ask(t, conn, &theirs, resp.AppendCommand(nil, "DISCARD"))
			_ = w.say(c, "DISCARD")
			_ = ask(t, conn, &theirs, resp.AppendCommand(nil, "SELECT", strconv.Itoa(db)))
			_ = w.say(c, "SELECT "+strconv.Itoa(db))
			ours.Feed([]byte(w.say(c, "GET "+key)))
			r, _, err := ours.Next()
			require.NoError(t, err)
			require.Equal(t, ask(t, conn, &theirs, resp.AppendCommand(nil, "GET", key)), replyBytes(r))
		}
	}
}
