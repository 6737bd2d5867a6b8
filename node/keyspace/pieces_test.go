package keyspace

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/node/rdb"
	"github.com/ordeal-go/ordeal/node/value"
)

// mixedKeyspace holds all types, compact and large, and collections that are written in several parts.
func mixedKeyspace() *Keyspace {
	ks := drawnKeyspace(12, 3000)
	db := ks.DB(1)
	made := func(key string, k value.Kind) value.Value {
		v, _ := db.ChangeOrAdd([]byte(key), k)
		return v
	}
	set, hash := made("large set", value.KindSet).Set(), made("large hash", value.KindHash).Hash()
	zset, list := made("large zset", value.KindZSet).ZSet(), made("large list", value.KindList).List()
	for i := range 3*partLength + 7 {
		text := fmt.Appendf(nil, "element %d of many", i)
		set.Add(text)
		hash.Set(text, text[:7])
		zset.Set(text, float64(i%97))
		list.PushBack(text)
	}
	return ks
}

// inPieces feeds file to a Loader in pieces as cut says, each of which is gone once the next one comes.
func inPieces(file []byte, size int64, opts LoadOptions, cut func(left int) int) (*Loaded, error) {
	l := NewLoader(size, opts)
	var last []byte
	for left := file; len(left) > 0; {
		n := cut(len(left))
		piece := bytes.Clone(left[:n])
		left = left[n:]
		err := l.Feed(piece)
		for i := range last {
			last[i] = 0xee
		}
		if last = piece; err != nil {
			return nil, err
		}
	}
	return l.Finish()
}

func TestFileInPiecesIsTheFile(t *testing.T) {
	snap := mixedKeyspace().Snapshot()
	opts := SaveOptions{RedisVersion: "4.0.14", Scripts: []string{"return 1"}, Repl: &ReplInfo{ID: string(bytes.Repeat([]byte("a"), 40))}}
	want := EncodeRDB(snap, opts)
	for _, size := range []int{1, 7, 100, 1000, 10_000, len(want), 2 * len(want)} {
		s := NewSaver(snap, opts)
		var file []byte
		longest := 0
		for more := true; more; {
			var piece []byte
			piece, more = s.Next(size)
			longest = max(longest, len(piece))
			file = append(file, piece...)
		}
		require.Equal(t, want, file, "pieces of %d", size)
		require.Less(t, longest, size+40_000, "a part of a collection, not all of it")
	}
}

// Whatever the pieces, what is read is what is read of the whole file: the data, or the very error.
func TestPiecesReadAsTheWholeFile(t *testing.T) {
	good := EncodeRDB(mixedKeyspace().Snapshot(), SaveOptions{RedisVersion: "4.0.14"})
	rapid.Check(t, func(t *rapid.T) {
		file := good
		switch rapid.IntRange(0, 3).Draw(t, "damage") {
		case 1:
			file = good[:rapid.IntRange(0, len(good)).Draw(t, "length")]
		case 2:
			file = bytes.Clone(good)
			file[rapid.IntRange(0, len(file)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case 3:
			file = append(bytes.Clone(good), "what follows"...)
		}
		size := int64(0)
		if rapid.Bool().Draw(t, "known size") {
			size = int64(len(file))
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 1))
		most := 1 + rng.IntN(1<<rng.IntN(18))
		opts := LoadOptions{Databases: 2, KeepDigest: rapid.Bool().Draw(t, "digest")}
		want, wantErr := Load(file, opts)
		got, err := inPieces(file, size, opts, func(left int) int { return min(left, 1+rng.IntN(most)) })
		if wantErr != nil {
			require.EqualError(t, err, wantErr.Error())
			return
		}
		require.NoError(t, err)
		requireSame(t, want.Keyspace, got.Keyspace)
		require.Equal(t, want.Aux, got.Aux)
		require.Equal(t, want.Size, got.Size)
	})
}

// A length that no file of this size can hold is found out at once, and none costs memory before its bytes come.
func TestHostileLengthsCostNothing(t *testing.T) {
	w := rdb.NewWriter(nil)
	w.SelectDB(0)
	head := append(w.Take(), byte(rdb.TypeString), 1, 'k', 0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0) // 9 exabytes
	l := NewLoader(1000, LoadOptions{Databases: 1})
	require.ErrorContains(t, l.Feed(head), "the file ends at byte 1000 within the string")
	unknown := NewLoader(0, LoadOptions{Databases: 1})
	require.Less(t, testing.AllocsPerRun(1, func() { unknown.Feed(head) }), 100.0)
	_, err := unknown.Finish()
	require.ErrorContains(t, err, "within the string")
}
