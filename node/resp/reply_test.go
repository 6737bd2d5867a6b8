package resp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// show prints a reply so that no two different ones look alike.
func show(r Reply) string {
	switch {
	case r.Null:
		return string(r.Kind) + "null"
	case r.Kind == ':':
		return fmt.Sprintf(":%d", r.Int)
	case r.Kind != '*':
		return fmt.Sprintf("%c%q", r.Kind, r.Str)
	}
	var elems []string
	for _, e := range r.Elems {
		elems = append(elems, show(e))
	}
	return "[" + strings.Join(elems, " ") + "]"
}

func appendReply(b []byte, r Reply) []byte {
	switch {
	case r.Null && r.Kind == '*':
		return AppendNullArray(b)
	case r.Null:
		return AppendNull(b)
	case r.Kind == '+':
		return AppendSimple(b, string(r.Str))
	case r.Kind == '-':
		return AppendError(b, string(r.Str))
	case r.Kind == ':':
		return AppendInt(b, r.Int)
	case r.Kind == '$':
		return AppendBulk(b, r.Str)
	}
	b = AppendArray(b, len(r.Elems))
	for _, e := range r.Elems {
		b = appendReply(b, e)
	}
	return b
}

func drawReply(t *rapid.T, depth int) Reply {
	kinds := "+-:$*"
	if depth == 0 {
		kinds = "+-:$"
	}
	r := Reply{Kind: kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")]}
	switch r.Kind {
	case '+', '-':
		r.Str = []byte(rapid.StringMatching(`[ -~]*`).Draw(t, "line"))
	case ':':
		r.Int = rapid.Int64().Draw(t, "int")
	default:
		if r.Null = rapid.IntRange(0, 4).Draw(t, "null") == 0; r.Null {
			break
		}
		if r.Kind == '$' {
			r.Str = drawArg(t)
			break
		}
		for range rapid.IntRange(0, 4).Draw(t, "elems") {
			r.Elems = append(r.Elems, drawReply(t, depth-1))
		}
	}
	return r
}

func parseReplies(t require.TestingT, stream []byte, cuts []int) (lines []string) {
	var p ReplyParser
	var raw []byte
	rest := stream
	for turn := 0; ; turn++ {
		n := len(rest)
		if turn < len(cuts) {
			n = min(n, cuts[turn])
		}
		p.Feed(rest[:n])
		rest = rest[n:]
		for {
			r, ok, err := p.Next()
			if err != nil {
				return append(lines, "error: "+err.Error())
			}
			if !ok {
				break
			}
			lines = append(lines, show(r))
			raw = append(raw, p.Raw()...)
		}
		require.Equal(t, string(stream[:len(stream)-len(rest)]), string(raw)+string(p.Rest()))
		if len(rest) == 0 && turn >= len(cuts) {
			return append(lines, fmt.Sprintf("rest: %q", p.Rest()))
		}
	}
}

func TestRepliesRoundTripHoweverTheyAreCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want []string
		for range rapid.IntRange(0, 10).Draw(t, "replies") {
			r := drawReply(t, 4)
			stream = appendReply(stream, r)
			want = append(want, show(r))
		}
		want = append(want, `rest: ""`)
		require.Equal(t, want, parseReplies(t, stream, drawCuts(t)))
	})
}

func TestReplies(t *testing.T) {
	for stream, want := range map[string][]string{
		"+OK\r\n-ERR no\r\n:-5\r\n": {`+"OK"`, `-"ERR no"`, ":-5", `rest: ""`},
		"$-1\r\n*-1\r\n*0\r\n":      {"$null", "*null", "[]", `rest: ""`},
		"*2\r\n*1\r\n$1\r\na\r\n:":  {`rest: "*2\r\n*1\r\n$1\r\na\r\n:"`},
		"$1\r\nab\r\n":              {"error: a bulk string is longer than announced"},
		"HTTP/1.1 400\r\n":          {`error: not a reply: "HTTP/1.1 400\r"`},
		"+OK\n":                     {`error: not a reply: "+OK"`},
		"\n":                        {`error: not a reply: ""`},
		":1x\r\n":                   {`error: not a reply: ":1x\r"`},
		"$-2\r\n":                   {`error: not a reply: "$-2\r"`},
		"$536870913\r\n":            {`error: not a reply: "$536870913\r"`},
		strings.Repeat("*1\r\n", maxReplyDepth) + ":1\r\n":   {strings.Repeat("[", 128) + ":1" + strings.Repeat("]", 128), `rest: ""`},
		strings.Repeat("*1\r\n", maxReplyDepth+1) + ":1\r\n": {"error: arrays nested more than 128 deep"},
		"+" + strings.Repeat("x", maxReplyLine+1):            {"error: too long a line in a reply"},
	} {
		require.Equal(t, want, parseReplies(t, []byte(stream), nil))
		require.Equal(t, want, parseReplies(t, []byte(stream), []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}))
	}
}

func FuzzReplies(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n:5\r\n+OK\r\n-ERR\r\n$-1\r\n*-1\r\n"), uint8(3))
	f.Fuzz(func(t *testing.T, stream []byte, cut uint8) {
		var cuts []int
		for at := 0; at < len(stream); at += int(cut) + 1 {
			cuts = append(cuts, int(cut)+1)
		}
		require.Equal(t, parseReplies(t, stream, nil), parseReplies(t, stream, cuts))
	})
}

// Errors quote what clients send; a line break in one must not become a second reply.
func TestRepliesOfOneLineStayOnOneLine(t *testing.T) {
	require.Equal(t, "-ERR unknown command `a  +OK`\r\n", string(AppendError(nil, "ERR unknown command `a\r\n+OK`")))
	require.Equal(t, "+a b\r\n", string(AppendSimple(nil, "a\nb")))
}
