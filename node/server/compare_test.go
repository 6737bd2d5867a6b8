package server

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// realRedis starts a redis-server and returns a connection to it. Commands whose behaviour is the same in 4.0 and in
// the version installed must be answered by both with the same bytes.
func realRedis(t *testing.T) net.Conn {
	conn := realRedisOrNil(t)
	if conn == nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	return conn
}

// realRedisOrNil is realRedis for tests that compare with nobody where there is none.
func realRedisOrNil(t *testing.T) net.Conn {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil
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
	switch rng.IntN(33) {
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
		return []string{"INCRBYFLOAT", key(), pick("0.1", "-2.75", "1e10", "3", "abc", "", "1e-10", "inf", "nan", "5e400", "0.30000000000000004",
			"0x10", "-0x1.8p1", "0X.8", "0x", "0x1p-3", "1p3", ".5", "5.", ".", "+2", "--1", "1e", "1e+2", "infinity", "1e-5000", "1_0", " 1", "0x1e2")}
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
	switch rng.IntN(4) {
	case 0, 1:
		return drawBitfield(rng)
	case 2:
		return []string{"OBJECT", "ENCODING", key()}
	}
	return []string{pick("SELECT 0", "SELECT 1", "SWAPDB 0 1", "SELECT 99", "ECHO x", "WATCH a b")}
}

// drawBitfield makes a BITFIELD of a few operations.
func drawBitfield(rng *rand.Rand) []string {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	words := []string{"BITFIELD", pick("a", "b", "f", "g")}
	for range 1 + rng.IntN(4) {
		kind := pick("u", "i") + strconv.Itoa(1+rng.IntN(64))
		offset := pick("0", "1", "7", "8", "13", "60", "#1", "#0", "#2", "100")
		value := pick("0", "1", "-1", "127", "128", "-129", "255", "9223372036854775807", "-9223372036854775808", "300", "12345678901")
		switch rng.IntN(12) {
		case 0, 1:
			words = append(words, "GET", kind, offset)
		case 2, 3, 4:
			words = append(words, "SET", kind, offset, value)
		case 5, 6, 7, 8:
			words = append(words, "INCRBY", kind, offset, value)
		case 9, 10:
			words = append(words, "OVERFLOW", pick("WRAP", "SAT", "FAIL", "sat", "fail"))
		case 11:
			words = append(words, pick("GET", "SET", "OVERFLOW", "NOSUCH"), pick("u64", "i65", "x8", "u8", "i0"), pick("#x", "-1", "4294967296", "0"))
		}
	}
	return words
}

// sameWords puts errors that Redis has put into other words since 4.0 into the same ones.
func sameWords(reply string) string {
	for _, w := range []struct{ pattern, words string }{
		{`ERR (invalid )?(DB )?index (is )?out of range`, "ERR db"},
		{`ERR value is out of range[^"]*`, "ERR value is not an integer or out of range"},
		{`ERR invalid expire time[^"]*`, "ERR expire"},
		{`\$"listpack"`, `$$"ziplist"`}, // since 7.0
		{`EXECABORT[^"]*`, "EXECABORT"},
		{`\$"embstr"`, `$$"int"`}, // INCRBYFLOAT leaves whole numbers as text there
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
	for i := range 20000 {
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

// tableDifferences are where the installed Redis has another row than 4.0: the row, and why.
var tableDifferences = map[string]struct{ theirs, why string }{
	"append":               {"3 denyoom fast write 1,1,1", "called fast since 6.0"},
	"auth":                 {"-2 fast loading noscript stale 0,0,0", "takes a user since 6.0"},
	"bgrewriteaof":         {"1 admin noscript 0,0,0", "kept from scripts since 7.0"},
	"bgsave":               {"-1 admin noscript 0,0,0", "kept from scripts since 7.0"},
	"client":               {"-2  0,0,0", "its subcommands have flags of their own since 7.0"},
	"command":              {"-1 loading stale 0,0,0", "its arity is stated since 7.0"},
	"config":               {"-2  0,0,0", "its subcommands have flags of their own since 7.0"},
	"debug":                {"-2 admin loading noscript stale 0,0,0", "allowed while loading, and needs a subcommand, since 7.0"},
	"discard":              {"1 fast loading noscript stale 0,0,0", "allowed while loading and without the master since 6.2"},
	"echo":                 {"2 fast loading stale 0,0,0", "allowed while loading and without the master since 6.2"},
	"eval":                 {"-3 movablekeys noscript skip_monitor stale 0,0,0", "shown to monitors by what it runs, and allowed without the master, since 7.0"},
	"evalsha":              {"-3 movablekeys noscript skip_monitor stale 0,0,0", "shown to monitors by what it runs, and allowed without the master, since 7.0"},
	"exec":                 {"1 loading noscript stale 0,0,0", "allowed while loading, and shown to monitors by itself, since 6.2"},
	"expire":               {"-3 fast write 1,1,1", "takes NX, XX, GT, LT since 7.0"},
	"expireat":             {"-3 fast write 1,1,1", "takes NX, XX, GT, LT since 7.0"},
	"getset":               {"3 denyoom fast write 1,1,1", "called fast since 6.0"},
	"host:":                {"", "gone: since 7.0 the parser sees to it"},
	"lastsave":             {"1 fast loading stale 0,0,0", "allowed while loading and without the master since 6.2"},
	"latency":              {"-2  0,0,0", "its subcommands have flags of their own since 7.0"},
	"memory":               {"-2  0,0,0", "its subcommands have flags of their own since 7.0"},
	"migrate":              {"-6 movablekeys write 3,3,1", "its first key is where the row says; 4.0 leaves it to KEYS"},
	"monitor":              {"1 admin loading noscript stale 0,0,0", "allowed while loading and without the master since 6.2"},
	"lpop":                 {"-2 fast write 1,1,1", "takes a count since 6.2"},
	"multi":                {"1 fast loading noscript stale 0,0,0", "allowed while loading and without the master since 6.2"},
	"object":               {"-2  0,0,0", "its subcommands have flags of their own since 7.0"},
	"pexpire":              {"-3 fast write 1,1,1", "takes NX, XX, GT, LT since 7.0"},
	"pexpireat":            {"-3 fast write 1,1,1", "takes NX, XX, GT, LT since 7.0"},
	"ping":                 {"-1 fast 0,0,0", "not called stale since 7.0: MASTERDOWN is its answer too"},
	"post":                 {"", "gone: since 7.0 the parser sees to it"},
	"psync":                {"-3 admin noscript 0,0,0", "no longer called a reader; PSYNC takes FAILOVER since 6.2"},
	"pubsub":               {"-2  0,0,0", "its subcommands have flags of their own since 7.0"},
	"role":                 {"1 fast loading noscript stale 0,0,0", "called fast since 6.0"},
	"rpop":                 {"-2 fast write 1,1,1", "takes a count since 6.2"},
	"script":               {"-2  0,0,0", "its subcommands have flags of their own since 7.0"},
	"select":               {"2 fast loading stale 0,0,0", "allowed while loading and without the master since 6.2"},
	"shutdown":             {"-1 admin loading noscript stale 0,0,0", "kept from scripts since 7.0"},
	"slowlog":              {"-2  0,0,0", "its subcommands have flags of their own since 7.0"},
	"sync":                 {"1 admin noscript 0,0,0", "no longer called a reader"},
	"time":                 {"1 fast loading stale 0,0,0", "allowed while loading and without the master since 6.2"},
	"touch":                {"-2 fast readonly 1,-1,1", "4.0 forgets its other keys"},
	"georadius":            {"-6 denyoom movablekeys write 1,1,1", "may store, and so be refused for want of memory, since 7.0"},
	"georadius_ro":         {"-6 readonly 1,1,1", "its keys are where the row says; 4.0 looks for STORE"},
	"georadiusbymember":    {"-5 denyoom movablekeys write 1,1,1", "as georadius"},
	"georadiusbymember_ro": {"-5 readonly 1,1,1", "as georadius_ro"},
	"pfdebug":              {"3 admin denyoom write 2,2,1", "says which key since 6.0, and is for administrators"},
	"zinterstore":          {"-4 denyoom movablekeys write 1,1,1", "names the key that it writes since 7.0"},
	"zunionstore":          {"-4 denyoom movablekeys write 1,1,1", "names the key that it writes since 7.0"},
	"unwatch":              {"1 fast loading noscript stale 0,0,0", "allowed while loading and without the master since 6.2"},
	"watch":                {"-2 fast loading noscript stale 1,-1,1", "allowed while loading and without the master since 6.2"},
}

// sharedFlags are the flags of COMMAND that mean the same in 4.0 and 7.0; random and sort_for_script are gone since.
var sharedFlags = []string{"write", "readonly", "denyoom", "admin", "pubsub", "noscript", "loading", "stale", "skip_monitor", "fast", "movablekeys"}

func TestTheTableOfCommandsIsThatOfRedis(t *testing.T) {
	conn := realRedis(t)
	var p resp.ReplyParser
	_, err := conn.Write(resp.AppendCommand(nil, "COMMAND"))
	require.NoError(t, err)
	theirs := rowsOf(t, awaitReply(t, conn, &p))
	w := newSolo(t, "", "port 6379")
	p = resp.ReplyParser{}
	p.Feed([]byte(w.say(w.connect(""), "COMMAND")))
	r, ok, err := p.Next()
	require.NoError(t, err)
	require.True(t, ok)
	ours := rowsOf(t, r)
	require.Greater(t, len(ours), 80)
	for name, row := range ours {
		want := theirs[name]
		if d, differs := tableDifferences[name]; differs {
			require.Equal(t, d.theirs, want, "%s is said to differ: %s", name, d.why)
			require.NotEqual(t, row, want, "%s does not differ any more", name)
			continue
		}
		require.Equal(t, want, row, name)
	}
}

// missing are the commands of 4.0 that there are not, and why.
var missing = map[string]string{}

// TestTheTableOfCommandsIsThatOf40 compares every row, letter for letter.
func TestTheTableOfCommandsIsThatOf40(t *testing.T) {
	text, err := os.ReadFile("../commands/testdata/commands_of_4.0")
	require.NoError(t, err)
	of40 := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			name, row, _ := strings.Cut(strings.TrimSpace(line), " ")
			of40[name] = inOrder(row)
		}
	}
	require.Len(t, of40, 174)
	s := newSolo(t, "").core
	s.front.Table.All(func(cmd *front.Command) {
		row, known := of40[cmd.Name]
		delete(of40, cmd.Name)
		if cmd.Name == "replicaof" {
			return // of 5.0, for its tools
		}
		require.True(t, known, "4.0 has no %s", cmd.Name)
		require.NotEmpty(t, cmd.Group, cmd.Name)
		require.NotEmpty(t, cmd.Summary, cmd.Name)
		require.Equal(t, row, rowOf(cmd), cmd.Name)
	})
	for name := range of40 {
		require.Contains(t, missing, name, "a command of 4.0 that is not there")
		delete(missing, name)
	}
	require.Empty(t, missing, "said to be missing, and there")
}

// inOrder puts the letters of a row into one order.
func inOrder(row string) string {
	words := strings.Fields(row)
	letters := []byte(words[1])
	slices.Sort(letters)
	words[1] = string(letters)
	return strings.Join(words, " ")
}

// rowOf prints a row as the file has it.
func rowOf(cmd *front.Command) string {
	letters := ""
	for i, l := range "wrmapsRSltMF" {
		if cmd.Is(1 << i) {
			letters += string(l)
		}
	}
	if letters == "" {
		letters = "-"
	}
	row := fmt.Sprintf("%d %s %d,%d,%d", cmd.Arity, letters, cmd.First, cmd.Last, cmd.Step)
	if cmd.Is(front.Movable) {
		row += " *"
	}
	return inOrder(row)
}

func rowsOf(t *testing.T, r resp.Reply) map[string]string {
	rows := map[string]string{}
	for _, e := range r.Elems {
		require.GreaterOrEqual(t, len(e.Elems), 6)
		var flags []string
		for _, f := range e.Elems[2].Elems {
			if slices.Contains(sharedFlags, string(f.Str)) {
				flags = append(flags, string(f.Str))
			}
		}
		slices.Sort(flags)
		rows[string(e.Elems[0].Str)] = fmt.Sprintf("%d %s %d,%d,%d", e.Elems[1].Int, strings.Join(flags, " "), e.Elems[3].Int, e.Elems[4].Int, e.Elems[5].Int)
	}
	return rows
}

func awaitReply(t *testing.T, conn net.Conn, p *resp.ReplyParser) resp.Reply {
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	buf := make([]byte, 64<<10)
	for {
		r, ok, err := p.Next()
		require.NoError(t, err)
		if ok {
			return r
		}
		n, err := conn.Read(buf)
		require.NoError(t, err)
		p.Feed(buf[:n])
	}
}
