package replication

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTheBacklogHoldsTheEndOfTheStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 64).Draw(t, "size")
		offset := rapid.Int64Range(0, 1000).Draw(t, "offset")
		var b backlog
		b.open(size, offset)
		var kept []byte // everything since it was opened
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				p := rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "bytes")
				kept = append(kept, p...)
				offset += int64(len(p))
				b.append(p, offset)
			},
			"resize": func(t *rapid.T) {
				size = rapid.Int64Range(1, 64).Draw(t, "new size")
				b.resize(size, offset)
				kept = nil
			},
			"": func(t *rapid.T) {
				want := kept[max(0, int64(len(kept))-size):]
				require.Equal(t, int64(len(want)), b.length)
				require.Equal(t, offset+1, b.first+b.length, "the backlog ends where the history does")
				require.LessOrEqual(t, int64(cap(b.ring)), max(size, MinBacklog))
				for from := b.first; from <= offset+1; from++ {
					require.True(t, b.holds(from))
					older, newer := b.since(from)
					require.Equal(t, string(want[from-b.first:]), string(slices.Concat(older, newer)))
				}
				require.False(t, b.holds(b.first-1))
				require.False(t, b.holds(offset+2))
			},
		})
	})
}

func TestABigBacklogTakesNoMemoryBeforeItIsUsed(t *testing.T) {
	var b backlog
	b.open(1<<40, 0)
	b.append([]byte("x"), 1)
	require.LessOrEqual(t, cap(b.ring), MinBacklog)
}
