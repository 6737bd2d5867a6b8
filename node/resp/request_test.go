package resp

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// parse feeds a stream piece by piece, cut after the given numbers of bytes in turn, and returns one line for each
// request and for the error at the end; Raw and Rest must account for every byte.
func parse(t require.TestingT, p *RequestParser, stream []byte, cuts []int) (lines []string) {
	var raw []byte
	rest := stream
	for turn := 0; ; turn++ {
		n := len(rest)
		if turn < len(cuts) {
			n = min(n, cuts[turn])
		}
		piece := bytes.Clone(rest[:n])
		rest = rest[n:]
		p.Feed(piece)
		for i := range piece {
			piece[i] = '#' // Feed has copied it
		}
		for {
			args, ok, err := p.Next()
			if err != nil {
				require.False(t, ok)
				_, _, again := p.Next()
				require.Equal(t, err, again)
				return append(lines, "error: "+err.Error())
			}
			if !ok {
				break
			}
			lines = append(lines, fmt.Sprintf("%q", args))
			raw = append(raw, p.Raw()...)
		}
		require.Equal(t, len(p.Rest()), p.Buffered())
		require.Equal(t, string(stream[:len(stream)-len(rest)]), string(raw)+string(p.Rest()))
		if len(rest) == 0 && turn >= len(cuts) {
			return append(lines, fmt.Sprintf("rest: %q", p.Rest()))
		}
	}
}

func TestRequests(t *testing.T) {
	long := strings.Repeat("x", DefaultMaxInline)
	for _, tt := range []struct {
		stream string
		want   []string
	}{
		{"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", []string{`["GET" "k"]`, `rest: ""`}},
		{"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPI", []string{`["PING"]`, `rest: "*1\r\n$4\r\nPI"`}},
		{"*1\r\n$0\r\n\r\n", []string{`[""]`, `rest: ""`}},
		{"*0\r\n*-1\r\n*-5\r\nPING\r\n", []string{"[]", "[]", "[]", `["PING"]`, `rest: ""`}},
		{"*1\r\n$4\r\nPINGxy", []string{`["PING"]`, `rest: ""`}}, // Redis does not look at what ends a bulk
		{"*1\rx$4\ryPING\r\n", []string{`["PING"]`, `rest: ""`}}, // nor at what follows \r

		{"PING\r\n", []string{`["PING"]`, `rest: ""`}},
		{"set k v\nget k\r\n", []string{`["set" "k" "v"]`, `["get" "k"]`, `rest: ""`}},
		{"\r\n\n  \r\nPING\n", []string{"[]", "[]", "[]", `["PING"]`, `rest: ""`}},
		{`set "a b" 'c"\'d' "\x41\n\q" "" e"f"` + "\r\n", []string{`["set" "a b" "c\"'d" "A\nq" "ef"]`, `rest: ""`}},
		{"get \"a\r\n", []string{"error: unbalanced quotes in request"}},
		{"get 'a'b\r\n", []string{"error: unbalanced quotes in request"}},
		{long + "\r\n", []string{fmt.Sprintf("[%q]", long), `rest: ""`}},
		{long + "x\r\n", []string{"error: too big inline request"}},
		{long + "xx", []string{"error: too big inline request"}},

		{"*x\r\n", []string{"error: invalid multibulk length"}},
		{"*\r\n", []string{"error: invalid multibulk length"}},
		{"*01\r\n", []string{"error: invalid multibulk length"}},
		{"*+1\r\n", []string{"error: invalid multibulk length"}},
		{"* 1\r\n", []string{"error: invalid multibulk length"}},
		{"*1048577\r\n", []string{"error: invalid multibulk length"}},
		{"*1048576\r\n", []string{`rest: "*1048576\r\n"`}},
		{"*" + long[1:], []string{fmt.Sprintf("rest: %q", "*"+long[1:])}},
		{"*" + long, []string{"error: too big mbulk count string"}},
		{"*" + long + "\r\n", []string{"error: too big mbulk count string"}},
		{"*1\r\n$" + long, []string{"error: too big bulk count string"}},
		{"*1\r\n:4\r\n", []string{"error: expected '$', got ':'"}},
		{"*1\r\n\r\n", []string{"error: expected '$', got ' '"}},
		{"*1\r\n\n\r\n", []string{"error: expected '$', got ' '"}},
		{"*1\r\n$-1\r\n", []string{"error: invalid bulk length"}},
		{"*1\r\n$\r\n", []string{"error: invalid bulk length"}},
		{"*1\r\n$536870913\r\n", []string{"error: invalid bulk length"}},
		{"*1\r\n$536870912\r\nx", []string{`rest: "*1\r\n$536870912\r\nx"`}},
		{"*1\r\n$99999999999999999999\r\n", []string{"error: invalid bulk length"}},
		{"PING\r\n*1\r\n$x\r\nPING\r\n", []string{`["PING"]`, "error: invalid bulk length"}},
	} {
		name := tt.stream[:min(len(tt.stream), 40)]
		require.Equal(t, tt.want, parse(t, new(RequestParser), []byte(tt.stream), nil), "%q", name)
		var each []int
		for range min(len(tt.stream), 1000) {
			each = append(each, 1)
		}
		require.Equal(t, tt.want, parse(t, new(RequestParser), []byte(tt.stream), each), "%q byte by byte", name)
	}
}

func drawArg(t *rapid.T) []byte {
	return rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.Map(rapid.IntRange(0, 3000),
		func(n int) []byte { return bytes.Repeat([]byte("r\n"), n) })).Draw(t, "arg")
}

func drawCuts(t *rapid.T) []int {
	return rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 3000)), 0, 60).Draw(t, "cuts")
}

// What is printed parses, however the stream is cut, inline or not.
func TestRequestsRoundTripHoweverTheyAreCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want []string
		for range rapid.IntRange(0, 12).Draw(t, "requests") {
			args := [][]byte{}
			inline := rapid.Bool().Draw(t, "inline")
			for range rapid.IntRange(0, 4).Draw(t, "args") {
				args = append(args, drawArg(t))
			}
			if !inline {
				stream = AppendCommandBytes(stream, args)
				want = append(want, fmt.Sprintf("%q", args))
				continue
			}
			var kept [][]byte // an inline request drops empty arguments
			for _, arg := range args {
				stream = append(AppendQuoted(append(stream, ' '), arg), "\t "...)
				if len(arg) > 0 {
					kept = append(kept, arg)
				}
			}
			stream = append(stream, rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")...)
			want = append(want, fmt.Sprintf("%q", kept))
		}
		want = append(want, `rest: ""`)
		require.Equal(t, want, parse(t, new(RequestParser), stream, drawCuts(t)))
	})
}

// Damaged streams too give the same requests and the same error, however they are cut.
func TestCutsDoNotMatterToDamagedStreams(t *testing.T) {
	token := rapid.SampledFrom([]string{"*1\r\n", "*2\r\n", "$3\r\n", "$", "*", "\r", "\n", "\r\n", "abc", "GET", "\"", "'",
		"\\", " ", "-1", "0", "7", "1048577", "$10\r\n", ":", "xxxxxxxxxxxxxxxx"})
	rapid.Check(t, func(t *rapid.T) {
		limits := RequestParser{MaxInline: 40, MaxBulk: 50, MaxCount: 5}
		stream := []byte(strings.Join(rapid.SliceOfN(token, 0, 30).Draw(t, "stream"), ""))
		whole, cut := limits, limits
		require.Equal(t, parse(t, &whole, stream, nil), parse(t, &cut, stream, drawCuts(t)))
	})
}

func FuzzRequests(f *testing.F) {
	f.Add([]byte("*2\r\n$3\r\nGET\r\n$1\r\nk\r\nset \"a\\x41\" 'b'\r\n\r\n*0\r\n"), uint8(3))
	f.Add([]byte("*1\r\n$536870912\r\nx*1\r\n$-1\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, cut uint8) {
		var cuts []int
		for at := 0; at < len(stream); at += int(cut) + 1 {
			cuts = append(cuts, int(cut)+1)
		}
		whole := parse(t, new(RequestParser), stream, nil)
		require.Equal(t, whole, parse(t, new(RequestParser), stream, cuts))
	})
}

func TestAnnouncedLengthsAllocateNothing(t *testing.T) {
	var p RequestParser
	p.Feed([]byte("*1048576\r\n$536870912\r\nabc"))
	_, ok, err := p.Next()
	require.NoError(t, err)
	require.False(t, ok)
	require.Less(t, cap(p.in.bytes)+cap(p.found)+cap(p.args), 1000)

	var r ReplyParser
	r.Feed([]byte("*1000000000\r\n*1000000000\r\n$536870912\r\nabc"))
	_, ok, err = r.Next()
	require.NoError(t, err)
	require.False(t, ok)
	require.Less(t, cap(r.in.bytes)+cap(r.elems), 1000)
}

func TestSteadyStreamsAllocateNothing(t *testing.T) {
	piece := []byte("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\nPING \"in line\"\r\n*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n")
	var p RequestParser
	at := 0
	feed := func() {
		for range 10 { // pieces that end anywhere
			next := (at + 31) % len(piece)
			if next > at {
				p.Feed(piece[at:next])
			} else {
				p.Feed(piece[at:])
				p.Feed(piece[:next])
			}
			at = next
			for {
				if _, ok, err := p.Next(); !ok {
					require.NoError(t, err)
					break
				}
			}
		}
	}
	require.Zero(t, testing.AllocsPerRun(1000, feed))

	reply := []byte("+OK\r\n*3\r\n$1\r\na\r\n*2\r\n:5\r\n-ERR\r\n$-1\r\n")
	var r ReplyParser
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		r.Feed(reply[:17])
		r.Feed(reply[17:])
		for {
			if _, ok, err := r.Next(); !ok {
				require.NoError(t, err)
				break
			}
		}
	}))
}

func TestHugeRequestsLeaveNoHugeBuffer(t *testing.T) {
	var p RequestParser
	p.Feed(AppendCommand(nil, "SET", "k", strings.Repeat("x", 5<<20)))
	_, ok, err := p.Next()
	require.True(t, ok)
	require.NoError(t, err)
	p.Feed(AppendCommand(nil, "PING"))
	require.LessOrEqual(t, cap(p.in.bytes), keepBuffer)
	args, ok, _ := p.Next()
	require.True(t, ok)
	require.Equal(t, "PING", string(args[0]))
}

func BenchmarkRequests(b *testing.B) {
	var stream []byte
	for range 16 {
		stream = AppendCommand(stream, "SET", "key:000000001234", "xxxxxxxx")
	}
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	var p RequestParser
	for b.Loop() {
		p.Feed(stream)
		for {
			if _, ok, _ := p.Next(); !ok {
				break
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/16, "ns/request")
}
