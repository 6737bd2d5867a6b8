package resp

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSplitArgs(t *testing.T) {
	for line, want := range map[string]string{
		"":                          `[]`,
		" \t\r\n\v\f":               `[]`,
		"save 900 1":                `["save" "900" "1"]`,
		`save ""`:                   `["save" ""]`,
		`save ''`:                   `["save" ""]`,
		`requirepass "a \"b\" \\"`:  `["requirepass" "a \"b\" \\"]`,
		`a "\n\r\t\b\a\x00\xfF\xg"`: `["a" "\n\r\t\b\a\x00\xffxg"]`,
		`'\n\'x'`:                   `["\\n'x"]`,
		`a\nb`:                      `["a\\nb"]`,
		`pre"fix ed"`:               `["prefix ed"]`,
		`pre'fix ed' x`:             `["prefix ed" "x"]`,
		"a\vb\fc":                   `["a\vb\fc"]`, // these separate only before an argument, as in Redis
		"a\x00b":                    `["a\x00b"]`,
		`"`:                         `error`,
		`'`:                         `error`,
		`"a`:                        `error`,
		`"a\`:                       `error`,
		`"a\"`:                      `error`,
		`'a\'`:                      `error`,
		`"a"b`:                      `error`,
		`"a""b"`:                    `error`,
		`'a'"b"`:                    `error`,
		`x "a"'b'`:                  `error`,
	} {
		args, ok := SplitArgs([]byte(line))
		got := fmt.Sprintf("%q", args)
		if !ok {
			got = "error"
		}
		require.Equal(t, want, got, "%q", line)
	}
}

func TestQuotedArgumentsReadBack(t *testing.T) {
	require.Equal(t, `"a \"b\" \\ \n\r\t\a\b\x00\x7f\xff'"`, string(AppendQuoted(nil, []byte("a \"b\" \\ \n\r\t\a\b\x00\x7f\xff'"))))
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.SliceOf(rapid.Byte())).Draw(t, "args")
		var line []byte
		for _, arg := range want {
			line = append(AppendQuoted(line, arg), ' ')
		}
		got, ok := SplitArgs(line)
		require.True(t, ok)
		require.Equal(t, fmt.Sprintf("%q", want), fmt.Sprintf("%q", got))
	})
}

func FuzzSplitArgs(f *testing.F) {
	f.Add([]byte(`a "b\x41" 'c\'' d`))
	f.Fuzz(func(t *testing.T, line []byte) {
		args, ok := SplitArgs(line)
		total := 0
		for _, arg := range args {
			total += len(arg)
		}
		if !ok && args != nil || total > len(line) {
			t.Fatalf("%q from %q", args, line)
		}
	})
}

func TestEachIntegerHasOneText(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 9, 10, math.MaxInt64, math.MinInt64} {
		got, ok := ParseInt([]byte(strconv.FormatInt(n, 10)))
		require.True(t, ok)
		require.Equal(t, n, got)
	}
	for _, text := range []string{"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1a", "0x1", "1.0", "9223372036854775808",
		"-9223372036854775809", "18446744073709551617", "99999999999999999999"} {
		_, ok := ParseInt([]byte(text))
		require.False(t, ok, "%q", text)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[-+]?[0-9]{0,21}`), rapid.Map(rapid.Int64(),
			func(n int64) string { return strconv.FormatInt(n, 10) })).Draw(t, "text")
		n, err := strconv.ParseInt(text, 10, 64)
		got, ok := ParseInt([]byte(text))
		require.Equal(t, err == nil && strconv.FormatInt(n, 10) == text, ok)
		if ok {
			require.Equal(t, n, got)
		}
	})
}
