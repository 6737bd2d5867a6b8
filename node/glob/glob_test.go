package glob

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern    string
		match, not string // separated by blanks; _ is the empty string
	}{
		{"", "_", "a"},
		{"*", "_ a abc", ""},
		{"**", "_ a abc", ""},
		{"?", "a ? *", "_ ab"},
		{"a*", "a ab abc", "_ b ba"},
		{"*c", "c abc cc", "_ cb"},
		{"a*b*c", "abc aXbYc abbcc", "ab ac abcd"},
		{"h?llo", "hello hallo h?llo", "hllo heello"},
		{"h[ae]llo", "hello hallo", "hillo hllo"},
		{"h[^e]llo", "hallo hbllo", "hello"},
		{"h[a-b]llo", "hallo hbllo", "hcllo"},
		{"[b-a]", "a b", "c"},
		{"[a-]", "a ] ^", "b"},
		{"[]a]", "", "] a ]a]"},
		{"[abc", "a b c", "d ["},
		{"[^", "a ^", "_ ab"},
		{"[", "", "_ [ a"},
		{`\*`, "*", `a \* _`},
		{`\`, `\`, "a"},
		{`[\]]`, "]", `\`},
		{`[\a-c]`, "a - c", "b"},
		{`a\?c`, "a?c", "abc"},
	} {
		for want, texts := range map[bool]string{true: tt.match, false: tt.not} {
			for _, s := range strings.Fields(texts) {
				s = strings.TrimPrefix(s, "_")
				require.Equal(t, want, Match([]byte(tt.pattern), []byte(s), false), "%q %q", tt.pattern, s)
			}
		}
	}
}

func TestCase(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"MaX*", "maxmemory", true}, {"[A-C]x", "bX", true}, {"[^A-C]", "b", false}, {`\A`, "a", true},
		{`[\A]`, "a", false}, // an escaped letter in a set is compared as it is
		{"[Z-a]", "b", false},
	} {
		require.Equal(t, tt.want, Match([]byte(tt.pattern), []byte(tt.s), true), "%q %q", tt.pattern, tt.s)
	}
	require.False(t, Match([]byte("A"), []byte("a"), false))
}

// obvious matches by trying everything: slow, and easy to believe.
func obvious(pattern, s []byte, nocase bool) bool {
	if len(pattern) == 0 {
		return len(s) == 0
	}
	if pattern[0] == '*' {
		for i := range len(s) + 1 {
			if obvious(pattern[1:], s[i:], nocase) {
				return true
			}
		}
		return false
	}
	if len(s) == 0 {
		return false
	}
	rest, ok := matchOne(pattern, s[0], nocase)
	return ok && obvious(rest, s[1:], nocase)
}

func drawPattern(t *rapid.T) []byte {
	return []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"*", "*", "?", "a", "b", "C", "[", "]", "^", "-",
		"[ab]", "[^a]", "[a-c]", `\`, `\*`, "\xff", "\x80"}), 0, 8).Draw(t, "pattern"), ""))
}

func drawText(t *rapid.T) []byte {
	return []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "a", "b", "c", "A", "B", "]", "[", "-", "^", "*", `\`, "\xff", "\x80"}),
		0, 8).Draw(t, "text"), ""))
}

func TestStarsTryEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern, s, nocase := drawPattern(t), drawText(t), rapid.Bool().Draw(t, "nocase")
		require.Equal(t, obvious(pattern, s, nocase), Match(pattern, s, nocase))
	})
}

// Redis 4.0 would be busy with this for years.
func TestHostilePatternsEnd(t *testing.T) {
	pattern := []byte(strings.Repeat("a*", 5000) + "b")
	s := []byte(strings.Repeat("a", 20_000))
	require.False(t, Match(pattern, s, false))
	require.True(t, Match(pattern, append(s, 'b'), false))
}

// KEYS of a real Redis that holds one key says whether the key matches.
func TestRedisMatchesTheSame(t *testing.T) {
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := listener.Addr().String()
	require.NoError(t, listener.Close())
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(bin, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	require.NoError(t, cmd.Start())
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	var conn net.Conn
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err = net.Dial("tcp", addr); err == nil {
			break
		}
		require.True(t, time.Now().Before(deadline), "redis-server does not listen: %v", err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)

	rapid.Check(t, func(t *rapid.T) {
		pattern, s := drawPattern(t), drawText(t)
		if len(s) == 0 {
			return // the releases of Redis do not agree on patterns such as ** for an empty key
		}
		fmt.Fprintf(conn, "*1\r\n$8\r\nFLUSHALL\r\n*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$1\r\n1\r\n*2\r\n$4\r\nKEYS\r\n$%d\r\n%s\r\n",
			len(s), s, len(pattern), pattern)
		for range 2 {
			line, err := in.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "+OK\r\n", line)
		}
		line, err := in.ReadString('\n')
		require.NoError(t, err)
		want := line == "*1\r\n"
		if want {
			for range 2 {
				_, err := in.ReadString('\n')
				require.NoError(t, err)
			}
		}
		require.Equal(t, want, Match(pattern, s, false))
	})
}
