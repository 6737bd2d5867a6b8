package keyspace

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/value"
)

// Under the race detector this also shows that readers of a snapshot and the writer share nothing that changes.
func TestSnapshotsStayTheSameWhileOthersWrite(t *testing.T) {
	const keys = 3000
	ks, rng := New(2), rand.New(rand.NewPCG(1, 1))
	write := func() {
		db := ks.DB(rng.IntN(2))
		key := fmt.Appendf(nil, "key:%d", rng.IntN(keys))
		switch rng.IntN(6) {
		case 0:
			db.Delete(key)
		case 1:
			db.SetExpire(key, rng.Int64())
		case 2:
			db.Persist(key)
		case 3:
			db.Append(key, []byte("more"))
		default:
			db.Set(key, value.NewString(fmt.Appendf(nil, "value %d", rng.Uint64())))
		}
	}
	for range 10_000 {
		write()
	}
	var readers sync.WaitGroup
	for range 5 {
		snap, want := ks.Snapshot(), ks.Digest()
		file := EncodeRDB(ks.Snapshot(), SaveOptions{})
		readers.Go(func() {
			for range 3 {
				if snap.Digest() != want || string(EncodeRDB(snap, SaveOptions{})) != string(file) {
					t.Error("a snapshot has changed")
				}
			}
		})
		for range 3000 {
			write()
		}
	}
	ks.FlushAll()
	readers.Wait()
	require.Zero(t, ks.Len())
	require.Zero(t, ks.Bytes())
}

// Two runs with the same seed and operations are the same run.
func TestWalksFollowFromSeedAndOperations(t *testing.T) {
	order := func(seed uint64) (walk []string) {
		ks, rng := NewSeeded(1, seed), rand.New(rand.NewPCG(5, 5))
		for range 5000 {
			key := fmt.Appendf(nil, "%d", rng.IntN(2000))
			if rng.IntN(3) == 0 {
				ks.DB(0).Delete(key)
			} else {
				ks.DB(0).Set(key, value.NewInt(1))
				ks.DB(0).SetExpire(key, rng.Int64())
			}
		}
		for _, it := range ks.Snapshot().All() {
			walk = append(walk, it.Key)
		}
		for range 100 {
			key, _ := ks.DB(0).Random(rng)
			walk = append(walk, key)
			key, _, _ = ks.DB(0).RandomVolatile(rng)
			walk = append(walk, key)
		}
		return walk
	}
	require.Equal(t, order(1), order(1))
	require.NotEqual(t, order(1), order(2))
}

// SCAN's order does not depend on how the table came to be.
func TestScanOrderFollowsFromSeedAndKeysAlone(t *testing.T) {
	scan := func(ks *Keyspace) (order []string) {
		for cursor := uint64(0); ; {
			cursor = ks.DB(0).Scan(cursor, 10, func(key string, _ value.Value) { order = append(order, key) })
			require.Less(t, cursor, uint64(1)<<48)
			if cursor == 0 {
				return order
			}
		}
	}
	a, b := New(1), New(1)
	for i := range 10_000 {
		b.DB(0).Set(fmt.Appendf(nil, "gone %d", i), value.NewInt(1))
	}
	for i := range 1000 {
		a.DB(0).Set(fmt.Appendf(nil, "key %d", i), value.NewInt(1))
		b.DB(0).Set(fmt.Appendf(nil, "key %d", 999-i), value.NewInt(1))
	}
	for i := range 10_000 {
		b.DB(0).Delete(fmt.Appendf(nil, "gone %d", i))
	}
	require.Len(t, scan(a), 1000)
	require.Equal(t, scan(a), scan(b))
}

func TestScanReturnsAsManyAsAskedFor(t *testing.T) {
	ks := New(1)
	for i := range 10_000 {
		ks.DB(0).Set(fmt.Appendf(nil, "key %d", i), value.NewInt(1))
	}
	for _, count := range []int{1, 10, 500, 20_000} {
		for cursor := uint64(0); ; {
			n := 0
			cursor = ks.DB(0).Scan(cursor, count, func(string, value.Value) { n++ })
			if cursor == 0 {
				break
			}
			require.GreaterOrEqual(t, n, count)
			require.LessOrEqual(t, n, count+2)
		}
	}
	require.Zero(t, ks.DB(0).Scan(1<<63, 10, func(string, value.Value) { t.Error("a key beyond the last position") }))
	require.Zero(t, New(1).DB(0).Scan(12345, 10, func(string, value.Value) { t.Error("a key out of nothing") }))
}

// Each key comes up as often as any other, though shards hold different numbers of keys.
func TestRandomKeysAreFair(t *testing.T) {
	ks, rng := New(1), rand.New(rand.NewPCG(7, 7))
	const keys, draws = 100, 200 // a little over one shard, so that shards differ most
	for i := range keys {
		key := fmt.Appendf(nil, "key %d", i)
		ks.DB(0).Set(key, value.NewInt(1))
		ks.DB(0).SetExpire(key, 1)
	}
	seen, volatile := map[string]int{}, map[string]int{}
	for range keys * draws {
		key, _ := ks.DB(0).Random(rng)
		seen[key]++
		key, _, _ = ks.DB(0).RandomVolatile(rng)
		volatile[key]++
	}
	for _, counts := range []map[string]int{seen, volatile} {
		require.Len(t, counts, keys)
		var chi2 float64 // of 99 degrees of freedom: 149 is passed once in a thousand
		for _, n := range counts {
			chi2 += float64((n-draws)*(n-draws)) / draws
		}
		require.Less(t, chi2, 149.0)
	}
}

func TestSteadyReadsAndWritesAllocateOnlyTheValue(t *testing.T) {
	ks := New(1)
	db := ks.DB(0)
	key, text, number := []byte("some key"), []byte("some value"), []byte("123456")
	for i := range 1000 {
		db.Set(fmt.Appendf(nil, "key %d", i), value.NewInt(1))
	}
	db.Set(key, value.NewString(text))
	db.SetExpire(key, 1)
	require.Zero(t, testing.AllocsPerRun(100, func() { db.Get(key); db.Lookup(key); db.ExpireAt(key); db.Exists(key) }))
	require.Equal(t, 1.0, testing.AllocsPerRun(100, func() { db.Set(key, value.NewString(text)) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { db.Set(key, value.NewString(number)) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { db.SetExpire(key, 5) }))
}

func TestManySmallAppendsCopyLittle(t *testing.T) {
	ks := New(1)
	db := ks.DB(0)
	db.Append([]byte("k"), []byte("123"))
	v, _ := db.Get([]byte("k"))
	require.Equal(t, "int", v.Encoding(), "an append to nothing is a SET")
	allocs := testing.AllocsPerRun(1, func() {
		for range 100_000 {
			db.Append([]byte("k"), []byte("x"))
		}
	})
	require.Less(t, allocs, 400.0)
	v, _ = db.Get([]byte("k"))
	require.Equal(t, 200_003, v.Len())
	require.Equal(t, "raw", v.Encoding())
}

func TestEncodings(t *testing.T) {
	for text, want := range map[string]string{"": "embstr", "1": "int", "-9223372036854775808": "int",
		"9223372036854775808": "embstr", "01": "embstr", "44 bytes 44 bytes 44 bytes 44 bytes 44 bytes": "embstr",
		"45 bytes 45 bytes 45 bytes 45 bytes 45 bytes!": "raw"} {
		v := value.NewString([]byte(text))
		require.Equal(t, want, v.Encoding(), "%q", text)
		require.Equal(t, text, string(v.Bytes()))
		require.Equal(t, len(text), v.Len())
	}
	require.Equal(t, "raw", value.NewRaw([]byte("1")).Encoding())
	n, ok := value.NewRaw([]byte("15")).Int()
	require.True(t, ok)
	require.Equal(t, int64(15), n)
}
