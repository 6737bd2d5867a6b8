package rdb

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawText draws strings with the repetitions that compression lives on, and some without.
func drawText(t *rapid.T) []byte {
	piece := rapid.OneOf(
		rapid.SliceOfN(rapid.Byte(), 0, 50),
		rapid.Map(rapid.IntRange(1, 700), func(n int) []byte { return bytes.Repeat([]byte("a"), n) }),
		rapid.Map(rapid.IntRange(0, 99), func(n int) []byte { return fmt.Appendf(nil, "user:%d:name", n) }),
		rapid.Map(rapid.Uint64(), func(n uint64) []byte { return noise(n, 9000) }), // further back than a match reaches
	)
	return bytes.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), nil)
}

func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		seed = seed*6364136223846793005 + 1442695040888963407
		b[i] = byte(seed >> 33)
	}
	return b
}

func TestLZFRoundTrips(t *testing.T) {
	var c compressor // one for all, so that what is left of earlier inputs would show
	rapid.Check(t, func(t *rapid.T) {
		src := drawText(t)
		packed, ok := c.compress([]byte("before"), src, 2*len(src)+10)
		require.True(t, ok)
		require.Equal(t, "before", string(packed[:6]))
		got, err := decompress([]byte("before"), packed[6:], len(src))
		require.NoError(t, err)
		require.Equal(t, "before"+string(src), string(got))

		limit := rapid.IntRange(0, len(src)+1).Draw(t, "limit")
		within, ok := c.compress(nil, src, limit)
		require.Equal(t, len(packed)-6 <= limit, ok, "the limit decides, and nothing else")
		if ok {
			require.LessOrEqual(t, len(within), limit)
		}
	})
}

func TestLZFShortensRepetitions(t *testing.T) {
	var c compressor
	for _, text := range []string{strings.Repeat("x", 21), strings.Repeat("abc", 1000),
		"the rain in spain, the rain in spain"} {
		packed, ok := c.compress(nil, []byte(text), len(text)-4)
		require.True(t, ok, "%.20q", text)
		require.Less(t, len(packed), len(text)-3)
	}
}

// The compressor remembers positions as 32-bit counts; they start again when they run out.
func TestLZFOutlivesItsCounter(t *testing.T) {
	c := compressor{base: 1<<32 - 300}
	src := bytes.Repeat([]byte("counter"), 20)
	for range 5 {
		packed, ok := c.compress(nil, src, len(src))
		require.True(t, ok)
		got, err := decompress(nil, packed, len(src))
		require.NoError(t, err)
		require.Equal(t, src, got)
	}
	require.Less(t, c.base, uint32(1000))
}

func TestLZFRefusesWhatIsDamaged(t *testing.T) {
	for _, tt := range []struct {
		packed string
		n      int
		want   error
	}{
		{"\x05ab", 6, errLZFShort},
		{"\x00a\x20", 4, errLZFShort},
		{"\x00a\xe0\x05", 20, errLZFShort},
		{"\x00a\xe0", 20, errLZFShort},
		{"\x20\x00", 3, errLZFDistance},
		{"\x00a\x20\x01", 4, errLZFDistance},
		{"\x01ab", 1, errLZFLong},
		{"\x00a\x20\x00", 3, errLZFLong},
		{"\x01ab", 3, errLZFLength},
		{"", 1, errLZFLength},
		{"\x01ab", 1 << 62, errLZFLength},
	} {
		_, err := decompress(nil, []byte(tt.packed), tt.n)
		require.ErrorIs(t, err, tt.want, "%q", tt.packed)
	}
	got, err := decompress(nil, []byte("\x00a\x20\x00"), 4) // a match may reach into itself
	require.NoError(t, err)
	require.Equal(t, "aaaa", string(got))
}

func FuzzLZFDecompress(f *testing.F) {
	f.Add([]byte("\x00a\x20\x00"), 4)
	f.Add([]byte("\x05hello!\xe0\x10\x03"), 31)
	f.Fuzz(func(t *testing.T, packed []byte, n int) {
		if n < 0 || n > 1<<20 {
			return
		}
		got, err := decompress(nil, packed, n)
		if err == nil && len(got) != n {
			t.Fatalf("%d bytes for %d", len(got), n)
		}
		if cap(got) > 2*len(packed)*lzfMaxGrowth+64 {
			t.Fatalf("%d bytes set aside for %d", cap(got), len(packed))
		}
	})
}
